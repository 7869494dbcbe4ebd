"""Sources, and the citations that lead to them."""

from typing import Any

import graphene
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db import tables
from schema.connection import connection
from schema.fields import Column, Computed, Edge, Edges, Row
from schema.filters import TEXT, Matches, any_of, matches_text, one_of
from schema.json_text import literal
from schema.paged import Paged
from schema.planning import At
from schema.record import Node, Record, RecordConnection
from schema.scalars import Date, PartialDate
from schema.vocabulary import SourceKind

CITING = {name: table for name, table in tables.PROJECTIONS.items() if "source_ids" in table.c}
"""Record type → the table of the records that cite sources."""

TYPE_NAMES = {word: "".join(part.capitalize() for part in word.split("_")) for word in tables.PROJECTIONS}
"""MEASURE → Measure: the record type's name in ids and in GraphQL."""


def _citing(at: At) -> sa.FromClause:
    """The records that cite this source."""
    branches = []
    for name, table in CITING.items():
        row = at.plan.alias(table)
        cites = row.c.source_ids.op("@>", is_comparison=True)(
            sa.func.array_append(sa.literal_column("'{}'::text[]", ARRAY(sa.Text())), at.row.c.id)
        )
        branches.append(
            sa.select(row.c.id, literal(TYPE_NAMES[name]).label("type"))
            .where(at.clock.stands(row), cites)
            .correlate_except(row)
        )
    return sa.union_all(*branches).subquery(at.plan.name("u"))


class Source(Row):
    """A document or page that says what the record says: every fact has at least one."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.source

    title = Column(graphene.String, required=True, description="Its title.")
    publisher = Column(graphene.String, required=True, description="Who published it.")
    kind = Column(SourceKind, required=True, description="What kind of document it is.")
    symbol = Column(graphene.String, description='Its symbol, for documents of the United Nations: "CRC/C/156".')
    url = Column(graphene.String, description="Where it is, as its publisher gives it. Not every address was opened.")
    read_at = Column(graphene.String, description="Where the copy lay that was read, if that is elsewhere.")
    archived_url = Column(graphene.String, description="Where an archived copy is.")
    published_on = Column(PartialDate, description="When it was published, as precise as is known.")
    accessed_on = Column(Date, description="When it was read.")
    language = Column(graphene.String, description="The language it was read in.")
    licence = Column(graphene.String, description="The licence that it states.")
    cited_by = Paged(
        RecordConnection,
        total=2000,
        source=_citing,
        among=lambda _at: [TYPE_NAMES[name] for name in CITING],
        description="The records that cite it at this clock, by id.",
    )


class Citation(Row):
    """Where a source says so."""

    source = Edge(
        graphene.NonNull(Source),
        lambda at, source: source.c.id == literal("Source:") + _word(at.row, "source"),
        description="The source.",
    )
    locator = Computed(
        graphene.String, lambda at: _word(at.row, "locator"), description='Where in the source: "para. 12", "p. 4".'
    )
    note = Computed(
        graphene.String, lambda at: _word(at.row, "note"), description="What a reader should know about it."
    )


def _word(row: Any, key: str) -> Any:
    return sa.cast(row.c.citation, JSONB)[key].astext


def _listed(at: At) -> sa.FromClause:
    elements = sa.func.jsonb_array_elements(at.row.c.citations)
    return elements.table_valued(
        sa.column("citation", JSONB), with_ordinality="place", name=at.plan.name("t")
    ).render_derived()


def citations() -> Edges:
    """The field `citations` of whatever cites sources."""
    return Edges(
        Citation,
        source=_listed,
        order=lambda citation: [citation.c.place],
        bound=5,
        description="Where this stands: the sources that say so.",
    )


class SourceFilter(graphene.InputObjectType):
    """Which sources."""

    id = any_of(graphene.ID, one_of("id"), "Ids, as this record gives them.")
    kind = any_of(SourceKind, one_of("kind"), "Kinds of source.")
    symbol = any_of(graphene.String, one_of("symbol"), 'Symbols of documents, exactly: "CRC/C/156".')
    text = Matches(graphene.String, matches_text, description=TEXT)


SourceConnection = connection("Source", Source, "sources")
