"""What a submission must satisfy: with one fault it is refused whole."""

from typing import Any

import asyncpg
import pytest

from db.log import Change, PublicationRefused
from tests.record_documents import (
    BEGINNING,
    amend,
    create,
    measure,
    published,
    recommendation,
    reporting_event,
    restore,
    retract,
    size,
    source,
    state_party,
)

LAW = measure("AAA")
REFUSED: dict[str, tuple[list[Change], str | None]] = {
    "no change": ([], None),
    "created twice": ([create("Source:S-1", source())], "operations_follow_each_other"),
    "created twice in one": (
        [create("Source:S-2", source()), create("Source:S-2", source())],
        "operations_follow_each_other",
    ),
    "amended before it was created": ([amend("Source:S-2", source())], "operations_follow_each_other"),
    "amended after it was retracted": (
        [retract("Measure:AAA-0001", LAW), amend("Measure:AAA-0001", LAW)],
        "operations_follow_each_other",
    ),
    "restored while it stands": ([restore("Measure:AAA-0001", LAW)], "operations_follow_each_other"),
    "merged into nothing": (
        [Change("MERGE", "Measure:AAA-0001", "CORRECTED", LAW)],
        "revision_merge_names_the_survivor",
    ),
    "redacted without naming what": (
        [Change("REDACT", "Measure:AAA-0001", "CORRECTED", LAW)],
        "revision_redaction_names_revisions",
    ),
    "an unknown operation": ([Change("FORGET", "Source:S-1", "CORRECTED", source())], "revision_operation_is_known"),
    "an unknown kind": ([Change("AMEND", "Source:S-1", "GUESSED", source())], "revision_kind_is_known"),
    "an unknown type": ([create("Country:AAA", source())], "revision_record_type_is_known"),
    "a malformed id": ([create("Source:S 1", source())], "revision_record_id_is_well_formed"),
    "an id that is not its code": (
        [create("StateParty:CCC", state_party("CCD"))],
        "state_party_version_id_is_its_name",
    ),
    "a code that changes": (
        [amend("Recommendation:I-01", recommendation("I-03"))],
        "recommendation_version_id_is_its_name",
    ),
    "an unknown State party": ([create("Measure:X", measure("CCC"))], "references_stand"),
    "an unknown recommendation": ([create("Measure:X", measure("AAA", recommendations=["I-03"]))], "references_stand"),
    "an unknown instrument": ([create("Measure:X", measure("AAA", instrument="CRC"))], "references_stand"),
    "an unknown source": (
        [create("Measure:X", measure("AAA", citations=[{"source": "S-2", "locator": None, "note": None}]))],
        "references_stand",
    ),
    "a reference before its record": (
        [create("Measure:X", measure("CCC")), create("StateParty:CCC", state_party("CCC"))],
        "references_stand",
    ),
    "a retraction of what is cited": ([retract("Source:S-1", source())], "references_stand"),
    "a retraction of who has measures": (
        [retract("StateParty:AAA", state_party("AAA"))],
        "references_stand",
    ),
    "no citation": ([create("Measure:X", measure("AAA", citations=[]))], "measure_version_cites_a_source"),
    "a citation of nothing": (
        [create("Measure:X", measure("AAA", citations=[{"locator": "p. 1"}]))],
        "measure_version_citations_name_sources",
    ),
    "a recommendation twice": (
        [create("Measure:X", measure("AAA", recommendations=["I-01", "I-01"]))],
        "measure_version_recommendation_codes_each_once",
    ),
    "a recommendation that is null": (
        [create("Measure:X", measure("AAA", recommendations=["I-01", None]))],
        "measure_version_recommendation_codes_each_once",
    ),
    "no list": ([create("Measure:X", measure("AAA", recommendations=None))], None),
    "a list for a record": ([create("Measure:X", [])], None),  # type: ignore[arg-type]
    "a word of no vocabulary": (
        [create("Measure:X", measure("AAA", status="PLANNED"))],
        "measure_version_stated_status_is_known",
    ),
    "no title": ([create("Measure:X", measure("AAA", title=None))], None),
    "a title too long to sort by": (
        [create("Measure:X", measure("AAA", title="x" * 501))],
        "measure_version_title_is_short",
    ),
    "a month that does not exist": ([create("Measure:X", measure("AAA", adoptedOn="2012-13"))], None),
    "a day that does not exist": ([create("Measure:X", measure("AAA", adoptedOn="2012-02-30"))], None),
    "a date in words": ([create("Measure:X", measure("AAA", adoptedOn="May 2012"))], None),
    "a day that is another tomorrow": ([create("StateParty:CCC", state_party("CCC", consentOn="today"))], None),
    "a day without its day": ([create("StateParty:CCC", state_party("CCC", consentOn="2012-05"))], None),
    "NUL": ([create("Source:S-2", source(title="a\0b"))], None),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_submission_with_a_fault_is_refused_whole(empty: asyncpg.Connection, case: str) -> None:
    changes, rule = REFUSED[case]
    await published(empty, *BEGINNING)
    before = await size(empty)
    good = [create("Source:S-7", source())] if changes else []
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, *good, *changes)
    assert rule is None or refusal.value.constraint == rule
    assert await size(empty) == before
    assert (await published(empty, create("Source:S-7", source()))).submission == 2  # what was refused leaves no gap


async def test_a_refusal_names_the_record(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING)
    with pytest.raises(PublicationRefused, match=r"Measure:X refers to StateParty:CCC") as refusal:
        await published(empty, create("Measure:X", measure("CCC")))
    assert refusal.value.record_id == "Measure:X"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"reviewer": None}, "submission_is_reviewed"),
        ({"reviewer": "maria"}, "submission_is_reviewed_by_another"),
        ({"reason": "a\0b"}, None),
        ({"title": "\ud800"}, None),
    ],
)
async def test_a_submission_needs_somebody_elses_review(
    empty: asyncpg.Connection, said: dict[str, Any], rule: str | None
) -> None:
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, create("Source:S-1", source()), **said)
    assert refusal.value.constraint == rule
    assert await size(empty) == (0, 0)


async def test_one_submission_may_change_a_record_twice(empty: asyncpg.Connection) -> None:
    await published(
        empty, *BEGINNING, amend("Measure:AAA-0001", measure("AAA", title="B")), retract("Measure:AAA-0001", LAW)
    )
    await published(empty, restore("Measure:AAA-0001", LAW), create("ReportingEvent:E", reporting_event("AAA")))
    rows = await empty.fetch("select number, operation from revision where record_id = 'Measure:AAA-0001' order by 1")
    assert [tuple(row) for row in rows] == [(1, "CREATE"), (2, "AMEND"), (3, "RETRACT"), (4, "RESTORE")]
