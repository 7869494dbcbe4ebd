"""A list's elements as the rows of a table: one column for each leaf that is selected, named by the path to it.

The rule, which schema/flattening.py follows for answers that are JSON already: an object's fields become columns NAME.FIELD; of a
list of words, or of objects, each cell holds the elements joined by "; ", with "\\;" and "\\\\" for what would be misread; nothing
is an empty cell. What is a list with pages, a list inside a list, or of no one type, is JSON in its cell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import sqlalchemy as sa
from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from schema.arguments import given_arguments
from schema.fields import Column, Computed, Edge, Edges, Part
from schema.json_text import as_sql, literal
from schema.planning import At

Expression = sa.ColumnElement[Any]

SEPARATOR = "; "


@dataclass(frozen=True)
class Cell:
    """A column: the path to its leaf, what it holds (a scalar of GraphQL's, or TEXT for several of them), how to come by it, and
    the path to the list whose elements it holds."""

    name: str
    kind: str
    text: Expression
    among: str | None = None


TEXT = "String"


def cells(at: At, type_: GraphQLObjectType, row: Any, prefix: str = "", *, listed: bool = False) -> list[Cell]:
    """The columns of an opened row, with what the operation selects of it. listed: the row is an element of a cell's list."""
    found: list[Cell] = []
    for key, nodes in at.plan.subfields(type_, at.nodes).items():
        found += _of_field(at, type_, row, prefix + key, nodes, listed)
    return found


def _of_field(
    at: At, type_: GraphQLObjectType, row: Any, name: str, nodes: Sequence[FieldNode], listed: bool
) -> list[Cell]:
    if nodes[0].name.value == "__typename":
        return [Cell(name, TEXT, literal(type_.name))]
    definition = type_.fields[nodes[0].name.value]
    field = at.plan.fields(type_)[nodes[0].name.value]
    values = {argument.name.value: argument.value for argument in nodes[0].arguments}
    given = given_arguments(definition.args, values, at.plan.variables)
    here = replace(at, row=row, given=given, type=definition.type, nodes=nodes, path=(*at.path, name))
    target = get_named_type(definition.type)
    at.plan.charge(here.path, 1)
    if isinstance(field, Column | Computed) and is_leaf_type(target) and target.name != "JSON":
        if isinstance(field, Computed):
            at.plan.charge(here.path, field.reads)
        return [_leaf(name, definition.type, field.value(here))]
    if isinstance(field, Part) and isinstance(target, GraphQLObjectType):
        return cells(here, target, row, f"{name}.", listed=listed)
    if isinstance(field, Edge) and isinstance(target, GraphQLObjectType):
        return _of_edge(here, field, target, name, listed)
    if isinstance(field, Edges) and isinstance(target, GraphQLObjectType) and not listed:
        return _of_edges(here, field, target, name)
    return [Cell(name, "JSON", sa.func.nullif(as_sql(field.json(here)), literal("null"), type_=sa.Text()))]


def _of_edge(at: At, field: Edge, target: GraphQLObjectType, name: str, listed: bool) -> list[Cell]:
    parent = at.row
    row, leads = field.led_to(at)
    inner = cells(at, target, at.plan.opened(row), f"{name}.", listed=listed)
    found = sa.select(*_labelled(inner)).select_from(at.plan.joined(row)).where(*leads).correlate_except(row)
    return _from(at.plan.lateral(parent, found), inner)


def _of_edges(at: At, field: Edges, target: GraphQLObjectType, name: str) -> list[Cell]:
    parent = at.row
    row, leads = field.led_to(at)
    with at.plan.each(field.bound):
        inner = cells(at, target, at.plan.opened(row), f"{name}.", listed=True)
    order = field.order(row)
    joined = [
        Cell(
            one.name,
            TEXT,
            _or_nothing(sa.func.string_agg(in_list(one.text), aggregate_order_by(literal(SEPARATOR), *order))),
            name,
        )
        for one in inner
    ]
    found = sa.select(*_labelled(joined)).select_from(at.plan.joined(row)).where(*leads).correlate_except(row)
    return _from(at.plan.lateral(parent, found), joined)


def _labelled(inner: Sequence[Cell]) -> list[Any]:
    return [one.text.label(f"c{place}") for place, one in enumerate(inner)]


def _from(lateral: Any, inner: Sequence[Cell]) -> list[Cell]:
    return [replace(one, text=lateral.c[f"c{place}"]) for place, one in enumerate(inner)]


def in_list(text: Expression) -> Expression:
    """A text as an element of a cell's list; nothing is an empty one."""
    escaped = sa.func.replace(sa.func.replace(text, literal("\\"), literal("\\\\")), literal(";"), literal("\\;"))
    return sa.func.coalesce(escaped, literal(""), type_=sa.Text())


def _or_nothing(text: Expression) -> Expression:
    """A list of nothing, or of one nothing, is an empty cell."""
    return sa.func.nullif(text, literal(""), type_=sa.Text())


def _leaf(name: str, type_: GraphQLOutputType, value: Expression) -> Cell:
    named = get_named_type(type_)
    if is_list_type(get_nullable_type(cast("Any", type_))):
        apart = sa.func.array_to_string(value, sa.literal_column(r"E'\x01'"), literal(""))
        escaped = in_list(apart)
        return Cell(
            name, TEXT, _or_nothing(sa.func.replace(escaped, sa.literal_column(r"E'\x01'"), literal(SEPARATOR))), name
        )
    if named.name == "DateTime":
        in_utc = sa.func.timezone(literal("UTC"), value)
        return Cell(name, named.name, sa.func.to_char(in_utc, literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
    return Cell(name, named.name, value if isinstance(value.type, sa.Text) else sa.cast(value, sa.Text))
