"""How the text of a cell becomes a value; each kind refuses what it cannot read by saying what it expected."""

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any

Reads = Callable[[str], Any]
"""A kind: the text of a cell, never blank, to its value as a document holds it; raises Unexpected."""

LARGEST_NUMBER = 2_147_483_647
"""What an integer column of the database can hold."""


class Unexpected(ValueError):
    """The text is not of its column's kind; the message says what would have been."""


def text(cell: str) -> str:
    return cell


def pattern(regex: str, expected: str) -> Reads:
    """Text of a fixed form: codes, ids."""
    matches = re.compile(regex).fullmatch

    def reads(cell: str) -> str:
        if matches(cell):
            return cell
        raise Unexpected(expected)

    return reads


def number(cell: str) -> int:
    """A whole number without sign, leading zeros or points, as it would be written back."""
    if cell.isascii() and cell.isdigit() and (cell[0] != "0" or cell == "0") and int(cell[:11]) <= LARGEST_NUMBER:
        return int(cell)
    raise Unexpected(f"a whole number from 0 to {LARGEST_NUMBER}")


def truth(cell: str) -> bool:
    if cell in ("true", "false"):
        return cell == "true"
    raise Unexpected("true or false")


def day(cell: str) -> str:
    """A full date, one that the calendar has."""
    if _is_day(cell):
        return cell
    raise Unexpected("a day of the calendar as YYYY-MM-DD")


def partial_day(cell: str) -> str:
    """A date as precise as its source."""
    if len(cell) in (len("2012"), len("2012-05"), len("2012-05-14")) and _is_day(cell + "0001-01-01"[len(cell) :]):
        return cell
    raise Unexpected("a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD")


def word(vocabulary: type[StrEnum]) -> Reads:
    """One word of a closed list."""
    known = frozenset(map(str, vocabulary))

    def reads(cell: str) -> str:
        if cell in known:
            return cell
        raise Unexpected("one of " + ", ".join(vocabulary))

    return reads


def several(of: Reads, separator: str = ";") -> Reads:
    """Values of one kind in a cell, none of them blank, none twice."""

    def reads(cell: str) -> list[Any]:
        parts = [part.strip(" ") for part in cell.split(separator)]
        if "" in parts:
            raise Unexpected(f"values separated by '{separator}', none of them blank")
        if len(set(parts)) < len(parts):
            raise Unexpected(f"values separated by '{separator}', none of them twice")
        return [of(part) for part in parts]

    return reads


def _is_day(cell: str) -> bool:
    try:
        return re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell) is not None and bool(date.fromisoformat(cell))
    except ValueError:
        return False
