"""What can be read at a clock: the fields that Query has for the present, and Reading for any other moment."""

from typing import Any

import graphene
import sqlalchemy as sa

from schema.assessment import assessments
from schema.coverage import coverage
from schema.coverage_summary import CoverageSummary
from schema.fields import Computed, Edge, Edges, Part, Planned
from schema.filters import speakable
from schema.identity import type_of, well_formed, well_formed_all
from schema.instrument import Instrument
from schema.json_text import NULL, Json, array, as_sql, literal
from schema.measure import Measure, measures
from schema.paged import LARGEST_PAGE, Paged
from schema.planning import At
from schema.recommendation import Recommendation, recommendations
from schema.record import NODE, TOMBSTONE, survivor_of
from schema.refusals import BadValue
from schema.reporting_event import reporting_events
from schema.scalars import Date, DateTime
from schema.search import Search
from schema.section import Article, Section
from schema.source import TYPE_NAMES, Source, SourceConnection, SourceFilter
from schema.state_party import Signatory, StateParty, state_parties
from schema.statement import statements

RECORDS = frozenset(TYPE_NAMES.values())
"""The types of record, as ids name them."""


def _one(type_: Any, name: str, of: Any, about: str, description: str) -> Edge:
    """The row whose column of a name is the value of the argument of that name."""

    def on(at: At, row: Any) -> sa.ColumnElement[bool]:
        is_id = of is graphene.ID
        value: Any = at.bind(name, sa.Text, well_formed if is_id else speakable)
        wanted: sa.ColumnElement[bool] = row.c[name] == (survivor_of(at, value) if is_id else value)
        return wanted

    return Edge(
        type_,
        on,
        args={name: graphene.Argument(graphene.NonNull(of), description=about)},
        description=description,
    )


class Clock(graphene.ObjectType):
    """The moment that an answer stands for."""

    known = Computed(
        DateTime,
        lambda at: sa.func.coalesce(at.clock.known, sa.func.statement_timestamp()),
        required=True,
        description="What the record said at this moment: the one asked for, else that of its newest revision.",
    )
    valid = Computed(
        Date, lambda at: at.clock.day, required=True, description="The day in the world that statuses are told of."
    )
    position = Computed(
        graphene.Int, lambda at: at.clock.position, required=True, description="The log's position at that moment."
    )


class _ById(Planned):
    """What an id names."""

    def json(self, at: At) -> Json:
        node_id: Any = at.bind("id", sa.Text, well_formed)
        name = type_of(at.given["id"].value)
        if name in RECORDS:
            node_id = survivor_of(at, node_id)
        return at.plan.by_id(at, name, node_id, TOMBSTONE if name in RECORDS else None) if name else NULL


class _ByIds(Planned):
    """What ids name, in their order."""

    def json(self, at: At) -> Json:
        ids = at.bind("ids", sa.ARRAY(sa.Text()), _ids)
        names = sorted({name for one in at.given["ids"].value if (name := type_of(one))})
        asked = sa.func.unnest(ids).table_valued(
            sa.column("id", sa.Text()), with_ordinality="place", name=at.plan.name("t")
        )
        asked = asked.render_derived()
        with at.plan.each(LARGEST_PAGE):
            node_id = survivor_of(at, asked.c.id) if RECORDS & set(names) else asked.c.id
            json = as_sql(
                at.plan.named(
                    at,
                    sa.func.split_part(asked.c.id, literal(":"), sa.literal_column("1")),
                    node_id,
                    names,
                    TOMBSTONE if RECORDS & set(names) else None,
                )
            )
        listed = sa.select(json.label("j")).select_from(asked).order_by(asked.c.place).subquery(at.plan.name("r"))
        return (sa.select(as_sql(array(listed.c.j))).select_from(listed).scalar_subquery(),)


def _ids(ids: list[str]) -> list[str]:
    if len(ids) > LARGEST_PAGE:
        raise BadValue(f"these are {len(ids)} ids; ask for {LARGEST_PAGE} at a time at most.")
    return well_formed_all(ids)


class Everything:
    """The fields that Query and Reading share."""

    clock = Part(Clock, required=True, description="Which clocks and which log position this answer stands for.")
    node = _ById(
        NODE,
        id=graphene.ID(required=True, description="Any id that this record gave."),
        description="Whatever an id names; of a retracted record its Tombstone; null when there is nothing of that id.",
    )
    nodes = _ByIds(
        graphene.NonNull(graphene.List(NODE)),
        ids=graphene.Argument(
            graphene.NonNull(graphene.List(graphene.NonNull(graphene.ID))), description=f"Up to {LARGEST_PAGE} ids."
        ),
        description="Whatever these ids name, in the same order: of retracted records their Tombstones, null where there is "
        "nothing of an id.",
    )
    state_party = _one(
        StateParty,
        "code",
        graphene.String,
        'ISO 3166-1 alpha-3 code: "PHL".',
        "One State party, also before the day of its consent; null for an unknown code.",
    )
    state_parties = state_parties("The States that were parties to the Protocol on the clock's valid day.")
    signatories = Edges(
        Signatory,
        order=lambda row: [row.c.code],
        bound=20,
        description="States that had only signed the Protocol, by code.",
    )
    sections = Edges(
        Section,
        order=lambda row: [row.c.place],
        bound=30,
        description="All sections of the Guidelines, in their order.",
    )
    section = _one(
        Section, "number", graphene.String, 'Its number: "III.A".', "One section; null for an unknown number."
    )
    articles = Edges(
        Article, order=lambda row: [row.c.number], bound=20, description="The articles of the Protocol, in their order."
    )
    instruments = Edges(
        Instrument,
        lambda at, row: row.c.followed == at.bind("followed", sa.Boolean) if "followed" in at.given else sa.true(),
        order=lambda row: [row.c.code],
        bound=50,
        args={
            "followed": graphene.Argument(
                graphene.Boolean,
                description="true: only those whose treaty actions are in the record; false: only the others.",
            )
        },
        description="The treaties and standards around the Guidelines, by code.",
    )
    recommendation = _one(
        Recommendation,
        "code",
        graphene.String,
        'Its code: "IVC-05".',
        "One recommendation; null for an unknown code.",
    )
    recommendations = recommendations("What the Guidelines ask of States, in their order.")
    measure = _one(Measure, "id", graphene.ID, 'Its id: "Measure:PHL-0007".', "One measure; null for an unknown id.")
    measures = measures(total=25_000, description="What is reported of all States, also of those not yet parties then.")
    assessments = assessments(total=10_000, description="What readers concluded about all States.")
    reporting_events = reporting_events(total=5_000, description="The reporting cycles of all States.")
    statements = statements(total=500, filtered=True, description="The statements made to the Protocol.")
    source = _one(Source, "id", graphene.ID, 'Its id: "Source:S-0042".', "One source; null for an unknown id.")
    sources = Paged(SourceConnection, total=10_000, filter_type=SourceFilter, description="The sources, by id.")
    coverage = coverage(
        total=25_000,
        description="What the record has for each State that was a party on the clock's valid day and each recommendation, by "
        "State code and in the Guidelines' order.",
    )
    coverage_summary = CoverageSummary(
        cells=25_000,
        filtered=True,
        description="The same, counted. Totals add up to States parties × recommendations, unless filtered or by THEME.",
    )
    search = Search("Records that hold these words, best first.")


class Reading(Everything, graphene.ObjectType):
    """The record as it was known at one moment, about one day in the world: everything that Query reads, at these clocks."""
