"""Search over all records: English stemming, accents folded, slips of the pen forgiven where the server has pg_trgm."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import graphene
import sqlalchemy as sa

from db import tables
from schema.connection import connection
from schema.fields import Computed
from schema.filters import speakable
from schema.json_text import literal
from schema.keyset import column
from schema.paged import Paged
from schema.planning import At
from schema.record import NODE
from schema.refusals import BadValue
from schema.source import TYPE_NAMES
from schema.vocabulary import RecordType

Words = Callable[[Any], Sequence[Any]]

SEARCHED: Mapping[str, Words] = {
    "STATE_PARTY": lambda row: (row.c.name, row.c.names["FR"].astext, row.c.names["ES"].astext, row.c.code, row.c.note),
    "SECTION": lambda row: (row.c.heading, row.c.note),
    "INSTRUMENT": lambda row: (row.c.name, row.c.code, row.c.body, row.c.relevance, row.c.note),
    "RECOMMENDATION": lambda row: (row.c.title, row.c.text, row.c.code, row.c.note),
    "MEASURE": lambda row: (row.c.title, row.c.summary, row.c.note),
    "ASSESSMENT": lambda row: (row.c.criterion, row.c.summary, row.c.assessor),
    "STATEMENT": lambda row: (row.c.summary, row.c.note),
    "SOURCE": lambda row: (row.c.title, row.c.publisher, row.c.symbol),
}
"""Record type → its words that are searched (db/tables.py), and that a snippet is taken from."""

MILLIONTHS = 1_000_000
"""Ranks are compared as whole millionths, so that a cursor can hold them exactly."""

STATES_FIRST = 3
"""How many times better a State party fits than what else holds the same words: who asks for its name wants it first."""


def _query(at: At) -> Any:
    """What to look for, made of the words once a statement."""

    def made() -> Any:
        words = sa.select(sa.func.search_query(at.bind("text", sa.Text, speakable)).label("query"))
        return words.cte(at.plan.name("w")).prefix_with("materialized", dialect="postgresql")

    return sa.select(at.plan.once(at.given, made).c.query).scalar_subquery()


def _asked(at: At) -> list[str]:
    asked = [str(name) for name in at.given.shape("types", SEARCHED)]
    if strange := [name for name in asked if name not in SEARCHED]:
        raise BadValue(f"types: {strange[0]} is not searched; these are: {', '.join(SEARCHED)}.")
    return asked


def _found(at: At) -> sa.FromClause:
    """id, type and rank of every record that holds the words."""
    query = _query(at)
    branches = []
    for name in (name for name in SEARCHED if name in _asked(at)):
        row = at.plan.alias(tables.PROJECTIONS[name])
        times = MILLIONTHS * (STATES_FIRST if name == "STATE_PARTY" else 1)
        rank = sa.cast(sa.func.ts_rank(row.c.search, query) * sa.literal_column(str(-times)), sa.Integer)
        branches.append(
            sa.select(row.c.id, literal(TYPE_NAMES[name]).label("type"), rank.label("unlikeness"))
            .where(at.clock.stands(row), row.c.search.op("@@", is_comparison=True)(query))
            .correlate_except(row)
        )
    if not branches:
        nothing = (sa.null(), sa.Text(), "id"), (sa.null(), sa.Text(), "type"), (sa.null(), sa.Integer(), "unlikeness")
        branches = [sa.select(*(sa.cast(null, type_).label(name) for null, type_, name in nothing)).where(sa.false())]
    return sa.union_all(*branches).subquery(at.plan.name("u"))


def _snippet(at: At) -> sa.ColumnElement[str]:
    options = literal("StartSel=«, StopSel=», MaxWords=30, MinWords=12, MaxFragments=1")
    english: Any = sa.literal_column("'pg_catalog.english'::regconfig")
    branches = []
    for name, words_of in SEARCHED.items():
        row = at.plan.alias(tables.PROJECTIONS[name])
        words = sa.func.concat_ws(literal(" — "), *words_of(row))
        headline = sa.select(sa.func.ts_headline(english, words, _query(at), options))
        headline = headline.where(at.clock.stands(row), row.c.id == at.row.c.id).correlate_except(row)
        branches.append((at.row.c.type == literal(TYPE_NAMES[name]), headline.scalar_subquery()))
    return sa.case(*branches)


SearchConnection = connection(
    "Search",
    NODE,
    "records found",
    rank=Computed(
        graphene.Float,
        lambda at: sa.cast(-at.row.c.unlikeness, sa.Double) / sa.literal_column(str(MILLIONTHS)),
        required=True,
        description="How well it fits, comparable within one search: higher is better.",
    ),
    snippet=Computed(
        graphene.String,
        _snippet,
        reads=3,
        required=True,
        description="The words found, among their neighbours, «marked». Plain text.",
    ),
)


TYPES = (
    "Only these types of record: State parties (by their names in English, French and Spanish), sections, instruments, "
    "recommendations, measures, assessments, statements, sources. Others are not searched."
)


class Search(Paged):
    """Records that hold the words, best first."""

    def __init__(self, description: str) -> None:
        super().__init__(
            SearchConnection,
            total=5000,
            source=_found,
            among=lambda at: [TYPE_NAMES[name] for name in SEARCHED if name in _asked(at)],
            order=[column("unlikeness", sa.Integer)],
            description=description,
            text=graphene.String(required=True, description="Words to find; all of them must be there."),
            types=graphene.List(graphene.NonNull(RecordType), description=TYPES),
        )
