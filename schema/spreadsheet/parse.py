"""A file into documents: each row's fields, as far as the file has columns for them, and every fault at once."""

from dataclasses import dataclass

from schema.spreadsheet.columns import Sheet
from schema.spreadsheet.faults import Fault, Unreadable, quoted
from schema.spreadsheet.header import Header
from schema.spreadsheet.read import read
from schema.spreadsheet.rows import Row, Rows


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
    header = Header(sheet, columns, [cell.strip() for cell in lines[0]] if lines else [])
    if not header.places:
        names = ", ".join(columns)
        advice = f"The first row holds the names of the columns: begin with what “opsc template {sheet.name}” gives."
        found = quoted(", ".join(header.names)) or None
        return Parsed([], [Fault(1, None, found, f"some of the columns {names}", advice)])
    rows = Rows(sheet, header)
    for number, cells in enumerate(lines[1:], 2):
        rows.read(number, cells)
    if not rows.seen and not faults:
        faults.append(
            Fault(2, None, None, "a row for each record", "The file holds a header alone: write the rows below it.")
        )
    found_faults = [*header.faults(rows.new, rows.old), *rows.faults, *faults]
    return Parsed(rows.rows, sorted(found_faults, key=lambda fault: fault.row))
