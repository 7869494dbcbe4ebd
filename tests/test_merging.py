"""Merging: the one record ceases to stand, its id leads to the other at every later position, and nothing is left dangling."""

import asyncpg
import pytest

from db.decisions import merger, repointed
from db.log import Change, PublicationRefused
from db.tables import NOW
from db.verify import verify
from tests.record_documents import (
    BEGINNING,
    Document,
    amend,
    assessment,
    create,
    measure,
    merge,
    published,
    recommendation,
    redact,
    restore,
    retract,
    section,
    size,
    source,
    state_party,
)

A, B, C, D = (f"Measure:AAA-000{number}" for number in range(1, 5))
LAW = measure("AAA")
FIRST = len(BEGINNING)


async def laws(connection: asyncpg.Connection) -> None:
    """A, B, C and D, the same law four times over: positions 7 to 10."""
    await published(connection, *BEGINNING, *(create(name, LAW) for name in (B, C, D)))


async def survivors(connection: asyncpg.Connection) -> list[tuple[str, int, int, str]]:
    return [tuple(row) for row in await connection.fetch("select * from survivor_version order by id, known_from")]


async def test_a_chain_of_merges_leads_to_its_end_as_it_was_at_each_position(empty: asyncpg.Connection) -> None:
    await laws(empty)
    await published(empty, merge(A, B, LAW))
    await published(empty, create("Source:S-2", source()), merge(B, C, LAW))
    await published(empty, merge(C, D, LAW))
    assert await survivors(empty) == [
        (A, 11, 13, B),
        (A, 13, 14, C),
        (A, 14, NOW, D),
        (B, 13, 14, C),
        (B, 14, NOW, D),
        (C, 14, NOW, D),
    ]
    standing = await empty.fetch("select id, known_from, known_to from measure_version order by id")
    assert [tuple(row) for row in standing] == [(A, 7, 11), (B, 8, 13), (C, 9, 14), (D, 10, NOW)]
    assert await verify(empty) == []


async def test_a_chain_merged_in_one_submission_is_the_same_chain(empty: asyncpg.Connection) -> None:
    await laws(empty)
    await published(empty, merge(A, B, LAW), merge(B, C, LAW), merge(D, C, LAW))
    assert await survivors(empty) == [(A, 11, 12, B), (A, 12, NOW, C), (B, 12, NOW, C), (D, 13, NOW, C)]
    assert await verify(empty) == []


REFUSED: dict[str, tuple[list[Change], str, str]] = {
    "into itself": (
        [merge(A, A, LAW)],
        "the_survivor_stands",
        f"{A} cannot be merged into {A}, which is the same record",
    ),
    "into nothing": (
        [merge(A, "Measure:X", LAW)],
        "the_survivor_stands",
        f"{A} cannot be merged into Measure:X, which is not in the record: create it first",
    ),
    "into another type": (
        [create("Assessment:X", assessment("AAA")), merge(A, "Assessment:X", LAW)],
        "the_survivor_stands",
        "which is of another type: name a record of the same",
    ),
    "into what was retracted": (
        [retract(B, LAW), merge(A, B, LAW)],
        "the_survivor_stands",
        "which was retracted: restore it first",
    ),
    "into what was merged": (
        [merge(B, C, LAW), merge(A, B, LAW)],
        "the_survivor_stands",
        f"{A} cannot be merged into {B}, which was itself merged into {C}: name that",
    ),
    "into what is created later": (
        [merge(A, "Measure:X", LAW), create("Measure:X", LAW)],
        "the_survivor_stands",
        "which is not in the record",
    ),
    "in a circle": (
        [merge(A, B, LAW), merge(B, A, LAW)],
        "the_survivor_stands",
        f"{B} cannot be merged into {A}, which was itself merged into it",
    ),
    "in a wider circle": (
        [merge(A, B, LAW), merge(B, C, LAW), merge(C, A, LAW)],
        "the_survivor_stands",
        f"{C} cannot be merged into {A}, which was itself merged into",
    ),
    "twice": (
        [merge(A, B, LAW), merge(A, C, LAW)],
        "operations_follow_each_other",
        "MERGE cannot be followed by MERGE",
    ),
    "then amended": ([merge(A, B, LAW), amend(A, LAW)], "operations_follow_each_other", "followed by AMEND"),
    "then restored": ([merge(A, B, LAW), restore(A, LAW)], "operations_follow_each_other", "followed by RESTORE"),
    "then retracted": ([merge(A, B, LAW), retract(A, LAW)], "operations_follow_each_other", "followed by RETRACT"),
    "then created": ([merge(A, B, LAW), create(A, LAW)], "operations_follow_each_other", "followed by CREATE"),
    "then redacted and restored": (
        [merge(A, B, LAW), redact(A, LAW, 7), restore(A, LAW)],
        "operations_follow_each_other",
        "MERGE cannot be followed by RESTORE",
    ),
    "when retracted": (
        [retract(A, LAW), merge(A, B, LAW)],
        "operations_follow_each_other",
        "RETRACT cannot be followed by MERGE",
    ),
    "a State party": (
        [merge("StateParty:AAA", "StateParty:BBB", state_party("AAA"))],
        "the_catalogue_is_not_merged",
        "StateParty:AAA cannot be merged: what has a code is the catalogue; retract it, and amend what refers to it",
    ),
    "a recommendation": (
        [merge("Recommendation:I-01", "Recommendation:I-02", recommendation("I-01"))],
        "the_catalogue_is_not_merged",
        "Recommendation:I-01 cannot be merged",
    ),
    "a section": (
        [create("Section:II", section("II")), merge("Section:II", "Section:I", section("II"))],
        "the_catalogue_is_not_merged",
        "Section:II cannot be merged",
    ),
    "an amendment that names a survivor": (
        [Change("AMEND", A, "CORRECTED", LAW, merged_into=B)],
        "revision_merge_names_the_survivor",
        "",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_merge_that_would_lead_nowhere_is_refused_whole(empty: asyncpg.Connection, case: str) -> None:
    changes, rule, sentence = REFUSED[case]
    await laws(empty)
    before = await size(empty)
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, create("Source:S-7", source()), *changes)
    assert (refusal.value.constraint, sentence in str(refusal.value)) == (rule, True), str(refusal.value)
    assert await size(empty) == before
    assert await survivors(empty) == []


async def test_a_change_of_a_merged_record_is_led_to_its_survivor(empty: asyncpg.Connection) -> None:
    await laws(empty)
    await published(empty, merge(A, B, LAW), merge(B, C, LAW))
    with pytest.raises(PublicationRefused, match=f"MERGE cannot be followed by AMEND: {A}, which was merged into {C}"):
        await published(empty, amend(A, LAW))


# ── Who cites it ────────────────────────────────────────────────────────────────────────────────────────────────────────


CITED: list[Document] = [{"source": "S-2", "locator": "p. 1", "note": None}]


@pytest.mark.parametrize(("taken", "told"), [("RETRACT", "retracted"), ("MERGE", "merged")])
async def test_what_others_cite_is_refused_with_all_who_cite_it(
    empty: asyncpg.Connection, taken: str, told: str
) -> None:
    changes = {"RETRACT": retract("Source:S-2", source()), "MERGE": merge("Source:S-2", "Source:S-1", source())}
    await published(
        empty, *BEGINNING, create("Source:S-2", source()), create("Measure:M-1", measure("AAA", citations=CITED))
    )
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, changes[taken])
    assert str(refusal.value) == (
        f"Source:S-2 cannot be {told} while Measure:M-1 refers to it: amend or retract it first"
    )
    assert (refusal.value.constraint, refusal.value.record_id) == ("references_stand", "Source:S-2")

    more = [create(f"Assessment:A-{number:02}", assessment("AAA", citations=CITED)) for number in range(11)]
    await published(empty, *more)
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, changes[taken])
    ten = ", ".join(change.record_id for change in more[:10])
    assert str(refusal.value) == (
        f"Source:S-2 cannot be {told} while {ten} and others (12 records) refer to it: amend or retract these first"
    )


async def test_a_new_reference_to_a_merged_record_is_told_where_that_went(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING, create("Source:S-2", source()), merge("Source:S-2", "Source:S-1", source()))
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, create("Measure:X", measure("AAA", citations=CITED)))
    assert str(refusal.value) == (
        "Measure:X refers to Source:S-2, which does not stand in the record then: it was merged into Source:S-1"
    )


async def test_what_cites_a_merged_source_cites_its_survivor(empty: asyncpg.Connection) -> None:
    both: list[Document] = [
        {"source": "S-1", "locator": "p. 1", "note": None},
        {"source": "S-2", "locator": "p. 1", "note": None},
        {"source": "S-2", "locator": "p. 2", "note": "Read in French"},
    ]
    await published(
        empty,
        *BEGINNING,
        create("Source:S-2", source()),
        create("Measure:M-1", measure("AAA", citations=both)),
        create("StateParty:CCC", state_party("CCC", citations=CITED)),
    )
    changes = await merger(empty, "Source:S-2", "Source:S-1", "CORRECTED")
    assert [(change.operation, change.record_id, change.kind) for change in changes] == [
        ("AMEND", "Measure:M-1", "RECODED"),
        ("AMEND", "StateParty:CCC", "RECODED"),
        ("MERGE", "Source:S-2", "CORRECTED"),
    ]
    assert changes[0].document == measure("AAA", citations=[both[0], {**both[2], "source": "S-1"}])
    await published(empty, *changes)
    assert await empty.fetchval("select count(*) from citing('Source:S-2', 2147483646)") == 0
    assert await empty.fetchval("select survivor_id from survivor_version") == "Source:S-1"
    assert await verify(empty) == []


def test_a_document_that_cites_nothing_merged_stays_as_it_is() -> None:
    assert repointed(LAW, {"Source:S-2": "Source:S-1"}) is LAW
    assert repointed(source(), {"Source:S-2": "Source:S-1"}) == source()
    twice = measure("AAA", citations=[*CITED, *CITED])
    assert repointed(twice, {"Source:S-9": "Source:S-1"}) is twice
