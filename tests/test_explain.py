"""explain: what a query would cost and why, told without running it, and just what the run then says."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx2
import pytest

from api.settings import FairUse
from schema.explanation import EXPLAINING
from schema.paged import PAGE
from schema.plan import COST_LIMIT
from schema.query import schema
from tests.operations import Writer
from tests.oracle.log import fetched
from tests.oracle.values import Values
from tests.served import served

EXPLAIN = """query ($query: String!, $variables: JSON, $name: String) {
    explain(query: $query, variables: $variables, operationName: $name) { cost limit depth lines { path rows cost } advice } }"""

OPERATIONS = 30
DEAR = """{ stateParties(first: 150) { nodes { name measures(first: 40) { nodes { title
    of: revisions { nodes { reason } } } } } } }"""
WHOLE = (
    "A list that you want whole is cheaper by a plain GET (/v1, as CSV or JSON Lines): there it costs one for each row."
)


async def post(client: httpx2.AsyncClient, query: str, /, **variables: Any) -> Any:
    return (await client.post("/graphql", json={"query": query, "variables": variables})).json()


async def explained(client: httpx2.AsyncClient, query: str, /, **variables: Any) -> Any:
    answer = await post(client, EXPLAIN, query=query, variables=variables)
    assert "errors" not in answer, answer
    return answer["data"]["explain"]


async def refused(client: httpx2.AsyncClient, query: str, /, name: str | None = None, **variables: Any) -> Any:
    """The errors: each of explain, told at its place in this request."""
    answer = await post(client, EXPLAIN, query=query, variables=variables, name=name)
    assert "data" not in answer
    assert all(error["path"] == ["explain"] for error in answer["errors"])
    assert all(error["locations"] == [{"line": 2, "column": 5}] for error in answer["errors"])
    return [(error["extensions"]["code"], error["message"]) for error in answer["errors"]]


def lines(explanation: Any) -> dict[str, tuple[int, int]]:
    return {".".join(line["path"]): (line["rows"], line["cost"]) for line in explanation["lines"]}


async def test_each_place_is_told_with_what_it_costs(client: httpx2.AsyncClient) -> None:
    query = """query ($size: Int) { clock { position } measures(first: $size) {
        nodes { title of: stateParty { code } recommendations { code } } } }"""
    assert await explained(client, query, size=20) == {
        "cost": 141,
        "limit": COST_LIMIT,
        "depth": 4,
        "lines": [
            {"path": ["measures", "nodes", "recommendations"], "rows": 100, "cost": 100},
            {"path": ["measures", "nodes"], "rows": 20, "cost": 20},
            {"path": ["measures", "nodes", "of"], "rows": 20, "cost": 20},
            {"path": ["clock"], "rows": 1, "cost": 1},
        ],
        "advice": [],
    }
    assert (await post(client, query, size=20))["extensions"]["cost"]["requested"] == 141


async def test_of_random_operations_the_run_says_the_same_cost_or_the_same_errors(
    client: httpx2.AsyncClient, record_url: str
) -> None:
    log, random = await fetched(record_url), Random(44)
    writer, agreed = Writer(schema, Values(log, random), random, {}), 0
    for _ in range(OPERATIONS):
        operation = writer.operation()
        for variables in operation.variables[:1]:
            asked = {"query": operation.text, "operationName": operation.name, "variables": variables}
            run = (await client.post("/graphql", json=asked)).json()
            said = await post(client, EXPLAIN, query=operation.text, name=operation.name, variables=variables)
            codes = {error["extensions"]["code"] for error in run.get("errors", ())}
            if codes <= {"TOO_COSTLY", "CLOCK_OUT_OF_RANGE"}:
                explanation = said["data"]["explain"]
                assert explanation["cost"] == run["extensions"]["cost"]["requested"], operation.text
                assert explanation["cost"] == sum(line["cost"] for line in explanation["lines"]), operation.text
                assert len(lines(explanation)) == len(explanation["lines"])
                agreed += 1
            elif codes == {"BAD_USER_INPUT"}:
                told = sorted(error["message"].rpartition("column ")[2].partition(": ")[2] for error in said["errors"])
                assert told == sorted(error["message"] for error in run["errors"]), operation.text
    assert agreed > OPERATIONS / 2


async def test_aliases_and_fragments_of_each_kind_are_counted_where_they_are_merged(client: httpx2.AsyncClient) -> None:
    one = "stateParties(first: 10) { nodes { code } }"
    query = f"""{{ a: {one} ... {{ b: {one} }} ... on Query {{ c: {one} a: {one} }} ...F
        d: stateParties(first: 10) @include(if: false) {{ totalCount }} }}
        fragment F on Query {{ e: {one} c: {one} }}"""
    explanation = await explained(client, query)
    assert lines(explanation) == {f"{key}.nodes": (10, 10) for key in "abce"}
    assert explanation["cost"] == 40


async def test_of_what_an_id_may_name_the_dearest_type_counts(client: httpx2.AsyncClient) -> None:
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Measure { recommendations { code } }
        ... on StateParty { measures(first: 3) { nodes { id } } } } }"""
    one = await explained(client, query, ids=["StateParty:PHL"])
    both = await explained(client, query, ids=["StateParty:PHL", "Measure:PHL-0001"])
    assert set(lines(one)) == {"nodes", "nodes.measures.nodes"}
    assert set(lines(both)) == {"nodes", "nodes.recommendations"}
    assert both["cost"] > one["cost"]


async def test_what_is_too_dear_is_explained_with_what_would_make_it_cheaper(client: httpx2.AsyncClient) -> None:
    explanation = await explained(client, DEAR)
    assert explanation["cost"] == 150 + 150 * 40 + 150 * 40 * 50
    assert (await post(client, DEAR))["errors"][0]["extensions"] == {"code": "TOO_COSTLY"}
    inner = "stateParties.nodes.measures.nodes.of"
    assert explanation["advice"] == [
        "This would be refused: it may cost 306,150, and the limit is 100,000.",
        f"“{inner}.nodes” takes 300,000 of the 306,150: that may be 300,000 rows.",
        "These are lists inside lists: 150 of “stateParties”, each with up to 40 of “stateParties.nodes.measures”, each with"
        f" up to 50 of “{inner}”. Ask for fewer (first) of any, and the cost shrinks in proportion.",
        f"“{inner}” does not say how many it wants, which counts as {PAGE}: give it first.",
        WHOLE,
    ]


async def test_a_count_in_each_row_is_pointed_out(client: httpx2.AsyncClient) -> None:
    query = "{ measures(first: 150) { nodes { recommendations { coverage { totalCount } } } } }"
    explanation = await explained(client, query)
    count = "measures.nodes.recommendations.coverage.totalCount"
    rows, cost = lines(explanation)[count]
    assert explanation["advice"] == [
        f"“{count}” takes {cost:,} of the {explanation['cost']:,}: it goes over {rows:,} rows, however few it answers with."
        " Ask for it once, not with each page or row.",
        "“measures.nodes.recommendations” takes 750 of the 2,400: that may be 750 rows.",
        "Ask for fewer of “measures” at once (first, and after for the next page).",
    ]


async def test_one_long_list_is_told_to_be_read_in_pages_or_whole(client: httpx2.AsyncClient) -> None:
    explanation = await explained(client, "{ measures(first: 200) { nodes { citations { source { title } } } } }")
    assert explanation["advice"] == [
        "“measures.nodes.citations” takes 1,000 of the 2,200: that may be 1,000 rows.",
        "Ask for fewer of “measures” at once (first, and after for the next page).",
        "“measures.nodes.citations.source” takes 1,000 of the 2,200: that may be 1,000 rows.",
        WHOLE,
    ]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("{", "GRAPHQL_PARSE_FAILED", "line 1, column 2: Syntax Error: Expected Name, found <EOF>."),
        (
            "{\n  measurs }",
            "GRAPHQL_VALIDATION_FAILED",
            "line 2, column 3: Cannot query field 'measurs'",
        ),
        (
            "{ measures(first: 201) { totalCount } }",
            "BAD_USER_INPUT",
            "line 1, column 3: first: 201 is no page size; ask for 1",
        ),
        ('{ node(id: "PHL") { id } }', "BAD_USER_INPUT", "line 1, column 3: id: an id is"),
        (
            "query ($size: Int!) { measures(first: $size) { totalCount } }",
            "BAD_USER_INPUT",
            "line 1, column 8: first: Variable",
        ),
        (
            "{ measures { nodes { " + "stateParty { measures { nodes { " * 5 + "id" + " } } }" * 5 + " } } }",
            "TOO_DEEP",
            "line 1, column 3: This operation nests fields 18 deep; the limit is 15.",
        ),
        ("mutation { reportError(input: {}) { id } }", "GRAPHQL_VALIDATION_FAILED", ""),
        ("query A { clock { position } } query B { clock { position } }", "BAD_USER_INPUT", ": operationName: "),
    ],
)
async def test_what_cannot_be_run_is_told_as_an_error(
    client: httpx2.AsyncClient, query: str, code: str, message: str
) -> None:
    (found, *_) = await refused(client, query)
    assert found[0] == code
    assert found[1].startswith("In the query to explain")
    assert message in found[1]


async def test_nothing_of_it_is_run(client: httpx2.AsyncClient) -> None:
    """Where the run looks a moment up, and finds none, it is refused."""
    query = "{ at(position: 99999999) { measures(first: 5) { nodes { id } } } }"
    assert (await post(client, query))["errors"][0]["extensions"]["code"] == "CLOCK_OUT_OF_RANGE"
    assert (await explained(client, query))["cost"] == 6


async def test_its_answer_is_selected_as_any_other_is(client: httpx2.AsyncClient) -> None:
    query = """query ($deep: Boolean!) { clock { position } dear: explain(query: "{ clock { known } }") { __typename ...F }
        explain(query: "{ signatories { code } }") { depth } } fragment F on Explanation { is: cost depth @include(if: $deep) }"""
    for deep in (True, False):
        answer = await post(client, query, deep=deep)
        dear = {"__typename": "Explanation", "is": 1, **({"depth": 2} if deep else {})}
        assert answer["data"]["dear"] == dear
        assert answer["data"]["explain"] == {"depth": 2}
        assert answer["data"]["clock"]["position"] > 0


async def test_explaining_costs_as_well_and_can_be_explained(client: httpx2.AsyncClient) -> None:
    query = 'query ($query: String = "{ clock { known } }") { explain(query: $query) { cost } }'
    explanation = await explained(client, query)
    assert lines(explanation) == {"explain": (EXPLAINING, EXPLAINING)}
    assert (await post(client, query))["extensions"]["cost"]["requested"] == EXPLAINING


async def test_variables_are_an_object_and_given_by_a_variable(client: httpx2.AsyncClient) -> None:
    answer = await post(client, EXPLAIN, query="{ clock { known } }", variables=[1])
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["message"]) == (
        "BAD_USER_INPUT",
        "variables: they must be a JSON object.",
    )


@pytest.fixture
async def small(record_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(record_url, fair_use=FairUse(allowance=2 * EXPLAINING)) as client:
        yield client


async def test_explaining_uses_up_the_allowance(small: httpx2.AsyncClient) -> None:
    for expected in (200, 200, 429):
        answer = await small.post("/graphql", json={"query": EXPLAIN, "variables": {"query": DEAR}})
        assert answer.status_code == expected
