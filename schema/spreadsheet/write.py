"""Documents into the cells of a sheet, and these into CSV."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schema.spreadsheet.apostrophe import guarded
from schema.spreadsheet.columns import CITATION, Column, Sheet
from schema.spreadsheet.kinds import ERRORS, FORBIDDEN
from schema.spreadsheet.lists import join

LONGEST_CELL = 32_767
"""Characters (UTF-16's units) that Excel keeps of a cell, whichever file it opens."""

BYTE_ORDER_MARK = "\ufeff"
"""By which Excel knows UTF-8."""

CITATION_KEYS = ("source", "locator", "note")
"""In the order of the columns that hold them."""


@dataclass(frozen=True)
class Standing:
    """A record as it stands: its id, the number of its newest revision, its document."""

    record_id: str
    revision: int
    document: Mapping[str, Any]


class CannotWrite(Exception):
    """A document that the sheet cannot hold; the message says which, where and why."""


def as_csv(sheet: Sheet, rows: Iterable[Standing]) -> bytes:
    """UTF-8, commas, as RFC 4180 says. Raises CannotWrite."""
    file = io.StringIO(newline="")
    file.write(BYTE_ORDER_MARK)
    writer = csv.writer(file)
    writer.writerow(column.name for column in sheet.columns)
    writer.writerows(map(guarded, cells) for cells in cells_of(sheet, rows))
    return file.getvalue().encode()


def cells_of(sheet: Sheet, rows: Iterable[Standing]) -> Iterator[list[str]]:
    """Each record's cells, in the order of the sheet's columns. Raises CannotWrite."""
    known = {column.name for column in sheet.fields} | ({"citations"} if sheet.cited else set())
    for row in rows:
        if strangers := row.document.keys() - known:
            raise CannotWrite(
                f"{row.record_id} has {', '.join(sorted(strangers))}, which {sheet.name} has no column for."
            )
        cells = [row.record_id, str(row.revision), ""]
        cells += [_cell(row, column, row.document.get(column.name)) for column in sheet.fields]
        if sheet.cited:
            cells += _citations(row)
        for column, cell in zip(sheet.columns, cells, strict=True):
            if not cell.isprintable() or len(cell) * 2 > LONGEST_CELL:
                _require_fitting(row, column, cell)
        yield cells


def _cell(row: Standing, column: Column, value: Any) -> str:
    if value is None:
        return ""
    if column.many:
        return join([_writable(row, column, one) for one in value])
    return _writable(row, column, value)


def _citations(row: Standing) -> list[str]:
    citations = row.document.get("citations") or []
    if any(citation.keys() - set(CITATION_KEYS) for citation in citations):
        raise CannotWrite(f"{row.record_id} has citations that say more than {', '.join(CITATION_KEYS)}.")
    return [
        join([citation.get(key) and _writable(row, column, citation[key]) for citation in citations])
        for column, key in zip(CITATION, CITATION_KEYS, strict=True)
    ]


def _writable(row: Standing, column: Column, text: Any) -> str:
    if not isinstance(text, str) or not text or text.isspace() or text in ERRORS:
        raise CannotWrite(
            f"{row.record_id}: {column.name} holds {text!r}, which would not come back from a spreadsheet."
        )
    return text


def _require_fitting(row: Standing, column: Column, cell: str) -> None:
    if found := FORBIDDEN.search(cell):
        raise CannotWrite(
            f"{row.record_id}: {column.name} holds the character U+{ord(found[0]):04X}, which a spreadsheet cannot hold."
        )
    length = len(cell.encode("utf-16-le")) // 2
    if length > LONGEST_CELL:
        raise CannotWrite(
            f"{row.record_id}: {column.name} has {length:,} characters; a cell of a spreadsheet holds {LONGEST_CELL:,}."
        )
