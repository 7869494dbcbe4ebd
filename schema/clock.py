"""The clock that a part of an operation is read at: which position of the log, and which valid day."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from db.tables import NOW, revision
from schema.json_text import literal
from schema.refusals import BadValue

Condition = sa.ColumnElement[bool]

CLOCK_TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "known": sa.DateTime(True),
    "position": sa.Integer(),
    "valid": sa.Date(),
}
CLOCKS = tuple(CLOCK_TYPES)
"""What a reader can choose: what was known then, by moment or by position of the log; and the day that it is about."""

HEAD = (
    sa.select(sa.func.coalesce(sa.func.max(revision.c.position), sa.literal_column("0")).label("position"))
    .cte("head")
    .prefix_with("materialized", dialect="postgresql")
)
NEWEST = sa.select(HEAD.c.position).scalar_subquery()
"""The log's newest position, as the statement sees it."""


@dataclass(frozen=True)
class Clock:
    """known: the moment that was asked for, else that of the newest revision that this clock sees."""

    position: sa.ColumnElement[int]
    known: sa.ColumnElement[Any]
    day: sa.ColumnElement[Any]
    stands: Callable[[sa.FromClause], Condition]  # that a version of a table stands
    saw: Callable[[sa.FromClause], Condition]  # that a revision had been recorded

    lasts: bool = False  # whether it is of today, so that nearly everything that holds lasts

    def holds(self, steps: sa.FromClause) -> Condition:
        """That a row valid for a span of days (coverage) is so on this clock's day."""
        return sa.and_(self.stands(steps), steps.c.valid_from <= self.day, steps.c.valid_to > self.day)


def present(day: sa.ColumnElement[Any], *, lasts: bool = True) -> Clock:
    """The newest position, on a day."""
    return Clock(
        position=NEWEST,
        known=sa.select(sa.func.max(revision.c.recorded_at)).scalar_subquery(),
        day=day,
        stands=lambda versions: versions.c.known_to == sa.literal_column(str(NOW)),  # a literal: RISKS 20
        saw=lambda _revisions: sa.true(),
        lasts=lasts,
    )


def past(position: sa.ColumnElement[int], day: sa.ColumnElement[Any]) -> Clock:
    """What the record said at a position, of a day."""
    moment = sa.select(sa.func.max(revision.c.recorded_at)).where(revision.c.position <= position)
    return Clock(
        position=position,
        known=moment.scalar_subquery(),
        day=day,
        stands=lambda versions: sa.and_(versions.c.known_from <= position, versions.c.known_to > position),
        saw=lambda revisions: revisions.c.position <= position,
    )


def paged(clock: Clock, position: sa.ColumnElement[int], day: sa.ColumnElement[Any]) -> Clock:
    """The clock of a list's later page: that of its first page, but never later than what this clock knows."""
    known = position if clock.position is NEWEST else sa.func.least(position, clock.position, type_=sa.Integer())
    return past(known, day)


def calendar_day(day: date) -> date:
    """The day. Raises BadValue for the calendar's first and last, which PostgreSQL's driver takes for the ends of time."""
    if day in (date.min, date.max):
        raise BadValue(f"{day} is where calendars end: ask for a day between 0001-01-02 and 9999-12-30.")
    return day


@dataclass(frozen=True)
class Moment:
    """The clocks that a request asks to be read at, as a whole; what is None was not asked for."""

    known: datetime | None = None
    position: int | None = None
    valid: date | None = None

    @property
    def shape(self) -> frozenset[str]:
        """Which are asked for: the plan depends on it."""
        return frozenset(name for name in CLOCKS if getattr(self, name) is not None)


PRESENT = Moment()


def asked(
    known: sa.ColumnElement[Any] | None,
    position: sa.ColumnElement[int] | None,
    valid: sa.ColumnElement[Any] | None,
    *,
    today: sa.ColumnElement[Any],
    name: str,
    place: sa.ColumnElement[str],
    called: tuple[str, str] = ("known", "position"),
) -> Clock:
    """The clock of what was asked for. name: of the CTE that resolves it, once; place: what the database is to say with its
    refusal when there is no such moment in the record; called: what the reader calls known and position."""
    if known is None and position is None:
        return present(today if valid is None else valid, lasts=valid is None)
    moment: sa.ColumnElement[Any] = (
        sa.func.moment_of_position(literal(called[1]), position, place) if known is None else known
    )
    at: sa.ColumnElement[Any] = (
        sa.func.position_known_at(literal(called[0]), known, place) if position is None else position
    )
    found = sa.select(moment.label("known"), at.label("position")).subquery(f"{name}s")
    day = sa.cast(sa.func.timezone(sa.literal_column("'UTC'"), found.c.known), sa.Date) if valid is None else valid
    resolved = sa.select(found, day.label("day")).cte(name).prefix_with("materialized", dialect="postgresql")
    clock = past(*(sa.select(resolved.c[column]).scalar_subquery() for column in ("position", "day")))
    return replace(clock, known=sa.select(resolved.c.known).scalar_subquery())
