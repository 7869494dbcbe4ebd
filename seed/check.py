"""`opsc seed --check`: what the record's tables say, as of the last position that the seed wrote, against the files, in counts.

Independent of how the files got in: versions are read back into cells, column by column, and cells are compared. Where people
have changed a record last, its rows are theirs: they are counted apart, whatever they say, for the seed leaves them alone.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import asyncpg

from db.decisions import survivors
from seed.columns import TABLES, Table
from seed.files import DATA, read
from seed.load import AUTHOR

Cells = tuple[str, ...]


class Row(NamedTuple):
    """A file: its rows, how many the record has of what the seed entered, and in how many rows the two disagree, and how.

    by_people: rows in which they differ since people amended, retracted, merged or redacted the record: no disagreement.
    """

    file: str
    rows_in_file: int
    rows_in_record: int
    missing: int
    differing: int
    extra: int
    by_people: int = 0

    @property
    def agrees(self) -> bool:
        return not (self.missing or self.differing or self.extra)


CELLS: Mapping[str, str] = {
    "sources": """
        select id as record, split_part(id, ':', 2) as id, kind, title, publisher, symbol, url, published_on, read_at
        from source_version where known_from <= $1 and $1 < known_to""",
    "articles": """
        select id as record, number::text as article, subject, summary as one_liner
        from article_version where known_from <= $1 and $1 < known_to""",
    "sections": """
        select id as record, number, parent_number as parent, heading, first_paragraph::text, page::text as page_en,
               array_to_string(articles, ';') as articles, note
        from section_version where known_from <= $1 and $1 < known_to""",
    "instruments": """
        select id as record, code, name, kind, body, array_to_string(years, '/') as year, url, followed::text, relevance,
               named_in_guidelines, note
        from instrument_version where known_from <= $1 and $1 < known_to""",
    "recommendations": """
        select id as record, code, section_number as section, title, text, array_to_string(themes, ';') as themes,
               array_to_string(articles, ';') as articles, array_to_string(evidence_kinds, ';') as evidence_kinds,
               digital::text, private_sector::text, strength, verification, certainty, basis, note
        from recommendation_version where known_from <= $1 and $1 < known_to""",
    "state_parties": """
        select id as record, code, alpha2, m49::text, name, region, subregion, "group", signed_on::text, consent_on::text,
               consent, in_force_on::text, date_confidence, note
        from state_party_version where known_from <= $1 and $1 < known_to""",
    "state_party_names": """
        select id as record, code, language, called as name
        from state_party_version cross join jsonb_each_text(names) as n(language, called)
        where known_from <= $1 and $1 < known_to""",
    "signatories": """
        select id as record, code, alpha2, m49::text, name, region, subregion, "group", signed_on::text,
               still_signatory_only::text, checked_on::text, note
        from signatory_version where known_from <= $1 and $1 < known_to""",
    "measures": """
        select id as record, split_part(id, ':', 2) as id, state_party_code as code, kind, instrument_code as instrument,
               consent, title, summary, stated_status as status, announced_on, adopted_on, in_force_on, date_basis,
               reported_by, reported_on, array_to_string(recommendation_codes, ';') as recommendations, confidence, note
        from measure_version where known_from <= $1 and $1 < known_to""",
    "assessments": """
        select id as record, split_part(id, ':', 2) as id, state_party_code as code, assessor, assessor_kind, verdict,
               criterion, summary, array_to_string(recommendation_codes, ';') as recommendations, assessed_on
        from assessment_version where known_from <= $1 and $1 < known_to""",
    "statements": """
        select id as record, split_part(id, ':', 2) as id, state_party_code as code, kind, made_on, date_basis,
               array_to_string(articles, ';') as articles, target_code as target, summary, evidence, note
        from statement_version where known_from <= $1 and $1 < known_to""",
    "reporting_events": """
        select id as record, split_part(id, ':', 2) as id, state_party_code as code, kind, happened_on, document_symbol
        from reporting_event_version where known_from <= $1 and $1 < known_to""",
    "citations": """
        select cited.id as record, c.citation ->> 'source' as source, c.citation ->> 'locator' as locator,
               c.citation ->> 'note' as note
        from (
          select id, citations from recommendation_version where known_from <= $1 and $1 < known_to
          union all select id, citations from state_party_version where known_from <= $1 and $1 < known_to
          union all select id, citations from signatory_version where known_from <= $1 and $1 < known_to
          union all select id, citations from measure_version where known_from <= $1 and $1 < known_to
          union all select id, citations from assessment_version where known_from <= $1 and $1 < known_to
          union all select id, citations from statement_version where known_from <= $1 and $1 < known_to
          union all select id, citations from reporting_event_version where known_from <= $1 and $1 < known_to
        ) cited
        cross join jsonb_array_elements(cited.citations) with ordinality as c(citation, place)
        order by cited.id, c.place""",
}
"""Each file's cells out of the record's tables: results are named as the file's columns; record tells whose the row is."""

LISTS = {"articles": ";", "evidence_kinds": ";", "recommendations": ";", "themes": ";", "year": "/"}
"""Columns that hold several values, and what stands between these."""


async def check(connection: asyncpg.Connection, folder: Path = DATA) -> list[Row]:
    """One row a file. A record that people made is no row of the files and is not counted; one that they changed is theirs.

    Raises seed.files.BadFiles for a folder with faults.
    """
    read(folder)
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        position = await connection.fetchval(
            'select coalesce(max("position"), 0) from revision where author = $1', AUTHOR
        )
        seeded = await connection.fetch(
            "select distinct record_id from revision where operation = 'CREATE' and author = $1", AUTHOR
        )
        ours = {row["record_id"] for row in seeded}
        changed = await connection.fetch(
            "select record_id from (select distinct on (record_id) record_id, author from revision"
            ' order by record_id, "position" desc) last where author <> $1',
            AUTHOR,
        )
        theirs = {row["record_id"] for row in changed}
        led = await survivors(connection, position)
        return [
            _compared(
                table, _in_file(table, folder, led), await connection.fetch(CELLS[table.name], position), ours, theirs
            )
            for table in TABLES
        ]


def _in_file(table: Table, folder: Path, led: Mapping[str, str]) -> list[Cells]:
    """The file's rows; where one cites a source that was merged, as citing the one that stays, each citation once."""
    with (folder / table.file).open(encoding="utf-8", newline="") as file:
        rows = [{name: _one_way(name, row[name]) for name in _names(table)} for row in csv.DictReader(file)]
    if table.name == "citations" and led:
        for row in rows:
            source = f"Source:{row['source']}"
            row["source"] = led.get(source, source).removeprefix("Source:")
        return list(dict.fromkeys(tuple(row.values()) for row in rows))
    return [tuple(row.values()) for row in rows]


def _compared(
    table: Table, in_file: list[Cells], records: Iterable[asyncpg.Record], ours: set[str], theirs: set[str]
) -> Row:
    file = _by_key(table, in_file)
    by_people = _by_key(table, _read_back(table, (record for record in records if record["record"] not in ours)))
    record = _by_key(table, _read_back(table, (record for record in records if record["record"] in ours)))
    record |= {key: cells for key, cells in by_people.items() if key in file}
    missing, extra = file.keys() - record.keys(), record.keys() - file.keys()
    differing = {key for key in file.keys() & record.keys() if file[key] != record[key]}
    of_people = {key for key, cells in {**file, **record}.items() if _record_of(table, cells) in theirs}
    return Row(
        table.file,
        rows_in_file=len(in_file),
        rows_in_record=len(record),
        missing=len(missing - of_people),
        differing=len(differing - of_people),
        extra=len(extra - of_people),
        by_people=len((missing | differing | extra) & of_people),
    )


def _record_of(table: Table, cells: Cells) -> str:
    """The id of the record that a row tells of."""
    names = _names(table)
    if table.name == "citations":
        return cells[names.index("record")]
    return f"{table.record or 'StateParty'}:{cells[names.index(table.key[0])]}"


def _read_back(table: Table, records: Iterable[asyncpg.Record]) -> list[Cells]:
    return [tuple(record[name] or "" for name in _names(table)) for record in records]


def _by_key(table: Table, rows: Iterable[Cells]) -> dict[Cells, Cells]:
    """Rows by what tells them apart: the file's key; for citations the record, the source and which of their citations it is."""
    names = _names(table)
    key = [names.index(name) for name in (("record", "source") if table.name == "citations" else table.key)]
    seen: Counter[Cells] = Counter()
    found: dict[Cells, Cells] = {}
    for cells in rows:
        one = tuple(cells[place] for place in key)
        seen[one] += 1
        found[*one, str(seen[one])] = cells
    return found


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _one_way(name: str, cell: str) -> str:
    """The cell with its list's separators written as the queries above write them: blanks around them mean nothing."""
    separator = LISTS.get(name)
    return re.sub(rf" *{separator} *", separator, cell) if separator else cell
