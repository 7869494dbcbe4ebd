"""Measures: what States parties are reported to have done."""

from typing import Any

import graphene
import sqlalchemy as sa

from db import tables
from db.vocabulary import MeasureStatus as Status
from schema.connection import connection
from schema.fields import Column, Computed, Edge, Edges, On, Row
from schema.filters import (
    TEXT,
    Matches,
    any_of,
    concerning,
    matches_text,
    of_recommendations,
    one_of,
    overlaps_from,
    overlaps_to,
)
from schema.json_text import literal
from schema.keyset import column
from schema.orders import STATE_PARTY, MeasureOrder, both, by_date
from schema.paged import Paged
from schema.record import Node, Record
from schema.scalars import Date, DateTime, PartialDate
from schema.source import citations
from schema.vocabulary import Confidence, ConsentKind, MeasureKind, MeasureStatus, Reporter

MILESTONES = (
    (Status("ENDED"), "ended_by"),
    (Status("IN_FORCE"), "in_force_by"),
    (Status("ADOPTED"), "adopted_by"),
    (Status("DRAFTED"), "drafted_by"),
    (Status("ANNOUNCED"), "announced_by"),
)
"""Each status, the last first, and the column with the day by which it is known to have been reached (RISKS 22)."""


def status_on(row: Any, day: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A measure's status on a day; null: nothing had happened by then."""
    return sa.case(*((row.c[by] <= day, literal(status)) for status, by in MILESTONES))


class Measure(Row):
    """A law, policy, institution or practice that is reported of a State party, and where that stands. It bears on
    recommendations; whether it fulfils them is not for this record to say."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.measure

    state_party = Edge(
        graphene.NonNull("schema.state_party.StateParty"),
        lambda at, state: state.c.code == at.row.c.state_party_code,
        description="The State party whose measure it is.",
    )
    title = Column(graphene.String, required=True, description="Short name, in English.")
    summary = Column(graphene.String, required=True, description="What it is, in our own words.")
    kind = Column(MeasureKind, required=True, description="What kind of thing it is.")
    status = Computed(
        MeasureStatus,
        lambda at: status_on(at.row, at.clock.day),
        description="How far it had come by the clock's valid day; null: nothing had happened by that day. An unsure date counts "
        "from its last possible day, or from the day it was reported if that is earlier.",
    )
    stated_status = Column(
        MeasureStatus, required=True, description="How far it had come when it was last reported, as the record has it."
    )
    announced_on = Column(PartialDate, description="When it was announced; for treaties, signed.")
    adopted_on = Column(PartialDate, description="Adoption, ratification, accession.")
    in_force_on = Column(PartialDate, description="When it entered into force or was set up, as precise as its source.")
    ended_on = Column(PartialDate, description="When it ended.")
    date_basis = Column(graphene.String, description="What its date is of, where the source does not say.")
    reported_by = Column(Reporter, required=True, description="Who reported it.")
    reported_on = Column(PartialDate, description="The date of the document that reports it.")
    instrument = Edge(
        "schema.instrument.Instrument",
        lambda at, instrument: instrument.c.code == at.row.c.instrument_code,
        description="The treaty, where the measure is an action on one.",
    )
    consent = Column(ConsentKind, description="How the State joined that treaty.")
    recommendations = Edges(
        "schema.recommendation.Recommendation",
        lambda at, recommendation: recommendation.c.code == sa.any_(at.row.c.recommendation_codes),
        order=lambda recommendation: [recommendation.c.place],
        bound=5,
        description="The recommendations that it bears on, in the Guidelines' order. It need not fulfil them.",
    )
    citations = citations()
    confidence = Column(Confidence, required=True, description="How sure the record is of it.")
    note = Column(graphene.String, description="What a reader should know about it.")


class MeasureFilter(graphene.InputObjectType):
    """Which measures. Fields are joined by and, the values of one list by or."""

    id = any_of(graphene.ID, one_of("id"), 'Ids, like "Measure:PHL-0007".')
    locals().update(concerning())
    locals().update(of_recommendations())
    kind = any_of(MeasureKind, one_of("kind"), "Kinds of measure.")
    status = any_of(
        MeasureStatus,
        lambda at, row, words: status_on(row, at.clock.day) == sa.any_(words),
        "Statuses at the clock's valid day.",
    )
    instrument = any_of(graphene.String, one_of("instrument_code"), 'Codes of instruments: "CRC".')
    reported_by = any_of(Reporter, one_of("reported_by"), "Who reported it.")
    confidence = any_of(Confidence, one_of("confidence"), "How sure the record is of it.")
    adopted_from = Matches(
        Date, overlaps_from("adopted_on"), description="Adopted on this day or later, as far as its date can mean that."
    )
    adopted_to = Matches(
        Date, overlaps_to("adopted_on"), description="Adopted on this day or earlier, as far as its date can mean that."
    )
    in_force_from = Matches(
        Date,
        overlaps_from("in_force_on"),
        description="In force from this day or later, as far as its date can mean that.",
    )
    in_force_to = Matches(
        Date,
        overlaps_to("in_force_on"),
        description="In force from this day or earlier, as far as its date can mean that.",
    )
    changed_since = Matches(
        DateTime,
        lambda _at, row, moment: row.c.known_from > _position_before(moment),
        description="Entered or changed in this record at this moment or later.",
    )
    text = Matches(graphene.String, matches_text, description=TEXT)


def _position_before(moment: Any) -> sa.ColumnElement[int]:
    newest = sa.func.coalesce(sa.func.max(tables.revision.c.position), sa.literal_column("0"))
    return sa.select(newest).where(tables.revision.c.recorded_at < moment).scalar_subquery()


MeasureConnection = connection("Measure", Measure, "measures")

ORDERS = {
    **STATE_PARTY,
    **by_date("DATE", "dated_earliest", "dated_latest"),
    **both("TITLE", column("title")),
    **both("CHANGED_AT", column("known_from", sa.Integer)),
}


def measures(on: On | None = None, *, total: int, description: str) -> Paged:
    """A field that lists measures."""
    return Paged(
        MeasureConnection,
        on,
        total=total,
        orders=ORDERS,
        order_type=MeasureOrder,
        filter_type=MeasureFilter,
        description=description,
    )
