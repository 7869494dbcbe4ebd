"""Error reports: what anybody pointed out, for reviewers and admins; what becomes of it is in the log only by a submission."""

from typing import Any

import graphene
import sqlalchemy as sa

from db import tables
from db.reviews import REVIEWERS
from schema.connection import connection
from schema.fields import Column, Computed, Edge, Row
from schema.filters import any_of, one_of
from schema.json_text import literal
from schema.keyset import column
from schema.paged import Paged
from schema.planning import VIEWER
from schema.record import Node
from schema.scalars import DateTime
from schema.submission import Submission
from schema.vocabulary import ErrorReportState


def _named(row: Any, node_id: Any) -> sa.ColumnElement[bool]:
    number = sa.func.substring(node_id, literal(r"^ErrorReport:([1-9]\d{0,8})$"), type_=sa.Text())
    return sa.and_(row.c.id == sa.cast(number, sa.Integer), _reviews())


def _reviews() -> sa.ColumnElement[bool]:
    """Whether the account that asks is one of those who answer."""
    account = tables.account.alias()
    roles = [literal(role) for role in sorted(REVIEWERS)]
    return sa.exists().where(account.c.id == VIEWER, account.c.role.in_(roles)).correlate_except(account)


class ErrorReport(Row):
    """An error that somebody pointed out in a record. Only reviewers and admins see it; nothing of it enters the log by itself."""

    class Meta:
        interfaces = (Node,)
        table = tables.error_report
        by_id = staticmethod(lambda row, node_id, _clock: _named(row, node_id))

    id = Computed(
        graphene.ID,
        lambda at: literal("ErrorReport:") + sa.cast(at.row.c.id, sa.Text),
        required=True,
        description='"ErrorReport:3". Treat it as opaque.',
    )
    record_id = Column(graphene.ID, required=True, description="The record that it is about.")
    text = Column(graphene.String, required=True, description="What is wrong, in their words.")
    source = Column(graphene.String, description="Where it stands: a link, or words.")
    on_behalf_of = Column(
        graphene.String, description="Whom they say that they write for, such as a State. Nobody has verified it."
    )
    contact = Computed(
        graphene.String,
        lambda at: sa.case((_reviews(), at.row.c.contact)),
        description="Where to reach them, for reviewers and admins: null for everybody else, and once it is erased.",
    )
    reported_at = Column(DateTime, required=True, description="When it came.")
    state = Column(ErrorReportState, required=True, description="Where it stands.")
    answer = Column(graphene.String, description="What a reviewer answered.")
    answered_by = Column(graphene.String, description="Who: a name that the account chose.")
    answered_at = Column(DateTime, description="When.")
    submission = Edge(
        Submission,
        lambda at, submission: submission.c.proposal_id == at.row.c.proposal_id,
        description="The submission that came of it.",
    )


class ErrorReportFilter(graphene.InputObjectType):
    """Which error reports. Fields are joined by and."""

    state = any_of(ErrorReportState, one_of("state"), "Where they stand.")
    record = any_of(graphene.ID, one_of("record_id"), "The records that they are about.")


ErrorReportConnection = connection("ErrorReport", ErrorReport, "error reports")


def error_reports(description: str) -> Paged:
    """The field `errorReports`."""
    return Paged(
        ErrorReportConnection,
        lambda _at, _row: _reviews(),
        total=1_000,
        unique=column("id", sa.Integer, descending=True),
        filter_type=ErrorReportFilter,
        description=description,
    )
