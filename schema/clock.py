"""The clock that a part of an operation is read at: which position of the log, and which valid day."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db.tables import NOW, revision

Condition = sa.ColumnElement[bool]

HEAD = (
    sa.select(sa.func.coalesce(sa.func.max(revision.c.position), sa.literal_column("0")).label("position"))
    .cte("head")
    .prefix_with("materialized", dialect="postgresql")
)
NEWEST = sa.select(HEAD.c.position).scalar_subquery()
"""The log's newest position, as the statement sees it."""


@dataclass(frozen=True)
class Clock:
    """known: the moment of the newest revision that this clock sees."""

    position: sa.ColumnElement[int]
    known: sa.ColumnElement[Any]
    day: sa.ColumnElement[Any]
    stands: Callable[[sa.FromClause], Condition]  # that a version of a table stands
    saw: Callable[[sa.FromClause], Condition]  # that a revision had been recorded

    lasts: bool = False  # whether it is of today, so that nearly everything that holds lasts

    def holds(self, steps: sa.FromClause) -> Condition:
        """That a row valid for a span of days (coverage) is so on this clock's day."""
        return sa.and_(self.stands(steps), steps.c.valid_from <= self.day, steps.c.valid_to > self.day)


def present(day: sa.ColumnElement[Any]) -> Clock:
    """The newest position, on a day."""
    return Clock(
        position=NEWEST,
        known=sa.select(sa.func.max(revision.c.recorded_at)).scalar_subquery(),
        day=day,
        stands=lambda versions: versions.c.known_to == sa.literal_column(str(NOW)),  # a literal: RISKS 20
        saw=lambda _revisions: sa.true(),
        lasts=True,
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
