"""A sheet without rows, to begin with."""

from schema.spreadsheet.columns import Sheet
from schema.spreadsheet.workbook import as_xlsx
from schema.spreadsheet.write import as_csv


def template(sheet: Sheet) -> bytes:
    """As CSV: the header alone."""
    return as_csv(sheet, [])


def template_as_xlsx(sheet: Sheet) -> bytes:
    """As XLSX: the header, choices for closed lists, and the notes."""
    return as_xlsx(sheet, [])
