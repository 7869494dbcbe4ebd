"""States parties to the Protocol, and the States that had only signed it."""

from typing import Any

import graphene
import sqlalchemy as sa

from db import tables
from db.vocabulary import MeasureKind
from schema.assessment import assessments
from schema.clock import Clock
from schema.connection import connection
from schema.coverage import coverage
from schema.coverage_summary import CoverageSummary
from schema.fields import Column, Computed, Edges, Row
from schema.filters import REGION, STATE, TEXT, Matches, any_of, matches_text, one_of
from schema.json_text import literal
from schema.keyset import Key, column, days, days_back
from schema.measure import Measure, measures
from schema.orders import StatePartyOrder, both
from schema.paged import Paged
from schema.planning import At
from schema.record import Node, Record, count_of
from schema.reporting_event import reporting_events
from schema.scalars import Date
from schema.source import citations
from schema.statement import statements
from schema.vocabulary import ConsentKind, DateConfidence, Language, RegionalGroup

IN_LANGUAGE = {"language": graphene.Argument(Language, default_value="EN", description="In which language.")}


def _name(at: At) -> Any:
    language = at.given.shape("language", "EN")
    if language == "EN":
        return at.row.c.name
    return sa.func.coalesce(at.row.c.names[language].astext, at.row.c.name)


def _followed(at: At, measure: sa.FromClause) -> sa.ColumnElement[bool]:
    instrument = at.plan.alias(tables.instrument)
    codes = sa.select(instrument.c.code).where(at.clock.stands(instrument), instrument.c.followed)
    return sa.and_(
        measure.c.state_party_code == at.row.c.code,
        measure.c.kind == literal(MeasureKind("TREATY_ACTION")),
        measure.c.instrument_code.in_(codes.correlate_except(instrument)),
    )


class StateParty(Row):
    """A State that is bound by the Protocol."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.state_party

    code = Column(graphene.String, plain=True, required=True, description='Its ISO 3166-1 alpha-3 code: "PHL".')
    alpha2 = Column(graphene.String, plain=True, required=True, description='Its ISO 3166-1 alpha-2 code: "PH".')
    m49 = Column(graphene.Int, required=True, description="Its number in the UN's M49 list, without leading zeros.")
    name = Computed(graphene.String, _name, required=True, description="Its name.", args=IN_LANGUAGE)
    region = Column(graphene.String, required=True, description="Its region, as UN M49 has it.")
    subregion = Column(graphene.String, required=True, description="Its subregion, as UN M49 has it.")
    group = Column(RegionalGroup, required=True, description="Its regional group in the UN General Assembly.")
    signed_on = Column(Date, description="When it signed the Protocol; null: not known, or it joined without signing.")
    consent_on = Column(
        Date, required=True, description="When it consented to be bound: it is a State party from this day."
    )
    consent = Column(ConsentKind, required=True, description="How it consented.")
    in_force_on = Column(Date, required=True, description="When the Protocol entered into force for it (article 14).")
    date_confidence = Column(DateConfidence, required=True, description="How sure the day of consent is.")
    note = Column(graphene.String, description="What a reader should know about it; sources that disagree stand here.")
    initial_report_due_on = Column(
        Date,
        required=True,
        description="Two years after entry into force, as article 12(1) computes it. What documents say stands in reportingEvents.",
    )
    treaty_actions = Edges(
        Measure,
        _followed,
        order=lambda measure: [measure.c.instrument_code, measure.c.id],
        bound=12,
        description="What it did about the followed instruments, by instrument.",
    )
    measures = measures(
        lambda at, measure: measure.c.state_party_code == at.row.c.code,
        total=500,
        description="The measures that are reported of it.",
    )
    assessments = assessments(
        lambda at, assessment: assessment.c.state_party_code == at.row.c.code,
        total=100,
        description="What readers concluded about it.",
    )
    reporting_events = reporting_events(
        lambda at, event: event.c.state_party_code == at.row.c.code,
        total=50,
        description="Its reporting cycle under article 12.",
    )
    statements = statements(
        lambda at, statement: statement.c.state_party_code == at.row.c.code,
        total=20,
        filtered=False,
        description="The statements that it made to the Protocol.",
    )
    coverage = coverage(
        lambda at, cell: cell.c.state_party_code == at.row.c.code,
        total=150,
        description="What the record has of it for each recommendation, in the Guidelines' order.",
    )
    coverage_summary = CoverageSummary("state_party_code", cells=150, description="The same, counted.")
    citations = citations()


class Signatory(Row):
    """A State that had only signed the Protocol: not a party, and without a record of measures."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.signatory

    code = Column(graphene.String, plain=True, required=True, description="Its ISO 3166-1 alpha-3 code.")
    alpha2 = Column(graphene.String, plain=True, required=True, description="Its ISO 3166-1 alpha-2 code.")
    m49 = Column(graphene.Int, required=True, description="Its number in the UN's M49 list, without leading zeros.")
    name = Column(
        graphene.String,
        required=True,
        description="Its name, in English: the record has no other language for signatories.",
        args=IN_LANGUAGE,
    )
    region = Column(graphene.String, required=True, description="Its region, as UN M49 has it.")
    subregion = Column(graphene.String, required=True, description="Its subregion, as UN M49 has it.")
    group = Column(RegionalGroup, required=True, description="Its regional group in the UN General Assembly.")
    signed_on = Column(Date, required=True, description="When it signed.")
    still_signatory_only = Column(
        graphene.Boolean, required=True, description="Whether it was still no party when that was checked."
    )
    checked_on = Column(Date, description="When that was checked.")
    note = Column(graphene.String, description="What a reader should know about it.")
    citations = citations()


class StatePartyFilter(graphene.InputObjectType):
    """Which States parties. Fields are joined by and, the values of one list by or."""

    id = any_of(graphene.ID, one_of("id"), 'Ids, like "StateParty:PHL".')
    code = any_of(graphene.String, one_of("code"), STATE)
    region = any_of(graphene.String, one_of("region"), REGION)
    subregion = any_of(graphene.String, one_of("subregion"), "Subregions, as UN M49 names them.")
    group = any_of(RegionalGroup, one_of("group"), "Regional groups of the United Nations.")
    consent_from = Matches(
        Date, lambda _at, row, day: row.c.consent_on >= day, description="Consented on this day or later."
    )
    consent_to = Matches(
        Date, lambda _at, row, day: row.c.consent_on <= day, description="Consented on this day or earlier."
    )
    consent = any_of(ConsentKind, one_of("consent"), "How it consented.")
    date_confidence = any_of(DateConfidence, one_of("date_confidence"), "How sure the day of consent is.")
    text = Matches(graphene.String, matches_text, description=TEXT)


def _measure_count(row: sa.FromClause, clock: Clock) -> sa.ColumnElement[int]:
    return count_of(tables.measure, lambda measure: measure.c.state_party_code == row.c.code, clock)


StatePartyConnection = connection("StateParty", StateParty, "States parties")

ORDERS = {
    **both("NAME", column("name")),
    **both("CODE", column("code")),
    "CONSENT_ON_ASC": [Key(lambda row, _clock: days(row.c.consent_on), sa.Integer)],
    "CONSENT_ON_DESC": [Key(lambda row, _clock: days_back(row.c.consent_on), sa.Integer)],
    **both("MEASURE_COUNT", Key(_measure_count, sa.Integer)),
}


def state_parties(description: str) -> Paged:
    """A field that lists those who were States parties on the clock's valid day."""
    return Paged(
        StatePartyConnection,
        lambda at, state: state.c.consent_on <= at.clock.day,
        total=200,
        orders=ORDERS,
        order_type=StatePartyOrder,
        filter_type=StatePartyFilter,
        description=description,
    )
