"""Seeding: everything the first time, exactly the differences later, and never over what people have written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from db.decisions import merger
from db.log import Change, PublicationRefused, publish
from seed.check import Row, check
from seed.columns import TABLES, Column
from seed.files import BadFiles, read
from seed.kinds import Unexpected
from seed.load import LeftAlone, seed, tell
from tests.seed_folder import SeedFolder

FIRST = 4727
"""Records in the files, and so revisions of the first seeding."""


@pytest.fixture
def folder(tmp_path: Path) -> SeedFolder:
    return SeedFolder.copy(tmp_path / "data")


async def after(connection: asyncpg.Connection, position: int) -> list[tuple[Any, ...]]:
    """Operation, record and kind of each revision after a position."""
    rows = await connection.fetch(
        'select operation, record_id, kind from revision where "position" > $1 order by "position"', position
    )
    return [tuple(row) for row in rows]


async def standing(connection: asyncpg.Connection, record_id: str) -> dict[str, Any]:
    document: str = await connection.fetchval(
        'select document from revision where record_id = $1 order by "position" desc limit 1', record_id
    )
    parsed: dict[str, Any] = orjson.loads(document)
    return parsed


async def people_publish(connection: asyncpg.Connection, *changes: Change) -> int:
    """The position that their submission ends at."""
    published = await publish(
        connection, title="Ours", reason="We know better", author="maria", reviewer="jo", changes=changes
    )
    return published.last


async def people_amend(connection: asyncpg.Connection, record_id: str, **fields: Any) -> int:
    document = {**await standing(connection, record_id), **fields}
    return await people_publish(connection, Change("AMEND", record_id, "CORRECTED", document))


def disagreeing(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not row.agrees]


# ── The first time ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_first_seeding_is_one_submission_by_the_account_seed(seeded: asyncpg.Connection) -> None:
    assert [tuple(row) for row in await seeded.fetch("select title, reason, author, reviewer from submission")] == [
        (
            f"The seed: {FIRST} changes",
            f"From the files of seed/data (sha256sum *.csv | sha256sum: {read().digest})",
            "seed",
            None,
        )
    ]
    kinds = await seeded.fetch("select operation, kind, author, count(*) from revision group by 1, 2, 3")
    assert [tuple(row) for row in kinds] == [("CREATE", "LEARNED", "seed", FIRST)]


async def test_the_record_says_what_every_row_of_the_files_says(seeded: asyncpg.Connection) -> None:
    rows = read().rows
    assert await check(seeded) == [
        Row(table.file, len(rows[table.name]), len(rows[table.name]), missing=0, differing=0, extra=0)
        for table in TABLES
    ]


async def test_progress_is_told(empty: asyncpg.Connection) -> None:
    told: list[tuple[str, int, int]] = []
    await seed(empty, lambda *step: told.append(step))
    assert told == [
        ("reading the files", 0, 1),
        ("reading the files", 1, 1),
        ("publishing", 0, FIRST),
        ("publishing", FIRST, FIRST),
    ]


async def test_a_bad_row_loads_nothing(empty: asyncpg.Connection, folder: SeedFolder) -> None:
    folder.set("citations.csv", 4418, "source", "S-9999")
    with pytest.raises(BadFiles):
        await seed(empty, folder=folder.path)
    assert await empty.fetchval("select count(*) from submission") == 0
    assert await empty.fetchval("select count(*) from revision") == 0


async def test_the_check_of_an_empty_record_misses_every_row(empty: asyncpg.Connection) -> None:
    assert [(row.missing, row.rows_in_record) for row in await check(empty)] == [
        (len(rows), 0) for rows in read().rows.values()
    ]


# ── Later ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_seeding_again_changes_nothing(seeded: asyncpg.Connection) -> None:
    assert await seed(seeded) is None
    assert await after(seeded, FIRST) == []
    assert await seeded.fetchval("select count(*) from submission") == 1


async def test_a_changed_folder_gives_exactly_the_differences(seeded: asyncpg.Connection, folder: SeedFolder) -> None:
    folder.set_where("measures.csv", "title", "CRC: ratified", id="AFG-0001")
    folder.set_where("measures.csv", "in_force_on", "1994", id="AFG-0001")
    folder.set_where("measures.csv", "adopted_on", "2002", id="AFG-0002")
    folder.set_where("measures.csv", "recommendations", "IIIA-04;V-09", id="AFG-0003")
    folder.set_where("state_party_names.csv", "name", "Les Philippines", code="PHL", language="FR")
    folder.set_where("recommendations.csv", "certainty", "high", code="V-17")
    folder.add("sources.csv", ["S-9001", "NEWS", "A bill", "A paper", "", "https://example.org/bill", "2026-10", ""])
    folder.add(
        "measures.csv",
        [
            "PHL-9001",
            "PHL",
            "LEGISLATION",
            "",
            "",
            "A bill",
            "A bill.",
            "DRAFTED",
            *[""] * 4,
            "NEWS",
            "",
            "",
            "LOW",
            "",
        ],
    )
    folder.add("citations.csv", ["Measure:PHL-9001", "S-9001", "", ""])
    folder.add("citations.csv", ["Assessment:AGO-A001", "S-9001", "p. 1", ""])
    folder.drop_where("reporting_events.csv", id="AGO-E01")
    folder.drop_where("citations.csv", record="ReportingEvent:AGO-E01")

    published = await seed(seeded, folder=folder.path)

    assert published is not None
    assert (published.first, published.last) == (FIRST + 1, FIRST + 9)
    assert await after(seeded, FIRST) == [
        ("CREATE", "Source:S-9001", "LEARNED"),
        ("AMEND", "Recommendation:V-17", "RECODED"),
        ("AMEND", "StateParty:PHL", "CORRECTED"),
        ("AMEND", "Measure:AFG-0001", "CORRECTED"),
        ("AMEND", "Measure:AFG-0002", "LEARNED"),
        ("AMEND", "Measure:AFG-0003", "RECODED"),
        ("CREATE", "Measure:PHL-9001", "LEARNED"),
        ("AMEND", "Assessment:AGO-A001", "LEARNED"),
        ("RETRACT", "ReportingEvent:AGO-E01", "CORRECTED"),
    ]
    assert (await standing(seeded, "StateParty:PHL"))["names"]["FR"] == "Les Philippines"
    assert disagreeing(await check(seeded, folder.path)) == []
    assert await seed(seeded, folder=folder.path) is None


async def test_rows_in_another_order_change_nothing(seeded: asyncpg.Connection, folder: SeedFolder) -> None:
    folder.move("measures.csv", 2, to=1000)
    folder.move("sources.csv", 2, to=900)
    assert await seed(seeded, folder=folder.path) is None


async def test_a_row_that_vanished_is_retracted_and_restored_when_it_comes_back(
    seeded: asyncpg.Connection, folder: SeedFolder
) -> None:
    before = await standing(seeded, "Statement:ARG-S01")
    folder.drop_where("statements.csv", id="ARG-S01")
    folder.drop_where("citations.csv", record="Statement:ARG-S01")
    await seed(seeded, folder=folder.path)
    assert await seed(seeded, folder=folder.path) is None
    assert disagreeing(await check(seeded, folder.path)) == []
    await seed(seeded)
    assert await after(seeded, FIRST) == [
        ("RETRACT", "Statement:ARG-S01", "CORRECTED"),
        ("RESTORE", "Statement:ARG-S01", "CORRECTED"),
    ]
    assert await standing(seeded, "Statement:ARG-S01") == before
    assert disagreeing(await check(seeded)) == []


async def test_what_cites_is_retracted_before_what_it_cites(seeded: asyncpg.Connection, folder: SeedFolder) -> None:
    for record in ("StateParty:AGO", "Measure:AGO-0001"):
        folder.add("citations.csv", [record, "S-9001", "", ""])
    folder.add("sources.csv", ["S-9001", "NEWS", "A bill", "A paper", "", "", "", ""])
    folder.add("sections.csv", ["XX", "", "Twenty", "", "", "", ""])
    folder.add("sections.csv", ["XX.A", "XX", "Twenty, A", "", "", "", ""])
    await seed(seeded, folder=folder.path)
    position = await seeded.fetchval('select max("position") from revision')
    await seed(seeded)
    assert await after(seeded, position) == [
        ("AMEND", "StateParty:AGO", "CORRECTED"),
        ("AMEND", "Measure:AGO-0001", "CORRECTED"),
        ("RETRACT", "Section:XX.A", "RECODED"),
        ("RETRACT", "Section:XX", "RECODED"),
        ("RETRACT", "Source:S-9001", "CORRECTED"),
    ]
    assert disagreeing(await check(seeded)) == []


# ── What people have written ────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_people_amended_is_told_and_not_overwritten(seeded: asyncpg.Connection, folder: SeedFolder) -> None:
    await people_amend(seeded, "Measure:AFG-0001", title="As we have it")
    position = await people_amend(seeded, "Measure:AFG-0002", title="As we have that")
    folder.set_where("measures.csv", "summary", "Another summary.", id="AFG-0001")
    folder.set_where("measures.csv", "summary", "A third summary.", id="AFG-0003")
    told: list[LeftAlone] = []

    await seed(seeded, folder=folder.path, report=told.extend)

    assert told == [
        LeftAlone("Measure:AFG-0001", "AMEND", "maria", row_changed=True),
        LeftAlone("Measure:AFG-0002", "AMEND", "maria", row_changed=False),
    ]
    assert await after(seeded, position) == [("AMEND", "Measure:AFG-0003", "CORRECTED")]
    assert (await standing(seeded, "Measure:AFG-0001"))["title"] == "As we have it"


async def test_what_people_retracted_stays_so(seeded: asyncpg.Connection) -> None:
    document = await standing(seeded, "Statement:ARG-S01")
    await people_publish(seeded, Change("RETRACT", "Statement:ARG-S01", "CORRECTED", document))
    told: list[LeftAlone] = []
    assert await seed(seeded, report=told.extend) is None
    assert told == [LeftAlone("Statement:ARG-S01", "RETRACT", "maria", row_changed=False)]


async def test_a_vanished_row_that_people_amended_stays(seeded: asyncpg.Connection, folder: SeedFolder) -> None:
    await people_amend(seeded, "Statement:ARG-S01", note="As we have it")
    folder.drop_where("statements.csv", id="ARG-S01")
    folder.drop_where("citations.csv", record="Statement:ARG-S01")
    told: list[LeftAlone] = []
    assert await seed(seeded, folder=folder.path, report=told.extend) is None
    assert told == [LeftAlone("Statement:ARG-S01", "AMEND", "maria", row_changed=True)]


async def test_a_row_that_now_says_what_people_wrote_is_not_told(
    seeded: asyncpg.Connection, folder: SeedFolder
) -> None:
    await people_amend(seeded, "Statement:ARG-S01", note="As we have it")
    folder.set_where("statements.csv", "note", "As we have it", id="ARG-S01")
    told: list[LeftAlone] = []
    assert await seed(seeded, folder=folder.path, report=told.extend) is None
    assert told == []


async def test_records_that_people_made_are_none_of_the_seeds_business(seeded: asyncpg.Connection) -> None:
    document = await standing(seeded, "Measure:AFG-0001")
    await people_publish(seeded, Change("CREATE", "Measure:AFG-7777", "LEARNED", document))
    told: list[LeftAlone] = []
    assert await seed(seeded, report=told.extend) is None
    assert told == []
    assert disagreeing(await check(seeded)) == []


async def test_a_vanished_source_that_people_cite_refuses_the_seeding_whole(
    seeded: asyncpg.Connection, folder: SeedFolder
) -> None:
    folder.add("sources.csv", ["S-9001", "NEWS", "A bill", "A paper", "", "", "", ""])
    await seed(seeded, folder=folder.path)
    position = await people_amend(
        seeded, "Statement:ARG-S01", citations=[{"source": "S-9001", "locator": None, "note": None}]
    )
    folder.drop_where("sources.csv", id="S-9001")
    folder.set_where("measures.csv", "summary", "Another summary.", id="AFG-0001")
    with pytest.raises(PublicationRefused, match=r"Source:S-9001 cannot be retracted while Statement:ARG-S01"):
        await seed(seeded, folder=folder.path)
    assert await after(seeded, position) == []
    assert await seeded.fetchval("select count(*) from submission") == 3


def test_what_is_left_to_people_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    tell(
        [
            LeftAlone("Measure:AFG-0001", "AMEND", "maria", row_changed=True),
            LeftAlone("Measure:AFG-0002", "RETRACT", "jo", row_changed=False),
        ]
    )
    assert capsys.readouterr().err == (
        "Left as people have made them: 2; of these, retracted, merged or redacted: 1; rows changed in the files: 1\n"
        "  Measure:AFG-0001: last changed by maria (AMEND)\n"
    )


# ── The check ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_check_counts_what_is_missing_differs_and_is_extra(
    seeded: asyncpg.Connection, folder: SeedFolder
) -> None:
    folder.set_where("measures.csv", "in_force_on", "1994", id="AFG-0001")
    folder.set_where("instruments.csv", "year", "1999 / 2020", code="TOURISM_ETHICS")
    folder.set_where("citations.csv", "locator", "p. 1", record="Statement:ARG-S01", source="S-0951")
    folder.set_where("state_party_names.csv", "name", "Les Philippines", code="PHL", language="FR")
    folder.drop_where("reporting_events.csv", id="AGO-E01")
    folder.drop_where("citations.csv", record="ReportingEvent:AGO-E01")
    folder.add("sources.csv", ["S-9001", "NEWS", "A bill", "A paper", "", "", "", ""])
    assert disagreeing(await check(seeded, folder.path)) == [
        Row("sources.csv", 956, 955, missing=1, differing=0, extra=0),
        Row("instruments.csv", 39, 39, missing=0, differing=1, extra=0),
        Row("state_party_names.csv", 1068, 1068, missing=0, differing=1, extra=0),
        Row("measures.csv", 2151, 2151, missing=0, differing=1, extra=0),
        Row("reporting_events.csv", 457, 458, missing=0, differing=0, extra=1),
        Row("citations.csv", 4416, 4417, missing=0, differing=1, extra=1),
    ]


async def test_the_check_compares_every_column(seeded: asyncpg.Connection, folder: SeedFolder) -> None:
    """In each file one cell of each column is set otherwise, each in a row of its own."""
    changed = {}
    for table in TABLES:
        line = 1 + len(read().rows[table.name])
        told_apart_by = {*table.key, "record", "source"} - {"locator", "note"}
        columns = [column for column in table.columns if column.name not in told_apart_by]
        if table.name == "state_parties":
            columns = [column for column in columns if column.name != "name"]  # must agree with another file
        for column in columns:
            folder.set(table.file, line, column.name, otherwise(column, folder.cell(table.file, line, column.name)))
            line -= 1
        changed[table.file] = len(columns)
    assert {row.file: row.differing for row in await check(seeded, folder.path)} == changed


CODES = ("AFG", "AF", "I", "IB-01")


def otherwise(column: Column, cell: str) -> str:
    """Another value that the column may hold."""
    for value in ("Otherwise", "2001-01-01", "7", "true", "false", "https://example.org", "ILO_C182", *CODES):
        if value != cell and accepts(column, value):
            return value
    with pytest.raises(Unexpected) as words:
        column.kind("Otherwise")
    return next(word for word in str(words.value).removeprefix("one of ").split(", ") if word != cell)


def accepts(column: Column, value: str) -> bool:
    try:
        column.kind(value)
    except Unexpected:
        return False
    return True


async def test_the_check_refuses_a_bad_folder(seeded: asyncpg.Connection, folder: SeedFolder) -> None:
    folder.set("articles.csv", 2, "subject", "")
    with pytest.raises(BadFiles):
        await check(seeded, folder.path)


async def test_what_people_change_after_the_seed_does_not_trouble_the_check(seeded: asyncpg.Connection) -> None:
    await people_amend(seeded, "Measure:AFG-0001", title="As we have it")
    assert disagreeing(await check(seeded)) == []


async def test_what_people_changed_before_the_seeds_last_position_is_counted_apart_by_the_check(
    seeded: asyncpg.Connection, folder: SeedFolder
) -> None:
    await people_amend(seeded, "Measure:AFG-0001", title="As we have it")
    folder.set_where("measures.csv", "summary", "A third summary.", id="AFG-0003")
    await seed(seeded, folder=folder.path)
    rows = await check(seeded, folder.path)
    assert disagreeing(rows) == []
    assert [row for row in rows if row.by_people] == [Row("measures.csv", 2151, 2151, 0, 0, 0, by_people=1)]


async def test_what_people_retracted_merged_or_redacted_stays_so_and_is_no_disagreement(
    seeded: asyncpg.Connection, folder: SeedFolder
) -> None:
    retracted, merged, redacted = "Statement:ARG-S01", "Measure:AFG-0001", "Measure:AFG-0002"
    documents = {record: await standing(seeded, record) for record in (retracted, merged, redacted)}
    stays = {**documents[redacted], "summary": "Redacted."}
    place = await seeded.fetchval('select "position" from revision where record_id = $1', redacted)
    position = await people_publish(
        seeded,
        Change("RETRACT", retracted, "CORRECTED", documents[retracted]),
        Change("MERGE", merged, "CORRECTED", documents[merged], merged_into="Measure:AFG-0003"),
        Change("REDACT", redacted, "CORRECTED", stays, redacts=(place,)),
    )
    folder.set_where("measures.csv", "title", "Another title", id="AFG-0001")
    folder.set_where("measures.csv", "summary", "Another summary.", id="AFG-0004")
    told: list[LeftAlone] = []

    await seed(seeded, folder=folder.path, report=told.extend)

    assert told == [
        LeftAlone(merged, "MERGE", "maria", row_changed=True),
        LeftAlone(redacted, "REDACT", "maria", row_changed=True),
        LeftAlone(retracted, "RETRACT", "maria", row_changed=False),
    ]
    assert await after(seeded, position) == [("AMEND", "Measure:AFG-0004", "CORRECTED")]
    assert await standing(seeded, redacted) == stays
    rows = {row.file: row for row in await check(seeded, folder.path)}
    assert disagreeing(list(rows.values())) == []
    assert rows["measures.csv"] == Row("measures.csv", 2151, 2150, 0, 0, 0, by_people=2)
    assert rows["statements.csv"] == Row("statements.csv", 38, 37, 0, 0, 0, by_people=1)

    folder.drop_where("measures.csv", id="AFG-0001")
    folder.drop_where("citations.csv", record=merged)
    folder.set_where("measures.csv", "summary", "Redacted.", id="AFG-0002")
    told.clear()
    assert await seed(seeded, folder=folder.path, report=told.extend) is None
    assert [record.record_id for record in told] == [retracted]  # the files follow what people decided of the others


async def test_rows_that_cite_a_merged_source_are_read_as_citing_its_survivor(
    seeded: asyncpg.Connection, folder: SeedFolder
) -> None:
    folder.add("sources.csv", ["S-9001", "NEWS", "A bill", "A paper", "", "", "", ""])
    folder.add("sources.csv", ["S-9002", "NEWS", "The same bill", "A paper", "", "", "", ""])
    folder.add("citations.csv", ["Statement:ARG-S01", "S-9001", "", ""])
    await seed(seeded, folder=folder.path)
    position = await people_publish(seeded, *await merger(seeded, "Source:S-9001", "Source:S-9002", "CORRECTED"))
    assert [row[:2] for row in (await after(seeded, position - 2))] == [
        ("AMEND", "Statement:ARG-S01"),
        ("MERGE", "Source:S-9001"),
    ]
    told: list[LeftAlone] = []
    assert await seed(seeded, folder=folder.path, report=told.extend) is None
    assert told == [LeftAlone("Source:S-9001", "MERGE", "maria", row_changed=False)]

    folder.add("citations.csv", ["Statement:ARG-S02", "S-9001", "p. 2", ""])
    folder.add("citations.csv", ["Statement:ARG-S02", "S-9002", "p. 2", ""])
    await seed(seeded, folder=folder.path)
    assert await after(seeded, position) == [("AMEND", "Statement:ARG-S02", "LEARNED")]
    cited = (await standing(seeded, "Statement:ARG-S02"))["citations"]
    assert cited[-1] == {"source": "S-9002", "locator": "p. 2", "note": None}
    assert [citation["source"] for citation in cited].count("S-9002") == 1
    rows = await check(seeded, folder.path)
    assert disagreeing(rows) == []
    assert sum(row.by_people for row in rows) == 1  # the merged source's own row
