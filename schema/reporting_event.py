"""Reporting events: the cycle of reports under article 12 of the Protocol."""

import graphene

from db import tables
from schema.connection import connection
from schema.fields import Column, Edge, On, Row
from schema.filters import STATE, Matches, any_of, one_of, overlaps_from, overlaps_to
from schema.orders import STATE_PARTY, ReportingEventOrder, by_date
from schema.paged import Paged
from schema.record import Node, Record
from schema.scalars import Date, PartialDate
from schema.source import citations
from schema.vocabulary import ReportingEventKind


class ReportingEvent(Row):
    """A step in the reporting cycle of a State party, as a document says it."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.reporting_event

    state_party = Edge(
        graphene.NonNull("schema.state_party.StateParty"),
        lambda at, state: state.c.code == at.row.c.state_party_code,
        description="The State party whose report it is about.",
    )
    kind = Column(ReportingEventKind, required=True, description="What happened.")
    happened_on = Column(
        PartialDate, description="When it happened, or when the report was due; as precise as its source."
    )
    document_symbol = Column(graphene.String, description='The document that it is about: "CRC/C/OPSC/AGO/1".')
    citations = citations()


class ReportingEventFilter(graphene.InputObjectType):
    """Which reporting events. Fields are joined by and, the values of one list by or."""

    id = any_of(graphene.ID, one_of("id"), "Ids, as this record gives them.")
    state_party = any_of(graphene.String, one_of("state_party_code"), STATE)
    kind = any_of(ReportingEventKind, one_of("kind"), "Kinds of event.")
    happened_from = Matches(
        Date, overlaps_from("happened_on"), description="On this day or later, as far as its date can mean that."
    )
    happened_to = Matches(
        Date, overlaps_to("happened_on"), description="On this day or earlier, as far as its date can mean that."
    )


ReportingEventConnection = connection("ReportingEvent", ReportingEvent, "reporting events")

ORDERS = {**by_date("HAPPENED_ON", "happened_on_earliest", "happened_on_latest"), **STATE_PARTY}


def reporting_events(on: On | None = None, *, total: int, description: str) -> Paged:
    """A field that lists reporting events."""
    return Paged(
        ReportingEventConnection,
        on,
        total=total,
        orders=ORDERS,
        order_type=ReportingEventOrder,
        filter_type=ReportingEventFilter,
        description=description,
    )
