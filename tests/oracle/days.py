"""Partial dates and what has happened by a day, in plain Python (RISKS 22)."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from typing import Any

STATUSES = ("ENDED", "IN_FORCE", "ADOPTED", "DRAFTED", "ANNOUNCED")
"""The last milestone first."""

DATED_BY = {
    "ENDED": "endedOn",
    "IN_FORCE": "inForceOn",
    "ADOPTED": "adoptedOn",
    "DRAFTED": "announcedOn",
    "ANNOUNCED": "announcedOn",
}
"""A status → the field of a measure's document with the date that it rests on."""


def earliest(partial: str) -> date:
    year, month, day = ([int(part) for part in partial.split("-")] + [1, 1])[:3]
    return date(year, month, day)


def latest(partial: str) -> date:
    parts = [int(part) for part in partial.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else 12
    return date(year, month, parts[2] if len(parts) > 2 else monthrange(year, month)[1])


def happened_by(partial: str | None, reported: str | None) -> date | None:
    """Its last possible day, or the day it was reported if that is earlier and can be after it."""
    if partial is None:
        return None
    if reported is not None and earliest(partial) <= latest(reported) < latest(partial):
        return latest(reported)
    return latest(partial)


def known_by(partial: str | None, by_day: date | None, said_on: date) -> date:
    """The same of what the record itself says has happened: at the latest when it said so, unless it told of the future."""
    if by_day is None or (partial is not None and earliest(partial) <= said_on < by_day):
        return said_on
    return by_day


def reached(document: Mapping[str, Any], said_on: date) -> dict[str, date]:
    """Each status of a measure → the day by which it is known to have been reached."""
    found: dict[str, date] = {}
    for status in STATUSES:
        dated, reported = document[DATED_BY[status]], document["reportedOn"]
        if status == document["status"]:
            basis = dated or reported
            found[status] = known_by(basis, happened_by(basis, reported), said_on)
        elif status != "DRAFTED" and (day := happened_by(dated, reported)) is not None:
            found[status] = day
    return found


def span_of_latest(document: Mapping[str, Any]) -> tuple[date, date] | None:
    """The first and last possible day of a measure's latest milestone."""
    dates = [document[field] for field in ("announcedOn", "adoptedOn", "inForceOn", "endedOn") if document[field]]
    return max(((earliest(one), latest(one)) for one in dates), default=None)
