"""Documents into XLSX: every cell is text, so that nothing that is typed or read becomes a number, a date or a formula."""

import io
from collections.abc import Iterable
from typing import Any

from xlsxwriter import Workbook

from schema.spreadsheet import apostrophe, lists
from schema.spreadsheet.columns import Column, Sheet
from schema.spreadsheet.read import MOST_ROWS
from schema.spreadsheet.write import CannotWrite, Standing, cells_of
from schema.spreadsheet.xlsx_file import NOTES

WIDE = frozenset({"title", "summary", "criterion", "note", "evidence", "citationNotes", "url"})
"""Columns of sentences."""

GENERAL = (
    "A blank cell says nothing: the field is empty. A column that you take out is left alone in records that exist.",
    "A new record has no id and no baseRevision; columns that must not be blank are marked below.",
    "Dates are text, as precise as the source, the year first: 2012, 2012-05 or 2012-05-14. Never more than the source says.",
    lists.RULE,
    "sources, locators and citationNotes are read together: the first locator is the first source's, and so on.",
    apostrophe.RULE,
    "Details of children never enter: no names, no ages with places, nothing by which a child could be found.",
)

_WORDS = 4
"""The column of Notes in which the closed lists stand, which the choices of cells refer to."""


def as_xlsx(sheet: Sheet, rows: Iterable[Standing]) -> bytes:
    """The header is frozen, closed lists can be chosen from, and a second sheet tells each column's meaning. Raises CannotWrite."""
    file = io.BytesIO()
    # constant_memory: each row leaves for a temporary file once the next begins
    with Workbook(file, {"constant_memory": True}) as book:
        text = book.add_format({"num_format": "@", "valign": "top"})
        bold = book.add_format({"num_format": "@", "bold": True, "bg_color": "#DDEBF7"})
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 1)
        for place, column in enumerate(sheet.columns):
            page.set_column(place, place, 40 if column.name in WIDE else 18, text)
        page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        _offer_words(page, sheet)
        for place, column in enumerate(sheet.columns):
            page.write_string(0, place, column.name, bold)
        for number, cells in enumerate(cells_of(sheet, rows), 1):
            if number > MOST_ROWS:
                raise CannotWrite(
                    f"A sheet holds {MOST_ROWS:,} rows at most, and there are more: ask for fewer records."
                )
            for place, cell in enumerate(cells):
                if cell:
                    page.write_string(number, place, cell, text)
        _write_notes(book, sheet, bold)
    return file.getvalue()


def _offer_words(page: Any, sheet: Sheet) -> None:
    """By reference to Notes: a list within the choice itself may have 255 characters."""
    row = 1
    for place, column in enumerate(sheet.columns):
        if words := column.kind.words:
            letter = chr(ord("A") + _WORDS + 1)
            page.data_validation(
                1,
                place,
                MOST_ROWS,
                place,
                {
                    "validate": "list",
                    "source": f"={NOTES}!${letter}${row + 1}:${letter}${row + len(words)}",
                    "error_title": column.name,
                    "error_message": f"Choose one of the words of the sheet {NOTES}.",
                },
            )
            row += len(words)


def _write_notes(book: Workbook, sheet: Sheet, bold: Any) -> None:
    """On the left each column's meaning, and the rules for all; on the right each closed list's words."""
    page = book.add_worksheet(NOTES)
    wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
    for place, width in enumerate((18, 70, 40, 4, 18, 36, 70)):
        page.set_column(place, place, width, wrapped)
    left = [("column", "meaning", "how to write it")]
    left += [(column.name, column.meaning, _written(column)) for column in sheet.columns]
    left += [("", sentence, "") for sentence in GENERAL]
    right = [("column", "word", "meaning")]
    right += [(column.name, *explained) for column in sheet.columns for explained in column.kind.words]
    blank = ("", "", "")
    for row in range(max(len(left), len(right))):
        told = (*(left[row] if row < len(left) else blank), "", *(right[row] if row < len(right) else blank))
        for place, cell in enumerate(told):
            if cell:
                page.write_string(row, place, cell, wrapped if row else bold)


def _written(column: Column) -> str:
    kind = "one of the words on the right" if column.kind.words else column.kind.expected
    return f"{kind}{', and so on, separated by ;' if column.many else ''}{'; never blank' if column.required else ''}"
