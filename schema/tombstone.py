"""What is left of a record that was retracted: its id, why it went, and its whole history."""

from typing import Any

import graphene
import sqlalchemy as sa

from db import tables
from schema.clock import Clock
from schema.fields import Column, Part, Row
from schema.json_text import literal
from schema.record import Node, address, revisions, version_id
from schema.revision import Revision
from schema.vocabulary import RecordType


def _newest(row: Any, record_id: Any, clock: Clock) -> sa.ColumnElement[bool]:
    """The newest retraction of the record that the clock sees."""
    later = tables.revision.alias()
    retractions = sa.select(sa.func.max(later.c.position)).where(
        later.c.record_id == record_id, later.c.operation == literal("RETRACT"), clock.saw(later)
    )
    return row.c.position == retractions.correlate_except(later).scalar_subquery()  # type: ignore[no-any-return]


class Tombstone(Row):
    """A record that was retracted: it is no longer part of what the record says, but nothing of its history is lost."""

    class Meta:
        interfaces = (Node,)
        table = tables.revision
        by_id = staticmethod(_newest)

    id = Column(graphene.ID, "record_id", required=True, description="The id that it had, and that nothing else gets.")
    version_id = version_id("record_id")
    record_type = Column(RecordType, required=True, description="What type of record it was.")
    revision = Part(graphene.NonNull(Revision), description="The revision that retracted it: when, by whom and why.")
    revisions = revisions("record_id")
    permalink = address("record_id", "Its address, which says since when and why it is gone.")
