"""Statements: declarations, reservations, objections and withdrawals made to the Protocol."""

import graphene

from db import tables
from schema.connection import connection
from schema.fields import Column, Edge, On, Row
from schema.filters import STATE, any_of, one_of
from schema.paged import Paged
from schema.record import Node, Record
from schema.scalars import PartialDate
from schema.section import article_references
from schema.source import citations
from schema.vocabulary import StatementKind


class Statement(Row):
    """What a State declared to the depositary about the Protocol, paraphrased. The record of statements is incomplete."""

    class Meta:
        interfaces = (Node, Record)
        table = tables.statement

    state_party = Edge(
        graphene.NonNull("schema.state_party.StateParty"),
        lambda at, state: state.c.code == at.row.c.state_party_code,
        description="The State party that made it.",
    )
    kind = Column(StatementKind, required=True, description="What kind of statement it is.")
    made_on = Column(PartialDate, description="When it was made.")
    date_basis = Column(graphene.String, description="What its date is of.")
    articles = article_references("The articles of the Protocol that it is about.")
    target = Edge(
        "schema.state_party.StateParty",
        lambda at, state: state.c.code == at.row.c.target_code,
        description="Of an objection: the State whose statement it objects to.",
    )
    summary = Column(graphene.String, required=True, description="What it says, in our own words.")
    evidence = Column(graphene.String, description='"text seen": its text was read for this record.')
    note = Column(graphene.String, description="What a reader should know about it.")
    citations = citations()


class StatementFilter(graphene.InputObjectType):
    """Which statements. Fields are joined by and, the values of one list by or."""

    id = any_of(graphene.ID, one_of("id"), 'Ids, like "Statement:AUT-01".')
    state_party = any_of(graphene.String, one_of("state_party_code"), STATE)
    kind = any_of(StatementKind, one_of("kind"), "Kinds of statement.")


StatementConnection = connection("Statement", Statement, "statements")


def statements(on: On | None = None, *, total: int, filtered: bool, description: str) -> Paged:
    """A field that lists statements, by id."""
    return Paged(
        StatementConnection, on, total=total, filter_type=StatementFilter if filtered else None, description=description
    )
