"""XLSX: a sheet of typed cells, and one that says what it stands for. Row by row, each of which leaves for a temporary file."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain, islice
from typing import Any, BinaryIO

from xlsxwriter import Workbook

from api.apart.refused import CannotWrite
from api.apart.table import Table
from api.apart.writing import main
from schema.column import Column

MOST_ROWS = 1_048_575
"""Excel's, below the header."""

MOST_COLUMNS = 16_384

LONGEST = 32_767
"""Characters of a cell, as Excel counts them: in UTF-16."""

LOOKED_AT = 200
"""Rows that the widths of the columns go by."""

NARROW, WIDE = 8, 60
"""Characters."""

NOTES = (
    "A blank cell says nothing: the field is empty.",
    "Full dates are dates; so one column can hold dates and, where only the month or the year is known, text such as 2012-05 or"
    " 2012. Text, too, are moments, to the microsecond, in UTC, and days before March 1900, before which spreadsheets count"
    " differently.",
    "Several values in one cell stand one after another, “; ” between them; “\\;” is a semicolon and “\\\\” a backslash of a value"
    " itself.",
)

NEVER = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}
"""What stands for characters that are none, and may not be in XML."""

Write = Callable[[int, int, str], Any]


def write(table: Table, rows: BinaryIO, file: BinaryIO) -> None:
    """rows: CSV as PostgreSQL writes it, without a header. Raises CannotWrite and NotAll."""
    if table.total > MOST_ROWS or len(table.columns) > MOST_COLUMNS:
        raise CannotWrite(
            f"A spreadsheet holds {MOST_ROWS:,} rows and {MOST_COLUMNS:,} columns at most, and these are {table.total:,} and"
            f" {len(table.columns):,}. Ask for less by a filter, or for .csv or .parquet."
        )
    csv.field_size_limit(sys.maxsize)
    # the only cell of a row may be empty
    read = (cells or [""] for cells in csv.reader(io.TextIOWrapper(rows, "utf-8", newline="")))
    first = list(islice(read, LOOKED_AT))
    with Workbook(file, {"constant_memory": True}) as book:
        # the same rows are the same bytes, whenever they are written
        book.set_properties({"title": table.about["title"], "created": datetime.fromisoformat(table.about["known"])})
        page = _laid_out(book, table, first)
        too_long = _filled(book, page, table, chain(first, read))
        _about(book, table, too_long)


def _laid_out(book: Workbook, table: Table, first: Sequence[Sequence[str]]) -> Any:
    """The sheet with its header."""
    bold = book.add_format({"bold": True, "bg_color": "#DDEBF7"})
    page = book.add_worksheet("Rows")
    page.freeze_panes(1, 1)
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    names = [one.name for one in table.columns]
    for place in range(len(names)):
        longest = max(len(cells[place]) for cells in [names, *first])
        page.set_column(place, place, min(max(longest + 2, NARROW), WIDE))
    if names:
        page.autofilter(0, 0, table.total, len(names) - 1)
    for place, name in enumerate(names):
        page.write_string(0, place, name, bold)
    return page


def _filled(book: Workbook, page: Any, table: Table, rows: Iterable[Sequence[str]]) -> int:
    """How many cells would have been too long."""
    written = Cells(book, page)
    writes = [written.by_kind(column) for column in table.columns]
    number = 0
    for number, cells in enumerate(rows, 1):
        for place, cell in enumerate(cells):
            if cell:
                writes[place](number, place, cell)
    table.is_all(number)
    return written.too_long


class Cells:
    """How the cells of a kind are written: never as a formula or an address, whatever they begin with."""

    def __init__(self, book: Workbook, page: Any) -> None:
        self.page, self.too_long = page, 0
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})

    def by_kind(self, column: Column) -> Write:
        kinds: Mapping[str, Write] = {
            "Int": self.number,
            "Float": self.number,
            "Boolean": self.truth,
            "Date": self.date,
            "PartialDate": self.date,
        }
        return kinds.get(column.kind, self.text)

    def number(self, row: int, place: int, cell: str) -> None:
        self.page.write_number(row, place, float(cell))

    def truth(self, row: int, place: int, cell: str) -> None:
        self.page.write_boolean(row, place, cell == "true")

    def date(self, row: int, place: int, cell: str) -> None:
        if len(cell) < len("2012-05-14") or cell < "1900-03-01":  # Excel has a 29 February 1900
            self.text(row, place, cell)
        else:
            self.page.write_datetime(row, place, date.fromisoformat(cell), self.day)

    def text(self, row: int, place: int, cell: str) -> None:
        if len(cell) > LONGEST // 2 and len(cell.encode("utf-16-le")) // 2 > LONGEST:
            self.too_long += 1
            cell = f"[{len(cell):,} characters, more than a cell of a spreadsheet can hold: see .csv or .parquet]"
        self.page.write_string(row, place, cell.translate(NEVER))


def _about(book: Workbook, table: Table, too_long: int) -> None:
    page = book.add_worksheet("About")
    wrapped, bold = (
        book.add_format({"text_wrap": True, "valign": "top"}),
        book.add_format({"bold": True, "valign": "top"}),
    )
    page.set_column(0, 0, 14)
    page.set_column(1, 1, 100)
    told = f"{too_long:,} cells were too long for a spreadsheet, and say so instead of what they would hold."
    notes = [*NOTES, *([told] if too_long else [])]
    for row, (name, text) in enumerate(
        [*table.about.items(), ("rows", f"{table.total}"), *(("", one) for one in notes)]
    ):
        page.write_string(row, 0, name, bold)
        page.write_string(row, 1, text, wrapped)


if __name__ == "__main__":
    main(write)
