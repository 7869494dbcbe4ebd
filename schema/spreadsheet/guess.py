"""Which sheet a file is: by its name, or else by its header."""

from schema.spreadsheet.columns import SHEETS, Sheet
from schema.spreadsheet.faults import quoted
from schema.spreadsheet.kinds import nearest
from schema.spreadsheet.read import read

LEAST = 3
"""Columns that a file shares with the sheet that it is said to be nearest to: fewer are those of several sheets."""


class CannotGuess(Exception):
    """It may be several sheets, or is none: says which it is nearest to, and what that has no column for."""


def guessed(name: str, content: bytes) -> Sheet:
    """The only one that it can be. Raises CannotGuess, and Unreadable where there is no header to go by."""
    plain = name.casefold().replace("_", "-").replace(" ", "-")
    named = [sheet for sheet in SHEETS.values() if sheet.name in plain]
    if len(named) == 1:
        return named[0]
    names = {column.name for sheet in SHEETS.values() for column in sheet.columns}
    lines, _ = read(content, "", names)
    header = [cell for cell in dict.fromkeys(cell.strip() for cell in lines[0]) if cell] if lines else []
    unknown = {one.name: [cell for cell in header if cell not in _names(one)] for one in SHEETS.values()}
    fitting = [sheet for sheet in SHEETS.values() if not unknown[sheet.name]]
    if header and len(fitting) == 1:
        return fitting[0]
    best, *others = sorted(SHEETS.values(), key=lambda sheet: len(unknown[sheet.name]))
    shared = len(header) - len(unknown[best.name])
    if fitting or shared < LEAST or len(unknown[best.name]) == len(unknown[others[0].name]):
        raise CannotGuess("does not tell which sheet it is")
    told = ", ".join(_told(cell, _names(best)) for cell in unknown[best.name])
    raise CannotGuess(f"is nearest to the sheet {best.name}, which has no column {told}")


def _names(sheet: Sheet) -> tuple[str, ...]:
    return tuple(column.name for column in sheet.columns)


def _told(cell: str, names: tuple[str, ...]) -> str:
    meant = nearest(cell, names)
    return f"{quoted(cell)!r} ({meant})" if meant else f"{quoted(cell)!r}"
