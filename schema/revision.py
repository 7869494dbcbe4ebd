"""Revisions: each change of a record, as the log holds it; and the feed of them."""

from typing import Any

import graphene
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON as SQL_JSON

from db import tables
from schema.connection import connection
from schema.fields import Column, Computed, Edge, Edges, Planned, Row
from schema.json_text import Json, literal
from schema.planning import At
from schema.record import NODE, TOMBSTONE, Node, survivor_of
from schema.scalars import JSON, DateTime
from schema.source import TYPE_NAMES
from schema.vocabulary import ChangeKind, CitationStyle, Operation, RecordType

NAMED_BY = ("title", "heading", "name", "subject")
"""The fields of documents that say what a record is called."""


def _hex(column: str) -> Any:
    return lambda at: sa.func.encode(at.row.c[column], literal("hex"))


def _address(at: At) -> Any:
    return at.plan.public_url + literal("/r/") + at.row.c.record_id + literal("/") + sa.cast(at.row.c.number, sa.Text)


def _citation(at: At) -> sa.ColumnElement[str]:
    document = sa.cast(at.row.c.document, SQL_JSON)
    title = sa.func.coalesce(*(document[key].astext for key in NAMED_BY), document[("names", "EN")].astext)
    return sa.func.revision_citation(
        literal(at.given.shape("style", "TEXT")),
        title,
        at.row.c.number,
        at.row.c.record_id,
        at.row.c.recorded_at,
        sa.func.encode(at.row.c.document_hash, literal("hex")),
        _address(at),
    )


def _field_changes(at: At) -> sa.FromClause:
    earlier, redaction = at.plan.alias(tables.revision), literal("REDACT")
    before = sa.select(read_as(earlier)).where(
        earlier.c.record_id == at.row.c.record_id,
        earlier.c.number < at.row.c.number,
        earlier.c.operation != redaction,
    )
    before = before.order_by(earlier.c.number.desc()).limit(sa.literal_column("1")).correlate_except(earlier)
    after = sa.case((at.row.c.operation != redaction, read_as(at.row)))
    return changes_between(at, before.scalar_subquery(), after)


def read_as(revision: Any) -> sa.ColumnElement[str]:
    """What a revision reads as: its document or, once that is redacted, what the redaction left, which is looked up only then."""
    return sa.func.coalesce(revision.c.document, sa.func.left_of(revision.c.position), type_=sa.Text())


def changes_between(at: At, before: sa.ColumnElement[Any], after: sa.ColumnElement[Any]) -> sa.FromClause:
    """The rows of FieldChange: what two documents say otherwise. Not numbered by PostgreSQL, which could then not look into the
    function and leave out the sentences that nobody asks for: they cost seven times the rest."""
    changes = sa.func.placed_field_changes(before, after)
    return changes.table_valued(
        sa.column("place", sa.BigInteger()),
        sa.column("field", sa.Text()),
        sa.column("before", SQL_JSON),
        sa.column("after", SQL_JSON),
        sa.column("sentence", sa.Text()),
        name=at.plan.name("t"),
    ).render_derived()


class _ItsRecord(Planned):
    """The record that a revision is of, as it is at the clock."""

    def json(self, at: At) -> Json:
        record_id = survivor_of(at, at.row.c.record_id)
        return at.plan.named(
            at,
            sa.func.split_part(at.row.c.record_id, literal(":"), sa.literal_column("1")),
            record_id,
            list(TYPE_NAMES.values()),
            TOMBSTONE,
        )


class FieldChange(Row):
    """One field of a record, before and after a change."""

    field = Column(graphene.String, required=True, description="Its name, as in the record's document.")
    before = Column(JSON, description="What it said; null: nothing, or it was not there.")
    after = Column(JSON, description="What it says.")
    sentence = Column(graphene.String, required=True, description="The change in words.")


class Revision(Row):
    """One change of one record. Revisions are only ever added."""

    class Meta:
        interfaces = (Node,)
        table = tables.revision
        by_id = staticmethod(
            lambda row, node_id, _clock: (
                row.c.position
                == sa.cast(
                    sa.func.substring(node_id, literal(r"^Revision:([1-9]\d{0,8})$"), type_=sa.Text()), sa.Integer
                )
            )
        )

    id = Computed(
        graphene.ID,
        lambda at: literal("Revision:") + sa.cast(at.row.c.position, sa.Text),
        required=True,
        description='"Revision:" and its position. Treat it as opaque.',
    )
    position = Column(graphene.Int, required=True, description="Its place in the whole log: 1, 2, 3 … without gaps.")
    number = Column(graphene.Int, required=True, description="Its place among its record's revisions: 1, 2, 3 …")
    record_type = Column(RecordType, required=True, description="The type of its record.")
    record_id = Column(graphene.ID, required=True, description="Its record.")
    record = _ItsRecord(
        NODE,
        description="Its record as it is at the clock: the survivor when it was merged, its Tombstone when it was retracted.",
    )
    operation = Column(Operation, required=True, description="What it did.")
    kind = Column(ChangeKind, required=True, description="Why the record changed.")
    reason = Column(graphene.String, required=True, description="The reason given, in public.")
    recorded_at = Column(DateTime, required=True, description="When it entered the log.")
    author = Column(graphene.String, required=True, description="Who proposed it: a name that the account chose.")
    reviewer = Column(graphene.String, description="Who accepted it; null for the seed, which comes with the software.")
    submission = Edge(
        "schema.submission.Submission",
        lambda at, submission: submission.c.submission_id == at.row.c.submission_id,
        description="The submission that it came with: what was published together, and what others said of it.",
    )
    field_changes = Edges(
        FieldChange,
        source=_field_changes,
        order=lambda change: [change.c.place],
        bound=20,
        description="What it changed, against what the record said before. Words that have been redacted read as what was left "
        "of them on either side; a redaction itself changes nothing but these.",
    )
    document = Column(
        JSON,
        description="The whole record after the change; null once redacted. Of a redaction: what is left of each revision that it "
        "redacts.",
    )
    salt = Computed(
        graphene.String,
        _hex("salt"),
        plain=True,
        description="In hex: SHA-256 of salt and document (RFC 8785) is documentHash; null once redacted.",
    )
    document_hash = Computed(
        graphene.String,
        _hex("document_hash"),
        plain=True,
        required=True,
        description="The hash that the envelope holds, in hex.",
    )
    envelope = Column(
        graphene.String,
        required=True,
        description="The exact text that was hashed into the log (RFC 8785). It never changes.",
    )
    leaf_hash = Computed(
        graphene.String,
        _hex("leaf_hash"),
        plain=True,
        required=True,
        description="SHA-256 of a zero byte and the envelope, in hex: the log's leaf at position - 1.",
    )
    citation = Computed(
        graphene.String,
        _citation,
        reads=1,
        required=True,
        description="How to cite it.",
        args={"style": graphene.Argument(CitationStyle, default_value="TEXT", description="How it is written.")},
    )
    permalink = Computed(
        graphene.String, _address, plain=True, required=True, description="Its address, for citing. It never changes."
    )


RevisionConnection = connection("Revision", Revision, "revisions")
