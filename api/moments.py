"""The moment that a request asks for: in its address (?known, ?position, ?valid), or in its header Accept-Datetime (RFC 7089)."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from graphql import GraphQLError
from starlette.datastructures import QueryParams

from schema.clock import PRESENT, Moment, calendar_day
from schema.refusals import BadValue
from schema.scalars import Date, DateTime

LONGEST_POSITION = 9
"""Digits."""

POSITION = re.compile(rf"-?\d{{1,{LONGEST_POSITION}}}", re.ASCII)
HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", re.ASCII)
SECOND = timedelta(microseconds=999_999)
"""What follows within a second, as precise as the log."""


def asked_in(parameters: QueryParams) -> Moment:
    """What an address asks for. Raises BadValue, naming the parameter."""
    given: dict[str, Any] = {}
    for name, read in READERS.items():
        values = parameters.getlist(name)
        if len(values) > 1:
            raise BadValue(f"{name}: it is given {len(values)} times; give it once.")
        try:
            if values:
                given[name] = read(values[0])
        except (GraphQLError, BadValue) as error:
            raise BadValue(f"{name}: {error}") from None
    if "known" in given and "position" in given:
        raise BadValue("known and position both say what was known: give one of them.")
    return Moment(**given) if given else PRESENT


def says_what_was_known(moment: Moment) -> bool:
    """Whether it is of one state of the record, whatever is published later; Accept-Datetime has no say in it then."""
    return moment.known is not None or moment.position is not None


def accepted(headers: Mapping[bytes, bytes], asked: Moment) -> datetime | None:
    """What Accept-Datetime asks for, where the address leaves it to that. Raises BadValue.

    It has no fractions, so the whole second counts: the Memento-Datetime of an answer leads back to that answer.
    """
    header = headers.get(b"accept-datetime")
    if header is None or says_what_was_known(asked):
        return None
    try:
        if HTTP_DATE.fullmatch(written := header.decode("latin-1")):
            return datetime.strptime(f"{written}+0000", "%a, %d %b %Y %H:%M:%S GMT%z") + SECOND
    except ValueError:
        pass
    raise BadValue('Accept-Datetime: it is written "Tue, 24 Nov 2026 09:30:00 GMT".')


def _known(text: str) -> datetime:
    """A plus sign that stands in an address as it is means a space; no moment holds one."""
    moment: datetime = DateTime.parse_value(text.replace(" ", "+"))
    return moment


def _position(text: str) -> int:
    if not POSITION.fullmatch(text):
        raise BadValue("a position of the log is a whole number of up to nine digits: write it as 4727.")
    return int(text)


def _valid(text: str) -> date:
    day: date = Date.parse_value(text)
    return calendar_day(day)


READERS: Mapping[str, Callable[[str], Any]] = {"known": _known, "position": _position, "valid": _valid}
