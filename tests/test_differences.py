"""What changed between two moments: net, each record once, held against a plain telling of the log; and in words."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import parse

from db.embedded import Embedded
from db.log import Change
from db.pool import open_pool
from db.vocabulary import Operation
from schema.answer import answer
from schema.clock import PRESENT, Moment
from schema.document import document
from schema.query import sdl
from schema.refusals import Refused
from tests.conftest import cloned
from tests.histories import History
from tests.oracle.agreement import today
from tests.oracle.answers import difference
from tests.oracle.executor import Oracle
from tests.oracle.history import connected
from tests.oracle.log import fetched
from tests.oracle.resolvers import PUBLIC_URL
from tests.record_documents import (
    BEGINNING,
    CITATIONS,
    amend,
    create,
    measure,
    merge,
    published,
    recommendation,
    redact,
    reporting_event,
    restore,
    retract,
    source,
    state_party,
)

WHOLE = """recordType recordId operation kinds fieldChanges { field before after } before { position operation } after { position
    operation record { id ... on Record { versionId } ... on Measure { title } } }"""
DIFF = f"""query ($fromPosition: Int, $toPosition: Int, $from: DateTime, $to: DateTime, $filter: ChangeFilter) {{
    diff(fromPosition: $fromPosition, toPosition: $toPosition, from: $from, to: $to, filter: $filter, first: 200) {{
        totalCount nodes {{ {WHOLE} }} }} }}"""
TOLD = """query ($since: Int, $filter: ChangeFilter) {
    diff(fromPosition: $since, filter: $filter) { nodes {
        recordId operation sentence kinds fieldChanges { field } before { position } after { position } } } }"""
LAW = "Measure:AAA-0001"


@dataclass
class Record:
    """A database of a test's own, read in process and written by submissions."""

    pool: asyncpg.Pool
    connection: asyncpg.Connection

    async def data(self, text: str, moment: Moment = PRESENT, /, **variables: Any) -> Any:
        found = await answer(self.pool, document(text).operation(None), variables, PUBLIC_URL, moment)
        return orjson.loads(found.data)

    async def since(self, position: int, **filtered: Any) -> list[dict[str, Any]]:
        """What has changed, in words and all."""
        nodes: list[dict[str, Any]] = (await self.data(TOLD, since=position, filter=filtered))["diff"]["nodes"]
        return nodes

    async def refused(self, arguments: str, **variables: Any) -> tuple[str, str, Sequence[Any] | None]:
        """The code, the message and the path of a refusal."""
        declared = {"known": "DateTime", "cursor": "String"}
        names = ", ".join(f"${name}: {declared[name]}" for name in variables)
        page = "totalCount" if "cursor" in variables else "__typename"  # refused, whatever is asked of the page
        text = f"query {f'({names})' if names else ''} {{ asked: diff({arguments}) {{ {page} }} }}"
        with pytest.raises(Refused) as refusal:
            await self.data(text, **variables)
        (error,) = refusal.value.errors
        return str((error.extensions or {})["code"]), error.message, error.path

    async def moment(self, position: int) -> str:
        told: str = await self.connection.fetchval(
            'select moment(recorded_at) from revision where "position" = $1', position
        )
        return told


@pytest.fixture
async def record(empty_url: str) -> AsyncIterator[Record]:
    async with connected(empty_url) as connection, await open_pool(empty_url, size=1) as pool:
        yield Record(pool, connection)


@pytest.fixture
async def small(record: Record) -> Record:
    """Of seven records."""
    await published(record.connection, *BEGINNING)
    return record


# ── Against a plain telling of the log ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
async def told(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[tuple[Record, Oracle]]:
    """A small random history, whose documents have few values: much is changed back."""
    async with (
        cloned(administrator, server, migrated_template) as database,
        connected(database.url) as connection,
        await open_pool(database.url, size=1) as pool,
    ):
        history = History(170)
        for number, (_, changes) in enumerate(history.submissions(8)):
            author, reviewer = (("maria", "jo"), ("jo", "maria"), ("amina", "jo"))[number % 3]
            kinds = ("STATE_ACTED", "LEARNED", "CORRECTED", "RECODED")
            varied = [replace(one, kind=kinds[(number + place) % 4]) for place, one in enumerate(changes)]
            await published(connection, *varied, author=author, reviewer=reviewer)
        await published(connection, amend("Source:S-1", source(title="Another")))
        await published(connection, amend("Source:S-1", source(title="A source")))
        yield Record(pool, connection), Oracle(sdl(), await fetched(database.url))


async def _agrees(told: tuple[Record, Oracle], **variables: Any) -> list[dict[str, Any]]:
    """The differences, which must be the plain executor's."""
    record, oracle = told
    data = await record.data(DIFF, **variables)
    assert difference(oracle.data(parse(DIFF), variables, today()), data) is None, variables
    nodes: list[dict[str, Any]] = data["diff"]["nodes"]
    return nodes


async def test_every_interval_of_a_history_is_told_as_plain_python_tells_it(told: tuple[Record, Oracle]) -> None:
    revisions = told[1].log.revisions
    operations, changed_back = set(), 0
    for start in range(len(revisions) + 1):
        for end in range(max(start, 1), len(revisions) + 1):
            nodes = await _agrees(told, fromPosition=start, toPosition=end)
            operations |= {node["operation"] for node in nodes}
            touched = {one.record_id for one in revisions[start:end]}
            assert {node["recordId"] for node in nodes} <= touched
            changed_back += len(touched) - len(nodes)
    assert operations == set(Operation)
    assert changed_back > 0


async def test_moments_are_told_as_the_positions_they_lead_to(told: tuple[Record, Oracle]) -> None:
    moments = {f"{one.recorded_at:%Y-%m-%dT%H:%M:%S.%f}Z": one.position for one in told[1].log.revisions}
    for place, (start, first) in enumerate(moments.items()):
        for end, last in list(moments.items())[place:]:
            nodes = await _agrees(told, **{"from": start}, to=end)
            assert nodes == await _agrees(told, fromPosition=first, toPosition=last)
    assert await _agrees(told, **{"from": start}) == []


FILTERS: Sequence[dict[str, Any]] = [
    {"recordType": ["MEASURE", "SOURCE"]},
    {"recordId": ["Measure:M1", "Measure:M2", "Measure:NONE"]},
    {"stateParty": ["AAA"]},
    {"region": ["Europe"], "recordType": ["ASSESSMENT"]},
    {"recommendation": ["I-01"]},
    {"kind": ["CORRECTED"]},
    {"kind": ["CORRECTED"], "author": ["amina"]},
    {"operation": ["RETRACT"]},
    {"operation": ["AMEND"], "stateParty": ["BBB"], "kind": ["LEARNED", "RECODED"]},
    {"submission": "Submission:3"},
    {"submission": "Submission:3", "operation": []},
]


@pytest.mark.parametrize("filtered", FILTERS, ids=str)
async def test_a_filter_keeps_the_records_of_which_a_revision_in_between_fits(
    told: tuple[Record, Oracle], filtered: dict[str, Any]
) -> None:
    last = len(told[1].log.revisions)
    kept = [await _agrees(told, filter=filtered, fromPosition=start) for start in (0, last // 3, last // 2, last - 6)]
    assert any(kept) or filtered.get("operation") == []
    assert len(kept[0]) < len(await _agrees(told))


async def test_a_filter_is_not_met_by_two_revisions_together(small: Record) -> None:
    """One by maria that corrected, one by jo that recoded."""
    await published(small.connection, amend(LAW, measure("AAA", title="B")))
    recoded = Change("AMEND", LAW, "RECODED", measure("AAA", title="C"))
    await published(small.connection, recoded, author="jo", reviewer="maria")
    assert await small.since(7, author=["maria"], kind=["RECODED"]) == []
    (one,) = await small.since(7, author=["jo"], kind=["RECODED"])
    assert (one["kinds"], one["before"], one["after"]) == (["CORRECTED", "RECODED"], {"position": 7}, {"position": 9})


# ── The clock ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_a_difference_leads_to_is_read_at_its_end(small: Record) -> None:
    await published(small.connection, amend(LAW, measure("AAA", title="B")))
    await published(small.connection, amend(LAW, measure("AAA", title="C")))
    text = (
        "{ diff(fromPosition: 7, toPosition: 8) { nodes { sentence after { record { ... on Measure { title } } } } } }"
    )
    (one,) = (await small.data(text))["diff"]["nodes"]
    assert one == {
        "sentence": 'Measure “B” of State AAA (Measure:AAA-0001): Title: changed from "A law" to "B".',
        "after": {"record": {"title": "B"}},
    }


async def test_a_request_about_the_past_ends_there_unless_it_says_otherwise(small: Record) -> None:
    await published(small.connection, amend(LAW, measure("AAA", title="B")))
    await published(small.connection, amend(LAW, measure("AAA", title="C")))
    text = "{ a: diff { totalCount nodes { recordId after { position } } } b: diff(fromPosition: 7, toPosition: 9) { totalCount } }"
    data = await small.data(text, Moment(position=8))
    assert (data["a"]["totalCount"], data["b"]["totalCount"]) == (7, 1)
    assert data["a"]["nodes"][0] == {"recordId": LAW, "after": {"position": 8}}


async def test_a_later_page_ends_where_the_first_did(small: Record) -> None:
    """Whatever `to` says: a minute ahead, it would mean more and more."""
    text = """query ($to: DateTime, $after: String) {
        diff(to: $to, after: $after, first: 3) { totalCount edges { cursor node { recordId after { position } } } } }"""
    ahead = await small.connection.fetchval("select moment(now() + interval '30 seconds')")
    first = (await small.data(text, to=ahead))["diff"]
    await published(small.connection, amend("Source:S-1", source(title="B")), create("Source:S-2", source()))
    for to in (ahead, None):
        rest = (await small.data(text, to=to, after=first["edges"][-1]["cursor"]))["diff"]
        assert rest["totalCount"] == first["totalCount"] == 7
        assert [edge["node"]["after"]["position"] for edge in (*first["edges"], *rest["edges"])] == [7, 6, 5, 4, 3, 2]


async def test_nothing_differs_in_an_empty_record(record: Record) -> None:
    page = "{ totalCount nodes { recordId } pageInfo { endCursor hasNextPage } }"
    nothing = {"totalCount": 0, "nodes": [], "pageInfo": {"endCursor": None, "hasNextPage": False}}
    assert await record.data(f"{{ diff {page} a: diff(fromPosition: 0) {page} }}") == {"diff": nothing, "a": nothing}


# ── Refusals ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_two_ways_to_say_one_bound_are_refused(small: Record) -> None:
    bad = "BAD_USER_INPUT", "{} say the same in two ways: give one of them.", ["asked"]
    for moment, position in (("from", "fromPosition"), ("to", "toPosition")):
        told = await small.refused(f"{moment}: $known, {position}: 3", known=await small.moment(7))
        assert told == (bad[0], bad[1].format(f"{moment} and {position}"), bad[2])


async def test_an_end_before_the_beginning_is_refused_by_both_names(small: Record) -> None:
    await published(small.connection, amend(LAW, measure("AAA", title="B")))
    first, last = await small.moment(7), await small.moment(8)
    why = "what changed goes from the earlier to the later. Swap them."
    for arguments, told in {
        f'from: "{last}", to: "{first}"': f"from: {last} is after to: {first}",
        f'from: "{last}", toPosition: 7': f"from: {last} is after toPosition: 7",
        f'fromPosition: 8, to: "{first}"': f"fromPosition: 8 is after to: {first}",
        "fromPosition: 8, toPosition: 7": "fromPosition: 8 is after toPosition: 7",
    }.items():
        assert await small.refused(arguments) == ("BAD_USER_INPUT", f"{told}: {why}", ["asked"])
    later = await small.connection.fetchval("select moment($1::text::timestamptz + interval '1 second')", last)
    refused = await small.refused(f'from: "{later}", to: "{last}"')  # though both lead to one position
    assert refused == ("BAD_USER_INPUT", f"from: {later} is after to: {last}: {why}", ["asked"])
    cursor = "{ diff(toPosition: 7, first: 1) { edges { cursor } } }"
    (edge,) = (await small.data(cursor))["diff"]["edges"]
    refused = await small.refused("fromPosition: 8, after: $cursor", cursor=edge["cursor"])
    assert refused == ("BAD_USER_INPUT", f"fromPosition: 8 is after position 7, which this ends at: {why}", ["asked"])


async def test_what_the_record_does_not_have_is_refused_with_its_range(small: Record) -> None:
    begins = await small.moment(1)
    range_ = f"lies outside the record, which begins at {begins} and ends now."
    for name, hint in (("from", " Leave it out to begin at the beginning."), ("to", "")):
        for moment in ("1999-12-31T00:00:00.000000Z", "2999-12-31T00:00:00.000000Z"):
            told = f"{name}: {moment} {range_}{hint}"
            assert await small.refused(f'{name}: "{moment}"') == ("CLOCK_OUT_OF_RANGE", told, ["asked"])
    for name, hint in (("fromPosition", " Give 0 to begin at the beginning."), ("toPosition", "")):
        for position in (-1, 8, 2_147_483_647):
            told = f"{name}: there is no position {position}; the log has positions 1 to 7.{hint}"
            assert await small.refused(f"{name}: {position}") == ("CLOCK_OUT_OF_RANGE", told, ["asked"])
    assert (await small.refused("toPosition: 0"))[0] == "CLOCK_OUT_OF_RANGE"


async def test_a_bound_of_an_empty_record_is_refused(record: Record) -> None:
    told = await record.refused("fromPosition: 1")
    hint = "Give 0 to begin at the beginning."
    assert told[:2] == (
        "CLOCK_OUT_OF_RANGE",
        f"fromPosition: there is nothing yet at 1: the record has no revision. {hint}",
    )


# ── In words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_difference_is_told_in_a_sentence_that_names_the_record(small: Record) -> None:
    dated = {"inForceOn": "2012-05", "status": "IN_FORCE", "note": "In the gazette."}
    renamed = {"EN": "Aland"}
    await published(
        small.connection,
        create("ReportingEvent:BBB-1", reporting_event("BBB")),
        create("Measure:BBB-0001", measure("BBB", title="Anti-Trafficking\n Act")),
        amend(LAW, measure("AAA", **dated)),
        amend("Recommendation:I-01", recommendation("I-01", citations=CITATIONS, note="Read again.")),
        amend("StateParty:AAA", state_party("AAA", names=renamed)),
        amend("Section:I", {"number": "I", "heading": "Section I", "articles": [], "note": "New."}),
    )
    told = {one["recordId"]: one["sentence"] for one in await small.since(7)}
    assert told == {
        "Section:I": 'Section “Section I” (Section:I): Note: set to "New.".',
        "StateParty:AAA": 'State party “Aland” (StateParty:AAA): Names: EN changed from "State AAA" to "Aland".',
        "Recommendation:I-01": "Recommendation “Recommendation I-01” (Recommendation:I-01): Citations: added S-1; 1 further field.",
        LAW: 'Measure “A law” of Aland (Measure:AAA-0001): In force on: set to "2012-05"; 2 further fields.',
        "Measure:BBB-0001": "Measure “Anti-Trafficking Act” of State BBB (Measure:BBB-0001): New in the record.",
        "ReportingEvent:BBB-1": "Reporting event of State BBB (ReportingEvent:BBB-1): New in the record.",
    }


async def test_what_goes_and_comes_back_is_told_with_the_revisions_at_both_ends(small: Record) -> None:
    await published(small.connection, retract(LAW, measure("AAA")))
    (gone,) = await small.since(7)
    assert gone == {
        "recordId": LAW,
        "operation": "RETRACT",
        "sentence": "Measure “A law” of State AAA (Measure:AAA-0001): Retracted from the record.",
        "kinds": ["CORRECTED"],
        "fieldChanges": [],
        "before": {"position": 7},
        "after": {"position": 8},
    }
    await published(small.connection, restore(LAW, measure("AAA", status="DRAFTED")))
    back = {one["operation"]: one for one in (*await small.since(8), *await small.since(7))}
    sentence = 'Measure “A law” of State AAA (Measure:AAA-0001): {}Status: changed from "ADOPTED" to "DRAFTED".'
    assert {name: (one["sentence"], one["before"], one["after"]) for name, one in back.items()} == {
        "RESTORE": (sentence.format("Restored to the record; "), {"position": 8}, {"position": 9}),
        "AMEND": (sentence.format(""), {"position": 7}, {"position": 9}),
    }
    assert (await small.since(0))[0]["operation"] == "CREATE"
    await published(small.connection, amend(LAW, measure("AAA")))
    assert await small.since(7) == []


NET = {
    (None, None, "CREATE", "a", False): "CREATE",
    (None, None, "RETRACT", "a", False): None,
    (None, None, "RETRACT", "a", True): None,
    (None, None, "AMEND", "a", True): "CREATE",
    ("AMEND", "a", "AMEND", "b", False): "AMEND",
    ("AMEND", "a", "AMEND", "b", True): "AMEND",
    ("AMEND", "a", "RESTORE", "b", False): "AMEND",
    ("AMEND", "a", "AMEND", "a", False): None,
    ("AMEND", "a", "AMEND", "a", True): "REDACT",
    ("AMEND", "a", "RETRACT", "a", False): "RETRACT",
    ("AMEND", "a", "RETRACT", "b", True): "RETRACT",
    ("AMEND", "a", "MERGE", "a", False): "MERGE",
    ("RETRACT", "a", "RESTORE", "a", False): "RESTORE",
    ("RETRACT", "a", "RETRACT", "a", True): "REDACT",
    ("MERGE", "a", "MERGE", "a", True): "REDACT",
    ("RETRACT", "a", "AMEND", "b", False): "RESTORE",
    ("RETRACT", "a", "RETRACT", "a", False): None,
}
"""(what decided and the document before, what decided and the document after, whether something was redacted in between) → what
became of the record."""


async def test_what_became_of_a_record_is_told_by_the_revisions_at_both_ends(record: Record) -> None:
    text = "select net_operation($1, $2, $3, $4, $5)"
    assert {ends: await record.connection.fetchval(text, *ends) for ends in NET} == NET


SHOWN = "edacted, so that some of what it said is no longer shown"
WORDS = {
    ("MERGE", '{"title":"A"}', '{"title":"A"}', False): "Merged into Measure “B” (Measure:2).",
    ("MERGE", '{"title":"A"}', '{"title":"A"}', True): f"Merged into Measure “B” (Measure:2); r{SHOWN}.",
    ("REDACT", '{"title":"B"}', '{"title":"B"}', True): f"R{SHOWN}.",
    ("AMEND", '{"title":"A"}', '{"title":"B"}', True): f'Title: changed from "A" to "B"; r{SHOWN}.',
    ("CREATE", None, '{"title":"B"}', True): f"New in the record; r{SHOWN}.",
    ("AMEND", '{"note":null,"title":"A"}', '{"title":"A"}', False): "Written otherwise, saying the same.",
    ("RESTORE", '{"title":"A"}', '{"title":"A"}', False): "Restored to the record.",
}


async def test_what_was_merged_or_redacted_is_told_without_what_is_gone(record: Record) -> None:
    text = "select difference_told($1, 'Measure:1', $2, $3, 'Chad', 'Measure “B” (Measure:2)', $4)"
    for (operation, earlier, later, redacted), words in WORDS.items():
        named = f"Measure “{orjson.loads(later)['title']}” of Chad (Measure:1)"
        told = await record.connection.fetchval(text, operation, earlier, later, redacted)
        assert told == f"{named}: {words}"


async def test_a_redaction_is_told_as_what_happened_and_changes_no_field(small: Record) -> None:
    """Of a record that stands, one that was retracted and one that was merged; what was redacted reads as it was left."""
    libel, harmless = measure("AAA", title="A libel", note="Seen."), measure("AAA", title="A law", note="Seen.")
    names = {"stands": LAW, "retracted": "Measure:AAA-0002", "merged": "Measure:AAA-0003"}
    await published(
        small.connection,
        amend(LAW, libel),
        *(create(names[name], libel) for name in ("retracted", "merged")),
        retract(names["retracted"], libel),
        merge(names["merged"], LAW, libel),
    )
    gone = {LAW: (8,), names["retracted"]: (9, 11), names["merged"]: (10, 12)}
    await published(small.connection, *(redact(name, harmless, *positions) for name, positions in gone.items()))
    assert await small.since(12) == [
        {
            "recordId": name,
            "operation": "REDACT",
            "sentence": f"Measure “A law” of State AAA ({name}): R{SHOWN}.",
            "kinds": ["CORRECTED"],
            "fieldChanges": [],
            "before": {"position": max(gone[name])},
            "after": {"position": position},
        }
        for position, name in reversed(list(enumerate(gone, 13)))
    ]
    feed = (await small.data("{ changes(after: 12) { nodes { operation fieldChanges { field } } } }"))["changes"]
    assert feed["nodes"] == [{"operation": "REDACT", "fieldChanges": []}] * 3
    await published(small.connection, amend(LAW, {**harmless, "note": "Seen again."}))
    (amended, *_) = await small.since(12)
    assert (amended["operation"], amended["fieldChanges"]) == ("AMEND", [{"field": "note"}])
    assert amended["sentence"] == (
        f'Measure “A law” of State AAA ({LAW}): Note: changed from "Seen." to "Seen again."; r{SHOWN}.'
    )
    (earlier,) = (await small.data("{ diff(fromPosition: 7, toPosition: 8) { nodes { sentence } } }"))["diff"]["nodes"]
    assert earlier["sentence"] == f'Measure “A law” of State AAA ({LAW}): Note: set to "Seen.".'


async def test_a_merge_and_a_redaction_are_read_from_the_log(small: Record, empty_database: Embedded) -> None:
    """Written behind the triggers' back: what is read is the log's columns alone."""
    await published(small.connection, create("Measure:AAA-0002", measure("AAA", title="The same law")))
    columns = "record_type, kind, reason, author, reviewer, submission_id, recorded_at, salt, document_hash, envelope, leaf_hash"
    copied = f"""insert into revision ("position", record_id, number, operation, merged_into, redacts, document, {columns})
        select $1, record_id, number + 1, $2, $3, $4, document, {columns} from revision where "position" = $5"""
    async with connected(empty_database.superuser_url) as superuser:
        await superuser.execute("set session_replication_role = replica")
        await superuser.execute(copied, 9, "MERGE", LAW, None, 8)
        await superuser.execute(copied, 10, "REDACT", None, [7], 7)
        await superuser.execute('update revision set document = null, salt = null where "position" = 7')
    redacted, merged = await small.since(8)
    assert (redacted["recordId"], redacted["operation"]) == (LAW, "REDACT")
    assert redacted["sentence"] == (f"Measure “A law” of State AAA (Measure:AAA-0001): R{SHOWN}.")
    assert (merged["operation"], merged["before"], merged["after"]) == ("MERGE", {"position": 8}, {"position": 9})
    assert merged["sentence"] == (
        "Measure “The same law” of State AAA (Measure:AAA-0002): Merged into Measure “A law” (Measure:AAA-0001)."
    )
