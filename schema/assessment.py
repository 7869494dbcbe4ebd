"""Assessments: what readers of a State party's situation concluded."""

import graphene
import sqlalchemy as sa

from db import tables
from schema.connection import connection
from schema.fields import Column, Edge, Edges, On, Row
from schema.filters import TEXT, Matches, any_of, concerning, matches_text, one_of, overlaps_from, overlaps_to
from schema.orders import STATE_PARTY, AssessmentOrder, by_date
from schema.paged import Paged
from schema.record import Node, Record
from schema.scalars import Date, PartialDate
from schema.source import citations
from schema.vocabulary import Reporter, Verdict


class Assessment(Row):
    """What a reader concluded: the Committee, a UN body, a government, an NGO, or this record's own coders reading a State's
    report. It is that reader's conclusion, not this record's."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.assessment

    state_party = Edge(
        graphene.NonNull("schema.state_party.StateParty"),
        lambda at, state: state.c.code == at.row.c.state_party_code,
        description="The State party that it is about.",
    )
    recommendations = Edges(
        "schema.recommendation.Recommendation",
        lambda at, recommendation: recommendation.c.code == sa.any_(at.row.c.recommendation_codes),
        order=lambda recommendation: [recommendation.c.place],
        bound=5,
        description="The recommendations that it is about, in the Guidelines' order.",
    )
    assessor = Column(graphene.String, required=True, description="Who concluded.")
    assessor_kind = Column(Reporter, required=True, description="What kind of body the assessor is.")
    verdict = Column(Verdict, required=True, description="What it concluded.")
    criterion = Column(graphene.String, description="What it judged by.")
    summary = Column(graphene.String, description="What it said, in our own words.")
    assessed_on = Column(PartialDate, description="When, as precise as its source.")
    citations = citations()


class AssessmentFilter(graphene.InputObjectType):
    """Which assessments. Fields are joined by and, the values of one list by or."""

    id = any_of(graphene.ID, one_of("id"), "Ids, as this record gives them.")
    locals().update(concerning(groups=False))
    assessor_kind = any_of(Reporter, one_of("assessor_kind"), "What kind of body the assessor is.")
    verdict = any_of(Verdict, one_of("verdict"), "Verdicts.")
    assessed_from = Matches(
        Date,
        overlaps_from("assessed_on"),
        description="Assessed on this day or later, as far as its date can mean that.",
    )
    assessed_to = Matches(
        Date,
        overlaps_to("assessed_on"),
        description="Assessed on this day or earlier, as far as its date can mean that.",
    )
    text = Matches(graphene.String, matches_text, description=TEXT)


AssessmentConnection = connection("Assessment", Assessment, "assessments")

ORDERS = {**by_date("ASSESSED_ON", "assessed_on_earliest", "assessed_on_latest"), **STATE_PARTY}


def assessments(on: On | None = None, *, total: int, description: str) -> Paged:
    """A field that lists assessments."""
    return Paged(
        AssessmentConnection,
        on,
        total=total,
        orders=ORDERS,
        order_type=AssessmentOrder,
        filter_type=AssessmentFilter,
        description=description,
    )
