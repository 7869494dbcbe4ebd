"""Whole lists, row by row: the statement of a list that an operation asks for, without its pages, to be streamed.

The same fields, filters, order and clock as the list's pages have, read at one position: never a page glued to a page.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from graphql import FieldNode, GraphQLObjectType
from graphql.execution.collect_fields import collect_fields

from schema.arguments import Variables, given_arguments
from schema.cells import Cell, cells
from schema.changes import Changes, RevisionsAfter
from schema.clock import NEWEST
from schema.column import Column
from schema.document import Operation
from schema.fields import Edges
from schema.json_text import as_sql, literal
from schema.paged import LISTS, Page, Paged
from schema.plan import Plan, compiled, root_of
from schema.planning import At, Planning
from schema.query import schema
from schema.refusals import BadValue, Refused, refusal

LIGHT = 100
"""A row that is copied costs 1; one that in a page would cost more than this, more in proportion."""


@dataclass(frozen=True)
class Rows:
    """A statement of one row an element, in the list's order. columns: of cells; none where each row is an element's JSON."""

    plan: Plan
    columns: Sequence[Column]

    def cost(self, count: int) -> int:
        """Of so many of them."""
        return count * max(1, self.plan.cost // LIGHT)


def rows_of(operation: Operation, variables: Variables, clocks: Collection[str], *, as_cells: bool) -> Rows | None:
    """The list that an operation asks for; None where that is no list. as_cells: as a table's, where its elements
    are all of one type. Raises Refused."""
    way = ("rows", as_cells, frozenset(clocks))
    return operation.kept(
        way,
        variables,
        lambda: _rows_of(operation, variables, clocks, as_cells=as_cells),
        lambda rows: rows.plan.sql if rows else "",
    )


def _rows_of(operation: Operation, variables: Variables, clocks: Collection[str], *, as_cells: bool) -> Rows | None:
    listed = _listed(operation, variables, clocks)
    if listed is None:
        return None
    page, key, (inner, nodes) = listed
    rows, found = page.rows(), list[Cell]()
    if as_cells and isinstance(page.element, GraphQLObjectType) and nodes[0].name.value != "edges":
        here = replace(page.clock_at, row=rows, nodes=nodes, type=page.element, path=(key, inner))
        found = cells(here, page.element, rows)
        selected = [one.text.label(f"c{place}") for place, one in enumerate(found)]
    else:
        selected = [page.listed(nodes, inner, rows).label("json")]
    planning = page.at.plan
    statement = sa.select(*selected).select_from(planning.joined(rows)).order_by(*page.in_its_order(rows))
    return Rows(compiled(planning, statement), [Column(one.name, one.kind, one.among) for one in found])


def counted(operation: Operation, variables: Variables, clocks: Collection[str]) -> Plan:
    """How many rows those are, of how many there are without `first` or `last`, at which clock: total, of, position, known, valid;
    and the log's newest position. Raises Refused."""
    way = ("count", frozenset(clocks))
    return operation.kept(way, variables, lambda: _counted(operation, variables, clocks), lambda plan: plan.sql)


def _counted(operation: Operation, variables: Variables, clocks: Collection[str]) -> Plan:
    listed = _listed(operation, variables, clocks)
    assert listed is not None, "only what has rows is counted"
    page = listed[0]
    total, of, clock = _count(page, limited=True), _count(page, limited=False), page.clock_at.clock
    known = sa.func.coalesce(clock.known, sa.func.statement_timestamp())
    in_utc = sa.func.timezone(literal("UTC"), known)
    statement = sa.select(
        total.label("total"),
        (of if {"first", "last"} & set(page.at.given) else total).label("of"),
        clock.position.label("position"),
        sa.func.to_char(in_utc, literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')).label("known"),
        sa.cast(clock.day, sa.Text).label("valid"),
        NEWEST.label("newest"),
    )
    return compiled(page.at.plan, statement)


def _count(page: "Page | RevisionsAfter | Unpaged", *, limited: bool) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(page.at.plan.joined(page.rows(limited=limited))).scalar_subquery()


Asked = tuple[str, Sequence[FieldNode]]
"""The key and the nodes of a field."""


class Unpaged:
    """A list that has no pages, as a page of it all."""

    def __init__(self, field: Edges, at: At) -> None:
        self.field, self.at, self.clock_at, self.element = field, at, at, at.target

    def rows(self, *, limited: bool = True) -> Any:  # noqa: ARG002 - no page limits it
        row, leads = self.field.led_to(self.at)
        keys = [value.label(f"k{place}") for place, value in enumerate(self.field.order(row))]
        self.keys = [key.name for key in keys]
        found = sa.select(row, *keys).where(*leads).correlate_except(row)
        return self.at.plan.opened(found.subquery(self.at.plan.name("r")))

    def in_its_order(self, rows: Any) -> list[sa.ColumnElement[Any]]:
        return [rows.c[key] for key in self.keys]

    def listed(self, nodes: Sequence[FieldNode], _key: str, rows: Any) -> Any:
        return as_sql(self.at.plan.members(replace(self.at, nodes=nodes), self.element, rows))


def _listed(
    operation: Operation, variables: Variables, clocks: Collection[str]
) -> tuple[Page | RevisionsAfter | Unpaged, str, Asked] | None:
    """The first list of an operation, the key that it is asked under, and what is asked of its nodes or edges. Raises Refused."""
    query = schema.query_type
    assert query is not None
    planning = Planning(schema, operation.fragments, variables)
    root = root_of(planning, query, clocks)
    fields = collect_fields(schema, dict(operation.fragments), dict(variables), query, operation.node.selection_set)
    for key, nodes in fields.items():
        field = planning.fields(query).get(nodes[0].name.value)
        if isinstance(field, Paged | Changes | Edges):
            try:
                return _page(root, query, field, key, nodes)
            except BadValue as bad:
                raise Refused([refusal(str(bad), nodes=nodes, path=(key,))]) from None
    return None


def _page(
    root: At, query: GraphQLObjectType, field: Paged | Changes | Edges, key: str, nodes: Sequence[FieldNode]
) -> tuple[Page | RevisionsAfter | Unpaged, str, Asked]:
    definition, planning = query.fields[nodes[0].name.value], root.plan
    values = {argument.name.value: argument.value for argument in nodes[0].arguments}
    given = given_arguments(definition.args, values, planning.variables)
    at = replace(root, given=given, type=definition.type, nodes=nodes, path=(key,))
    if isinstance(field, Edges):
        return Unpaged(field, at), key, (key, nodes)
    asked = [one for one in planning.subfields(at.target, nodes).items() if one[1][0].name.value in LISTS]
    if not asked:
        raise BadValue("ask for nodes { … }: they are what is listed.")
    return field.page(at), key, asked[0]
