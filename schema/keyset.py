"""Keyset paging: the keys that a list is ordered by, cursors made of them, and the rows after or before a cursor.

No key is ever null (dates become days counted from 2000, unknown ones the largest number), so that rows compare as SQL rows do
(RISKS 6).
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from schema.clock import Clock
from schema.identity import LARGEST_POSITION
from schema.json_text import Json, Part, escaped, literal, plain, quoted
from schema.refusals import BadValue

Expression = sa.ColumnElement[Any]

LARGEST = 2_147_483_647
UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL's text cannot hold, and lone surrogates, which UTF-8 cannot (RISKS 10)."""


@dataclass(frozen=True)
class Key:
    """One thing to order by: `of` a row at a clock, text or whole numbers."""

    of: Callable[[Any, Clock], Expression]
    type: type[sa.Text] | type[sa.Integer] = sa.Text
    descending: bool = False

    def ordered(self, value: Expression, *, backwards: bool = False) -> Expression:
        """Its value, as an ORDER BY has it."""
        return value.desc() if self.descending != backwards else value.asc()


def column(name: str, type_: type[sa.Text] | type[sa.Integer] = sa.Text, *, descending: bool = False) -> Key:
    """A key that is a column, never null."""
    return Key(lambda row, _clock: row.c[name], type_, descending)


ID = column("id")


def days(column: Expression) -> Expression:
    """A date as a number: days from 1 January 2000, unknown ones after all others."""
    return sa.func.coalesce(column - sa.literal_column("'2000-01-01'::date"), sa.literal_column(str(LARGEST)))


def days_back(column: Expression) -> Expression:
    """The same with the latest first and unknown ones last."""
    return sa.func.coalesce(sa.literal_column("'2000-01-01'::date") - column, sa.literal_column(str(LARGEST)))


def after(
    keys: Sequence[Key], row: Any, clock: Clock, values: Sequence[Expression], *, backwards: bool
) -> sa.ColumnElement[bool]:
    """That a row comes after the one with these values, in the keys' order; backwards: before it."""
    down = [key.descending != backwards for key in keys]
    found = [key.of(row, clock) for key in keys]
    if len(set(down)) == 1:  # PostgreSQL's own comparison of rows, which an index answers
        mine, theirs = (sa.tuple_(*found), sa.tuple_(*values)) if len(keys) > 1 else (found[0], values[0])
        return mine < theirs if down[0] else mine > theirs
    first = found[0] <= values[0] if down[0] else found[0] >= values[0]  # what an index can use
    alternatives = []
    for place in range(len(keys)):
        equal = [found[before] == values[before] for before in range(place)]
        beyond = found[place] < values[place] if down[place] else found[place] > values[place]
        alternatives.append(sa.and_(*equal, beyond))
    return sa.and_(first, sa.or_(*alternatives))


def cursor(order: str, clock: Clock, keys: Sequence[Key], values: Sequence[Expression]) -> Json:
    """A row's place in a list, as JSON text: the position and the day that the list is read at, its order, its keys' values."""
    parts: list[Part] = ["[", *plain(clock.position), ",", *quoted(clock.day), f',"{order}"']
    for key, value in zip(keys, values, strict=True):
        parts += [",", *(escaped(value) if key.type is sa.Text else plain(value))]
    return (*parts, "]")


def opaque(text: Expression) -> Expression:
    """A cursor as clients see it: base64url, so that nobody builds on what is in it."""
    encoded = sa.func.encode(sa.func.convert_to(text, literal("UTF8")), literal("base64"))
    return sa.func.translate(encoded, sa.literal_column(r"E'+/\n'"), literal("-_"), type_=sa.Text())


@dataclass(frozen=True)
class Cursor:
    """What a cursor says."""

    position: int
    day: date
    values: list[Any]


@lru_cache(16)
def position_of(text: str) -> int | None:
    """The position that a cursor's list is read at; None of what is no cursor."""
    try:
        position = _unpacked(text)[0]
    except (ValueError, TypeError, LookupError, binascii.Error):
        return None
    return position if type(position) is int else None


def _unpacked(text: str) -> Any:
    return orjson.loads(base64.urlsafe_b64decode(text.encode("ascii")))


def reading(order: str, keys: Sequence[Key]) -> Callable[[str], Cursor]:
    """What a cursor of a list in this order says; raises BadValue for one that this list did not give."""

    @lru_cache(16)  # a request asks for each part of its cursor
    def read(text: str) -> Cursor:
        try:
            position, day, its_order, *values = _unpacked(text)
            if its_order != order and isinstance(its_order, str):
                raise BadValue("this cursor was given by a list in another order: ask for its first page again.")
            fits = len(values) == len(keys) and all(_fits(key, value) for key, value in zip(keys, values, strict=True))
            if not fits or type(position) is not int or not 0 <= position <= LARGEST_POSITION:
                raise ValueError(text)
            return Cursor(position, date.fromisoformat(day), values)
        except (ValueError, TypeError, binascii.Error) as error:
            if isinstance(error, BadValue):
                raise
            raise BadValue("this is no cursor: use one that a page gave (endCursor, startCursor), as it is.") from error

    return read


def _fits(key: Key, value: Any) -> bool:
    if key.type is sa.Text:
        return isinstance(value, str) and not UNSPEAKABLE.search(value)
    return type(value) is int and -LARGEST - 1 <= value <= LARGEST
