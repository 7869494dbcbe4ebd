"""How the text of a cell becomes a value of a document; each kind refuses what it cannot read, with what to do about it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from schema.spreadsheet.faults import Unexpected

LARGEST_NUMBER = 2_147_483_647
"""What an integer of the database can hold."""

LONGEST_NAME = 60
"""Characters: what is longer was not meant for a name or a word of a list."""

ERRORS = frozenset(
    {"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#N/A", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA"}
)
"""What spreadsheets show where a formula failed."""

FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters but line breaks and tabs, halves of characters, and what is no character."""

_GARBLED = re.compile("\ufffd|[ÃÂ][\x80-\xbf]|â€[\u2122\u0153\u009d\u201c\u201d\u02dc\u2013\u2014]")
"""What is left of UTF-8 that was read as Latin-1 and written again."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_PARTIAL = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
_SERIAL = re.compile(r"[1-9]\d{4}(\.\d+)?", re.ASCII)
_DAY_FIRST_OR_MONTH_FIRST = re.compile(r"(\d\d?)[./-](\d\d?)[./-](\d{4})", re.ASCII)
_EPOCH = datetime(1899, 12, 30)
"""From which Excel counts its days."""


@dataclass(frozen=True)
class Kind:
    """read: the text of a cell, never blank, to its value; raises Unexpected. words: a closed list's, with their
    meanings."""

    expected: str
    read: Callable[[str], Any]
    words: tuple[tuple[str, str], ...] = ()
    dated: bool = False


def _text(cell: str) -> str:
    if not cell.isprintable():
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")  # spreadsheets for Windows break lines so
        if found := FORBIDDEN.search(cell):
            raise Unexpected(
                "text without control characters",
                f"Delete the invisible character U+{ord(found[0]):04X} at place {found.start() + 1} of the cell.",
            )
    if not cell.isascii() and (found := _GARBLED.search(cell)):
        raise Unexpected(
            "text whose letters are whole",
            f"{found[0]!r} is what is left of a letter when a file is opened in another encoding than it was saved in. Open"
            " the file as UTF-8, or write the letter again.",
        )
    if cell in ERRORS:
        raise Unexpected("text", "A formula failed here: write what it should have said.")
    return cell


TEXT = Kind("text", _text)


def pattern(regex: str, expected: str) -> Kind:
    """Text of a fixed form: codes, ids, addresses."""
    matches = re.compile(regex).fullmatch

    def read(cell: str) -> str:
        stripped = cell.strip()
        if matches(stripped):
            return stripped
        raise Unexpected(expected, "Write it in that form, with nothing before or after it.")

    return Kind(expected, read)


def word(words: Any) -> Kind:
    """One word of a closed list: an enum of schema/vocabulary.py."""
    explained = tuple((str(one), words._meta.description(one)) for one in words._meta.enum)
    known = {name: name for name, _ in explained}
    expected = "one of " + ", ".join(known)

    def read(cell: str) -> str:
        found = known.get(cell) or known.get(cell.strip())
        if found is None:
            raise Unexpected(
                expected, nearest(re.sub(r"[\s-]+", "_", cell.strip()), tuple(known)) or "Choose one of these words."
            )
        return found

    return Kind(expected, read, words=explained)


def _partial_day(cell: str) -> str:
    stripped = cell.strip()
    if _PARTIAL.fullmatch(stripped) and _is_day(stripped + "0001-01-01"[len(stripped) :]):
        return stripped
    raise Unexpected(PARTIAL_DAY.expected, _about_date(stripped))


def _day(cell: str) -> str:
    stripped = cell.strip()
    if _DAY.fullmatch(stripped) and _is_day(stripped):
        return stripped
    raise Unexpected(DAY.expected, _about_date(stripped))


PARTIAL_DAY = Kind("a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD", _partial_day, dated=True)
DAY = Kind("a day of the calendar as YYYY-MM-DD", _day, dated=True)


def _number(cell: str) -> int:
    stripped = cell.strip()
    if stripped.isascii() and stripped.isdigit() and stripped[0] != "0" and int(stripped[:11]) <= LARGEST_NUMBER:
        return int(stripped)
    whole = stripped.removesuffix(".0").removesuffix(",0")
    if whole != stripped and whole.isdigit():
        raise Unexpected(NUMBER.expected, f"Write {whole}.")
    raise Unexpected(NUMBER.expected, "Write digits alone.")


NUMBER = Kind(f"a whole number from 1 to {LARGEST_NUMBER}", _number)


@lru_cache(1_000)
def nearest(given: str, known: tuple[str, ...]) -> str | None:
    """A sentence that names what was likely meant, if anything was. Kept: a column that is wrong is wrong in every row."""
    if len(given) > LONGEST_NAME:
        return None
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(given.casefold(), list(folded), 1, 0.6)
    return f"Did you mean {folded[close[0]]}?" if close else None


def _about_date(cell: str) -> str:
    if _SERIAL.fullmatch(cell) and 10_000 < float(cell) < 80_000:
        meant = (_EPOCH + timedelta(days=int(float(cell)))).date()
        return f"{cell} is how a spreadsheet counts days, likely {meant}: format the column as text, and write the date again."
    if found := _DAY_FIRST_OR_MONTH_FIRST.fullmatch(cell):
        first, second, year = int(found[1]), int(found[2]), found[3]
        possible = {f"{year}-{month:02}-{day:02}" for day, month in ((first, second), (second, first))}
        meant_days = sorted(one for one in possible if _is_day(one))
        if meant_days:
            return f"Write {' or '.join(meant_days)}; the year comes first."
    if _PARTIAL.fullmatch(cell):
        return "The calendar has no such day: look it up in the source."
    if (whole := cell.removesuffix(".0")) != cell and re.fullmatch(r"\d{4}", whole):
        return f"Write {whole}: format the column as text."
    return "Write as much of the date as the source says, the year first: 2012, 2012-05 or 2012-05-14."


def _is_day(cell: str) -> bool:
    try:
        return bool(date.fromisoformat(cell))
    except ValueError:
        return False
