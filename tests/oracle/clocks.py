"""The clocks that readers choose, found in the log plainly: a moment or a position, and a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracle.log import Log, Reading
from tests.oracle.resolvers import moment_told

AHEAD = timedelta(minutes=1)
"""How far beyond the present a moment may lie."""


class NoSuchClock(Exception):
    """The record has no such moment, or what is asked for contradicts itself."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Clocks:
    """A reading, and the moment that it is of: the one asked for, else that of its newest revision."""

    reading: Reading
    known: datetime

    @property
    def told(self) -> dict[str, Any]:
        return {"known": moment_told(self.known), "valid": str(self.reading.day), "position": self.reading.position}


def at_clocks(log: Log, asked: Mapping[str, Any], today: date) -> Clocks:
    """What is read at known, position and valid, as the arguments of Query.at say them; null says nothing. Raises NoSuchClock."""
    known, position, valid = (asked.get(name) for name in ("known", "position", "valid"))
    if known is not None and position is not None:
        raise NoSuchClock("BAD_USER_INPUT")
    moment = None
    if known is not None:
        moment = datetime.fromisoformat(known.upper()).astimezone(UTC)
        position = sum(1 for one in log.revisions if one.recorded_at <= moment)
        if position == 0 or moment > datetime.now(UTC) + AHEAD:
            raise NoSuchClock("CLOCK_OUT_OF_RANGE")
    elif position is not None:
        if not 1 <= position <= len(log.revisions):
            raise NoSuchClock("CLOCK_OUT_OF_RANGE")
        moment = log.revisions[position - 1].recorded_at
    day = date.fromisoformat(valid) if valid is not None else moment.date() if moment else today
    position = len(log.revisions) if position is None else position
    return Clocks(log.at(position, day), moment or log.revisions[-1].recorded_at)
