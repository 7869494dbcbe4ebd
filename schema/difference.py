"""Differences: what changed in the record between two moments or positions, each record once, however often it changed."""

from dataclasses import replace
from typing import Any

import graphene
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import JSON as SQL_JSON

from db import tables, vocabulary
from schema.changes import ChangeFilter
from schema.clock import Clock, asked
from schema.connection import connection
from schema.fields import Column, Computed, Edge, Edges, Row
from schema.filters import conditions
from schema.json_text import Json, as_sql, literal
from schema.keyset import column
from schema.paged import Page, Paged
from schema.planning import At
from schema.refusals import BadValue
from schema.revision import FieldChange, Revision, changes_between, read_as
from schema.scalars import DateTime
from schema.vocabulary import ChangeKind, Operation, RecordType

OF_A_REVISION = ("kind", "operation", "author", "submission")
"""What ChangeFilter says of revisions; the rest it says of their record."""

OF_THEIR_RECORD = ("recordType", "recordId", "stateParty", "recommendation", "region")

LARGEST_LOG = 125_000
"""Revisions that may lie between two moments, for the cost: planning cannot know."""

BOUNDS = {
    "from": graphene.Argument(
        DateTime,
        description="What was known at this moment is compared. Moments before the record's first revision, or more than a minute "
        "ahead, are refused. When neither it nor fromPosition is given: nothing was known, so that everything is new.",
    ),
    "to": graphene.Argument(
        DateTime,
        description="With what was known at this moment; now, when neither it nor toPosition is given. A later page ends where its "
        "first page did, whatever is given here.",
    ),
    "fromPosition": graphene.Argument(
        graphene.Int, description="The same as from by position of the log; 0 is the beginning. Give one of the two."
    ),
    "toPosition": graphene.Argument(
        graphene.Int, description="The same as to by position of the log. Give one of the two."
    ),
}
"""The arguments that say between what."""

TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "from": sa.DateTime(True),
    "fromPosition": sa.Integer(),
    "to": sa.DateTime(True),
    "toPosition": sa.Integer(),
}


def _kinds(at: At) -> Any:
    """In the enum's order; of what is only proposed, the one that it says."""
    if "kind" in at.row.c:
        return sa.func.array_append(
            sa.literal_column("'{}'::text[]", ARRAY(sa.Text())), at.row.c.kind, type_=ARRAY(sa.Text())
        )
    revision = at.plan.alias(tables.revision)
    between = revision.c.position > at.row.c.start, revision.c.position <= at.clock.position
    words = literal(f"{{{','.join(vocabulary.ChangeKind)}}}")
    found = sa.select(revision.c.kind).where(revision.c.record_id == at.row.c.record_id, *between)
    found = found.group_by(revision.c.kind).order_by(
        sa.func.array_position(sa.cast(words, ARRAY(sa.Text())), revision.c.kind)
    )
    return sa.func.array(found.correlate_except(revision).scalar_subquery(), type_=ARRAY(sa.Text()))


def _sentence(at: At) -> Any:
    row, state, survivor = at.row, at.plan.alias(tables.state_party), at.plan.alias(tables.revision)
    code = sa.cast(sa.func.coalesce(row.c.document, row.c.document_before), SQL_JSON)["stateParty"].astext
    name = sa.select(state.c.name).where(state.c.code == code, at.clock.stands(state)).correlate_except(state)
    said = sa.select(read_as(survivor)).where(survivor.c.record_id == row.c.merged_into, at.clock.saw(survivor))
    said = said.where(survivor.c.operation != literal("REDACT"))
    said = said.order_by(survivor.c.position.desc()).limit(sa.literal_column("1")).correlate_except(survivor)
    return sa.func.difference_told(
        row.c.operation,
        row.c.record_id,
        row.c.document_before,
        row.c.document,
        sa.func.coalesce(name.scalar_subquery(), code),
        sa.func.record_named(row.c.merged_into, sa.cast(said.scalar_subquery(), JSONB), sa.null()),
        row.c.redacted,
    )


class Difference(Row):
    """What became of one record between two moments: its state then against its state now, with all that happened in between."""

    record_type = Column(RecordType, required=True, description="The type of the record.")
    record_id = Column(graphene.ID, required=True, description="The record.")
    operation = Column(
        Operation,
        required=True,
        description="What became of it, all told. CREATE: it is new. AMEND: it says something else. RETRACT: it stood and no "
        "longer does. RESTORE: it had been retracted and stands again. MERGE: it went into another record. REDACT: some "
        "of what it said, whether it stands or not, was redacted, and nothing else is left to tell.",
    )
    kinds = Computed(
        graphene.List(graphene.NonNull(ChangeKind)),
        _kinds,
        reads=5,
        required=True,
        description="Why it changed: the kinds of all its changes in between, each once. Where STATE_ACTED is not among them, "
        "nothing happened in the world: only what is known of it, or how it is coded, has changed.",
    )
    field_changes = Edges(
        FieldChange,
        source=lambda at: changes_between(at, at.row.c.document_before, at.row.c.document),
        order=lambda change: [change.c.place],
        bound=20,
        description="The fields that differ, each once: what it said at the start, what it says at the end. Of a new record, every "
        "field that says something. What has been redacted reads as the redaction left it.",
    )
    sentence = Computed(
        graphene.String,
        _sentence,
        reads=20,
        required=True,
        description="The difference in words, naming the record and its State party. It never judges.",
    )
    before = Edge(
        Revision,
        lambda at, revision: revision.c.position == at.row.c.position_before,
        description="The record's newest revision at the start, redactions apart; of a restored record, the one that had retracted "
        "it; null where there was none.",
    )
    after = Edge(
        Revision,
        lambda at, revision: revision.c.position == at.row.c.position,
        description="Its newest revision at the end, which may be a redaction.",
    )


DifferenceConnection = connection("Difference", Difference, "differences")


class Differences(Paged):
    """The net differences between two positions, the latest change first; the clock is that of the end."""

    def __init__(self, description: str) -> None:
        super().__init__(
            DifferenceConnection,
            total=LARGEST_LOG,
            source=_source,
            unique=column("position", sa.Integer, descending=True),
            args=BOUNDS,
            filter=ChangeFilter(
                description="Which records: those of which one revision in between fits, whatever the others are like. Everything "
                "when it is left out."
            ),
            description=description,
        )

    def page(self, at: At) -> Page:
        for moment, position in (("from", "fromPosition"), ("to", "toPosition")):
            if moment in at.given and position in at.given:
                raise BadValue(f"{moment} and {position} say the same in two ways: give one of them.")
        at.plan.charge(at.path, LARGEST_LOG // 100, LARGEST_LOG)
        if "to" in at.given or "toPosition" in at.given:
            at = replace(at, clock=_end(at))
        return super().page(at)

    def json(self, at: At) -> Json:
        page = self.page(at)
        found = as_sql(page.json())
        return (sa.case((_start(page.at).is_not(None), found)),)  # it is looked up, whatever is asked of the page


def _end(at: At) -> Clock:
    """The clock that `to` or `toPosition` says."""
    known, position = (_given(at, name) if name in at.given else None for name in ("to", "toPosition"))
    name, called = at.plan.name("c"), ("to", "toPosition")
    return asked(known, position, None, today=at.plan.today, name=name, place=at.place(), called=called)


def _given(at: At, name: str) -> sa.ColumnElement[Any]:
    """An argument that says between what; null where it is not given."""
    return at.bind(name, TYPES[name]) if name in at.given else sa.cast(sa.null(), TYPES[name])


def _start(at: At) -> sa.ColumnElement[int]:
    """The position that was known at the start, looked up once."""

    def found() -> sa.ColumnElement[int]:
        given = [_given(at, name) for name in TYPES]
        start = sa.func.difference_start(*given, at.clock.position, at.place(), type_=sa.Integer())
        kept = (
            sa.select(start.label("position")).cte(at.plan.name("c")).prefix_with("materialized", dialect="postgresql")
        )
        return sa.select(kept.c.position).scalar_subquery()

    start: sa.ColumnElement[int] = at.plan.once(("start of a difference", at.path), found)
    return start


def _source(at: At) -> sa.FromClause:
    """The newest revision in between of each record that differs, beside the newest one before. Both are looked up revision by
    revision, from the end of the log: a page then reads little more than itself."""
    start, end = _start(at), at.clock.position
    newest, later, earlier, last, one, redaction = (at.plan.alias(tables.revision) for _ in range(6))

    def said(revision: Any, by_then: Any) -> Any:
        """What a record said last."""
        found = sa.select(
            revision.c.position, revision.c.operation, revision.c.merged_into, read_as(revision).label("document")
        )
        found = found.where(
            revision.c.record_id == newest.c.record_id, revision.c.operation != literal("REDACT"), by_then
        )
        found = found.order_by(revision.c.position.desc()).limit(sa.literal_column("1")).correlate(newest)
        return found.lateral(at.plan.name("l"))

    of_record = sa.select(sa.func.max(later.c.position)).where(
        later.c.record_id == newest.c.record_id, later.c.position <= end
    )
    stood, stands = said(earlier, earlier.c.position <= start), said(last, last.c.position <= end)
    redacts = redaction.c.record_id == newest.c.record_id, redaction.c.operation == literal("REDACT")
    during = redaction.c.position > start, redaction.c.position <= end
    redacted = sa.exists(sa.select(sa.literal_column("1")).where(*redacts, *during).correlate_except(redaction))
    net = sa.func.net_operation(stood.c.operation, stood.c.document, stands.c.operation, stands.c.document, redacted)
    found = (
        sa.select(
            newest.c.position,
            newest.c.record_type,
            newest.c.record_id,
            stands.c.document,
            stands.c.merged_into,
            stood.c.position.label("position_before"),
            stood.c.document.label("document_before"),
            net.label("operation"),
            redacted.label("redacted"),
            start.label("start"),
        )
        .select_from(newest.join(stands, sa.true()).outerjoin(stood, sa.true()))
        .where(newest.c.position > start, newest.c.position <= end, net.is_not(None))
        .where(newest.c.position == of_record.correlate(newest).scalar_subquery())
        .where(*conditions(at, newest, OF_THEIR_RECORD))
    )
    if of_revision := conditions(at, one, OF_A_REVISION):
        between = one.c.record_id == newest.c.record_id, one.c.position > start, one.c.position <= end
        fitting: Any = sa.select(sa.literal_column("1")).select_from(one).where(*between, *of_revision)
        fitting = fitting.offset(sa.literal_column("0"))  # a fence: looked up record by record, never joined
        found = found.where(sa.exists(fitting.correlate(newest)))
    return found.subquery(at.plan.name("d"))
