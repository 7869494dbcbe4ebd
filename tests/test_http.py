"""GraphQL over HTTP, as its specification and its public audit say it; and what stands beside /graphql."""

from typing import Any
from urllib.parse import parse_qsl

import asyncpg
import httpx2
import pytest
from structlog.testing import capture_logs

from api.accept import negotiated
from api.media_types import GRAPHQL, HTML, JSON
from db.embedded import Embedded
from db.newest import newest
from db.token_text import new_token
from schema.document import DEPTH, ROOT_FIELDS
from schema.plan import COST_LIMIT
from schema.query import sdl
from schema.validation import TOKENS
from tests.served import served

QUERY = '{ stateParty(code: "PHL") { name } }'
DATA = {"stateParty": {"name": "Philippines"}}


def clock_of(answer: httpx2.Response) -> dict[str, Any]:
    """What its headers say that it stands for."""
    position, known, valid = (answer.headers[f"Record-{name}"] for name in ("Position", "Known", "Valid"))
    return {"position": int(position), "known": known, "valid": valid}


def codes(answer: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


def messages(answer: httpx2.Response) -> str:
    return " ".join(error["message"] for error in answer.json()["errors"])


async def post(client: httpx2.AsyncClient, body: Any, **headers: str) -> httpx2.Response:
    return await client.post(
        "/graphql", json=body, headers={name.replace("_", "-"): one for name, one in headers.items()}
    )


# ── What is asked, and in which form it is answered ─────────────────────────────────────────────────────────────────────


async def test_a_query_is_answered_by_post(client: httpx2.AsyncClient) -> None:
    answer = await post(client, {"query": QUERY})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    told = answer.json()
    assert told["extensions"].pop("clock") == clock_of(answer)
    assert told == {"data": DATA, "extensions": {"cost": {"requested": 1, "limit": COST_LIMIT}}}


async def test_a_query_is_answered_by_get(client: httpx2.AsyncClient) -> None:
    parameters = {"query": "query A($c: String!) { stateParty(code: $c) { name } } query B { __typename }"}
    answer = await client.get("/graphql", params={**parameters, "operationName": "A", "variables": '{"c": "PHL"}'})
    assert (answer.status_code, answer.json()["data"]) == (200, DATA)


@pytest.mark.parametrize("clock", ["", "position=1", "valid=2019-09-26", "position=4000&valid=2019-09-26"])
@pytest.mark.parametrize("address", ["/graphql", "/graphql.json"])
async def test_a_body_tells_the_clock_that_its_headers_do(client: httpx2.AsyncClient, address: str, clock: str) -> None:
    answer = await client.get(f"{address}?{clock}", params={**dict(parse_qsl(clock)), "query": QUERY})
    told = answer.json()["extensions" if address == "/graphql" else "clock"]
    assert told.get("clock", told) == clock_of(answer)
    asked = dict(parse_qsl(clock))
    assert {name: str(told.get("clock", told)[name]) for name in asked} == asked


async def test_a_clock_that_a_query_asks_for_is_its_own(client: httpx2.AsyncClient) -> None:
    query = '{ clock: stateParty(code: "PHL") { code } }'
    answer = await client.get("/graphql.json", params={"query": query})
    assert answer.json() == {"clock": {"code": "PHL"}}


async def test_head_is_answered_as_get_without_a_body(client: httpx2.AsyncClient) -> None:
    answer = await client.head("/graphql", params={"query": QUERY})
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.6", GRAPHQL),
        (f"{GRAPHQL}, */*", GRAPHQL),
        (f"{JSON};q=0, */*", GRAPHQL),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/html;q=0", None),
        ("text/csv", None),
        ("application/json;q=nonsense", None),
    ],
)
def test_the_form_that_a_client_likes_best(accept: str | None, expected: str | None) -> None:
    assert negotiated(accept, pages=True) == expected


async def test_a_form_that_we_do_not_have_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await post(client, {"query": QUERY}, accept="text/csv")
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/json; charset=utf-8")


@pytest.mark.parametrize(("media_type", "status"), [(GRAPHQL, 400), (JSON, 200)])
@pytest.mark.parametrize(
    ("query", "code", "line"),
    [
        ("{ stateParty(", "GRAPHQL_PARSE_FAILED", 1),
        ("{\n stateParties { nodes { nonsense } } }", "GRAPHQL_VALIDATION_FAILED", 2),
        ("mutation { x }", "GRAPHQL_VALIDATION_FAILED", 1),
    ],
)
async def test_documents_that_cannot_run_say_where(
    client: httpx2.AsyncClient, media_type: str, status: int, query: str, code: str, line: int
) -> None:
    answer = await post(client, {"query": query}, accept=media_type)
    assert (answer.status_code, answer.headers["content-type"]) == (status, f"{media_type}; charset=utf-8")
    assert codes(answer) == [code]
    assert answer.json()["errors"][0]["locations"][0]["line"] == line
    assert "data" not in answer.json()
    assert answer.json()["extensions"] == {"cost": {"requested": 0, "limit": COST_LIMIT}}


# ── Requests that are not GraphQL's ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "one at a time"),
        (b'[{"query": "{ __typename }"}]', "one at a time"),
        (b'"text"', "JSON object"),
        (b"{}", "There is no query"),
        (b'{"query": ""}', "There is no query"),
        (b'{"query": 1}', "query must be text"),
        (b'{"query": "{ __typename }", "variables": []}', "variables must be a JSON object"),
        (b'{"query": "{ __typename }", "variables": "{}"}', "variables must be a JSON object"),
        (b'{"query": "{ __typename }", "extensions": 1}', "extensions must be a JSON object"),
        (b'{"query": "{ __typename }", "operationName": 1}', "operationName must be text"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(client: httpx2.AsyncClient, content: bytes, said: str) -> None:
    answer = await client.post("/graphql", content=content, headers={"content-type": JSON})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])
    assert said in messages(answer)


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "application/graphql", "application/json; charset=latin-1", "multipart/form-data"],
)
async def test_a_body_that_is_not_said_to_be_json_is_refused(
    client: httpx2.AsyncClient, content_type: str | None
) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await client.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("name", ["variables", "extensions"])
async def test_parameters_that_are_not_json_are_refused(client: httpx2.AsyncClient, name: str) -> None:
    answer = await client.get("/graphql", params={"query": QUERY, name: "{"})
    assert (answer.status_code, name in messages(answer)) == (400, True)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_refused(client: httpx2.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/graphql")
    assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, {"GET", "HEAD", "POST"})


MUTATION = 'mutation { withdraw(input: { submission: "Submission:P1" }) { refusals { code } } }'


@pytest.mark.parametrize("headers", [{}, {"accept": GRAPHQL}])
async def test_a_mutation_by_get_is_refused(client: httpx2.AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.get("/graphql", params={"query": MUTATION}, headers=headers)
    assert (answer.status_code, answer.headers["allow"], codes(answer)) == (405, "POST", ["BAD_USER_INPUT"])
    assert "is sent by POST" in messages(answer)
    head = await client.head("/graphql", params={"query": MUTATION}, headers=headers)
    assert (head.status_code, head.headers["allow"], head.content) == (405, "POST", b"")


async def test_the_query_beside_a_mutation_is_answered_by_get(client: httpx2.AsyncClient) -> None:
    beside = f"query A {QUERY} {MUTATION.replace('mutation', 'mutation B', 1)}"
    answers = [await client.get("/graphql", params={"query": beside, "operationName": name}) for name in "AB"]
    assert [answer.status_code for answer in answers] == [200, 405]
    assert answers[0].json()["data"] == DATA


@pytest.mark.parametrize("media_type", [GRAPHQL, JSON])
async def test_a_mutation_without_a_token_is_refused(client: httpx2.AsyncClient, media_type: str) -> None:
    answer = await post(client, {"query": MUTATION}, accept=media_type)
    assert (answer.status_code, codes(answer)) == (401, ["UNAUTHENTICATED"])
    assert answer.headers["www-authenticate"] == 'Bearer realm="opsc"'
    assert "data" not in answer.json()


async def test_answers_vary_by_what_they_depend_on(client: httpx2.AsyncClient) -> None:
    """Whether the public reads or somebody with an account is part of that: caches must not mix their answers up."""
    of_get = "Accept, Accept-Datetime, Authorization"
    for query, coded in ((QUERY, ", Accept-Encoding"), ("{", ""), (MUTATION, "")):
        answers = [await client.get("/graphql", params={"query": query}), await post(client, {"query": query})]
        assert [answer.headers["vary"] for answer in answers] == [of_get + coded, "Accept, Authorization" + coded]


async def test_a_body_of_more_than_100_kb_is_refused(client: httpx2.AsyncClient) -> None:
    async def streamed() -> Any:
        for _ in range(101):
            yield b" " * 1_000

    body = b'{"query": "{ __typename }"}'
    assert (
        await client.post("/graphql", content=body.ljust(100_000), headers={"content-type": JSON})
    ).status_code == 200
    for content in (body.ljust(100_001), streamed()):
        answer = await client.post("/graphql", content=content, headers={"content-type": JSON})
        assert (answer.status_code, codes(answer)) == (413, ["TOO_LARGE"])
        assert "100,000 bytes" in messages(answer)


async def test_which_of_several_operations_must_be_said(client: httpx2.AsyncClient) -> None:
    several = "query A { __typename } query B { __typename }"
    assert "name one of: A, B" in messages(await post(client, {"query": several}))
    assert 'no operation "C"' in messages(await post(client, {"query": several, "operationName": "C"}))
    assert (await post(client, {"query": several, "operationName": "B"})).json()["data"] == {"__typename": "Query"}
    fragment = "fragment F on Query { __typename }"
    assert "errors" in (await post(client, {"query": fragment})).json()


@pytest.mark.parametrize(
    ("query", "variables", "said"),
    [
        (
            '{ measures(filter: { adoptedFrom: "2020-02-30" }) { totalCount } }',
            {},
            "filter.adoptedFrom: '2020-02-30' is not a day",
        ),
        ("{ measures(filter: { status: [NOPE] }) { totalCount } }", {}, "filter.status: Value 'NOPE' does not exist"),
        ('{ measures(first: "x") { totalCount } }', {}, "first: Int cannot represent"),
        ("{ measures(first: 201) { totalCount } }", {}, "first: 201 is no page size; ask for 1 to 200."),
        ("{ measures(first: 1, last: 1) { totalCount } }", {}, "first and last exclude each other"),
        ('{ measures(after: "x") { totalCount } }', {}, "after: this is no cursor"),
        ('{ node(id: "x") { id } }', {}, 'id: an id is a type and a name, like "Measure:PHL-0007".'),
        ('{ stateParty(code: "\\u0000") { name } }', {}, "code: this text holds a NUL character"),
        (
            "query ($d: Date) { measures(filter: { adoptedTo: $d }) { totalCount } }",
            {"d": "x"},
            "adoptedTo: Variable '$d' got invalid value 'x'",
        ),
        (
            "query ($f: MeasureFilter) { measures(filter: $f) { totalCount } }",
            {"f": {"text": "\0"}},
            "filter.text: this text holds",
        ),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["Measure:A"] * 201}, "ids: these are 201 ids"),
    ],
)
async def test_a_value_that_cannot_be_is_refused_by_the_name_of_its_argument(
    client: httpx2.AsyncClient, query: str, variables: dict[str, Any], said: str
) -> None:
    answer = await post(client, {"query": query, "variables": variables}, accept=GRAPHQL)
    assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])
    assert said in messages(answer)


@pytest.mark.parametrize(
    "query",
    [
        '{ stateParty(code: "XXX") { name } }',
        '{ recommendation(code: "XXX") { title } }',
        '{ section(number: "XXX") { heading } }',
        '{ measure(id: "Measure:XXX-1") { title } }',
        '{ source(id: "Measure:PHL-0007") { title } }',
        '{ node(id: "Nothing:1") { id } }',
        "{ revision(position: 2147483647) { id } }",
        "{ revision(position: -1) { id } }",
    ],
)
async def test_an_unknown_code_answers_null(client: httpx2.AsyncClient, query: str) -> None:
    assert list((await post(client, {"query": query})).json()["data"].values()) == [None]


async def test_an_unknown_code_in_a_filter_matches_nothing(client: httpx2.AsyncClient) -> None:
    query = '{ measures(filter: { stateParty: ["XXX"] }) { totalCount nodes { id } } }'
    assert (await post(client, {"query": query})).json()["data"] == {"measures": {"totalCount": 0, "nodes": []}}


# ── Limits, each told ───────────────────────────────────────────────────────────────────────────────────────────────────


def nested(depth: int) -> str:
    """Fields nested so deep: section, its parents, and a leaf."""
    return '{ section(number: "I") ' + "{ parent " * (depth - 2) + "{ number }" + " }" * (depth - 1)


@pytest.mark.parametrize(
    ("query", "code", "limit"),
    [
        ("{ __typename " * 1 + "a: __typename " * (TOKENS // 3) + "}", "TOO_LARGE", f"{TOKENS:,}"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(ROOT_FIELDS + 1)) + "}", "TOO_LARGE", f"{ROOT_FIELDS}"),
        (nested(DEPTH + 1), "TOO_DEEP", f"{DEPTH}"),
        ("{" * 5_000, "GRAPHQL_PARSE_FAILED", ""),
        ("{ measures(first: 200) { nodes { stateParty { measures(first: 200) { nodes { recommendations { id } } } } } } }",
         "TOO_COSTLY", f"{COST_LIMIT:,}"),
        ("query A { ...F } fragment F on Query { measures(first: 200) { nodes { stateParty { ...G } } } } "
         "fragment G on StateParty { a: measures(first: 200) { nodes { id } } b: measures(first: 200) { nodes { id } } "
         "... on Node { ... on StateParty { c: measures(first: 200) { nodes { id } } } } }", "TOO_COSTLY", f"{COST_LIMIT:,}"),
    ],
)  # fmt: skip
async def test_what_is_beyond_a_limit_is_refused_with_the_limit(
    client: httpx2.AsyncClient, query: str, code: str, limit: str
) -> None:
    answer = await post(client, {"query": query})
    assert codes(answer) == [code]
    assert limit in messages(answer)


async def test_what_is_within_the_limits_is_answered(client: httpx2.AsyncClient) -> None:
    for query in (nested(DEPTH), "{" + " ".join(f"a{n}: __typename" for n in range(ROOT_FIELDS)) + "}"):
        assert "errors" not in (await post(client, {"query": query})).json()


async def test_the_cost_of_what_is_too_costly_is_told(client: httpx2.AsyncClient) -> None:
    query = "{ measures(first: 200) { nodes { revisions(first: 200) { nodes { fieldChanges { field } } } } } }"
    assert (await post(client, {"query": query})).json()["extensions"]["cost"]["requested"] > COST_LIMIT


DEAREST = {
    "counts by what recommendations are like": " ".join(
        f"a{number}: coverage(first: 1, filter: {{ theme: [ONLINE, DATA, VICTIMS], digital: true, state: [MEASURE_IN_FORCE] }}) "
        "{ totalCount nodes { id } }"
        for number in range(50)
    ),
    "coverage by two sides": " ".join(
        f"a{number}: coverageSummary(by: [STATE_PARTY, RECOMMENDATION]) {{ key total }}" for number in range(3)
    ),
    "cells in words": "stateParties(first: 178) { nodes { coverage(first: 60) "
    "{ nodes { sentence measureCount reportedBy } } } }",
    "the history of what is found": 'search(text: "child", first: 200) { nodes { ... on Record '
    "{ revisions(first: 20) { nodes { fieldChanges { sentence } } } } } }",
}
"""Operations near the limit, of the kinds that make PostgreSQL work most for their cost."""


@pytest.mark.parametrize("name", DEAREST)
async def test_the_dearest_operation_allowed_ends_in_time(client: httpx2.AsyncClient, name: str) -> None:
    """In the five seconds that a statement has: what may run must not run into them."""
    answer = await post(client, {"query": f"{{ {DEAREST[name]} }}"})
    assert "errors" not in answer.json(), answer.text[:300]


async def test_the_feed_refuses_a_position_of_another_log(client: httpx2.AsyncClient) -> None:
    """Whoever followed a log that is not this one must not take silence for news."""
    answer = await post(client, {"query": "{ changes(after: 999999) { nodes { position } } }"})
    assert codes(answer) == ["CLOCK_OUT_OF_RANGE"]
    assert "4,727" in answer.json()["errors"][0]["message"]


async def test_types_that_are_not_searched_are_refused(client: httpx2.AsyncClient) -> None:
    answer = await post(client, {"query": '{ search(text: "law", types: [MEASURE, ARTICLE]) { totalCount } }'})
    assert codes(answer) == ["BAD_USER_INPUT"]
    assert "types: ARTICLE is not searched; these are: STATE_PARTY, SECTION" in messages(answer)


@pytest.mark.parametrize("name", ["Philippines", "Filipinas", "philipines"])
async def test_a_state_is_found_by_its_name_before_what_names_it(client: httpx2.AsyncClient, name: str) -> None:
    query = "query ($text: String!) { search(text: $text, first: 1) { edges { snippet node { id } } } }"
    answer = (await post(client, {"query": query, "variables": {"text": name}})).json()["data"]["search"]["edges"][0]
    assert answer["node"]["id"] == "StateParty:PHL"
    assert "«" in answer["snippet"]


# ── What stands beside ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_schema_can_be_had(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/schema.graphql")
    assert (answer.status_code, answer.text) == (200, sdl())


async def test_health_and_readiness(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "database": True, "schema": newest(), "position": 4727}


async def test_an_empty_record_is_answered(empty_url: str) -> None:
    async with served(empty_url) as other:
        assert (await other.get("/readyz")).json()["position"] == 0
        assert (await post(other, {"query": "{ clock { position } measures { totalCount } }"})).json()["data"] == {
            "clock": {"position": 0},
            "measures": {"totalCount": 0},
        }


async def test_a_query_that_takes_too_long_is_given_up(empty_database: Embedded) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    async with served(empty_database.url) as client, owner.transaction():
        await owner.execute("lock table section_version in access exclusive mode")
        for media_type, status in ((JSON, 200), (GRAPHQL, 504)):
            answer = await post(client, {"query": "{ sections { number } }"}, accept=media_type)
            assert (answer.status_code, codes(answer)) == (status, ["TIMEOUT"])
            assert "5 seconds" in messages(answer)
            assert answer.json()["extensions"]["cost"]["requested"] == 30
    await owner.close()


async def test_a_record_that_cannot_be_reached_is_told_without_details(
    empty_database: Embedded, administrator: asyncpg.Connection
) -> None:
    name = empty_database.url.partition("?")[0].rpartition("/")[2]
    async with served(empty_database.url) as client:
        await administrator.execute(f'alter database "{name}" allow_connections false')
        await administrator.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        with capture_logs() as logs:
            answer = await post(client, {"query": QUERY})
        assert (answer.status_code, codes(answer), answer.headers["retry-after"]) == (503, ["INTERNAL"], "5")
        assert name not in answer.text
        assert next(one["fault"] for one in logs if one["event"] == "fault") in messages(answer)
        with_a_token = await post(client, {"query": QUERY}, authorization=f"Bearer {new_token()}")
        assert (with_a_token.status_code, codes(with_a_token)) == (503, ["INTERNAL"])
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/r/Measure:PHL-0007")).status_code == 503
        assert (await client.get("/r/Measure:PHL-0007/1")).status_code == 503
        await administrator.execute(f'alter database "{name}" allow_connections true')
        assert (await post(client, {"query": QUERY})).json()["data"] == {"stateParty": None}


async def test_a_fault_of_ours_is_masked_and_logged(empty_database: Embedded) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    await owner.execute("alter table section_version rename to section_of_another_name")
    await owner.close()
    async with served(empty_database.url) as client:
        with capture_logs() as logs:
            answer = await post(client, {"query": "{ sections { number } }"})
    assert (answer.status_code, codes(answer)) == (500, ["INTERNAL"])
    assert "section_version" not in answer.text
    assert logs[0]["fault"] in messages(answer)


async def test_pages_of_any_origin_may_read(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/graphql", json={"query": QUERY}, headers={"origin": "https://map.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "*"
    preflight = {
        "origin": "https://map.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-y",
    }
    assert (await client.options("/graphql", headers=preflight)).status_code == 204


async def test_an_unknown_address_is_told_as_a_problem(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"] == (
        "There is nothing at /nowhere. Queries go to /graphql; /docs says what else there is."
    )
    for_people = await client.get("/nowhere", headers={"accept": "text/html,*/*;q=0.8"})
    assert (for_people.status_code, for_people.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is nothing at /nowhere." in for_people.text


async def test_the_start_page_leads_to_the_queries(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")
