"""What rows must find in each other: references, the records that are cited, each State party's names."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from db.vocabulary import Language
from seed.columns import TABLES, Table

Rows = Mapping[str, list["Row"]]
"""Table name → its rows; a table whose file could not be read is not in it, and nothing is said of references to it."""


class Row(NamedTuple):
    """A row: the line of the file it begins at, and each column's value, None where the cell is blank."""

    line: int
    cells: dict[str, Any]


class Fault(NamedTuple):
    """What is wrong, and where."""

    file: str
    line: int | None
    column: str | None
    found: str
    expected: str

    def __str__(self) -> str:
        place = [self.file]
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column is not None:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: found {self.found}, expected {self.expected}"


def faults_between(rows: Rows) -> Iterator[Fault]:
    """Every reference that leads nowhere, every record that lacks what another file owes it."""
    keys = {table.name: {row.cells[table.key[0]] for row in rows[table.name]} for table in TABLES if table.name in rows}
    for table in TABLES:
        if table.name in rows:
            yield from _unknown_references(table, rows[table.name], keys)
    yield from _parents_below(rows)
    yield from _unknown_records(rows, keys)
    yield from _uncited(rows)
    yield from _names(rows)


def _unknown_references(table: Table, rows: list[Row], keys: Mapping[str, set[Any]]) -> Iterator[Fault]:
    for column in table.columns:
        if column.refers_to is None or column.refers_to not in keys:
            continue
        known = keys[column.refers_to]
        for row in rows:
            value = row.cells[column.name]
            for one in value if isinstance(value, list) else [value]:
                if one is not None and one not in known:
                    yield Fault(
                        table.file, row.line, column.name, repr(one), f"the key of a row of {column.refers_to}.csv"
                    )


def _parents_below(rows: Rows) -> Iterator[Fault]:
    """A section stands below its parent, so that the parent's record is made first and no section is its own ancestor."""
    above: set[str] = set()
    for row in rows.get("sections", []):
        parent = row.cells["parent"]
        if parent is not None and parent not in above:
            yield Fault("sections.csv", row.line, "parent", repr(parent), "a section of a line above this one")
        above.add(row.cells["number"])


def _unknown_records(rows: Rows, keys: Mapping[str, set[Any]]) -> Iterator[Fault]:
    cited = {table.record: table.name for table in TABLES if table.cited}
    for row in rows.get("citations", []):
        if (record := row.cells["record"]) is None:
            continue
        kind, _, key = record.partition(":")
        if kind not in cited:
            yield Fault("citations.csv", row.line, "record", repr(record), "one of " + ", ".join(map(str, cited)))
        elif cited[kind] in keys and key not in keys[cited[kind]]:
            yield Fault("citations.csv", row.line, "record", repr(record), f"the key of a row of {cited[kind]}.csv")


def _uncited(rows: Rows) -> Iterator[Fault]:
    """A measure without a source is not a measure of this record."""
    if "citations" not in rows:
        return
    cited = {row.cells["record"] for row in rows["citations"]}
    for row in rows.get("measures", []):
        key = row.cells["id"]
        if key is not None and f"Measure:{key}" not in cited:
            yield Fault("measures.csv", row.line, "id", f"'{key}' without a source", "a row of citations.csv about it")


def _names(rows: Rows) -> Iterator[Fault]:
    """Each State party has its name in each language; the English one stands in two files, which must agree."""
    if "state_party_names" not in rows:
        return
    names = {(row.cells["code"], row.cells["language"]): row.cells["name"] for row in rows["state_party_names"]}
    for row in rows.get("state_parties", []):
        code, name = row.cells["code"], row.cells["name"]
        missing = [str(language) for language in Language if (code, language) not in names]
        if code is not None and missing:
            found = f"no name in {', '.join(missing)}"
            yield Fault(
                "state_parties.csv", row.line, "code", found, "a row of state_party_names.csv for each language"
            )
        english = names.get((code, "EN"))
        if name is not None and english is not None and name != english:
            yield Fault("state_parties.csv", row.line, "name", repr(name), f"{english!r}, its English name elsewhere")
