"""The rows below the header into documents; what is wrong in any cell is kept, and reading goes on."""

from collections.abc import Sequence
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
from schema.spreadsheet.faults import Fault, Unexpected, quoted
from schema.spreadsheet.header import Header
from schema.spreadsheet.lists import split


class Row(NamedTuple):
    """A row of the sheet. number: as spreadsheets number it, the header being 1; record_id, base_revision None: a new record; kind
    None: as for the whole file; document: the fields that the file has columns for, and no others."""

    number: int
    record_id: str | None
    base_revision: int | None
    kind: str | None
    document: dict[str, Any]


class Rows:
    """The rows below the header. new, old: the first row of a new record, and of one that has an id."""

    def __init__(self, sheet: Sheet, header: Header) -> None:
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
        given, given_base = (self._cell(cells, place).strip() for place in (self.identity, self.base))
        self._check_identity(number, record_id, given, given_base)
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

    def _check_identity(self, number: int, record_id: str | None, given: str, base: str) -> None:
        """given, base: the cells as they are, so that what could not be read is not told as blank, too."""
        if not given:
            self.new = self.new or number
            if base:
                advice = f"Give the id of the record, or clear {BASE_REVISION.name} for a new one."
                self.faults.append(Fault(number, self.sheet.identity.name, None, "the id of the record", advice))
            return
        self.old = self.old or number
        if not base and self.base is not None:
            advice = "Begin with an export of the record, which gives it; for a new record, clear the id."
            self.faults.append(Fault(number, BASE_REVISION.name, None, "the revision that was exported", advice))
        if record_id and (first := self.numbers.setdefault(record_id, number)) != number:
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
            return []
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
