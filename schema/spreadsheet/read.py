"""A file into rows of cells, whichever kind it is."""

from collections.abc import Iterable

from schema.spreadsheet.csv_file import rows_of_csv
from schema.spreadsheet.faults import Fault, Unreadable
from schema.spreadsheet.xlsx_file import SAVE_AGAIN, rows_of_xlsx

LARGEST_FILE = 20_000_000
"""Bytes."""

MOST_ROWS = 20_000
"""Below the header."""


def read(content: bytes, sheet_name: str, names: Iterable[str]) -> tuple[list[list[str]], list[Fault]]:
    """Rows of cells, the first one the header's, and what is wrong with the file's form. Raises Unreadable."""
    if len(content) > LARGEST_FILE:
        size = f"{len(content) / 1_000_000:.1f} MB"
        raise Unreadable(
            Fault(1, None, size, f"at most {LARGEST_FILE // 1_000_000} MB", "Divide it into several files.")
        )
    if not content.removeprefix(b"\xef\xbb\xbf").strip():
        raise Unreadable(Fault(1, None, None, "a header and rows", "The file is empty: was it saved?"))
    if content.startswith(b"PK\x03\x04"):
        return rows_of_xlsx(content, sheet_name, MOST_ROWS + 1), []
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        found = "an old .xls file, or one with a password"
        raise Unreadable(Fault(1, None, found, "CSV or XLSX", SAVE_AGAIN))
    rows, faults = rows_of_csv(content, names, MOST_ROWS + 2)
    if len(rows) > MOST_ROWS + 1:
        found = f"more than {MOST_ROWS:,} rows"
        raise Unreadable(
            Fault(
                MOST_ROWS + 2, None, found, f"at most {MOST_ROWS:,} below the header", "Divide it into several files."
            )
        )
    return rows, faults
