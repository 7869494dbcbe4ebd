"""How dates, moments and the words of closed lists are written for people, in English."""

import re

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def day(partial: str) -> str:
    """A date, as precise as it is: "2012-05" → "May 2012"."""
    year, month, of_month = (*partial.split("-"), "", "")[:3]
    return " ".join([*([str(int(of_month))] if of_month else []), *([MONTHS[int(month) - 1]] if month else []), year])


def moment(written: str) -> str:
    """A moment of the log: "2026-11-24T09:30:00.123456Z" → "24 November 2026, 09:30:00 UTC"."""
    return f"{day(written[:10])}, {written[11:19]} UTC"


ABBREVIATED = frozenset(("NGO", "UN"))

NAMES = {
    "ASIA_PACIFIC": "Asia-Pacific",
    "EASTERN_EUROPEAN": "Eastern European",
    "LATIN_AMERICAN_AND_CARIBBEAN": "Latin American and Caribbean",
    "WESTERN_EUROPEAN_AND_OTHERS": "Western European and others",
}
"""Words of closed lists that hold names."""


def spelt(word: str) -> str:
    """A word of a closed list: "IN_FORCE" → "In force"."""
    words = " ".join(part if part in ABBREVIATED else part.lower() for part in word.split("_"))
    return NAMES.get(word) or words[:1].upper() + words[1:]


def label(field: str, kind: str | None = None) -> str:
    """A field, as sentences of the record label it: "inForceOn" → "In force on". kind: the record's; what is due did not happen."""
    if field == "happenedOn" and (kind or "").endswith("_DUE"):
        return "Due on"
    words = re.sub("([A-Z])", r" \1", field[1:]).lower()
    return field[:1].upper() + words
