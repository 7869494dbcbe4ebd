"""The fields of the schema: each says where its value comes from, and writes it as JSON inside one SQL statement.

A field's json() is called once, while an operation is planned (schema/plan.py); nothing is fetched per row.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import graphene
import sqlalchemy as sa
from graphene.types.objecttype import ObjectTypeOptions
from graphql import (
    GraphQLEnumType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from schema.json_text import Json, array, as_sql, escaped, literal, or_null, plain, quoted
from schema.planning import At

Expression = sa.ColumnElement[Any]


class Row(graphene.ObjectType):
    """An object type whose objects are rows of `table`: a projection, or the log."""

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(
        cls, table: sa.Table | None = None, by_id: Any = None, _meta: Any = None, **options: Any
    ) -> None:
        """by_id: (row, id, clock) to the condition that the row is the id's."""
        _meta = _meta or ObjectTypeOptions(cls)
        _meta.table = table
        _meta.by_id = by_id or (lambda row, node_id, _clock: row.c.id == node_id)
        super().__init_subclass_with_meta__(_meta=_meta, **options)


class Planned(graphene.Field):
    """A field that writes its own JSON into the statement."""

    def json(self, at: At) -> Json:
        raise NotImplementedError


class Column(Planned):
    """A column of the row, named as the field is unless `column` says otherwise. plain: it holds nothing to escape."""

    def __init__(self, type_: Any, column: str | None = None, *, plain: bool = False, **options: Any) -> None:
        super().__init__(type_, **options)
        self.column, self.plain = column, plain

    def json(self, at: At) -> Json:
        return value_json(at.type, self.value(at), plain_text=self.plain)

    def value(self, at: At) -> Expression:
        value: Expression = at.row.c[self.column or _snake_case(at.nodes[0].name.value)]
        return value


class Computed(Planned):
    """An SQL expression over the row, the clock and the arguments. reads: how many further rows it reads, for the cost."""

    def __init__(
        self, type_: Any, value: Callable[[At], Expression], *, plain: bool = False, reads: int = 0, **options: Any
    ) -> None:
        super().__init__(type_, **options)
        self.value, self.plain, self.reads = value, plain, reads

    def json(self, at: At) -> Json:
        at.plan.charge(at.path, self.reads)
        return value_json(at.type, self.value(at), plain_text=self.plain)


class Part(Planned):
    """An object made of the same row and clock: Query.clock."""

    def json(self, at: At) -> Json:
        return at.plan.members(at, at.target, at.row)


Source = Callable[[At], sa.FromClause]
On = Callable[[At, Any], sa.ColumnElement[bool]]
Order = Callable[[Any], Sequence[Expression]]


class Edge(Planned):
    """Leads to one other row: the first that `on` holds for, in `order`."""

    def __init__(self, type_: Any, on: On, order: Order | None = None, **options: Any) -> None:
        super().__init__(type_, **options)
        self.on, self.order = on, order

    def led_to(self, at: At) -> tuple[Any, Sequence[sa.ColumnElement[bool]]]:
        """The row, and what holds of it."""
        row: Any = at.plan.rows(at)
        leads = at.plan.stands(row, at.clock), self.on(at, row)
        if not self.order:
            return row, leads
        first = sa.select(row).where(*leads).order_by(*self.order(row)).limit(sa.literal_column("1"))
        return first.correlate_except(row).subquery(at.plan.name("r")), ()

    def json(self, at: At) -> Json:
        row, leads = self.led_to(at)
        json = as_sql(at.plan.members(at, at.target, at.plan.opened(row)))
        found = sa.select(json.label("j")).select_from(at.plan.joined(row)).where(*leads).correlate_except(row)
        value = (at.plan.beside(at.row, found),)
        return value if is_non_null_type(at.type) else or_null(value)


class Edges(Planned):
    """Leads to a list of rows, all that `on` holds for. bound: how many there may be, for the cost; source: rows of no table."""

    def __init__(
        self,
        type_: Any,
        on: On | None = None,
        *,
        order: Order,
        bound: int,
        source: Source | None = None,
        **options: Any,
    ) -> None:
        super().__init__(graphene.NonNull(graphene.List(graphene.NonNull(type_))), **options)
        self.on, self.order, self.bound, self.source = on, order, bound, source

    def led_to(self, at: At) -> tuple[Any, Sequence[sa.ColumnElement[bool]]]:
        """The rows, and what holds of them."""
        row = self.source(at) if self.source else at.plan.rows(at)
        stands = at.plan.stands(row, at.clock)
        return row, (stands, self.on(at, row)) if self.on else (stands,)

    def json(self, at: At) -> Json:
        row, leads = self.led_to(at)
        at.plan.opened(row)
        with at.plan.each(self.bound):
            listed = array(as_sql(at.plan.members(at, at.target, row)), self.order(row))
        found = sa.select(as_sql(listed).label("j")).select_from(at.plan.joined(row)).where(*leads)
        return (at.plan.beside(at.row, found.correlate_except(row)),)


def value_json(type_: GraphQLOutputType, value: Expression, *, plain_text: bool = False) -> Json:
    """A scalar, an enum's value or a list of these."""
    json = _value_json(type_, value, plain_text)
    return json if is_non_null_type(type_) else or_null(json)


def _value_json(type_: GraphQLOutputType, value: Expression, plain_text: bool) -> Json:
    named = get_named_type(type_)
    if is_list_type(get_nullable_type(cast("Any", type_))):
        return escaped(value)
    if isinstance(named, GraphQLEnumType) or plain_text or named.name in ("ID", "Date", "PartialDate"):
        return quoted(value)
    if named.name == "DateTime":
        in_utc = sa.func.timezone(
            literal("UTC"), value
        )  # not moment(): what PostgreSQL does not fold in costs thrice as much
        return quoted(sa.func.to_char(in_utc, literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), type_=sa.Text()))
    return escaped(value) if named.name == "String" else plain(value)


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
