"""Recommendations: what the Guidelines ask of States, paraphrased."""

import graphene
import sqlalchemy as sa

from db import tables
from schema.assessment import assessments
from schema.clock import Clock
from schema.connection import connection
from schema.coverage import coverage
from schema.coverage_summary import CoverageSummary
from schema.fields import Column, Edge, Row
from schema.filters import SECTION, TEXT, Matches, any_of, in_section, matches_text, names, one_of
from schema.keyset import Key, column
from schema.measure import measures
from schema.orders import RecommendationOrder, both
from schema.paged import Paged
from schema.record import Node, Record, count_of
from schema.section import article_references
from schema.source import citations
from schema.vocabulary import Strength, Theme, Verification


class Recommendation(Row):
    """Something that the Guidelines ask of States parties: a paraphrase, with what it rests on."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.recommendation

    code = Column(graphene.String, plain=True, required=True, description='Its code in this record: "IVC-05".')
    title = Column(graphene.String, required=True, description="A short name of our own.")
    text = Column(graphene.String, required=True, description="A paraphrase, never a quotation.")
    section = Edge(
        graphene.NonNull("schema.section.Section"),
        lambda at, section: section.c.number == at.row.c.section_number,
        description="The section of the Guidelines that it stands in.",
    )
    paragraphs = Column(graphene.String, description="Its paragraphs in the Guidelines, where they are known.")
    themes = Column(graphene.NonNull(graphene.List(graphene.NonNull(Theme))), description="What it is about.")
    articles = article_references("The articles of the Protocol that it rests on.")
    evidence_kinds = Column(
        graphene.NonNull(graphene.List(graphene.NonNull(graphene.String))),
        description="What would show that something was done: statute, policy, statistic.",
    )
    strength = Column(Strength, required=True, description="How strongly it asks.")
    digital = Column(graphene.Boolean, required=True, description="Whether it is about the digital environment.")
    private_sector = Column(graphene.Boolean, required=True, description="Whether it is about duties of companies.")
    verification = Column(
        Verification, required=True, description="What the paraphrase rests on. Show it beside the text."
    )
    certainty = Column(graphene.String, description="How sure the paraphrase is: high or medium.")
    basis = Column(graphene.String, description="What was read for it, in a word.")
    note = Column(graphene.String, description="What a reader should know about it.")
    measures = measures(
        lambda at, measure: names(measure, at.row.c.code), total=2000, description="The measures that bear on it."
    )
    assessments = assessments(
        lambda at, assessment: names(assessment, at.row.c.code),
        total=200,
        description="The assessments that are about it.",
    )
    coverage = coverage(
        lambda at, cell: cell.c.recommendation_code == at.row.c.code,
        total=200,
        description="What the record has about it for each State party, by State code.",
    )
    coverage_summary = CoverageSummary(
        "recommendation_code",
        cells=200,
        description="The same, counted.",
    )
    citations = citations()


class RecommendationFilter(graphene.InputObjectType):
    """Which recommendations. Fields are joined by and, the values of one list by or."""

    id = any_of(graphene.ID, one_of("id"), 'Ids, like "Recommendation:IVC-05".')
    code = any_of(graphene.String, one_of("code"), 'Codes, like "IVC-05".')
    section = any_of(graphene.String, lambda _at, row, numbers: in_section(row, numbers), SECTION)
    theme = any_of(
        Theme,
        lambda _at, row, themes: row.c.themes.op("&&", is_comparison=True)(themes),
        "Themes; one of several is enough.",
    )
    article = any_of(
        graphene.Int,
        lambda _at, row, numbers: row.c.article_numbers.op("&&", is_comparison=True)(numbers),
        "Numbers of articles of the Protocol.",
    )
    strength = any_of(Strength, one_of("strength"), "How strongly it asks.")
    digital = Matches(
        graphene.Boolean,
        lambda _at, row, value: row.c.digital == value,
        description="About the digital environment, or not.",
    )
    private_sector = Matches(
        graphene.Boolean,
        lambda _at, row, value: row.c.private_sector == value,
        description="About duties of companies, or not.",
    )
    verification = any_of(Verification, one_of("verification"), "What the paraphrase rests on.")
    text = Matches(graphene.String, matches_text, description=TEXT)


def _measure_count(row: sa.FromClause, clock: Clock) -> sa.ColumnElement[int]:
    return count_of(tables.measure, lambda measure: names(measure, row.c.code), clock)


RecommendationConnection = connection("Recommendation", Recommendation, "recommendations")

ORDERS = {**both("CODE", column("place")), **both("MEASURE_COUNT", Key(_measure_count, sa.Integer))}


def recommendations(description: str) -> Paged:
    """A field that lists recommendations, in the Guidelines' order unless another is asked for."""
    return Paged(
        RecommendationConnection,
        total=200,
        order=ORDERS["CODE_ASC"],
        orders=ORDERS,
        order_type=RecommendationOrder,
        filter_type=RecommendationFilter,
        description=description,
    )
