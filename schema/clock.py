"""The clock that a part of an operation is read at: which position of the log, and which valid day."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from db.tables import NOW, revision

HEAD = (
    sa.select(
        sa.func.coalesce(sa.func.max(revision.c.position), 0).label("position"),
        sa.func.max(revision.c.recorded_at).label("recorded_at"),
    )
    .cte("head")
    .prefix_with("materialized", dialect="postgresql")
)
"""The log's newest position and moment, as the statement sees it."""


@dataclass(frozen=True)
class Clock:
    """`stands` is the condition that a version of a table stands at this clock."""

    position: sa.ColumnElement[int]
    known: sa.ColumnElement[Any]
    day: sa.ColumnElement[Any]
    stands: Callable[[sa.FromClause], sa.ColumnElement[bool]]


def present(today: sa.ColumnElement[Any]) -> Clock:
    """The newest position and today."""
    return Clock(
        position=sa.select(HEAD.c.position).scalar_subquery(),
        known=sa.select(HEAD.c.recorded_at).scalar_subquery(),
        day=today,
        stands=lambda versions: versions.c.known_to == sa.literal_column(str(NOW)),  # a literal: partial indexes (RISKS 20)
    )


def past(position: sa.ColumnElement[int], day: sa.ColumnElement[Any]) -> Clock:
    """What the record said at a position, of a day."""
    return Clock(
        position=position,
        known=sa.select(sa.func.max(revision.c.recorded_at)).where(revision.c.position <= position).scalar_subquery(),
        day=day,
        stands=lambda versions: sa.and_(versions.c.known_from <= position, versions.c.known_to > position),
    )
