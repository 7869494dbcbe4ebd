"""Instruments: the treaties and standards around the Guidelines."""

import graphene
import sqlalchemy as sa

from db import tables
from schema.fields import Column, Computed, Row
from schema.measure import MeasureConnection
from schema.paged import Paged
from schema.record import Node, Record


class Instrument(Row):
    """A treaty or standard around the Guidelines."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.instrument

    code = Column(graphene.String, plain=True, required=True, description='Its code in this record: "ILO_C182".')
    name = Column(graphene.String, required=True, description="Its name.")
    kind = Column(graphene.String, required=True, description="What kind of text it is: treaty, model law, guidelines.")
    body = Column(graphene.String, required=True, description="Who adopted it.")
    year = Computed(
        graphene.Int,
        lambda at: at.row.c.years[sa.literal_column("1")],
        description="The year it was adopted; the first, where there are several.",
    )
    years = Column(
        graphene.NonNull(graphene.List(graphene.NonNull(graphene.Int))),
        description="Every year it is known by: of adoption, of revisions. Empty when it is not known.",
    )
    url = Column(graphene.String, description="Where it is.")
    followed = Column(
        graphene.Boolean, required=True, description="Whether actions on this treaty are in the record, as measures."
    )
    relevance = Column(graphene.String, description="What it has to do with the Guidelines.")
    named_in_guidelines = Column(
        graphene.String, description="Whether the Guidelines name it, as far as their text was read."
    )
    note = Column(graphene.String, description="What a reader should know about it.")
    measures = Paged(
        MeasureConnection,
        lambda at, measure: measure.c.instrument_code == at.row.c.code,
        total=400,
        description="Actions on it: signatures, ratifications, accessions, by id.",
    )
