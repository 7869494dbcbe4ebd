"""Submissions: what somebody proposed, what the machine and other people said of it, and what came of it in the log."""

from typing import Any

import graphene
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import JSON as SQL_JSON

from db import tables
from schema.clock import Clock
from schema.connection import connection
from schema.difference import Difference
from schema.fields import Column, Computed, Edge, Edges, Row
from schema.filters import Matches, any_of, one_of
from schema.identity import well_formed
from schema.json_text import literal
from schema.keyset import column
from schema.paged import Paged
from schema.planning import VIEWER, At
from schema.record import Node
from schema.refusals import BadValue
from schema.revision import Revision, read_as
from schema.scalars import JSON, DateTime
from schema.vocabulary import Decision, RefusalCode, SubmissionState

LISTED = 200
"""How many of its revisions a submission lists: an import has thousands, and the cost of an answer is told before."""


def readable(row: Any, clock: Clock) -> sa.ColumnElement[bool]:
    """What had been published at the clock is everybody's; those who have an account read the rest, too, as it is now."""
    return sa.or_(row.c.published_at <= clock.known, VIEWER.is_not(None))


def _named(row: Any, node_id: Any, clock: Clock) -> sa.ColumnElement[bool]:
    name = sa.func.substring(node_id, literal(r"^Submission:(P?[1-9]\d{0,8})$"), type_=sa.Text())
    return sa.and_(row.c.name == name, readable(row, clock))


def refusals_in(rows: Any, at: At) -> sa.FromClause:
    """Refusals from a JSON array of them."""
    elements = sa.func.jsonb_array_elements(rows)
    return elements.table_valued(
        sa.column("refusal", JSONB), with_ordinality="place", name=at.plan.name("t")
    ).render_derived()


def _said(key: str) -> Any:
    return lambda at: sa.cast(at.row.c.refusal[key].astext, sa.Text)  # ->> binds less tightly than ||


def _value(key: str) -> Any:
    return lambda at: sa.cast(at.row.c.refusal[key], SQL_JSON)


def _path(at: At) -> Any:
    parts = sa.func.jsonb_array_elements_text(
        sa.func.coalesce(at.row.c.refusal["path"], sa.literal_column("'[]'::jsonb", JSONB))
    )
    listed = parts.table_valued("part", with_ordinality="place", name=at.plan.name("t")).render_derived()
    found = sa.select(listed.c.part).order_by(listed.c.place)
    return sa.func.array(found.scalar_subquery(), type_=ARRAY(sa.Text()))


class Refusal(Row):
    """Why something was refused, or what a reviewer should look at: what is wrong, where, and what to do."""

    code = Computed(RefusalCode, _said("code"), required=True, description="What kind of thing it is, for programs.")
    message = Computed(
        graphene.String, _said("message"), required=True, description="It in words: what, where, what to do."
    )
    path = Computed(
        graphene.List(graphene.NonNull(graphene.String)),
        _path,
        required=True,
        description='Where in what was sent: ["input", "changes", "3", "document", "title"]. Changes are counted from 0.',
    )
    record = Computed(graphene.ID, _said("record"), description="The record that it is about.")
    row = Computed(
        graphene.Int,
        lambda at: sa.cast(at.row.c.refusal["row"].astext, sa.Integer),
        description="The row of an imported sheet, as spreadsheets number it: the header is row 1.",
    )
    field = Computed(
        graphene.String, _said("field"), description="The field of the record's document, or the sheet's column."
    )
    expected = Computed(
        JSON, _value("expected"), description="What would do; of a conflict, what the base revision said."
    )
    found = Computed(JSON, _value("found"), description="What was found; of a conflict, what the record says now.")
    yours = Computed(JSON, _value("yours"), description="Of a conflict, what you submitted.")


def _differences(at: At) -> sa.FromClause:
    """The changes of a round beside what their records said, as the rows of Difference."""
    change, before = at.plan.alias(tables.proposed_change), at.plan.alias(tables.revision)
    found = sa.select(
        change.c.place,
        change.c.record_type,
        change.c.record_id,
        change.c.operation,
        change.c.kind,
        change.c.document,
        change.c.merged_into,
        change.c.position_before,
        read_as(before).label("document_before"),
        sa.literal_column("false").label("redacted"),
        sa.literal_column("null::int").label("position"),
    ).select_from(change.outerjoin(before, before.c.position == change.c.position_before))
    found = found.where(change.c.proposal_id == at.row.c.proposal_id, change.c.round == at.row.c.number)
    if "first" in at.given:
        size = at.bind("first", sa.Integer, _some)
        found = found.order_by(change.c.place).limit(size)
    return found.correlate_except(change, before).lateral(at.plan.name("d"))


def _some(size: int) -> int:
    if size < 1:
        raise BadValue(f"{size} differences are none: ask for 1 at least.")
    return size


def _count(*operations: str) -> Any:
    def counted(at: At) -> Any:
        change = at.plan.alias(tables.proposed_change)
        found = sa.select(sa.func.count()).select_from(change)
        found = found.where(change.c.proposal_id == at.row.c.proposal_id, change.c.round == at.row.c.number)
        found = found.where(change.c.operation.in_([literal(one) for one in operations]))
        return found.correlate_except(change).scalar_subquery()

    return counted


def _for_admins(token: Any) -> Any:
    """A token's number, where an admin asks."""
    account = tables.account.alias()
    admins = sa.exists().where(account.c.id == VIEWER, account.c.role == literal("ADMIN")).correlate_except(account)
    return sa.case((admins, token))


def _of_its_author(at: At) -> Any:
    """The token by which the round that stands was submitted."""
    stands = at.plan.alias(tables.proposal_round)
    found = sa.select(stands.c.token_id).where(
        stands.c.proposal_id == at.row.c.proposal_id, stands.c.number == at.row.c.round
    )
    return _for_admins(found.correlate_except(stands).scalar_subquery())


TOKEN = "The number of the token that it was done with (opsc token list), for admins: null for everybody else."


def _open_to_all(_at: At, warning: Any) -> sa.ColumnElement[bool]:
    """All but those that name submissions which were not decided, for whoever may not read such."""
    return sa.or_(VIEWER.is_not(None), warning.c.refusal["code"].astext != literal("CONFLICT"))


class Plan(Row):
    """What publishing a submission would do, change by change. Its hash stands for exactly that."""

    class Meta:
        table = tables.proposal_round

    hash = Column(
        graphene.String,
        "plan_hash",
        plain=True,
        required=True,
        description="Give it as planHash: then exactly this is submitted, or nothing.",
    )
    added = Computed(
        graphene.Int,
        _count("CREATE", "RESTORE"),
        required=True,
        description="How many records it adds, or brings back.",
    )
    changed = Computed(
        graphene.Int,
        _count("AMEND", "RETRACT", "MERGE"),
        required=True,
        description="How many it changes, retracts or merges.",
    )
    unchanged = Column(
        graphene.Int,
        required=True,
        description="How many of the changes sent say what the record says already: left out.",
    )
    differences = Edges(
        Difference,
        source=_differences,
        order=lambda change: [change.c.place],
        bound=50,
        args={
            "first": graphene.Argument(graphene.Int, description="How many, from the start; all when it is left out.")
        },
        description="Record by record, what it says now against what it would say, new sources first.",
    )
    submitted_at = Column(
        DateTime, required=True, description="When it was submitted as it is: the last time, if it was submitted again."
    )
    warnings = Edges(
        Refusal,
        _open_to_all,
        source=lambda at: refusals_in(at.row.c.warnings, at),
        order=lambda warning: [warning.c.place],
        bound=20,
        description="What whoever looks at it should look at: likely duplicates and, for those who have an account, other"
        " submissions about the same records.",
    )


class Review(Row):
    """What a reviewer decided about a submission."""

    class Meta:
        table = tables.review

    reviewer = Column(graphene.String, required=True, description="Who: a name that the account chose.")
    decision = Column(Decision, required=True, description="What they decided.")
    text = Column(graphene.String, description="Why, or what is to be changed.")
    at = Column(DateTime, required=True, description="When.")
    token = Computed(graphene.Int, lambda at: _for_admins(at.row.c.token_id), description=TOKEN)


class Comment(Row):
    """What somebody said about a submission."""

    class Meta:
        table = tables.comment

    author = Column(graphene.String, required=True, description="Who: a name that the account chose.")
    text = Column(graphene.String, required=True, description="What they said.")
    at = Column(DateTime, required=True, description="When.")


def _needs(at: At) -> Any:
    row = at.row
    return sa.func.still_needed(
        row.c.proposal_id, row.c.round, row.c.state, row.c.second_reviews, type_=ARRAY(sa.Text())
    )


def _cited(at: At) -> sa.FromClause:
    """What the changes cite, each once."""
    change = at.plan.alias(tables.proposed_change)
    cited = sa.func.jsonb_array_elements(change.c.citations).table_valued(
        sa.column("citation", JSONB), name=at.plan.name("t")
    )
    found = sa.select(cited.render_derived().c.citation, sa.func.min(change.c.place).label("place"))
    found = found.select_from(change.join(cited, sa.true()))
    found = found.where(change.c.proposal_id == at.row.c.proposal_id, change.c.round == at.row.c.round)
    return found.group_by(sa.literal_column("1")).correlate_except(change).lateral(at.plan.name("d"))


def _revisions(at: At) -> sa.FromClause:
    """Those of its moment, which is theirs alone: by the index of moments."""
    revision = at.plan.alias(tables.revision)
    found = sa.select(revision).where(revision.c.recorded_at == at.row.c.published_at)
    found = found.order_by(revision.c.position).limit(sa.literal_column(str(LISTED)))
    return found.correlate_except(revision).lateral(at.plan.name("d"))


class Submission(Row):
    """Changes proposed together: checked by machines, reviewed by somebody other than their author, published whole or not at all.

    Published ones are public with their reviews and comments; the others are for those who have an account.
    """

    class Meta:
        interfaces = (Node,)
        table = tables.submission_trail
        by_id = staticmethod(_named)

    id = Computed(
        graphene.ID,
        lambda at: literal("Submission:") + at.row.c.name,
        required=True,
        description='"Submission:P7"; of what entered the log by the files or at the terminal, "Submission:1". Treat it as opaque.',
    )
    title = Column(graphene.String, required=True, description="What it is, in a line.")
    reason = Column(
        graphene.String, required=True, description="Why: it stands in the public log with each of its revisions."
    )
    internal_note = Computed(
        graphene.String,
        lambda at: sa.case((VIEWER.is_not(None), at.row.c.internal_note)),
        description="What its author tells reviewers, and nobody else: null without an account.",
    )
    state = Column(SubmissionState, required=True, description="Where it stands.")
    author = Column(graphene.String, required=True, description="Who submitted it: a name that the account chose.")
    submitted_at = Column(DateTime, required=True, description="When it was submitted first.")
    token = Computed(graphene.Int, _of_its_author, description=TOKEN)
    plan = Edge(
        Plan,
        lambda at, plan: sa.and_(plan.c.proposal_id == at.row.c.proposal_id, plan.c.number == at.row.c.round),
        description="What it would do, or did; null of what was not submitted here, whose revisions tell.",
    )
    needs = Computed(
        graphene.List(graphene.NonNull(graphene.String)),
        _needs,
        reads=2,
        required=True,
        description="What it still needs before it is published, in sentences; empty once it is decided.",
    )
    citations = Edges(
        "schema.source.Citation",
        source=_cited,
        order=lambda citation: [citation.c.place],
        bound=10,
        description="What its changes rest on, beside what their records cite themselves. Sources that are new with it are"
        " there once "
        "it is published.",
    )
    reviews = Edges(
        Review,
        lambda at, review: review.c.proposal_id == at.row.c.proposal_id,
        order=lambda review: [review.c.round, review.c.number],
        bound=3,
        description="What reviewers decided, the first one first; those from before it was submitted again are among them.",
    )
    comments = Edges(
        Comment,
        lambda at, comment: comment.c.proposal_id == at.row.c.proposal_id,
        order=lambda comment: [comment.c.number],
        bound=10,
        description="What was said about it, the first thing first.",
    )
    revisions = Edges(
        Revision,
        source=_revisions,
        order=lambda revision: [revision.c.position],
        bound=LISTED,
        description=f"Its revisions up to the clock, in the log's order, the first {LISTED}; none until it is published. For all of"
        " a larger one: changes(filter: {submission}).",
    )


def _mine(_at: At, row: Any, value: Any) -> Any:
    return sa.func.coalesce(row.c.account_id == VIEWER, sa.false()) == value


def _waiting_for_me(at: At, row: Any, value: Any) -> Any:
    """For a reviewer, what others submitted and they have not accepted yet; for everybody, their own that are to be changed."""
    account, review, viewer = at.plan.alias(tables.account), at.plan.alias(tables.review), VIEWER
    reviews = sa.exists().where(account.c.id == viewer, account.c.role.in_([literal("REVIEWER"), literal("ADMIN")]))
    accepted = sa.exists().where(
        review.c.proposal_id == row.c.proposal_id,
        review.c.round == row.c.round,
        review.c.account_id == viewer,
        review.c.decision == literal("ACCEPT"),
    )
    theirs = sa.and_(
        row.c.state == literal("WAITING"),
        row.c.account_id != viewer,
        reviews.correlate_except(account),
        ~accepted.correlate_except(review),
    )
    overtaken = sa.func.cardinality(sa.func.overtaken(row.c.proposal_id, row.c.round)) > sa.literal_column("0")
    to_change = sa.or_(
        row.c.state == literal("CHANGES_REQUESTED"), sa.and_(row.c.state == literal("WAITING"), overtaken)
    )
    mine = sa.and_(row.c.account_id == viewer, to_change)
    return sa.func.coalesce(sa.or_(theirs, mine), sa.false()) == value


class SubmissionFilter(graphene.InputObjectType):
    """Which submissions. Fields are joined by and."""

    state = any_of(SubmissionState, one_of("state"), "Where they stand.")
    mine = Matches(graphene.Boolean, _mine, description="true: those of the account that asks; false: the others.")
    waiting_for_me = Matches(
        graphene.Boolean,
        _waiting_for_me,
        description="true: those that wait for the account that asks, to be reviewed by it or, if it is their author, to be"
        " changed.",
    )


SubmissionConnection = connection("Submission", Submission, "submissions")


def submissions(description: str) -> Paged:
    """The field `submissions`."""
    return Paged(
        SubmissionConnection,
        lambda at, row: readable(row, at.clock),
        total=1_000,
        unique=column("place", descending=True),
        filter_type=SubmissionFilter,
        description=description,
    )


def submission(description: str) -> Edge:
    """The field `submission`."""
    return Edge(
        Submission,
        lambda at, row: _named(row, at.bind("id", sa.Text, well_formed), at.clock),
        args={"id": graphene.Argument(graphene.NonNull(graphene.ID), description='Its id: "Submission:P7".')},
        description=description,
    )
