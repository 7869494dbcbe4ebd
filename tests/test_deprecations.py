"""What is to go: marked in the schema, and told in the headers of answers to requests that used it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, cast

import httpx2
import pytest
from graphql import GraphQLInputType, GraphQLObjectType, build_schema, parse, type_from_ast
from graphql.language import FragmentDefinitionNode, OperationDefinitionNode

from api.v1.endpoints import ENDPOINTS
from schema.deprecation import Deprecation, Uses
from schema.query import schema

LASTS = 365
"""Days that a deprecated thing lives, at least."""

SINCE, UNTIL = date(2026, 12, 1), date(2027, 12, 2)
GOING = Deprecation(SINCE, UNTIL, "Ask for others instead.")


def reason(what: str) -> str:
    return Deprecation(SINCE, UNTIL, f"{what} goes.").reason


SMALL = build_schema(f"""
    type Query {{
        old: Int @deprecated(reason: "{reason("Query.old")}")
        things(first: Int, last: Int @deprecated(reason: "{reason("last")}"), filter: Filter, order: [Order!]): [Thing]
    }}
    type Thing {{ id: ID name: String @deprecated(reason: "{reason("Thing.name")}") }}
    input Filter {{ kind: [Kind!] not: Filter colour: String @deprecated(reason: "{reason("colour")}") }}
    enum Kind {{ LAW ACT @deprecated(reason: "{reason("ACT")}") }}
    enum Order {{ UP DOWN }}
""")
"""One of each: a field, an argument, a field of an input, a value of an enum."""


def used(text: str, **variables: Any) -> list[str]:
    """What of the small schema an operation uses that is to go."""
    operation: OperationDefinitionNode
    operation, *fragments = cast("Any", parse(text).definitions)
    types = {
        one.variable.name.value: cast("GraphQLInputType", type_from_ast(SMALL, one.type))
        for one in operation.variable_definitions
    }
    named: Mapping[str, FragmentDefinitionNode] = {one.name.value: one for one in fragments}
    return sorted(one.instead.removesuffix(" goes.") for one in Uses(SMALL, operation, named, types).of(variables))


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("{ things(first: 1) { id } }", {}, []),
        ("{ a: old old }", {}, ["Query.old"]),
        ("{ " + " ".join(f"a{number}: old" for number in range(300)) + " }", {}, ["Query.old"]),
        ("{ things { ...F } } fragment F on Thing { ... { name } }", {}, ["Thing.name"]),
        ("{ things(last: 1) { id } }", {}, ["last"]),
        ('{ things(filter: {colour: "red", not: {kind: [ACT]}}) { id } }', {}, ["ACT", "colour"]),
        ("query ($n: Int) { things(last: $n) { id } }", {"n": 3}, ["last"]),
        ("query ($n: Int) { things(last: $n) { id } }", {}, []),
        ("query ($n: Int) { things(last: $n) { id } }", {"n": None}, []),
        ("query ($k: Kind!) { things(filter: {kind: [$k]}) { id } }", {"k": "ACT"}, ["ACT"]),
        ("query ($k: Kind!) { things(filter: {kind: [$k]}) { id } }", {"k": "LAW"}, []),
        ("query ($f: Filter) { things(filter: $f) { id } }", {"f": {"not": {"kind": "ACT", "colour": "x"}}}, ["ACT", "colour"]),
        ("query ($f: Filter) { things(filter: $f) { id } }", {"f": {"kind": ["LAW"], "colour": None}}, []),
        ("query ($c: String) { things(filter: {colour: $c}) { id } }", {"c": "red"}, ["colour"]),
        ("query ($c: String) { things(filter: {colour: $c}) { id } }", {}, []),
        ("query ($o: [Order!]) { things(order: $o) { id } }", {"o": ["UP"]}, []),
    ],
)  # fmt: skip
def test_what_a_request_uses_is_found_in_its_document_and_its_variables(
    text: str, variables: Mapping[str, Any], expected: list[str]
) -> None:
    assert used(text, **variables) == expected


def reasons() -> Iterator[str]:
    """Those of the schema itself."""
    for type_ in schema.type_map.values():
        members = [*getattr(type_, "fields", {}).values(), *getattr(type_, "values", {}).values()]
        arguments = [one for member in members for one in getattr(member, "args", {}).values()]
        yield from (one.deprecation_reason for one in (*members, *arguments) if one.deprecation_reason)


def test_what_is_deprecated_says_since_when_and_lives_a_year() -> None:
    said = [*map(Deprecation.said, reasons()), *(one.deprecated for one in ENDPOINTS.values() if one.deprecated)]
    assert [one for one in said if (one.until - one.since).days < LASTS] == []


def test_a_reason_that_does_not_say_when_is_refused() -> None:
    assert Deprecation.said(f"The field Query.old is deprecated. {GOING.reason}") == GOING
    with pytest.raises(ValueError, match="since when, until when"):
        Deprecation.said("No longer supported")


TOLD = ("@1796083200", "Thu, 02 Dec 2027 00:00:00 GMT")
ABOUT = '<https://opsc.example/docs/stability>; rel="deprecation"; type="text/html"'


def told(answer: httpx2.Response) -> tuple[str | None, str | None]:
    return answer.headers.get("Deprecation"), answer.headers.get("Sunset")


@pytest.fixture
def signatories_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field of the schema is deprecated; documents that were read before do not know."""
    query = cast("GraphQLObjectType", schema.query_type)
    monkeypatch.setattr(query.fields["signatories"], "deprecation_reason", GOING.reason)


@pytest.mark.usefixtures("signatories_go")
async def test_an_answer_tells_that_its_query_used_something_that_goes(client: httpx2.AsyncClient) -> None:
    going = {"query": "{ thatGo: signatories { code } }"}
    answers = [
        await client.post("/graphql", json=going),
        await client.get("/graphql", params=going),
        await client.get("/graphql", params={**going, "valid": "2020-01-01"}),
    ]
    assert [told(answer) for answer in answers] == [TOLD] * 3
    assert answers[0].headers["Link"] == ABOUT
    assert answers[0].headers["Access-Control-Expose-Headers"] == "*"
    past = await client.get("/graphql", params={**going, "position": 5})
    assert told(past) == TOLD
    assert ABOUT in past.headers.get_list("Link", split_commas=True)
    stays = await client.post("/graphql", json={"query": "{ thatStay: sections { number } }"})
    assert (told(stays), "Link" in stays.headers) == ((None, None), False)


async def test_an_answer_tells_that_its_address_goes(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/v1/statements", "/v1/statements/{id}"):
        monkeypatch.setitem(ENDPOINTS, path, replace(ENDPOINTS[path], deprecated=GOING))
    page = await client.get("/v1/statements?first=2")
    record = await client.get(f"/v1/statements/{page.json()['statements']['nodes'][0]['id']}")
    whole = await client.get("/v1/statements.csv?first=2")
    assert [told(answer) for answer in (page, record, whole)] == [TOLD] * 3
    following, *others, about = page.headers["Link"].split(", ")
    assert (following.endswith('; rel="next"'), about) == (True, ABOUT)
    assert all('; rel="alternate"; ' in other for other in others)
    assert told(await client.get("/v1/sources?first=2")) == (None, None)
