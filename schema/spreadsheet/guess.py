"""Which sheet a file is: by its name, or else by its header."""

from schema.spreadsheet.columns import SHEETS, Sheet
from schema.spreadsheet.faults import Unreadable
from schema.spreadsheet.read import read


def guessed(name: str, content: bytes) -> Sheet | None:
    """The only one that it can be; None where there is none, or more than one."""
    plain = name.casefold().replace("_", "-").replace(" ", "-")
    named = [sheet for sheet in SHEETS.values() if sheet.name in plain]
    if len(named) == 1:
        return named[0]
    names = {column.name for sheet in SHEETS.values() for column in sheet.columns}
    try:
        lines, _ = read(content, "", names)
    except Unreadable:
        return None
    header = {cell.strip() for cell in lines[0]} - {""} if lines else set()
    fitting = [sheet for sheet in SHEETS.values() if header <= {column.name for column in sheet.columns}]
    return fitting[0] if header and len(fitting) == 1 else None
