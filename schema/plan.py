"""Turns one operation into one SQL statement, whose only row is the log's position and the bytes of the answer.

The fields say how (schema/fields.py, schema/paged.py, …); this walks the operation with graphql-core's own collection of fields,
fragments and directives, binds what requests of the same shape vary, and sums the cost.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import sqlalchemy as sa
from graphene.utils.str_converters import to_camel_case
from graphql import FieldNode, FragmentDefinitionNode, GraphQLError, GraphQLObjectType, GraphQLSchema
from graphql import OperationDefinitionNode as Operation
from graphql.execution.collect_fields import collect_fields, collect_sub_fields
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from schema.arguments import Arguments, Given, Read, Variables, given_arguments
from schema.clock import NEWEST, Clock, present
from schema.fields import At, Planned
from schema.introspection import INTROSPECTION, introspected
from schema.json_text import NULL, Json, as_sql, literal, members, or_null
from schema.refusals import BadValue, ErrorCode, Refused, refusal

COST_LIMIT = 100_000

LOOKUPS = 250
FIELDS = 5_000
"""What an operation may come to once its fragments are expanded: planning takes a millisecond a look-up, and every reader waits."""

Fields = Mapping[str, Sequence[FieldNode]]


@dataclass(frozen=True)
class Bound:
    """A parameter of the statement: how to read it from a request's variables, and whose argument it is."""

    name: str
    read: Read
    check: Callable[[Any], Any] | None
    path: tuple[str, ...]
    nodes: Sequence[FieldNode]

    def value(self, variables: Variables) -> Any:
        """Raises BadValue."""
        value = self.read(variables)
        return value if self.check is None else self.check(value)


@dataclass(frozen=True)
class Plan:
    """A statement that answers every request of one shape. It yields (position, data): data is JSON in UTF-8."""

    sql: str
    cost: int
    _bound: Sequence[Bound | str]

    def parameters(self, variables: Variables, context: Mapping[str, Any]) -> list[Any]:
        """The statement's parameters, in order. Raises Refused, with an error for each argument that cannot be."""
        try:
            return [context[bound] if isinstance(bound, str) else bound.value(variables) for bound in self._bound]
        except BadValue:
            bound = [bound for bound in self._bound if not isinstance(bound, str)]
            raise Refused(_distinct(_misfits(bound, variables))) from None


def plan(
    schema: GraphQLSchema, operation: Operation, fragments: Mapping[str, FragmentDefinitionNode], variables: Variables
) -> Plan:
    """The plan of a validated query for variables of this shape. Raises Refused."""
    return Planning(schema, operation, fragments, variables).plan()


class Planning:
    """One operation while it is planned."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: Operation,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Variables,
    ) -> None:
        self.schema, self.operation, self.fragments, self.variables = (
            schema,
            operation,
            dict(fragments),
            dict(variables),
        )
        self.errors: list[GraphQLError] = []
        self.cost = 0
        self._times = 1
        self._names = self._lookups = self._fields = 0
        self._bound: dict[str, Bound] = {}
        self._made: dict[Hashable, Any] = {}
        self.today = sa.bindparam("today", type_=sa.Date())
        self.public_url = sa.bindparam("public_url", type_=sa.Text())

    def plan(self) -> Plan:
        query = self.schema.query_type
        assert query is not None
        fields = collect_fields(self.schema, self.fragments, self.variables, query, self.operation.selection_set)
        clock = present(self.today)
        root = At(None, clock, Arguments({}), self, query, (), ())
        data = as_sql(members((key, self.member(root, query, None, key, nodes)) for key, nodes in fields.items()))
        if self.cost > COST_LIMIT:
            self.errors.append(_too_costly(self.cost))
        if self.errors:
            raise Refused(_distinct([*self.errors, *_misfits(self._bound.values(), self.variables)]), self.cost)
        utf8 = literal("UTF8")
        compiled = sa.select(NEWEST.label("position"), sa.func.convert_to(data, utf8).label("data")).compile(
            dialect=dialect()  # type: ignore[no-untyped-call]
        )
        parameters = [
            self._bound.get(name) or self._fixed(name, compiled.params[name]) for name in compiled.positiontup or ()
        ]
        return Plan(str(compiled), self.cost, parameters)

    def _fixed(self, name: str, value: Any) -> "Bound | str":
        """today and public_url by name; a constant of the SQL's own as it is."""
        return name if name in (self.today.key, self.public_url.key) else Bound(name, lambda _: value, None, (), ())

    # ── What fields ask for ─────────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def fields(type_: GraphQLObjectType) -> Mapping[str, Planned]:
        """A type's fields by their names in GraphQL."""
        found = _PLANNED.get(type_.name)
        if found is None:
            fields = type_.graphene_type._meta.fields  # type: ignore[attr-defined]
            found = _PLANNED[type_.name] = {field.name or to_camel_case(key): field for key, field in fields.items()}
        return found

    def subfields(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Fields:
        return collect_sub_fields(self.schema, self.fragments, self.variables, type_, list(nodes))

    def members(self, at: At, type_: GraphQLObjectType, row: Any) -> Json:
        """The JSON object of a row, with what the operation selects of it."""
        self.charge(1)
        pairs = [
            (key, self.member(at, type_, row, key, nodes)) for key, nodes in self.subfields(type_, at.nodes).items()
        ]
        return members(pairs)

    def member(self, at: At, type_: GraphQLObjectType, row: Any, key: str, nodes: Sequence[FieldNode]) -> Json:
        """One field's JSON."""
        self._fields += 1
        if self._fields > FIELDS:
            raise _too_large("asks for more than", FIELDS, "fields")
        name, path = nodes[0].name.value, (*at.path, key)
        if name == "__typename":
            return (f'"{type_.name}"',)
        if name in INTROSPECTION:
            bound = Bound(name, introspected(self.schema, self.fragments, key, nodes), None, path, nodes)
            return (self._parameter(bound, sa.Text()),)
        definition = type_.fields[name]
        field = self.fields(type_)[name]
        values = {argument.name.value: argument.value for argument in nodes[0].arguments}
        try:
            given = given_arguments(definition.args, values, self.variables)
            return field.json(replace(at, row=row, given=given, type=definition.type, nodes=nodes, path=path))
        except BadValue as bad:
            self.errors.append(_bad_value(None, bad, nodes, path))
            return NULL

    def one_of(self, at: At, type_: Any, row: Any, among: Sequence[str] = ()) -> Json:
        """The JSON of a row of `type_`; of an interface, of the record, among these types, that the row's type and id name."""
        if isinstance(type_, GraphQLObjectType):
            return self.members(at, type_, row)
        return self.named(at, row.c.type, row.c.id, among)

    def named(self, at: At, type_name: sa.ColumnElement[Any], node_id: Any, among: Sequence[str]) -> Json:
        """The JSON of what an id names, or null: a branch for each type that it may be of."""
        cost, dearest = self.cost, 0
        branches = []
        for name in among:
            self.cost = cost
            branches.append((type_name == literal(name), as_sql(self.by_id(at, name, node_id))))
            dearest = max(dearest, self.cost)
        self.cost = dearest or cost
        return or_null((sa.case(*branches),)) if branches else NULL

    def by_id(self, at: At, type_name: str, node_id: Any) -> Json:
        """The JSON of the row of a type that an id names, or null."""
        type_: Any = self.schema.get_type(type_name)
        row = self.rows(at, type_)
        found = sa.select(as_sql(self.members(at, type_, row))).select_from(row)
        found = found.where(self.stands(row, at.clock), type_.graphene_type._meta.by_id(row, node_id))
        return or_null((found.correlate_except(row).scalar_subquery(),))

    def rows(self, at: At, type_: Any = None) -> sa.FromClause:
        """The rows of a type's table, under a name of their own."""
        target: Any = type_ or at.target
        return self.alias(target.graphene_type._meta.table)

    def alias(self, table: sa.Table) -> sa.FromClause:
        """A table under a name of its own. Raises Refused at the one too many."""
        self._lookups += 1
        if self._lookups > LOOKUPS:
            raise _too_large("follows more than", LOOKUPS, "edges")
        return _bare(table).alias(self.name("t"))

    def stands(self, row: Any, clock: Clock) -> sa.ColumnElement[bool]:
        """That a row is there at a clock."""
        if "valid_from" in row.c:
            return clock.holds(row)
        if "known_to" in row.c:
            return clock.stands(row)
        return clock.saw(row) if "position" in row.c and "leaf_hash" in row.c else sa.true()

    def name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What several places of the statement share."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def bind(self, at: At, given: Given, type_: Any, check: Callable[[Any], Any] | None) -> sa.BindParameter[Any]:
        """A value that requests of the same shape vary."""
        return self._parameter(Bound(given.name, given.read, check, at.path, at.nodes), type_)

    def _parameter(self, bound: Bound, type_: Any) -> sa.BindParameter[Any]:
        name = self.name("p")
        self._bound[name] = bound
        return sa.bindparam(name, type_=type_)

    # ── Cost ────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def charge(self, rows: int) -> None:
        self.cost += rows * self._times

    @contextmanager
    def each(self, rows: int) -> Iterator[None]:
        """What is planned inside happens once for each of so many rows."""
        before = self._times
        self._times = before * rows
        try:
            yield
        finally:
            self._times = before


@cache
def _bare(table: sa.Table) -> sa.TableClause:
    """The table without its constraints, defaults and indexes, which SQLAlchemy would copy for each alias."""
    return sa.table(table.name, *(sa.column(column.name, column.type) for column in table.columns))


_PLANNED: dict[str, Mapping[str, Planned]] = {}


def _misfits(bound: Iterable[Bound], variables: Variables) -> Iterator[GraphQLError]:
    for one in bound:
        try:
            one.value(variables)
        except BadValue as bad:
            yield _bad_value(one.name, bad, one.nodes, one.path)


def _bad_value(name: str | None, bad: BadValue, nodes: Sequence[FieldNode], path: Sequence[str]) -> GraphQLError:
    return refusal(f"{name}: {bad}" if name else str(bad), nodes=nodes, path=path)


def _too_large(does: str, limit: int, what: str) -> Refused:
    message = f"This operation {does} {limit:,} {what} once its fragments are expanded, which is the limit."
    return Refused([refusal(message, ErrorCode.TOO_LARGE)])


def _too_costly(cost: int) -> GraphQLError:
    message = (
        f"This operation may cost {cost:,} and the limit is {COST_LIMIT:,}: about one for each row that it may have to read. "
        "Ask for smaller pages, or for fewer lists inside lists."
    )
    return refusal(message, ErrorCode.TOO_COSTLY)


def _distinct(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """Each error once: a cursor is read several times."""
    seen = {(error.message, tuple(error.path or ())): error for error in errors}
    return list(seen.values())
