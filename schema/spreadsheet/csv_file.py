"""CSV into rows of cells: UTF-8 with or without a byte order mark, separated by whatever its header is."""

import csv
import io
from collections.abc import Iterable

from schema.spreadsheet.apostrophe import bared
from schema.spreadsheet.faults import Fault, Unreadable, quoted

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}

SAVE_AS_UTF_8 = (
    "Save it again: in Excel as “CSV UTF-8 (Comma delimited)”, in LibreOffice with the character set “Unicode (UTF-8)”,"
    " or as .xlsx."
)


def rows_of_csv(content: bytes, names: Iterable[str], most: int) -> tuple[list[list[str]], list[Fault]]:
    """At most so many rows, the first one the header's. names: those that a header may hold.

    Raises Unreadable where the bytes are not UTF-8. A fault of the quotes ends the rows.
    """
    text = _decoded(content)
    separator = _separator(text, frozenset(names))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    try:
        for cells in reader:
            rows.append(cells)
            if len(rows) >= most:
                break
    except csv.Error as error:
        fault = Fault(
            len(rows) + 1,
            None,
            str(error),
            f"cells separated by {SEPARATORS[separator]}, each quotation mark doubled inside a quoted cell",
            "A cell that begins with a quotation mark must end with one. Open the file in a spreadsheet, and save it again.",
        )
        return rows, [fault]
    if "'" in text:
        rows = [[bared(cell) if cell.startswith("'") else cell for cell in cells] for cells in rows]
    return rows, []


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:4]:
        raise Unreadable(Fault(1, None, "UTF-16", "UTF-8", SAVE_AS_UTF_8))
    bare = content.removeprefix(b"\xef\xbb\xbf")
    try:
        return bare.decode()
    except UnicodeDecodeError as error:
        row = _row_at(bare[: error.start].decode())
        begin = bare.rfind(b"\n", 0, error.start) + 1
        shown = bare[max(begin, error.start - 20) : error.start + 20].decode("cp1252", "replace").splitlines()[0]
        raise Unreadable(Fault(row, None, quoted(shown), "UTF-8", SAVE_AS_UTF_8)) from None


def _row_at(before: str) -> int:
    """The row in which a text ends: line breaks within quotation marks begin none."""
    try:
        return sum(1 for _ in csv.reader(io.StringIO(f"{before}.", newline="")))
    except csv.Error:
        return before.count("\n") + 1


def _separator(text: str, names: frozenset[str]) -> str:
    """The one by which the header holds the most columns that are known; where none is, the one that it holds most often."""
    header = next(iter(io.StringIO(text, newline="")), "")

    def fits(separator: str) -> tuple[int, int]:
        cells = [cell.strip().strip('"') for cell in header.split(separator)]
        return len(names.intersection(cells)), len(cells)

    return max(SEPARATORS, key=fits)
