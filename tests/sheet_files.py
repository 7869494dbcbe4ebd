"""Sheets as maintainers edit them: an export, read into rows by column, changed, and written as the program they use would."""

import csv
import io
from collections.abc import Callable, Sequence

from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

Row = dict[str, str]


def rows_of(content: bytes) -> list[Row]:
    """Those of an export as CSV."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def rows_of_workbook(content: bytes) -> list[Row]:
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        header, *lines = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [{str(name): str(cell) for name, cell in zip(header, line, strict=True)} for line in lines]


def as_commas(rows: Sequence[Row]) -> bytes:
    return _separated(rows, ",")


def as_semicolons(rows: Sequence[Row]) -> bytes:
    """With a byte order mark, as Excel writes it in much of Europe."""
    return b"\xef\xbb\xbf" + _separated(rows, ";")


def as_workbook(rows: Sequence[Row]) -> bytes:
    file = io.BytesIO()
    with Workbook(file) as book:
        page = book.add_worksheet("Sheet1")
        for number, cells in enumerate([list(rows[0]), *(list(row.values()) for row in rows)]):
            for place, cell in enumerate(cells):
                page.write_string(number, place, cell)
    return file.getvalue()


WAYS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    "commas.csv": as_commas,
    "semicolons.csv": as_semicolons,
    "workbook.xlsx": as_workbook,
}


def _separated(rows: Sequence[Row], separator: str) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue().encode()
