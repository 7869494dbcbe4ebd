"""Dates as documents write them: whole days, and dates as precise as their source, read as db/functions.sql reads them."""

import re
from calendar import monthrange
from datetime import date

_WRITTEN = re.compile(r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?")


def is_day(text: str) -> bool:
    """Whether the text is a day of the calendar, like "2012-05-14"."""
    return len(text) == len("2012-05-14") and is_partial_day(text)


def is_partial_day(text: str) -> bool:
    """Whether the text is a year, a month or a day of the calendar: "2012", "2012-05", "2012-05-14"."""
    if not _WRITTEN.fullmatch(text):
        return False
    try:
        earliest(text)
    except ValueError:
        return False
    return True


def earliest(partial: str) -> date:
    """The first day that it can mean. Raises ValueError for what is no date."""
    return date.fromisoformat(partial + "0001-01-01"[len(partial) :])


def latest(partial: str) -> date:
    """The last day that it can mean. Raises ValueError for what is no date."""
    first = earliest(partial)
    if len(partial) == len("2012"):
        return first.replace(month=12, day=31)
    if len(partial) == len("2012-05"):
        return first.replace(day=monthrange(first.year, first.month)[1])
    return first
