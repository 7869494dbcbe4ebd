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


def spelt(word: str) -> str:
    """A word of a closed list: "IN_FORCE" → "In force"."""
    return word.replace("_", " ").capitalize()


def label(field: str) -> str:
    """A field, as sentences of the record label it: "inForceOn" → "In force on"."""
    words = re.sub("([A-Z])", r" \1", field[1:]).lower()
    return field[:1].upper() + words
