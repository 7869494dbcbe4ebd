"""Redaction: the words are nowhere any more, at no clock; the proofs and all else are as they were (RISKS 14)."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson
import pytest

from db.canonical import canonical
from db.decisions import redaction
from db.embedded import Embedded
from db.log import Change, PublicationRefused
from db.tables import NOW, metadata
from db.verify import verify
from tests.maintainers import Maintainers, amended, maintainers
from tests.record_documents import (
    BEGINNING,
    amend,
    assessment,
    create,
    measure,
    merge,
    published,
    recommendation,
    redact,
    reporting_event,
    restore,
    retract,
    size,
    source,
    state_party,
)

LAW = "Measure:AAA-0001"
WORDS = ("zweifelhaft", "Quatsch", "humbug")
SAYS = {"title": "A zweifelhaft law", "summary": "Quatsch of some origin.", "note": "humbug"}
LEFT = {"title": "A law", "summary": "Withheld.", "note": "Taken out."}
STAYS = measure("AAA", **LEFT, status="IN_FORCE")
HISTORY = [
    *BEGINNING,
    amend(LAW, measure("AAA", **SAYS, status="IN_FORCE")),
    amend(LAW, measure("AAA", **{**SAYS, "summary": "Quatsch again."}, status="IN_FORCE")),
    create("Source:S-2", source(title="Of humble origin")),
]
"""The law is told of at positions 7, 8 and 9."""

LOG = "select \"position\", encode(leaf_hash, 'hex'), encode(document_hash, 'hex'), envelope from revision order by 1"


async def everything(connection: asyncpg.Connection) -> str:
    """All that the database holds in the schema public, as text, and what PostgreSQL keeps of it for its planner."""
    tables = await connection.fetch("select oid::regclass::text as name from pg_class"
                                    " where relnamespace = 'public'::regnamespace and relkind in ('r', 'm')")  # fmt: skip
    assert {row["name"] for row in tables} > set(metadata.tables)
    found = [
        str(row[0]) for table in tables for row in await connection.fetch(f"select t::text from {table['name']} t")
    ]
    found += [
        str(row[0]) for row in await connection.fetch("select s::text from pg_stats s where schemaname = 'public'")
    ]
    return "\n".join(found).lower()


async def standing(connection: asyncpg.Connection, record_id: str = LAW) -> list[tuple[Any, ...]]:
    rows = await connection.fetch(
        "select known_from, known_to, title, stated_status from measure_version where id = $1 order by 1", record_id
    )
    return [tuple(row) for row in rows]


# ── What goes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_words_are_nowhere_and_every_proof_holds(empty_database: Embedded, empty: asyncpg.Connection) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    await published(empty, *HISTORY)
    await owner.execute("analyze")
    before = await empty.fetch(LOG)
    text = await everything(owner)
    for word in WORDS:
        assert word.lower() in text

    await published(empty, redact(LAW, STAYS, 8, 9))

    await owner.execute("analyze")
    text = await everything(owner)
    for word in WORDS:
        assert word.lower() not in text
    known = await empty.fetch("select word from known_word where word in ('origin', 'humbl', 'humbug')")
    assert {row["word"] for row in known} == {"origin", "humbl"}  # what another record says, too, is still found
    assert (await empty.fetch(LOG))[: len(before)] == before
    gone = await empty.fetch('select "position" from revision where document is null and salt is null order by 1')
    assert [row[0] for row in gone] == [8, 9]
    assert await verify(empty) == []
    await owner.close()


async def test_every_clock_reads_what_was_left_and_nothing_else_is_other(empty: asyncpg.Connection) -> None:
    """A redaction makes no version: what the record said, and when, stays as it was."""
    await published(empty, *HISTORY, amend(LAW, measure("AAA", title="A better law")))
    await published(empty, redact(LAW, STAYS, 8))
    assert await standing(empty) == [
        (7, 8, "A law", "ADOPTED"),
        (8, 9, "A law", "IN_FORCE"),
        (9, 11, SAYS["title"], "IN_FORCE"),
        (11, NOW, "A better law", "ADOPTED"),
    ]
    assert await verify(empty) == []


async def test_revisions_of_which_something_else_is_left_are_redacted_by_one_each(empty: asyncpg.Connection) -> None:
    await published(empty, create("Source:S-1", source()), *BEGINNING[1:6], create(LAW, measure("AAA", **SAYS)))
    await published(empty, amend(LAW, measure("AAA", **SAYS, status="IN_FORCE", inForceOn="2012")))
    await published(empty, redact(LAW, measure("AAA", **LEFT), 7),
                    redact(LAW, measure("AAA", **LEFT, status="IN_FORCE", inForceOn="2012"), 8))  # fmt: skip
    assert await standing(empty) == [(7, 8, "A law", "ADOPTED"), (8, NOW, "A law", "IN_FORCE")]
    assert await verify(empty) == []


async def test_what_a_redaction_left_can_be_redacted_in_its_turn(empty: asyncpg.Connection) -> None:
    await published(empty, *HISTORY)
    in_force = measure("AAA", status="IN_FORCE")
    await published(empty, redact(LAW, {**in_force, **LEFT, "title": "Left"}, 8))
    await published(empty, redact(LAW, {**in_force, **LEFT, "title": "Less"}, 9, 11))
    await published(
        empty, redact(LAW, {**in_force, **LEFT, "title": "Least"}, 12), amend(LAW, measure("AAA", title="Anew"))
    )
    titles = [row[2] for row in await standing(empty)]
    assert titles == ["A law", "Least", "Least", "Anew"]
    assert await verify(empty) == []


async def test_what_was_entered_and_redacted_in_one_submission_was_never_read(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING, amend(LAW, measure("AAA", **SAYS)), redact(LAW, measure("AAA", **LEFT), 8))
    assert [row[2] for row in await standing(empty)] == ["A law", "A law"]
    assert await empty.fetchval("select count(*) from known_word where word like 'zweifel%'") == 0
    assert await verify(empty) == []


async def test_a_retracted_record_stays_retracted_and_comes_back_as_what_is_left(empty: asyncpg.Connection) -> None:
    await published(empty, *HISTORY, retract(LAW, measure("AAA", **SAYS, status="IN_FORCE")))
    await published(empty, redact(LAW, STAYS, 8, 9, 11))
    assert [row[:2] for row in await standing(empty)] == [(7, 8), (8, 9), (9, 11)]
    with pytest.raises(PublicationRefused, match="RETRACT cannot be followed by AMEND"):
        await published(empty, amend(LAW, STAYS))
    await published(empty, restore(LAW, STAYS))
    assert (await standing(empty))[-1][:3] == (13, NOW, "A law")
    assert await verify(empty) == []


async def test_a_merged_record_stays_merged(empty: asyncpg.Connection) -> None:
    merged = merge(LAW, "Measure:B", measure("AAA", **SAYS, status="IN_FORCE"))
    await published(empty, *HISTORY, create("Measure:B", STAYS), merged)
    await published(empty, redact(LAW, STAYS, 8, 9, 12))
    assert await standing(empty) == [
        (7, 8, "A law", "ADOPTED"),
        (8, 9, "A law", "IN_FORCE"),
        (9, 12, "A law", "IN_FORCE"),
    ]
    assert await empty.fetchval("select survivor_id from survivor_version where id = $1", LAW) == "Measure:B"
    assert await verify(empty) == []


async def test_no_fact_goes_with_the_words(empty: asyncpg.Connection) -> None:
    """Coverage at every position and every stage's day are what they were."""
    facts = (
        "select c::text from coverage_version c order by 1",
        "select id, known_from, known_to, adopted_by, in_force_by, in_force_on, source_ids, recommendation_codes"
        " from measure_version order by 1, 2",
    )
    await published(empty, *HISTORY, create("Measure:B", measure("BBB", **SAYS, recommendations=["I-02"])))
    before = [await empty.fetch(fact) for fact in facts]
    await published(
        empty, redact(LAW, STAYS, 8, 9), redact("Measure:B", measure("BBB", **LEFT, recommendations=["I-02"]), 11)
    )
    assert [await empty.fetch(fact) for fact in facts] == before
    assert await verify(empty) == []


# ── What was proposed ───────────────────────────────────────────────────────────────────────────────────────────────────


CITED = {"citations": [{"source": "Source:S-1", "locator": "Quatsch, p. 1"}]}
TAKEN_OUT = {**LEFT, "citations": [{"source": "S-1", "locator": "p. 1"}]}
PUBLISHED, WAITING, REJECTED, OTHER = (f"Submission:P{number}" for number in range(1, 5))


@pytest.fixture
async def people(empty_database: Embedded, empty: asyncpg.Connection) -> AsyncIterator[Maintainers]:
    """Of whom ana has said what is to be redacted: in two rounds of what is published, what waits and what is rejected."""
    await published(empty, *BEGINNING, create("Measure:B", measure("BBB")))
    async with maintainers(empty_database) as made:
        first = {**amended(LAW, title=SAYS["title"], note=SAYS["note"]), **CITED}
        await made.ana.submits(first)
        await made.ben.reviews(PUBLISHED, "REQUEST_CHANGES", "Say more.")
        again = {**amended(LAW), "document": SAYS, **CITED}
        assert (await made.ana.submits(again, submission=PUBLISHED))["submission"]["id"] == PUBLISHED
        await made.ben.reviews(PUBLISHED)
        assert (await made.cara.reviews(PUBLISHED))["submission"]["state"] == "PUBLISHED"
        await made.ana.submits(amended(LAW, 2, title="A zweifelhaft law", confidence="LOW"))
        retraction = {**amended(LAW, 2), "operation": "RETRACT", "document": None}
        assert (await made.ana.submits({**retraction, **CITED}))["submission"]["id"] == REJECTED
        await made.ben.reviews(REJECTED, "REJECT", "It stands.")
        assert (await made.ana.submits(amended("Measure:B", note="Of B")))["submission"]["id"] == OTHER
        yield made


async def proposed(connection: asyncpg.Connection) -> dict[tuple[str, int], Any]:
    """Submission and round → its change's document, fields given and citations."""
    rows = await connection.fetch("select * from proposed_change order by proposal_id, round")
    for row in rows:
        for kept in filter(None, (row["document"], row["given"])):
            assert canonical(orjson.loads(kept)).decode() == kept
    return {
        (f"Submission:P{row['proposal_id']}", row["round"]): [
            row[column] and orjson.loads(row[column]) for column in ("document", "given", "citations")
        ]
        for row in rows
    }


@pytest.mark.usefixtures("people")
async def test_the_words_go_from_every_round_of_what_was_proposed(
    empty_database: Embedded, empty: asyncpg.Connection
) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    before = await proposed(empty)
    text = await everything(owner)
    assert [word for word in WORDS if word.lower() not in text] == []

    await published(empty, *await redaction(empty, LAW, "CORRECTED", TAKEN_OUT, [2]))

    await owner.execute("analyze")
    text = await everything(owner)
    assert [word for word in WORDS if word.lower() in text] == []
    after = await proposed(empty)
    cited = [{"source": "S-1", "locator": "p. 1", "note": None}]
    left = orjson.loads(await empty.fetchval("select left_of(9)"))
    assert left["citations"][-1:] == cited
    assert after == {
        (PUBLISHED, 1): [{**left, "summary": before[PUBLISHED, 1][0]["summary"]},
                         {"title": LEFT["title"], "note": LEFT["note"]}, cited],
        (PUBLISHED, 2): [left, LEFT, cited],
        (WAITING, 1): [{**left, "confidence": "LOW"}, {"title": LEFT["title"], "confidence": "LOW"}, []],
        (REJECTED, 1): [left, None, cited],
        (OTHER, 1): before[OTHER, 1],
    }  # fmt: skip
    assert await verify(empty) == []
    await owner.close()


async def test_the_public_trail_says_what_is_left_and_what_waited_is_no_longer_what_was_planned(
    people: Maintainers, empty: asyncpg.Connection
) -> None:
    await published(empty, *await redaction(empty, LAW, "CORRECTED", TAKEN_OUT, [2]))
    query = """query ($id: ID!) { submission(id: $id) {
        plan { differences { fieldChanges { field after } } } citations { locator } } }"""
    told = (await people.anybody.gets(query, id=PUBLISHED))["submission"]
    changed = {one["field"]: one["after"] for one in told["plan"]["differences"][0]["fieldChanges"]}
    left = {"source": "S-1", "locator": "p. 1", "note": None}
    assert changed == {
        "summary": LEFT["summary"],
        "note": LEFT["note"],
        "citations": [*measure("AAA")["citations"], left],
    }  # its title was that of the first revision, and is again
    assert told["citations"] == [{"locator": "p. 1"}]
    refused = await people.ben.reviews(WAITING)
    assert ([one["code"] for one in refused["refusals"]], refused["submission"]["state"]) == (
        ["PLAN_CHANGED"],
        "WAITING",
    )


@pytest.mark.usefixtures("people")
async def test_what_was_left_goes_from_what_was_proposed_when_it_is_redacted_in_its_turn(
    empty: asyncpg.Connection,
) -> None:
    await published(empty, *await redaction(empty, LAW, "CORRECTED", {"title": "Still zweifelhaft"}, [2]))
    await published(empty, *await redaction(empty, LAW, "CORRECTED", TAKEN_OUT, [3]))
    titles = {name: document["title"] for (name, _), (document, *_) in (await proposed(empty)).items()}
    assert titles == {PUBLISHED: "A law", WAITING: "A law", REJECTED: "A law", OTHER: measure("BBB")["title"]}


@pytest.mark.usefixtures("people")
async def test_what_a_revision_still_says_stays_in_what_was_proposed_for_it(empty: asyncpg.Connection) -> None:
    """Another revision that says the same is redacted, this one is not."""
    await published(empty, amend(LAW, {**measure("AAA"), "note": SAYS["note"]}))
    await published(empty, *await redaction(empty, LAW, "CORRECTED", LEFT, [3]))
    notes = {name: document["note"] for name, (document, *_) in (await proposed(empty)).items()}
    assert notes[PUBLISHED, 2] == SAYS["note"]
    assert (notes[PUBLISHED, 1], notes[WAITING, 1], notes[REJECTED, 1]) == (LEFT["note"],) * 3


async def test_what_was_put_on_top_of_a_later_change_says_what_is_left_of_both(
    people: Maintainers, empty: asyncpg.Connection
) -> None:
    """Planned on a revision with one word, published on top of another."""
    await people.ana.submits(amended(LAW, 2, confidence="LOW"), rebase=True)
    await published(empty, amend(LAW, measure("AAA", note="humbug anew")))
    await people.ben.reviews("Submission:P5")
    assert (await people.cara.reviews("Submission:P5"))["refusals"][0]["code"] == "ALREADY_DECIDED"
    await published(empty, *await redaction(empty, LAW, "CORRECTED", LEFT, []))
    document = (await proposed(empty))["Submission:P5", 1][0]
    assert (document["note"], document["summary"], document["confidence"]) == (LEFT["note"], LEFT["summary"], "LOW")


REWORDED = {
    "its words": f"update proposed_change set document = replace(document, 'A law', 'Another') where record_id = '{LAW}'",
    "a fact": f"update proposed_change set document = replace(document, '\"LOW\"', '\"HIGH\"') where record_id = '{LAW}'",
    "a source": "update proposed_change set citations = replace(citations::text, 'S-1', 'S-2')::jsonb",
    "a column": f"update proposed_change set kind = 'LEARNED' where record_id = '{LAW}'",
    "another record": "update proposed_change set document = replace(document, 'Of B', 'Of C') where record_id = 'Measure:B'",
    "nothing": "update proposed_change set kind = kind where false",
}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("case", REWORDED)
async def test_nobody_rewords_what_was_proposed(empty_database: Embedded, case: str) -> None:
    """By hand not at all; from inside a trigger of the owner's no fact, and nothing of a record that was not redacted."""
    owner = await asyncpg.connect(empty_database.owner_url)
    await published(owner, *await redaction(owner, LAW, "CORRECTED", TAKEN_OUT, [2]))
    before = await proposed(owner)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="history is added, never edited"):
        await owner.execute(REWORDED[case])
    if case != "its words":
        await owner.execute(
            f"""
            create table pretext (one int);
            create function reword() returns trigger language plpgsql as $$ begin {REWORDED[case]}; return null; end $$;
            create trigger reword after insert on pretext for each statement execute function reword();
            """
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="history is added, never edited"):
            await owner.execute("insert into pretext values (1)")
    assert await proposed(owner) == before
    await owner.close()


# ── What is refused ─────────────────────────────────────────────────────────────────────────────────────────────────────


S2 = [{"source": "S-2", "locator": None, "note": None}]
REFUSED: dict[str, tuple[list[Change], str, str]] = {
    "without naming a revision": ([redact(LAW, STAYS)], "revision_redaction_names_revisions", ""),
    "of another record": (
        [redact(LAW, STAYS, 1)],
        "redactions_name_what_is_there",
        f"the redaction of {LAW} names position 1, where the record has no earlier revision",
    ),
    "of itself": ([redact(LAW, STAYS, 13)], "redactions_name_what_is_there", "names position 13, where"),
    "of what comes later": (
        [redact(LAW, STAYS, 14), amend(LAW, STAYS)],
        "redactions_name_what_is_there",
        "names position 14, where",
    ),
    "of one twice": ([redact(LAW, STAYS, 8, 8)], "redactions_name_what_is_there", "names position 8 twice"),
    "of one in two": (
        [redact(LAW, STAYS, 8), redact(LAW, STAYS, 8)],
        "redactions_name_what_is_there",
        "names position 8, which was redacted before",
    ),
    "of what is not in the record": (
        [redact("Measure:X", STAYS, 7)],
        "redactions_name_what_is_there",
        "position 7, where",
    ),
    "with another status": (
        [redact(LAW, measure("AAA", **LEFT, status="PLANNED"), 8)],
        "redactions_take_words_alone",
        f"the redaction of {LAW} changes status at position 8: it can change title, summary, dateBasis, note and the words of"
        " citations; all else stays as it was, and is corrected by amending the record",
    ),
    "of revisions that differ in a fact": (
        [redact(LAW, STAYS, 7, 8)],
        "redactions_take_words_alone",
        "changes status at position 7",
    ),
    "with another State": (
        [redact("ReportingEvent:E", reporting_event("BBB"), 11)],
        "redactions_take_words_alone",
        "changes stateParty at position 11",
    ),
    "with another verdict": (
        [redact("Assessment:A", assessment("AAA", verdict="CONCERN"), 12)],
        "redactions_take_words_alone",
        "changes verdict at position 12",
    ),
    "with another day of consent": (
        [redact("StateParty:AAA", state_party("AAA", consentOn="2002-01-19"), 5)],
        "redactions_take_words_alone",
        "changes consentOn",
    ),
    "with another section": (
        [redact("Recommendation:I-01", recommendation("I-01", section="II"), 3)],
        "redactions_take_words_alone",
        "changes section",
    ),
    "with another source": (
        [redact(LAW, {**STAYS, "citations": S2}, 8)],
        "redactions_take_words_alone",
        "changes more of the citations than their words",
    ),
    "with a citation without a field": (
        [redact(LAW, {**STAYS, "citations": [{"source": "S-1", "note": None}]}, 8)],
        "redactions_take_words_alone",
        "changes more of the citations than their words",
    ),
    "with a number for words": (
        [redact(LAW, {**STAYS, "note": 7}, 8)],
        "redactions_take_words_alone",
        "leaves in note something",
    ),
    "with a language that was not there": (
        [redact("StateParty:AAA", state_party("AAA", names={"EN": "State", "FR": "Etat"}), 5)],
        "redactions_take_words_alone",
        "leaves in names something other than words by language",
    ),
    "with a field left out": (
        [redact(LAW, {field: said for field, said in STAYS.items() if field != "note"}, 8)],
        "redactions_take_words_alone",
        "leaves out note",
    ),
    "with a field of its own": (
        [redact(LAW, {**STAYS, "noted": "x"}, 8)],
        "redactions_take_words_alone",
        "adds noted, which was not there",
    ),
    "with a character that cannot be kept": (
        [redact(LAW, {**STAYS, "note": "a\0b"}, 8)],
        "",
        "A text holds the character U+0000, which cannot be kept: take it out.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_redaction_with_a_fault_is_refused_whole(empty: asyncpg.Connection, case: str) -> None:
    changes, rule, sentence = REFUSED[case]
    await published(
        empty, *HISTORY, create("ReportingEvent:E", reporting_event("AAA")), create("Assessment:A", assessment("AAA"))
    )
    before = await size(empty), await empty.fetch(LOG)
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, *changes)
    assert (refusal.value.constraint or "", sentence in str(refusal.value)) == (rule, True), str(refusal.value)
    assert (await size(empty), await empty.fetch(LOG)) == before
    assert await empty.fetchval("select count(*) from revision where document is null") == 0
    assert await verify(empty) == []


async def test_what_was_redacted_is_not_redacted_again(empty: asyncpg.Connection) -> None:
    await published(empty, *HISTORY)
    await published(empty, redact(LAW, STAYS, 8))
    with pytest.raises(PublicationRefused, match="names position 8, which was redacted before"):
        await published(empty, redact(LAW, STAYS, 8, 9))


async def test_a_redaction_by_raw_call_must_name_positions(empty: asyncpg.Connection) -> None:
    await published(empty, *HISTORY)
    call = "select publish('t', 'r', 'maria', 'jo', '{REDACT}', $1, '{CORRECTED}', '{{}}', array[null], array[$2])"
    for positions, rule in (("{}", "names no revision"), ("{NULL}", "unknown position")):
        with pytest.raises(asyncpg.CheckViolationError, match=rule):
            await empty.execute(call.replace("'{{}}'", "array['{}']"), [LAW], positions)


# ── The guard ───────────────────────────────────────────────────────────────────────────────────────────────────────────


EDITS = {
    "a document taken away": 'document = null, salt = null where "position" = 9',
    "a redacted one's author": "author = 'somebody' where \"position\" = 8",
    "nothing changed": '"position" = "position"',
    "nothing at all": "document = null where false",
}


@pytest.mark.parametrize("case", EDITS)
@pytest.mark.parametrize("role", ["url", "owner_url", "superuser_url"])
async def test_nobody_takes_a_document_away_by_hand(
    empty_database: Embedded, empty: asyncpg.Connection, role: str, case: str
) -> None:
    await published(empty, *HISTORY)
    await published(empty, redact(LAW, STAYS, 8))
    before = await empty.fetch("select r::text from revision r order by 1")
    somebody = await asyncpg.connect(getattr(empty_database, role))
    async with somebody.transaction():
        await somebody.execute("select pg_advisory_xact_lock(2019, 156)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"refused|permission denied"):
            async with somebody.transaction():
                await somebody.execute(f"update revision set {EDITS[case]}")
    assert await empty.fetch("select r::text from revision r order by 1") == before
    await somebody.close()


async def test_nobody_puts_a_redacted_document_back(empty_database: Embedded, empty: asyncpg.Connection) -> None:
    await published(empty, *HISTORY)
    kept = await empty.fetchrow('select document, salt from revision where "position" = 8')
    assert kept
    await published(empty, redact(LAW, STAYS, 8))
    owner = await asyncpg.connect(empty_database.owner_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="history is added, never edited"):
        await owner.execute('update revision set document = $1, salt = $2 where "position" = 8', *kept)
    await owner.close()
    assert await verify(empty) == []


async def test_a_redaction_covers_its_own_publication_alone(
    empty_database: Embedded, empty: asyncpg.Connection
) -> None:
    """Whoever could put the document back can take it away; nobody else, for no redaction of theirs names it."""
    await published(empty, *HISTORY)
    kept = await empty.fetchrow('select document, salt from revision where "position" = 8')
    assert kept
    await published(empty, redact(LAW, STAYS, 8))
    await published(empty, create("Source:S-3", source()))
    superuser = await asyncpg.connect(empty_database.superuser_url)
    async with superuser.transaction():
        await superuser.execute("set local session_replication_role = replica")
        await superuser.execute('update revision set document = $1, salt = $2 where "position" = 8', *kept)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="history is added, never edited"):
        await superuser.execute('update revision set document = null, salt = null where "position" = 8')
    owner = await asyncpg.connect(empty_database.owner_url)
    await owner.execute("select reproject()")  # what was put back is not read even so
    assert [row[2] for row in await standing(empty)][:2] == ["A law", "A law"]
    await owner.close()
    await superuser.close()


@pytest.mark.parametrize("position", [7, 8])
async def test_not_even_from_inside_a_trigger_of_the_owners(
    empty_database: Embedded, empty: asyncpg.Connection, position: int
) -> None:
    await published(empty, *HISTORY)
    await published(empty, redact(LAW, STAYS, 8))
    owner = await asyncpg.connect(empty_database.owner_url)
    await owner.execute(
        f"""
        create table pretext (one int);
        create function blank() returns trigger language plpgsql as $$
        begin update revision set document = null, salt = null where "position" = {position}; return null; end $$;
        create trigger blank after insert on pretext for each statement execute function blank();
        """
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="history is added, never edited"):
        await owner.execute("insert into pretext values (1)")
    await owner.close()
    assert await verify(empty) == []
