"""The record at clocks of one's choice: Query.at, and the moment that a whole request is read at.

That any field at any clocks answers what the plain executor does is in test_oracle.py.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Visitor,
    parse,
    print_ast,
    visit,
)

from db.embedded import Embedded
from db.pool import open_pool
from db.vocabulary import Operation
from schema.answer import answer
from schema.clock import PRESENT, Moment
from schema.document import document
from schema.query import sdl
from schema.refusals import Refused
from tests.conftest import cloned
from tests.operations import Writer
from tests.oracle.agreement import Agreement, today
from tests.oracle.answers import difference
from tests.oracle.executor import Oracle
from tests.oracle.history import begun, connected
from tests.oracle.log import fetched
from tests.oracle.reader import Reader
from tests.oracle.resolvers import PUBLIC_URL, moment_told
from tests.oracle.values import Values
from tests.oracle.wire import listening

MICROSECOND = timedelta(microseconds=1)

SPOKEN = """
fragment Spoken on Reading {
  clock { known position valid }
  measures(first: 60, orderBy: [CHANGED_AT_DESC]) { nodes { ...Dated stateParty { ...Dated } citations { source { ...Dated } } } }
  coverage(first: 40, filter: {stateParty: ["PHL", "FRA", "AGO"]}) { nodes { latest { ...Dated } assessments { ...Dated } } }
  search(text: "law", first: 20) { nodes { ... on Record { revision { recordedAt } } } }
  source(id: "Source:S-0001") { ...Dated }
  node(id: "StateParty:PHL") { ... on StateParty { all: revisions { nodes { record { ... on Record { ...Dated } } } } } }
}
fragment Dated on Record { revision { recordedAt } revisions(last: 3) { nodes { recordedAt } } }"""
"""Wherever moments of the log stand."""


@pytest.fixture(scope="module")
async def reader(administrator: asyncpg.Connection, server: Embedded, migrated_template: str) -> AsyncIterator[Reader]:
    """A history over a year."""
    async with (
        cloned(administrator, server, migrated_template) as database,
        connected(database.url) as connection,
        listening(database.url) as wire,
        await open_pool(wire.url, size=1) as pool,
    ):
        history = await begun(database, connection, Random(11))
        await history.create(60)
        await history.amend(60)
        await history.go_on(25)
        await history.amend_each_type(2)
        yield Reader(pool, wire, Oracle(sdl(), await fetched(database.url)))


@pytest.fixture(scope="module")
async def seeded_pool(record_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(record_url, size=1) as pool:
        yield pool


async def read(pool: asyncpg.Pool, text: str, moment: Moment | None = None, **variables: Any) -> Any:
    at = [moment] if moment else []
    return orjson.loads((await answer(pool, document(text).operation(None), variables, PUBLIC_URL, *at)).data)


def moments(reader: Reader) -> list[datetime]:
    return sorted({one.recorded_at for one in reader.oracle.log.revisions})


def test_the_history_has_every_kind_of_change_at_moments_of_its_own(reader: Reader) -> None:
    made = reader.oracle.log.revisions
    submissions = Counter(one.submission_id for one in made)
    assert {one.operation for one in made} == set(Operation)
    assert len(moments(reader)) == len(submissions) >= 30
    assert len({one.date() for one in moments(reader)}) >= 10


# ── One statement ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_operation_with_three_clocks_is_one_statement_on_the_wire(reader: Reader) -> None:
    text = """query ($then: DateTime!, $position: Int, $day: Date) {
        stateParty(code: "PHL") { versionId measures(first: 5) { nodes { title status } } } changes(first: 2) { nodes { id } }
        then: at(known: $then) { ...Asked } position: at(position: $position) { ...Asked }
        both: at(position: $position, valid: $day) { ...Asked } }
        fragment Asked on Reading { clock { known valid position } coverageSummary(by: [REGION]) { total }
        stateParty(code: "PHL") { versionId measures(first: 5) { nodes { title status } } } }"""
    variables = {"then": moment_told(moments(reader)[7]), "position": 4999, "day": "2019-09-26"}
    data = await reader.agrees(text, **variables)
    assert len({data[name]["stateParty"]["versionId"] for name in ("then", "position", "both")}) == 3
    reader.wire.messages.clear()
    await reader.data(text, **variables)
    assert (reader.wire.executed, reader.wire.parsed) == (1, 0)
    assert set(reader.wire.messages) <= {"B", "E", "S"}


# ── What a clock knows ──────────────────────────────────────────────────────────────────────────────────────────────────


def recorded(value: Any) -> Iterator[str]:
    """Every recordedAt inside an answer."""
    if isinstance(value, dict):
        yield from (one for key, one in value.items() if key == "recordedAt")
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from recorded(one)


async def test_no_moment_inside_an_answer_is_later_than_its_clocks_known(reader: Reader) -> None:
    text = f"""query ($known: DateTime!, $position: Int!, $valid: Date!) {{ a: at(known: $known, valid: $valid) {{ ...Spoken }}
        b: at(position: $position) {{ ...Spoken }} }} {SPOKEN}"""
    random, newest = Random(5), []
    for moment in moments(reader)[1::5]:
        for known in (moment, moment - MICROSECOND):
            position = random.randint(1, len(reader.oracle.log.revisions))
            variables = {"known": moment_told(known), "position": position, "valid": "2031-01-01"}
            for spoken in (await reader.data(text, **variables)).values():
                told = list(recorded(spoken))
                assert max(told) <= spoken["clock"]["known"]
                newest.append(max(told) == spoken["clock"]["known"])
    assert sum(newest) > 5  # it goes as far as it may


async def test_a_page_begun_later_tells_nothing_that_its_clock_does_not_know(reader: Reader) -> None:
    page = (
        "measures(first: 3, after: $after, orderBy: [CHANGED_AT_ASC]) { nodes { versionId revision { recordedAt } } }"
    )
    first = await reader.data("{ measures(first: 1, orderBy: [CHANGED_AT_ASC]) { pageInfo { endCursor } } }")
    known = moments(reader)[4]
    text = f"query ($after: String, $known: DateTime) {{ at(known: $known) {{ clock {{ position }} {page} }} }}"
    found = await reader.data(text, after=first["measures"]["pageInfo"]["endCursor"], known=moment_told(known))
    assert len(found["at"]["measures"]["nodes"]) == 3
    assert max(recorded(found)) <= moment_told(known)
    positions = {one["versionId"].split("@")[1] for one in found["at"]["measures"]["nodes"]}
    assert positions == {str(found["at"]["clock"]["position"])}


async def test_totals_are_states_parties_times_recommendations_at_any_clocks(reader: Reader) -> None:
    text = """query ($position: Int, $valid: Date!) { at(position: $position, valid: $valid) {
        stateParties(first: 1) { totalCount } recommendations(first: 1) { totalCount } coverage(first: 1) { totalCount }
        all: coverageSummary(by: []) { ...Counted } by: coverageSummary(by: [GROUP, SECTION]) { ...Counted } } }
        fragment Counted on CoverageGroup { total counts { count } }"""
    random, parties = Random(24), set()
    for number in range(40):
        position = None if number % 8 == 0 else random.randint(200, len(reader.oracle.log.revisions))
        valid = date(2000, 1, 1) + timedelta(days=random.randint(0, 11_000))
        told = (await reader.data(text, position=position, valid=str(valid)))["at"]
        reading = reader.oracle.log.at(position or len(reader.oracle.log.revisions), valid)
        states = sum(1 for row in reading.all("StateParty") if date.fromisoformat(row.document["consentOn"]) <= valid)
        cells = states * len(reading.all("Recommendation"))
        assert (told["stateParties"]["totalCount"], told["coverage"]["totalCount"]) == (states, cells)
        assert told["recommendations"]["totalCount"] == len(reading.all("Recommendation"))
        for groups in (told["all"], told["by"]):
            assert sum(group["total"] for group in groups) == cells
            assert sum(count["count"] for group in groups for count in group["counts"]) == cells
        parties.add(states)
    assert len(parties) > 10


async def test_two_of_todays_178_states_were_no_parties_on_the_guidelines_day(seeded_pool: asyncpg.Pool) -> None:
    text = """{ now: stateParties { totalCount } then: at(valid: "2019-09-26") { clock { valid } stateParties { totalCount }
        coverageSummary(by: []) { total } recommendations { totalCount } } }"""
    data = await read(seeded_pool, text)
    asked = data["then"]["recommendations"]["totalCount"]
    assert data == {
        "now": {"totalCount": 178},
        "then": {
            "clock": {"valid": "2019-09-26"},
            "stateParties": {"totalCount": 176},
            "coverageSummary": [{"total": 176 * asked}],
            "recommendations": {"totalCount": asked},
        },
    }


# ── Clocks that cannot be ───────────────────────────────────────────────────────────────────────────────────────────────


CLOCK = """query ($known: DateTime, $position: Int, $valid: Date) {
    one: at(known: $known, position: $position, valid: $valid) { %s } }"""


async def refused(pool: asyncpg.Pool, **clocks: Any) -> tuple[str, str, list[str | int] | None]:
    with pytest.raises(Refused) as told:
        await read(pool, CLOCK % "__typename", **clocks)
    (error,) = told.value.errors
    return error.message, str((error.extensions or {})["code"]), error.path


async def test_clocks_that_the_record_does_not_have_are_refused_where_they_are_asked_for(reader: Reader) -> None:
    first, size = moments(reader)[0], len(reader.oracle.log.revisions)
    before, ahead = moment_told(first - MICROSECOND), moment_told(datetime.now(UTC) + timedelta(seconds=90))
    for known in (before, ahead):
        assert await refused(reader.pool, known=known) == (
            f"known: {known} lies outside the record, which begins at {moment_told(first)} and ends now.",
            "CLOCK_OUT_OF_RANGE",
            ["one"],
        )
    for position in (0, -1, size + 1):
        assert await refused(reader.pool, position=position, known=None) == (
            f"position: there is no position {position}; the log has positions 1 to {size}.",
            "CLOCK_OUT_OF_RANGE",
            ["one"],
        )
    message, code, path = await refused(reader.pool, known=before, position=1)
    assert (message, code, path) == (
        "known and position both say what was known: give one of them.",
        "BAD_USER_INPUT",
        ["one"],
    )


async def test_clocks_at_the_edge_are_answered(reader: Reader) -> None:
    first, last, size = moments(reader)[0], moments(reader)[-1], len(reader.oracle.log.revisions)
    clock = CLOCK % "clock { known position valid }"
    at_first = sum(1 for one in reader.oracle.log.revisions if one.recorded_at == first)
    ahead = moment_told(datetime.now(UTC) + timedelta(seconds=30))
    for asked, known, position, valid in (
        ({"known": moment_told(first)}, moment_told(first), at_first, str(first.date())),
        ({"known": ahead}, ahead, size, ahead[:10]),
        ({"position": 1}, moment_told(first), 1, str(first.date())),
        ({"position": size, "valid": "1999-12-31"}, moment_told(last), size, "1999-12-31"),
        ({"known": None, "position": None, "valid": None}, moment_told(last), size, str(today())),
    ):
        told = (await reader.agrees(clock, **asked))["one"]["clock"]
        assert told == {"known": known, "position": position, "valid": valid}


# ── The moment of a whole request ───────────────────────────────────────────────────────────────────────────────────────


class _Wrapping(Visitor):
    """Puts an operation's selection inside `at`: what it asks of Query is then asked of Reading."""

    def __init__(self, arguments: str) -> None:
        super().__init__()
        self.arguments = arguments

    def leave_named_type(self, node: NamedTypeNode, *_: Any) -> NamedTypeNode | None:
        return NamedTypeNode(name=NameNode(value="Reading")) if node.name.value == "Query" else None

    def leave_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode:
        at: Any = parse(f"{{ at({self.arguments}) {{ x }} }}").definitions[0]
        (field,) = at.selection_set.selections
        inside = FieldNode(
            alias=None, name=field.name, arguments=field.arguments, directives=(), selection_set=node.selection_set
        )
        return OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            variable_definitions=node.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(selections=(inside,)),
        )


def fields_of_query(text: str) -> set[str]:
    """The root fields of an operation, and those of its fragments on Query."""
    parsed = parse(text)
    pending: list[Any] = [
        one
        for one in parsed.definitions
        if isinstance(one, OperationDefinitionNode)
        or (isinstance(one, FragmentDefinitionNode) and one.type_condition.name.value == "Query")
    ]
    found = set()
    while pending:
        for one in pending.pop().selection_set.selections:
            if isinstance(one, InlineFragmentNode):
                pending.append(one)
            elif isinstance(one, FieldNode):
                found.add(one.name.value)
    return found


async def test_an_operation_read_at_a_moment_is_the_same_inside_at(reader: Reader) -> None:
    random = Random(2)
    shared = set(reader.oracle.schema.type_map["Reading"].fields)  # type: ignore[attr-defined]
    writer = Writer(reader.oracle.schema, Values(reader.oracle.log, random), random, {}, clocks=0)
    compared = 0
    while compared < 180:
        operation = writer.operation()
        if not fields_of_query(operation.text) <= shared or "query Another" in operation.text:
            continue
        moment = random.choice(
            [
                Moment(known=random.choice(moments(reader))),
                Moment(position=random.randint(1, len(reader.oracle.log.revisions)), valid=date(2016, 2, 29)),
                Moment(known=random.choice(moments(reader)), valid=date(2031, 1, 1)),
                Moment(valid=date(2005, 1, 1)),
            ]
        )
        given = {name: value for name, value in vars(moment).items() if value is not None}
        told = [f"{name}: {value if name == 'position' else _quoted(value)}" for name, value in given.items()]
        wrapped = print_ast(visit(parse(operation.text), _Wrapping(", ".join(told))))
        for variables in operation.variables:
            whole, refused = await _read_or_refused(reader, operation.text, moment, **variables)
            inside, refused_inside = await _read_or_refused(reader, wrapped, PRESENT, **variables)
            assert refused == refused_inside, wrapped  # what is too dear is so in both
            assert refused or difference({"at": whole}, inside) is None, wrapped
            compared += not refused


async def _read_or_refused(reader: Reader, text: str, moment: Moment, **variables: Any) -> tuple[Any, set[str]]:
    """The data, or the codes of the refusal."""
    try:
        return await read(reader.pool, text, moment, **variables), set()
    except Refused as refused:
        return None, {(error.extensions or {})["code"] for error in refused.errors}


def _quoted(value: date) -> str:
    return f'"{moment_told(value) if isinstance(value, datetime) else value}"'


@pytest.mark.parametrize("clocks", [("known",), ("position",), ("valid",), ("known", "valid"), ("position", "valid")])
async def test_random_operations_read_at_a_moment_answer_as_the_oracle_does(
    reader: Reader, clocks: tuple[str, ...]
) -> None:
    """Their own `at` aside, which begins at the present again."""
    random = Random(",".join(clocks))
    found = {
        "known": moments(reader)[12],
        "position": len(reader.oracle.log.revisions) // 2 + 2500,
        "valid": date(2017, 7, 1),
    }
    moment = Moment(**{name: found[name] for name in clocks})  # type: ignore[arg-type]
    writer = Writer(reader.oracle.schema, Values(reader.oracle.log, random), random, {}, clocks=0.3)
    agreement = Agreement(reader.pool, reader.oracle, moment)
    while agreement.agreed + len(agreement.differing) < 25:
        await agreement.hold(writer.operation())
    assert not agreement.differing, "\n\n".join(agreement.differing[:3])


async def test_a_moment_that_the_record_does_not_have_refuses_the_request_as_a_whole(reader: Reader) -> None:
    size = len(reader.oracle.log.revisions)
    for moment in (Moment(known=moments(reader)[0] - MICROSECOND), Moment(position=size + 1), Moment(position=0)):
        with pytest.raises(Refused) as told:
            await read(reader.pool, "{ measures { totalCount } }", moment)
        (error,) = told.value.errors
        assert ((error.extensions or {})["code"], error.path) == ("CLOCK_OUT_OF_RANGE", None)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
async def test_the_ends_of_the_calendar_are_no_days_to_ask_about(reader: Reader, day: str) -> None:
    """The driver would take them for the ends of time, and the totals would not add up."""
    told = await reader.errors("query ($day: Date!) { asked: at(valid: $day) { clock { valid } } }", day=day)
    assert told == [
        (f"valid: {day} is where calendars end: ask for a day between 0001-01-02 and 9999-12-30.", ["asked"])
    ]
