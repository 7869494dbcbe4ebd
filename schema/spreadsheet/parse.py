"""A sheet into documents: each row's fields, as far as the file has columns for them, and every fault at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from schema.spreadsheet.cells import DayCell, MangledCell
from schema.spreadsheet.columns import (
    BASE_REVISION,
    CHANGE_KIND,
    CITATION,
    CITATION_NOTES,
    LOCATORS,
    SOURCES,
    Column,
    Sheet,
)
from schema.spreadsheet.faults import Fault, Unexpected, Unreadable, quoted
from schema.spreadsheet.kinds import nearest
from schema.spreadsheet.lists import split
from schema.spreadsheet.read import read


class Row(NamedTuple):
    """A row of the sheet. number: as spreadsheets number it, the header being 1; record_id, base_revision None: a new record; kind
    None: as for the whole file; document: the fields that the file has columns for, and no others."""

    number: int
    record_id: str | None
    base_revision: int | None
    kind: str | None
    document: dict[str, Any]


@dataclass(frozen=True)
class Parsed:
    """What a file says. Where there are faults, the rows are those that could be read, and are not to be believed."""

    rows: list[Row]
    faults: list[Fault]


def parse(content: bytes, sheet: Sheet) -> Parsed:
    """Reads CSV or XLSX; never raises for what is in the file."""
    columns = {column.name: column for column in sheet.columns}
    try:
        lines, faults = read(content, sheet.name, columns)
    except Unreadable as unreadable:
        return Parsed([], [unreadable.fault])
    header = _Header(sheet, columns, [cell.strip() for cell in lines[0]] if lines else [])
    if not header.places:
        names = ", ".join(columns)
        advice = f"The first row holds the names of the columns: begin with what “opsc template {sheet.name}” gives."
        found = quoted(", ".join(header.names)) or None
        return Parsed([], [Fault(1, None, found, f"some of the columns {names}", advice)])
    rows = _Rows(sheet, header)
    for number, cells in enumerate(lines[1:], 2):
        rows.read(number, cells)
    if not rows.seen and not faults:
        faults.append(
            Fault(2, None, None, "a row for each record", "The file holds a header alone: write the rows below it.")
        )
    found_faults = [*header.faults(rows), *rows.faults, *faults]
    return Parsed(rows.rows, sorted(found_faults, key=lambda fault: fault.row))


class _Header:
    """The first row: which column lies where."""

    def __init__(self, sheet: Sheet, columns: dict[str, Column], names: list[str]) -> None:
        self.sheet, self.columns, self.names = sheet, columns, names
        self.places: dict[str, int] = {}
        for place, name in enumerate(names):
            if name in columns:
                self.places.setdefault(name, place)

    def faults(self, rows: "_Rows") -> list[Fault]:
        return [*self._of_names(), *self._missing(rows)]

    def _of_names(self) -> list[Fault]:
        faults = []
        for place, name in enumerate(self.names):
            if not name:
                continue
            if name not in self.columns:
                advice = nearest(name, self.columns) or "Take the column out, or give it one of these names."
                faults.append(Fault(1, quoted(name), quoted(name), "one of " + ", ".join(self.columns), advice))
            elif name in self.names[:place]:
                advice = "Take one of the two out: they could say different things."
                faults.append(Fault(1, quoted(name), quoted(name), "each column once", advice))
        return faults

    def _missing(self, rows: "_Rows") -> list[Fault]:
        """Columns without which the rows cannot be understood."""
        faults = []
        cited = [column.name for column in CITATION if column.name in self.places] if self.sheet.cited else []
        for column in self.sheet.columns:
            if column.name in self.places:
                continue
            if column is BASE_REVISION and rows.old:
                faults.append(_missing(column, "Rows with an id need it: begin with an export of these records."))
            elif column in CITATION and cited and (rows.old or column is SOURCES):
                advice = f"{', '.join(one.name for one in CITATION)} go together: without one of them, what it says would be lost."
                faults.append(_missing(column, advice))
            elif column.required and rows.new:
                faults.append(_missing(column, f"Row {rows.new} is a new record, which needs it."))
        return faults


def _missing(column: Column, advice: str) -> Fault:
    return Fault(1, column.name, None, f"the column {column.name}", advice)


class _Rows:
    """The rows below the header. new, old: the first row of a new record, and of one that has an id."""

    def __init__(self, sheet: Sheet, header: _Header) -> None:
        self.sheet, self.width = sheet, len(header.names)
        self.named = [place for place, name in enumerate(header.names) if name]
        at = header.places
        self.identity, self.base, self.kind = (
            at.get(name) for name in (sheet.identity.name, BASE_REVISION.name, CHANGE_KIND.name)
        )
        self.fields = [(at[column.name], column) for column in sheet.fields if column.name in at]
        self.citation = {column: at.get(column.name) for column in CITATION if sheet.cited}
        self.rows: list[Row] = []
        self.faults: list[Fault] = []
        self.numbers: dict[str, int] = {}
        self.seen = 0
        self.new = self.old = 0

    def read(self, number: int, cells: list[str]) -> None:
        if not any(cells) or not any(cell.strip() for cell in cells):
            return
        self.seen += 1
        if len(cells) != self.width and self._is_ragged(number, cells):
            return
        self._refuse_nameless(number, cells)
        record_id = self._value(number, self.sheet.identity, self._cell(cells, self.identity))
        base = self._value(number, BASE_REVISION, self._cell(cells, self.base))
        self._check_identity(number, record_id, base, self._cell(cells, self.identity).strip())
        kind = self._value(number, CHANGE_KIND, self._cell(cells, self.kind))
        document = {column.name: self._value(number, column, cells[place]) for place, column in self.fields}
        if self.citation.get(SOURCES) is not None:
            document["citations"] = self._citations(number, cells)
        self.rows.append(Row(number, record_id, base, kind, document))

    def _cell(self, cells: list[str], place: int | None) -> str:
        return "" if place is None else cells[place]

    def _is_ragged(self, number: int, cells: list[str]) -> bool:
        """What is empty beyond the header's last column is no fault: spreadsheets write it."""
        if len(cells) > self.width and not any(cell.strip() for cell in cells[self.width :]):
            del cells[self.width :]
            return False
        advice = "Cells may have shifted: look for a separator or a line break that is not within quotation marks."
        found = f"{len(cells)} cells: {', '.join(cells)}"
        self.faults.append(Fault(number, None, quoted(found), f"{self.width} cells, as the header has", advice))
        return True

    def _refuse_nameless(self, number: int, cells: list[str]) -> None:
        if len(self.named) == self.width:
            return
        for place, cell in enumerate(cells):
            if cell.strip() and place not in self.named:
                advice = "Give the column its name, or clear the cell."
                self.faults.append(
                    Fault(number, None, quoted(cell), f"nothing in column {place + 1}, which has no name", advice)
                )

    def _check_identity(self, number: int, record_id: str | None, base: int | None, given: str) -> None:
        if not given:
            self.new = self.new or number
            if base is not None:
                advice = f"Give the id of the record, or clear {BASE_REVISION.name} for a new one."
                self.faults.append(Fault(number, self.sheet.identity.name, None, "the id of the record", advice))
            return
        self.old = self.old or number
        if record_id is None:
            return
        if base is None and self.base is not None:
            advice = "Begin with an export of the record, which gives it; for a new record, clear the id."
            self.faults.append(Fault(number, BASE_REVISION.name, None, "the revision that was exported", advice))
        if (first := self.numbers.setdefault(record_id, number)) != number:
            advice = f"Row {first} has it already: keep one of the two."
            self.faults.append(Fault(number, self.sheet.identity.name, record_id, "each record once", advice))

    def _value(self, number: int, column: Column, cell: str) -> Any:
        if not cell or cell.isspace():
            if column.required:
                self.faults.append(Fault(number, column.name, None, column.kind.expected, "This must not be blank."))
            return [] if column.many else None
        try:
            if column.many:
                return self._several(column, _plain(column, cell))
            return column.kind.read(cell if type(cell) is str else _plain(column, cell))
        except Unexpected as unexpected:
            self._fault(number, column, cell, unexpected)
            return [] if column.many else None

    def _several(self, column: Column, cell: str) -> list[Any]:
        values = []
        for one in split(cell):
            if one is None:
                raise Unexpected(
                    f"{column.kind.expected}, and so on, separated by ;", "Take out the ; that nothing follows."
                )
            values.append(column.kind.read(one))
        if len(set(values)) < len(values):
            raise Unexpected("each value once", "Take out the value that is there twice.")
        return values

    def _citations(self, number: int, cells: list[str]) -> list[dict[str, Any]]:
        place = self.citation[SOURCES]
        assert place is not None
        try:
            sources = self._parts(SOURCES, cells[place])
        except Unexpected as unexpected:
            self._fault(number, SOURCES, cells[place], unexpected)
            return []
        if not sources:
            advice = "Every record cites at least one source: give its id."
            self.faults.append(Fault(number, SOURCES.name, None, SOURCES.kind.expected, advice))
        locators, notes = (self._beside(number, column, cells, len(sources)) for column in (LOCATORS, CITATION_NOTES))
        return [
            {"source": source, "locator": locator, "note": note}
            for source, locator, note in zip(sources, locators, notes, strict=True)
        ]

    def _beside(self, number: int, column: Column, cells: list[str], length: int) -> Sequence[Any]:
        """What is said of each source, in their order."""
        place = self.citation[column]
        if place is None or not cells[place] or cells[place].isspace():
            return [None] * length
        try:
            parts = self._parts(column, cells[place])
            if len(parts) != length:
                sources = f"{length} source" if length == 1 else f"{length} sources"
                raise Unexpected(
                    f"as many values as sources ({length}), separated by ;",
                    f"There are {sources} and {len(parts)} values here: leave a place blank where there is nothing to say, and"
                    " write a ; that belongs to a text as \\;",
                )
        except Unexpected as unexpected:
            self._fault(number, column, cells[place], unexpected)
            return [None] * length
        return parts

    def _parts(self, column: Column, cell: str) -> list[Any]:
        if not cell or cell.isspace():
            return []
        parts = split(_plain(column, cell))
        if column is SOURCES and None in parts:
            raise Unexpected("ids of sources separated by ;", "Take out the ; that nothing follows.")
        return [None if part is None else column.kind.read(part) for part in parts]

    def _fault(self, number: int, column: Column, cell: str, unexpected: Unexpected) -> None:
        self.faults.append(Fault(number, column.name, quoted(cell), unexpected.expected, unexpected.advice))


def _plain(column: Column, cell: str) -> str:
    if isinstance(cell, MangledCell):
        raise Unexpected(column.kind.expected, cell.advice)
    if isinstance(cell, DayCell) and not column.kind.dated:
        raise Unexpected(
            column.kind.expected,
            "A spreadsheet has made a date of what was typed: format the column as text, and write it again.",
        )
    return str(cell)
