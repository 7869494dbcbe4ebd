"""What all records share: an id, a version, the revision shown, the whole history, an address."""

from typing import Any

import graphene
import sqlalchemy as sa

from db import tables
from schema.clock import Clock
from schema.connection import connection
from schema.fields import Column, Computed, Edge
from schema.json_text import literal
from schema.keyset import Key
from schema.paged import Paged
from schema.planning import At

NODE = "schema.record.Node"
TOMBSTONE = "Tombstone"
"""What a retracted record leaves (schema/tombstone.py)."""


class Node(graphene.Interface):
    """Anything that has an id. Ids are final: they are never reused and never change their meaning."""

    id = Column(graphene.ID, required=True, description='Type and name, like "Measure:PHL-0007". Treat it as opaque.')


def version_id(column: str) -> Computed:
    """The field `versionId` of what has its record's id in a column."""

    def told(at: At) -> Any:
        position, day = sa.cast(at.clock.position, sa.Text), sa.cast(at.clock.day, sa.Text)
        return at.row.c[column] + literal("@") + position + literal("@") + day

    return Computed(
        graphene.ID,
        told,
        required=True,
        description="id, log position and valid day of this answer: the cache key for clients that hold several clocks at once.",
    )


def survivor_of(at: At, record_id: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The id of the record that a record was merged into, as the clock knows; its own where it was not."""
    at.plan.charge(at.path, 1)
    row = at.plan.alias(tables.survivor)
    found = sa.select(row.c.survivor_id).where(at.clock.stands(row), row.c.id == record_id)
    return sa.func.coalesce(found.correlate_except(row).scalar_subquery(), record_id, type_=sa.Text())


def address(column: str, description: str) -> Computed:
    """The field `permalink` of what has its record's id in a column."""
    return Computed(
        graphene.String,
        lambda at: at.plan.public_url + literal("/r/") + at.row.c[column],
        plain=True,
        required=True,
        description=description,
    )


def revisions(column: str) -> Paged:
    """The field `revisions` of what has its record's id in a column."""
    return Paged(
        "schema.revision.RevisionConnection",
        lambda at, revision: revision.c.record_id == at.row.c[column],
        total=100,
        unique=Key(lambda revision, _clock: revision.c.position, sa.Integer),
        description="Every revision of the record up to this clock, the first one first.",
    )


class Record(graphene.Interface):
    """Something under change control: each change is a revision, with its author, its reason and its moment."""

    class Meta:
        interfaces = (Node,)

    id = Column(graphene.ID, required=True, description='Type and name, like "Measure:PHL-0007". Treat it as opaque.')
    version_id = version_id("id")
    revision = Edge(
        graphene.NonNull("schema.revision.Revision"),
        lambda at, revision: revision.c.position == at.row.c.known_from,
        description="The revision that this answer shows.",
    )
    revisions = revisions("id")
    permalink = address("id", "The record's address, for citing and sharing.")


RecordConnection = connection("Record", NODE, "records")


def count_of(table: sa.Table, on: object, clock: Clock) -> sa.ColumnElement[int]:
    """How many rows of a table stand, for which `on` holds."""
    row = table.alias()
    counted = sa.select(sa.func.count()).select_from(row).where(clock.stands(row), on(row))  # type: ignore[operator]
    return counted.correlate_except(row).scalar_subquery()
