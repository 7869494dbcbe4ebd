"""Coverage: what the record has for each State party and each recommendation, cell by cell and counted."""

from typing import Any

import graphene
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from db import tables
from schema.connection import connection
from schema.fields import Column, Computed, Edge, Edges, On, Row
from schema.filters import any_of, concerning, names, of_recommendations, one_of
from schema.json_text import literal
from schema.keyset import column, days_back
from schema.paged import Paged
from schema.planning import At
from schema.record import Node, count_of
from schema.scalars import PartialDate
from schema.vocabulary import CoverageState, Reporter


def _id(row: Any) -> Any:
    return literal("Coverage:") + row.c.state_party_code + literal(":") + row.c.recommendation_code


def _of_cell(at: At, row: Any) -> sa.ColumnElement[bool]:
    """That a measure or an assessment is about the cell."""
    return sa.and_(row.c.state_party_code == at.row.c.state_party_code, names(row, at.row.c.recommendation_code))


def _measure_count(at: At) -> sa.ColumnElement[int]:
    return count_of(tables.measure, lambda measure: _of_cell(at, measure), at.clock)


def _reporters(at: At) -> sa.ColumnElement[Any]:
    measure = at.plan.alias(tables.measure)
    reporters = sa.select(measure.c.reported_by).distinct().where(at.clock.stands(measure), _of_cell(at, measure))
    reporters = reporters.order_by(measure.c.reported_by).correlate_except(measure)
    return sa.func.array(reporters.scalar_subquery(), type_=ARRAY(sa.Text()))


def _sentence(at: At) -> sa.ColumnElement[str]:
    state = at.plan.alias(tables.state_party)
    name = sa.select(state.c.name).where(at.clock.stands(state), state.c.code == at.row.c.state_party_code)
    called = name.correlate_except(state).scalar_subquery()
    counted = sa.case((at.row.c.state.startswith(literal("MEASURE")), _measure_count(at)), else_=sa.literal_column("0"))
    return sa.func.coverage_sentence(at.row.c.state, sa.cast(counted, sa.Integer), called, at.row.c.since)


class Coverage(Row):
    """One State party and one recommendation: what the record has. Every pair has exactly one state, derived from measures,
    assessments, reporting events and dates; never typed in by hand."""

    class Meta:
        interfaces = (Node,)
        table = tables.coverage
        by_id = staticmethod(
            lambda row, node_id, _clock: sa.and_(
                _id(row) == node_id,
                row.c.state_party_code == sa.func.split_part(node_id, literal(":"), sa.literal_column("2")),
                row.c.recommendation_code == sa.func.split_part(node_id, literal(":"), sa.literal_column("3")),
            )
        )

    id = Computed(
        graphene.ID,
        lambda at: _id(at.row),
        required=True,
        description='State and recommendation: "Coverage:PHL:IVC-05". Treat it as opaque.',
    )
    state_party = Edge(
        graphene.NonNull("schema.state_party.StateParty"),
        lambda at, state: state.c.code == at.row.c.state_party_code,
        description="The State party.",
    )
    recommendation = Edge(
        graphene.NonNull("schema.recommendation.Recommendation"),
        lambda at, recommendation: recommendation.c.code == at.row.c.recommendation_code,
        description="The recommendation.",
    )
    state = Column(CoverageState, required=True, description="What the record has.")
    sentence = Computed(
        graphene.String, _sentence, reads=3, required=True, description="The same in words, for a reader."
    )
    measures = Edges(
        "schema.measure.Measure",
        _of_cell,
        order=lambda measure: [measure.c.id],
        bound=5,
        description="The State's measures that bear on the recommendation, by id; also those of which nothing had happened by "
        "the clock's valid day.",
    )
    measure_count = Computed(graphene.Int, _measure_count, reads=2, required=True, description="How many these are.")
    reported_by = Computed(
        graphene.NonNull(graphene.List(graphene.NonNull(Reporter))),
        _reporters,
        reads=3,
        description="Who reported them, by name.",
    )
    latest = Edge(
        "schema.measure.Measure",
        _of_cell,
        order=lambda measure: [
            days_back(measure.c.dated_earliest),
            days_back(measure.c.dated_latest),
            measure.c.known_from.desc(),
        ],
        description="The one with the latest milestone; of several, the one last changed in the record.",
    )
    since = Column(
        PartialDate,
        description="The date of the milestone that made the state, as precise as its source; null for the kinds of silence, and "
        "where the milestone's date is not known.",
    )
    assessments = Edges(
        "schema.assessment.Assessment",
        _of_cell,
        order=lambda assessment: [assessment.c.id],
        bound=3,
        description="What readers concluded about it, by id.",
    )


class CoverageFilter(graphene.InputObjectType):
    """Which cells. Fields are joined by and, the values of one list by or."""

    locals().update(concerning())
    locals().update(of_recommendations())
    state = any_of(CoverageState, one_of("state"), "Coverage states.")


CoverageConnection = connection("Coverage", Coverage, "cells")


def coverage(on: On | None = None, *, total: int, description: str) -> Paged:
    """A field that lists cells, by State code and in the Guidelines' order."""
    return Paged(
        CoverageConnection,
        on,
        total=total,
        order=[column("state_party_code")],
        unique=column("place"),
        filter_type=CoverageFilter,
        description=description,
    )
