"""The ten ways in which the planner could fail (design/RISKS.md), each with a test of its own.

Two have more of them elsewhere: random operations with shuffled variables (2, 3) in test_oracle.py, every order and page size (6)
in test_paging.py.
"""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import (
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    parse,
    print_schema,
)

from db.embedded import Embedded
from db.pool import open_pool
from schema.answer import answer
from schema.document import KEPT_SQL, _plans, document
from schema.query import sdl
from tests.conftest import cloned
from tests.oracle.agreement import today
from tests.oracle.answers import difference
from tests.oracle.asked import IDS, KINDS, SHAPED, SHAPES, SPEAKING
from tests.oracle.executor import Oracle
from tests.oracle.history import History, connected
from tests.oracle.log import fetched
from tests.oracle.places import Places, places
from tests.oracle.reader import Reader
from tests.oracle.resolvers import PUBLIC_URL
from tests.oracle.wire import listening

LONG = "long_" * 200
"""Long keys make long plans."""

NUL, HALF = "\u0000", "\ud800"


@pytest.fixture(scope="module")
async def reader(record_url: str) -> AsyncIterator[Reader]:
    oracle = Oracle(sdl(), await fetched(record_url))
    async with listening(record_url) as wire, await open_pool(wire.url, size=1) as pool:
        yield Reader(pool, wire, oracle)


# RISKS 1
@pytest.mark.parametrize("length", [60, 63, 64, 100, 200])
async def test_aliases_that_share_their_first_63_bytes_stay_apart(reader: Reader, length: int) -> None:
    first, second = (("a" * length)[: length - 1] + end for end in "xy")
    text = f"""{{ {first}: stateParty(code: "PHL") {{ {first}: code {second}: alpha2 }}
        {second}: stateParties(first: 2) {{ {first}: nodes {{ {second}: id {first}: code }} {second}: totalCount }} }}"""
    data = await reader.agrees(text)
    assert data[first] == {first: "PHL", second: "PH"}
    assert list(data[second]) == [first, second]


# RISKS 2
async def test_one_document_serves_variables_of_every_shape(reader: Reader) -> None:
    ids = ["Measure:PHL-0007", "Article:1", "Coverage:PHL:IVC-05", "Revision:9"]
    for _ in range(2):  # the second time from plans that are kept
        for place, shape in enumerate(SHAPES):
            await reader.agrees(SHAPED, ids=ids[place % 4 :] + ids[: place % 3], **shape)


async def test_thirty_booleans_leave_the_store_of_plans_bounded_and_their_answers_right(reader: Reader) -> None:
    names = [f"b{number}" for number in range(30)]
    body = " ".join(f'{name}: stateParty(code: "PHL") @include(if: ${name}) {{ ...Long }}' for name in names)
    text = f"query ({', '.join(f'${name}: Boolean!' for name in names)}) {{ {body} clock {{ position }} }}"
    text += f" fragment Long on StateParty {{ {' '.join(f'{LONG}{number}: code' for number in range(20))} }}"
    random, operation, size = Random(30), document(text).operation(None), 0
    while size < 1.2 * KEPT_SQL:
        variables = {name: random.random() < 0.5 for name in names}
        size += len(operation.plan(operation.variables(variables)).sql)
        assert _plans.currsize <= KEPT_SQL
    data = await reader.data(text, **variables)
    assert list(data) == [*(name for name in names if variables[name]), "clock"]


# RISKS 3
async def test_no_null_stands_where_the_schema_says_it_cannot_at_any_position(
    administrator: asyncpg.Connection, server: Embedded, seeded_template: str
) -> None:
    """The clocks are those of cursors taken between submissions; the plain executor refuses a null at a `!` by itself."""
    inside = """id versionId revision { position record { id } } citations { source { id publisher } }
        stateParty { id name revision { number } }
        recommendations { id section { number } coverage(first: 1) { nodes { state } } }"""
    deep = f"query ($after: String) {{ measures(first: 40, after: $after) {{ nodes {{ {inside} }} }} }}"
    cells = """query ($after: String) { coverage(first: 60, after: $after) { nodes { id state since reportedBy
        measures { id status revision { number } } latest { id } stateParty { id } recommendation { section { id } } } } }"""
    async with (
        cloned(administrator, server, seeded_template) as database,
        connected(database.url) as connection,
        await open_pool(database.url, size=1) as pool,
    ):
        history, taken = History(connection, Random(3)), []
        lists = {"measures": ((),), "coverage": ((),)}
        await history.begin()
        for _ in range(2):
            for submission in (history.create(60), history.amend(60), history.retract(30), history.restore(10)):
                taken += [await places(pool, (await submission).last, today(), lists)]
        oracle = Oracle(sdl(), await fetched(database.url))
        for text, name in ((deep, "measures"), (cells, "coverage")):
            for known in taken:
                await _agree_from(pool, oracle, text, known, name)


async def _agree_from(pool: asyncpg.Pool, oracle: Oracle, text: str, known: Places, name: str) -> None:
    variables = {"after": known.teach(oracle)[name, ()][3]}
    found = await answer(pool, document(text).operation(None), variables, PUBLIC_URL)
    assert difference(oracle.data(parse(text), variables, today()), orjson.loads(found.data)) is None


# RISKS 4
async def test_nodes_keeps_order_and_duplicates_and_answers_null_for_what_is_not_there(reader: Reader) -> None:
    text = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ...Known ...Kept } }
        fragment Known on Node { same: id ... on Revision { number } ... on Coverage { state } }
        fragment Kept on Record { versionId permalink revision { number } ... on Measure { title } ... on Article { number } }"""
    data = await reader.agrees(text, ids=IDS)
    assert [one and one["id"] for one in data["nodes"]] == [IDS[0], None, *IDS[2:6], *[None] * 7, "Article:1"]
    assert await reader.agrees(text, ids=[]) == {"nodes": []}


async def test_each_type_of_record_is_found_by_id_with_fragments_on_its_interfaces(reader: Reader) -> None:
    text = """query ($id: ID!) { node(id: $id) { id ... on Node { id __typename } ... on Record { id revision { recordType }
        revisions(first: 1) { nodes { id record { id } } } } } }"""
    for record_id in {name.partition(":")[0]: name for name in reader.oracle.log.of_record}.values():
        data = await reader.agrees(text, id=record_id)
        assert data["node"]["id"] == record_id


async def test_what_is_retracted_is_not_there_and_its_revisions_are(
    administrator: asyncpg.Connection, server: Embedded, seeded_template: str
) -> None:
    text = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Tombstone {
        recordType permalink revision { reason operation } revisions { totalCount } } } revision(position: 1) { id }
        changes(filter: {operation: [RETRACT, RESTORE]}) {
            nodes { recordId operation record { __typename } fieldChanges { field } } } }"""
    async with (
        cloned(administrator, server, seeded_template) as database,
        connected(database.url) as connection,
        await open_pool(database.url, size=1) as pool,
    ):
        history = History(connection, Random(4))
        await history.begin()
        await history.retract(9)
        await history.restore(3)
        oracle = Oracle(sdl(), await fetched(database.url))
        gone = [one.record_id for one in oracle.log.revisions if one.operation == "RETRACT"]
        variables = {"ids": gone}
        data = orjson.loads((await answer(pool, document(text).operation(None), variables, PUBLIC_URL)).data)
        assert difference(oracle.data(parse(text), variables, today()), data) is None
        assert [node["__typename"] for node in data["nodes"]].count("Tombstone") == 6


# RISKS 5
async def test_bad_values_three_levels_down_refuse_the_operation_before_sql_with_an_error_each(reader: Reader) -> None:
    text = """query ($cursor: String, $size: Int) { stateParties(first: 1) { nodes { measures(first: 2) { nodes { recommendations {
        bad: measures(after: "no cursor") { totalCount }
        worse: assessments(before: $cursor) { nodes { id } pageInfo { hasNextPage } edges { cursor } }
        worst: coverage(first: $size) { totalCount } both: measures(first: 1, last: 1) { totalCount }
        } } } } } }"""
    told = await reader.errors(text, cursor="WzFd", size=201)
    inside = ["stateParties", "nodes", "measures", "nodes", "recommendations"]
    assert sorted(path or [] for _, path in told) == [[*inside, name] for name in ("bad", "both", "worse", "worst")]
    assert {message.partition(":")[0] for message, _ in told} >= {"after", "before", "first"}


async def test_an_order_that_is_said_again_changes_nothing(reader: Reader) -> None:
    """Conditions that grow with the square of the orders held up everybody for seconds, while one statement was planned."""
    text = "query ($order: [RecommendationOrder!]) { recommendations(first: 9, orderBy: $order) { edges { cursor node { id } } } }"
    once = await reader.data(text, order=["MEASURE_COUNT_DESC", "CODE_DESC"])
    assert await reader.data(text, order=["MEASURE_COUNT_DESC", "CODE_DESC", "MEASURE_COUNT_ASC"] * 40) == once


async def test_a_cursor_of_a_list_in_another_order_is_refused(reader: Reader) -> None:
    page = await reader.data("{ measures(first: 1, orderBy: [TITLE_ASC]) { pageInfo { endCursor } } }")
    cursor = page["measures"]["pageInfo"]["endCursor"]
    for order in ("TITLE_DESC", "DATE_ASC"):
        told = await reader.errors(
            f"query ($c: String) {{ measures(after: $c, orderBy: [{order}]) {{ totalCount }} }}", c=cursor
        )
        assert [path for _, path in told] == [["measures"]]


# RISKS 6
async def test_rows_without_a_date_are_neither_lost_nor_told_twice(reader: Reader) -> None:
    """More of this: test_paging.py."""
    text = """query ($after: String, $order: [ReportingEventOrder!]) { reportingEvents(first: 7, after: $after, orderBy: $order) {
        totalCount nodes { id happenedOn } pageInfo { endCursor hasNextPage } } }"""
    for order in ("HAPPENED_ON_ASC", "HAPPENED_ON_DESC"):
        found: list[dict[str, Any]] = []
        page: dict[str, Any] = {"pageInfo": {"hasNextPage": True, "endCursor": None}}
        while page["pageInfo"]["hasNextPage"]:
            page = (await reader.data(text, order=[order], after=page["pageInfo"]["endCursor"]))["reportingEvents"]
            found += page["nodes"]
        assert len({one["id"] for one in found}) == len(found) == page["totalCount"]
        undated = [place for place, one in enumerate(found) if one["happenedOn"] is None]
        assert undated == list(range(len(found) - len(undated), len(found)))


# RISKS 7
@pytest.mark.parametrize("way", ["first", "last"])
async def test_a_page_is_in_order_whatever_is_asked_beside_it(reader: Reader, way: str) -> None:
    nodes = "nodes { id recommendations { code measures(last: 2) { nodes { id } } } }"
    edges, told = "edges { cursor node { id } }", "pageInfo { startCursor endCursor hasNextPage hasPreviousPage }"
    parts = [nodes, edges, told, "totalCount"]
    chosen = [[part for place, part in enumerate(parts) if number >> place & 1] for number in range(1, 16)]
    whole: dict[str, Any] = {}
    for fields in chosen:
        for order in (fields, fields[::-1]):
            page = f"measures({way}: 5, orderBy: [TITLE_DESC]) {{ {' '.join(order)} }}"
            data = (await reader.data(f"{{ {page} }}"))["measures"]
            for name, value in data.items():
                assert whole.setdefault(name, value) == value, order
    assert [edge["node"]["id"] for edge in whole["edges"]] == [node["id"] for node in whole["nodes"]]
    cursors = [edge["cursor"] for edge in whole["edges"]]
    assert (whole["pageInfo"]["startCursor"], whole["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])


# RISKS 8
async def test_the_usual_introspection_query_runs_beside_data(reader: Reader) -> None:
    query = get_introspection_query(specified_by_url=True, input_value_deprecation=True)
    text = query.replace("__schema {", 'stateParty(code: "PHL") { __typename code } __schema {', 1)
    data = await reader.data(text)
    assert data["stateParty"] == {"__typename": "StateParty", "code": "PHL"}
    told, ours = (lexicographic_sort_schema(one) for one in (build_client_schema(data), build_schema(sdl())))
    assert print_schema(told) == print_schema(ours)


# RISKS 9
@pytest.mark.parametrize("text", KINDS)
async def test_an_operation_is_one_statement_on_the_wire_and_parsed_once(reader: Reader, text: str) -> None:
    await reader.data("{ clock { position } }")  # connects
    reader.wire.messages.clear()
    await reader.data(text)
    assert (reader.wire.executed, reader.wire.parsed <= 1) == (1, True)
    reader.wire.messages.clear()
    await reader.data(text)
    assert (reader.wire.executed, reader.wire.parsed) == (1, 0)
    assert set(reader.wire.messages) <= {"B", "E", "S"}  # bind, execute, sync: nothing else, no reset either


# RISKS 10
@pytest.mark.parametrize("field", SPEAKING)
async def test_nul_and_half_a_surrogate_pair_are_refused_in_literals_and_variables(reader: Reader, field: str) -> None:
    of = (
        "ID"
        if any(name in field for name in ("id: ", "ids: ", "id: [", "Id: [", "submission: ", "record: ["))
        else "String"
    )
    for written in (r'"a\u0000"', r'"\u0000"'):
        assert len(await reader.errors(f"{{ asked: {field % written} }}")) == 1
    for value in (NUL, f"PHL{NUL}", HALF, f"{HALF}a"):
        assert len(await reader.errors(f"query ($text: {of}!) {{ asked: {field % '$text'} }}", text=value)) == 1
