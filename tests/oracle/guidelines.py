"""The order of the Guidelines: roman numeral, letter, number."""

import re
from functools import cache

from tests.oracle.log import Row

NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")

Place = tuple[int, str, int, str]


@cache
def place(row: Row) -> Place:
    """Of a section or a recommendation."""
    document = row.document
    if row.typename == "Section":
        return (*_section(document["number"]), -1, "")
    number = re.search(r"-([0-9]{1,4})$", document["code"])
    return (*_section(document["section"]), int(number[1]) if number else 9999, document["code"])


def is_in(number: str, sections: list[str]) -> bool:
    """That a section is one of these, or below one of them."""
    return any(number == one or number.startswith(f"{one}.") for one in sections)


def article_number(label: str) -> int | None:
    """ "3(1)(c)" names article 3; "preamble" and "1-12 (whole Protocol)" name none."""
    named = re.match(r"([0-9]{1,3})\s*(\(|$)", label)
    return int(named[1]) if named else None


def _section(number: str) -> tuple[int, str]:
    numeral, _, letter = number.partition(".")
    return NUMERALS.index(numeral) + 1 if numeral in NUMERALS else 99, letter
