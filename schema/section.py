"""The sections of the Guidelines, and the articles of the Protocol that they refer to."""

import graphene
import sqlalchemy as sa

from db import tables
from schema.fields import Column, Edge, Edges, Row
from schema.planning import At
from schema.record import Node, Record


class Article(Row):
    """An article of the Protocol, in one line. It was checked against the text."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.article

    number = Column(graphene.Int, required=True, description="Its number.")
    subject = Column(graphene.String, required=True, description="What it is about.")
    summary = Column(graphene.String, required=True, description="What it says, in one line of our own.")


class ArticleReference(Row):
    """A mention of an article."""

    article = Edge(
        Article,
        lambda at, article: article.c.number == sa.func.article_number(at.row.c.label),
        description="The article; null for the preamble and for mentions of the whole Protocol.",
    )
    label = Column(graphene.String, required=True, description='As it is cited: "3(1)(c)", "preamble".')


def _mentioned(at: At) -> sa.FromClause:
    labels = sa.func.unnest(at.row.c.articles)
    return labels.table_valued(
        sa.column("label", sa.Text()), with_ordinality="place", name=at.plan.name("t")
    ).render_derived()


def article_references(description: str) -> Edges:
    """The field `articles` of whatever mentions articles."""
    return Edges(
        ArticleReference,
        source=_mentioned,
        order=lambda mention: [mention.c.place],
        bound=4,
        description=description,
    )


class Section(Row):
    """A section of the Guidelines (CRC/C/156)."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.section

    number = Column(graphene.String, plain=True, required=True, description='Its number: "III.A".')
    heading = Column(graphene.String, required=True, description="Its heading.")
    parent = Edge(
        lambda: Section,
        lambda at, section: section.c.number == at.row.c.parent_number,
        description="The section that it is part of; null at the top.",
    )
    sections = Edges(
        lambda: Section,
        lambda at, section: section.c.parent_number == at.row.c.number,
        order=lambda section: [section.c.place],
        bound=8,
        description="The sections that it is divided into.",
    )
    articles = article_references("The articles of the Protocol that it is about.")
    recommendations = Edges(
        "schema.recommendation.Recommendation",
        lambda at, recommendation: recommendation.c.section_number == at.row.c.number,
        order=lambda recommendation: [recommendation.c.place],
        bound=20,
        description="Its own recommendations, without those of the sections below it.",
    )
    first_paragraph = Column(graphene.Int, description="The number of its first paragraph, where it is known.")
    page = Column(graphene.Int, description="The page it begins on in the English text.")
    note = Column(graphene.String, description="What a reader should know about it.")
