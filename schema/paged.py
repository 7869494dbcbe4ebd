"""Relay connections: lists in pages, by keyset. A page is one subselect; its rows are put together beside their count."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import graphene
import sqlalchemy as sa
from graphql import FieldNode, GraphQLInterfaceType, GraphQLObjectType, VariableNode, get_named_type
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql import visitors

from schema import keyset
from schema.arguments import Arguments
from schema.clock import NEWEST, paged, present
from schema.fields import On, Planned, Source
from schema.filters import conditions
from schema.json_text import Json, array, array_of, as_sql, members, or_null, quoted
from schema.keyset import ID, Cursor, Key
from schema.planning import At, Listed
from schema.refusals import BadValue

PAGE = 50
LARGEST_PAGE = 200

LISTS = {"nodes", "edges"}

Orders = Mapping[str, Sequence[Key]]
"""The values of an order enum → the keys each stands for."""

PAGING = {
    "first": graphene.Int(description=f"How many, from the start: 1 to {LARGEST_PAGE}; {PAGE} when neither is given."),
    "after": graphene.String(
        description="Only what comes after this cursor (an earlier page's pageInfo.endCursor). The page is read at the "
        "log position of the first page, so that the list does not shift while you read it."
    ),
    "last": graphene.Int(description=f"How many, from the end: 1 to {LARGEST_PAGE}. Give either first or last."),
    "before": graphene.String(
        description="Only what comes before this cursor (an earlier page's pageInfo.startCursor)."
    ),
}


class Paged(Planned):
    """A connection: the rows that `on` holds for, filtered, ordered, in pages. total: how many there may be, for the cost.
    source: rows of no table; of an interface's, with their type and id, among: which types these can be."""

    def __init__(
        self,
        connection: Any,
        on: On | None = None,
        *,
        total: int,
        order: Sequence[Key] = (),
        orders: Orders | None = None,
        order_type: Any = None,
        filter_type: Any = None,
        source: Source | None = None,
        among: Callable[[At], Sequence[str]] | None = None,
        unique: Key = ID,
        **options: Any,
    ) -> None:
        arguments = {}
        if filter_type is not None:
            arguments["filter"] = filter_type(description="Which to list; everything when it is left out.")
        if order_type is not None:
            arguments["order_by"] = graphene.List(
                graphene.NonNull(order_type),
                description="In which order; ties, and everything when it is left out, by id.",
            )
        super().__init__(graphene.NonNull(connection), **arguments, **PAGING, **options)
        self.on, self.total, self.order, self.orders = on, total, order, orders or {}
        self.filter_type, self.source, self.among, self.unique = filter_type, source, among, unique

    def page(self, at: At) -> "Page":
        return Page(self, at)

    def json(self, at: At) -> Json:
        return self.page(at).json()


def rows_asked(given: Arguments) -> int | None:
    """How many rows of a whole list `first` or `last` ask for, which may be more than a page has; None: all. Raises BadValue."""
    if "first" in given and "last" in given:
        raise BadValue("first and last exclude each other: give one of them.")
    name = "last" if "last" in given else "first"
    asked: int | None = given.shape(name)
    if asked is not None and asked < 1:
        raise BadValue(f"{name}: {asked} rows are none; ask for 1 or more, or leave it out for all of them.")
    return asked


@dataclass
class Page:
    """One connection of an operation while it is planned."""

    field: Paged
    at: At

    @cached_property
    def row(self) -> Any:
        return self.field.source(self.clock_at) if self.field.source else self.at.plan.rows(self.at, self.element)

    @cached_property
    def element(self) -> GraphQLObjectType | GraphQLInterfaceType:
        return cast("GraphQLObjectType", get_named_type(self.at.target.fields["nodes"].type))

    @cached_property
    def asked(self) -> Sequence[str]:
        """The names of the orders asked for; they stand in the cursor, too."""
        return [str(order) for order in self.at.given.shape("orderBy") or ()]

    @cached_property
    def keys(self) -> list[Key]:
        keys = [key for order in self.asked for key in self.field.orders[order]] or list(self.field.order)
        return [*keys, self.field.unique]

    @cached_property
    def backwards(self) -> bool:
        return "last" in self.at.given

    @cached_property
    def size(self) -> int:
        given = self.at.given
        if "first" in given and "last" in given:
            raise BadValue("first and last exclude each other: give one of them.")
        name = "last" if self.backwards else "first"
        size: int = given.shape(name, PAGE)
        if not 1 <= size <= LARGEST_PAGE:
            raise BadValue(f"{name}: {size} is no page size; ask for 1 to {LARGEST_PAGE}.")
        return size

    @cached_property
    def clock_at(self) -> At:
        """Where the rows stand: at the first page's position and day, when a cursor says so."""
        for name in ("after", "before"):
            if name in self.at.given:
                position = self.at.bind(name, sa.Integer, lambda text: self.read(text).position)
                day = self.at.bind(name, sa.Date, lambda text: self.read(text).day)
                if self.at.plan.at_newest and self.varies(name) and self.at.clock.position is NEWEST:
                    return replace(self.at, clock=replace(present(day, lasts=False), position=position))
                return replace(self.at, clock=paged(self.at.clock, position, day))
        return self.at

    def varies(self, name: str) -> bool:
        """Whether an argument is given as a variable."""
        return any(
            argument.name.value == name and isinstance(argument.value, VariableNode)
            for argument in self.at.nodes[0].arguments
        )

    @cached_property
    def order_name(self) -> str:
        return ",".join(self.asked) or self.at.nodes[0].name.value

    @cached_property
    def read(self) -> Callable[[str], Cursor]:
        return keyset.reading(self.order_name, self.keys)

    def json(self) -> Json:
        size, chosen = self.size, self.at.plan.subfields(self.at.target, self.at.nodes)
        self.at.plan.lists[self.at.path] = Listed(size, said="first" in self.at.given or self.backwards)
        page = self.page(chosen, size)
        with self.at.plan.each(size):
            lists = {
                key: self.listed(nodes, key, page) for key, nodes in chosen.items() if nodes[0].name.value in LISTS
            }
        self.in_order = page is not None and not self.backwards and self.at.plan.alone(page)
        pairs = [
            (key, self.array(lists[key], page) if key in lists else self.member(key, nodes, page))
            for key, nodes in chosen.items()
        ]
        if page is None:
            return members(pairs)
        whole = sa.select(as_sql(members(pairs)).label("j")).select_from(self.at.plan.joined(page))
        whole = whole.having(sa.literal_column("true"))  # one row, always
        _narrow(page, whole)
        return (self.at.plan.beside(self.at.row, whole.correlate_except(page)),)

    def page(self, chosen: Mapping[str, Sequence[FieldNode]], size: int) -> Any:
        """The page's rows with their keys as k0, k1 …; one row more than it has, where it is asked whether there is more."""
        at, plan = self.clock_at, self.at.plan
        wanted = {
            subfield[0].name.value
            for nodes in chosen.values()
            if nodes[0].name.value == "pageInfo"
            for subfield in plan.subfields(self.page_info, nodes).values()
        }
        if not {nodes[0].name.value for nodes in chosen.values()} & LISTS and not wanted - {"__typename"}:
            return None
        self.one_more = bool(wanted & {"hasNextPage", "hasPreviousPage"})
        values = [key.of(self.row, at.clock) for key in self.keys]
        found = sa.select(self.row, *(value.label(f"k{place}") for place, value in enumerate(values)))
        found = found.select_from(self.row).where(*self.conditions(at), *self.beyond(at))
        ordered = [key.ordered(value, backwards=self.backwards) for key, value in zip(self.keys, values, strict=True)]
        found = found.order_by(*ordered).limit(sa.literal_column(str(size + self.one_more)))
        return plan.opened(found.correlate_except(self.row).subquery(plan.name("r")))

    def rows(self, *, limited: bool = True) -> Any:
        """All the list's rows with their keys, however many; limited: as many as `first` or `last` say, which may be more than a
        page has."""
        at, plan = self.clock_at, self.at.plan
        values = [key.of(self.row, at.clock) for key in self.keys]
        found = sa.select(self.row, *(value.label(f"k{place}") for place, value in enumerate(values)))
        found = found.select_from(self.row).where(*self.conditions(at), *self.beyond(at))
        asked = rows_asked(at.given)
        if limited and asked is not None:
            ordered = [
                key.ordered(value, backwards=self.backwards) for key, value in zip(self.keys, values, strict=True)
            ]
            found = found.order_by(*ordered).limit(sa.literal_column(str(asked)))
        return plan.opened(found.correlate_except(self.row).subquery(plan.name("r")))

    def in_its_order(self, rows: Any) -> list[sa.ColumnElement[Any]]:
        return [key.ordered(rows.c[f"k{place}"]) for place, key in enumerate(self.keys)]

    def listed(self, nodes: Sequence[FieldNode], key: str, page: Any) -> Any:
        """A row's JSON among the page's nodes or edges."""
        at, is_node = self.clock_at, nodes[0].name.value == "nodes"
        return as_sql(self.node(at, nodes, (key,), page) if is_node else self.edge(at, nodes, key, page))

    def array(self, json: Any, page: Any) -> Json:
        """The page's nodes or edges, in the list's order."""
        if not self.one_more:
            return array(json, self.forwards(page))
        return array_of(self.gathered(page, json, sa.Text)[self.first : self.last])

    @property
    def page_info(self) -> GraphQLObjectType:
        return cast("GraphQLObjectType", get_named_type(self.at.target.fields["pageInfo"].type))

    def conditions(self, at: At) -> list[sa.ColumnElement[bool]]:
        """Everything but the cursor."""
        found = [at.plan.stands(self.row, at.clock)]
        if self.field.on:
            found.append(self.field.on(at, self.row))
        if self.field.filter_type is not None:
            found += conditions(at, self.row)
        return found

    def beyond(self, at: At) -> list[sa.ColumnElement[bool]]:
        """After the cursor, before the other."""
        found = []
        for name, backwards in (("after", False), ("before", True)):
            if name in at.given:
                values = [
                    at.bind(name, key.type, lambda text, place=place: self.read(text).values[place])  # type: ignore[misc]
                    for place, key in enumerate(self.keys)
                ]
                found.append(keyset.after(self.keys, self.row, at.clock, values, backwards=backwards))
        return found

    def node(self, at: At, nodes: Sequence[FieldNode], path: tuple[str, ...], page: Any) -> Json:
        inside = replace(at, nodes=nodes, path=(*at.path, *path), type=self.element)
        among = self.field.among(self.at) if self.field.among else ()
        return at.plan.one_of(inside, self.element, page, among)

    def edge(self, at: At, nodes: Sequence[FieldNode], path: str, page: Any) -> Json:
        edge = cast("GraphQLObjectType", get_named_type(self.at.target.fields["edges"].type))
        pairs: list[tuple[str, Json]] = []
        for key, subnodes in at.plan.subfields(edge, nodes).items():
            match subnodes[0].name.value:
                case "__typename":
                    pairs.append((key, (f'"{edge.name}"',)))
                case "cursor":
                    pairs.append((key, quoted(self.cursor([page.c[f"k{place}"] for place in range(len(self.keys))]))))
                case "node":
                    pairs.append((key, self.node(at, subnodes, (path, key), page)))
                case name:
                    type_, inside = edge.fields[name].type, (*at.path, path, key)
                    field = at.plan.fields(edge)[name]  # it may need what the connection was given
                    pairs.append((key, field.json(replace(at, row=page, type=type_, nodes=subnodes, path=inside))))
        return members(pairs)

    def cursor(self, values: Sequence[Any]) -> sa.ColumnElement[str]:
        return keyset.opaque(as_sql(keyset.cursor(self.order_name, self.clock_at.clock, self.keys, values)))

    def member(self, key: str, nodes: Sequence[FieldNode], page: Any) -> Json:
        match nodes[0].name.value:
            case "__typename":
                return (f'"{self.at.target.name}"',)
            case "totalCount":
                return (self.total_count(key),)
        facts = self.at.plan.subfields(self.page_info, nodes).items()
        return members((key, self.page_fact(subnodes[0].name.value, page)) for key, subnodes in facts)

    def total_count(self, key: str) -> sa.ColumnElement[Any]:
        at = self.clock_at
        at.plan.charge((*at.path, key), self.field.total // 100, self.field.total)
        counted = sa.select(sa.func.count()).select_from(self.row).where(*self.conditions(at))
        return sa.cast(counted.correlate_except(self.row).scalar_subquery(), sa.Text)

    def page_fact(self, name: str, page: Any) -> Json:
        given = self.at.given
        if name == "__typename":
            return (f'"{self.page_info.name}"',)
        if name in ("hasNextPage", "hasPreviousPage"):
            if ("before" if name == "hasNextPage" else "after") in given:  # the cursor's own row is there
                return ("true",)
            if name == ("hasPreviousPage" if self.backwards else "hasNextPage"):
                return (sa.cast(sa.func.count() > sa.literal_column(str(self.size)), sa.Text),)
            return ("false",)
        place = self.first if name == "startCursor" else self.last
        columns = [(page.c[f"k{number}"], key.type) for number, key in enumerate(self.keys)]
        return or_null(quoted(self.cursor([self.gathered(page, column, type_)[place] for column, type_ in columns])))

    def forwards(self, page: Any) -> list[sa.ColumnElement[Any]]:
        """The list's own order, where rows come from its end, or joins may disturb them."""
        return [] if self.in_order else self.in_its_order(page)

    def gathered(self, page: Any, column: Any, type_: Any) -> Any:
        """A column of all rows, as an array in the list's own order; the page is what lies from `first` to `last`."""
        order = self.forwards(page)
        return sa.func.array_agg(aggregate_order_by(column, *order) if order else column, type_=sa.ARRAY(type_()))

    @property
    def first(self) -> Any:
        """The place of the page's first row among the rows gathered: the one more is before it, or after the last."""
        one: Any = sa.literal_column("1")
        before = sa.func.greatest(sa.func.count() - sa.literal_column(str(self.size)), sa.literal_column("0"))
        return before + one if self.backwards else one

    @property
    def last(self) -> Any:
        return sa.func.count() if self.backwards else sa.func.least(sa.func.count(), sa.literal_column(str(self.size)))


def _narrow(page: Any, whole: sa.Select[Any]) -> None:
    """Leaves of a page's columns those that are read: PostgreSQL would carry the others along, as nulls, in every row."""
    read = {
        column.key for column in visitors.iterate(whole) if isinstance(column, sa.ColumnClause) and column.table is page
    }
    found = page.element
    page.element = found.with_only_columns(*(column for column in found.selected_columns if column.key in read))
