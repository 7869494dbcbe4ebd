"""One operation while it is planned: what its fields ask for, walked with graphql-core's own collection of fields, fragments and
directives; what requests of the same shape vary, bound; the cost, summed.
"""

import json
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Protocol, cast

import sqlalchemy as sa
from graphene.utils.str_converters import to_camel_case
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
)
from graphql.execution.collect_fields import collect_sub_fields

from db.tables import MOVING
from schema.arguments import Arguments, Given, Variables, given_arguments
from schema.clock import Clock
from schema.introspection import INTROSPECTION, executed
from schema.json_text import NULL, Json, as_sql, literal, members, or_null
from schema.parameters import Bound, bad_value
from schema.refusals import BadValue, ErrorCode, Refused, refusal

Path = tuple[str, ...]
"""Response keys, from the root."""

LOOKUPS = 250
FIELDS = 5_000
"""What an operation may come to once its fragments are expanded: planning takes a millisecond a look-up, and every reader waits."""

VIEWER = sa.bindparam("viewer", type_=sa.Integer())
"""The account that asks; null for the public."""

Fields = Mapping[str, Sequence[FieldNode]]


@dataclass(frozen=True)
class Charge:
    """What a place of an operation may cost, and for how many rows that is."""

    path: Path
    rows: int
    cost: int


@dataclass(frozen=True)
class Listed:
    """A list in pages: how many it gives at once; said: because the operation says so."""

    size: int
    said: bool


Explain = Callable[[str, Mapping[str, Any], str | None], Mapping[str, Any]]
"""What a query would cost: of its text, variables and operation's name, an Explanation's fields. Raises Refused."""


@dataclass(frozen=True)
class At:
    """Where a field stands while an operation is planned: the row of its object, the clock, and what it was given."""

    row: Any  # a sa.FromClause; None at the root
    clock: Clock
    given: Arguments
    plan: "Planning"
    type: GraphQLOutputType
    nodes: Sequence[FieldNode]
    path: tuple[str, ...]

    @property
    def target(self) -> GraphQLObjectType:
        """The object type that the field leads to."""
        return cast("GraphQLObjectType", get_named_type(self.type))

    def bind(self, name: str, type_: Any, check: Callable[[Any], Any] | None = None) -> sa.BindParameter[Any]:
        """An argument's value as a parameter of the statement; `check` may refuse or change it, at each request."""
        return self.plan.bind(self, self.given[name], type_, check)

    def place(self) -> sa.ColumnElement[str]:
        """What the database is to say with a refusal, so that it is told as this field's."""
        place = json.dumps(self.path)
        self.plan.clocks[place] = self.nodes
        return literal(place)


class Planned(Protocol):
    """A field that writes its own JSON into the statement (schema/fields.py)."""

    def json(self, at: At) -> Json: ...


class Planning:
    """What the fields use: other fields, rows, parameters. `errors` are those found so far, `bound` the parameters by name,
    `clocks` the fields that ask for moments, positions or sizes, by what the database says of them when there is none such.
    `charges` add up to the cost; `lists` are those in pages, by path. of_the_log: so far, all that is told follows from the log;
    at_one_clock: and is read at the request's own clock."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Variables,
        *,
        at_newest: bool = False,
        explain: Explain | None = None,
    ) -> None:
        self.at_newest, self.explain = at_newest, explain
        self.schema, self.fragments, self.variables = schema, dict(fragments), dict(variables)
        self.errors: list[GraphQLError] = []
        self.bound: dict[str, Bound] = {}
        self.clocks: dict[str, Sequence[FieldNode]] = {}
        self.cost = 0
        self.of_the_log = self.at_one_clock = True
        self.charges: list[Charge] = []
        self.lists: dict[Path, Listed] = {}
        self.today = sa.bindparam("today", type_=sa.Date())
        self.public_url = sa.bindparam("public_url", type_=sa.Text())
        self.viewer = VIEWER
        self.viewer_expires_at = sa.bindparam("viewer_expires_at", type_=sa.DateTime(True))
        self.done = sa.bindparam("done", type_=sa.Text())
        self._times = 1
        self._names = self._lookups = self._fields = 0
        self._made: dict[Hashable, Any] = {}
        self._beside: dict[Any, list[Any]] = {}

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
        self.charge(at.path, 1)
        pairs = [
            (key, self.member(at, type_, row, key, nodes)) for key, nodes in self.subfields(type_, at.nodes).items()
        ]
        return members(pairs)

    def member(self, at: At, type_: GraphQLObjectType, row: Any, key: str, nodes: Sequence[FieldNode]) -> Json:
        """One field's JSON."""
        self._fields += 1
        if self._fields > FIELDS:
            raise _too_large("asks for more than", FIELDS, "fields", self.cost)
        name, path = nodes[0].name.value, (*at.path, key)
        if name == "__typename":
            return (f'"{type_.name}"',)
        if name in INTROSPECTION:
            return self.beforehand(name, executed(self.schema, self.fragments, key, nodes), path, nodes)
        definition = type_.fields[name]
        field = self.fields(type_)[name]
        values = {argument.name.value: argument.value for argument in nodes[0].arguments}
        try:
            given = given_arguments(definition.args, values, self.variables)
            return field.json(replace(at, row=row, given=given, type=definition.type, nodes=nodes, path=path))
        except BadValue as bad:
            self.errors.append(bad_value(None, bad, nodes, path))
            return NULL

    def one_of(self, at: At, type_: Any, row: Any, among: Sequence[str] = ()) -> Json:
        """The JSON of a row of `type_`; of an interface, of the record, among these types, that the row's type and id name."""
        if isinstance(type_, GraphQLObjectType):
            return self.members(at, type_, row)
        return self.named(at, row.c.type, row.c.id, among)

    def named(
        self, at: At, type_name: sa.ColumnElement[Any], node_id: Any, among: Sequence[str], instead: str | None = None
    ) -> Json:
        """The JSON of what an id names: a branch for each type that it may be of. Else of the type `instead`; or null."""
        cost, before, dearest = self.cost, len(self.charges), list[Charge]()
        most = cost
        branches = []
        for name in among:
            self.cost = cost
            del self.charges[before:]
            branches.append((type_name == literal(name), self._by_id(at, name, node_id)))
            if self.cost > most:
                most, dearest = self.cost, self.charges[before:]
        self.cost, self.charges[before:] = most, dearest
        if not branches:
            return NULL
        found: sa.ColumnElement[Any] = sa.case(*branches)
        return or_null((sa.func.coalesce(found, self._by_id(at, instead, node_id)) if instead else found,))

    def by_id(self, at: At, type_name: str, node_id: Any, instead: str | None = None) -> Json:
        """The JSON of the row of a type that an id names. Else of the type `instead`; or null."""
        found = self._by_id(at, type_name, node_id)
        return or_null((sa.func.coalesce(found, self._by_id(at, instead, node_id)) if instead else found,))

    def _by_id(self, at: At, type_name: str, node_id: Any) -> sa.ColumnElement[str]:
        type_: Any = self.schema.get_type(type_name)
        row = self.opened(self.rows(at, type_))
        json = as_sql(self.members(at, type_, row))
        found = (
            sa.select(json)
            .select_from(self.joined(row))
            .where(self.stands(row, at.clock), type_.graphene_type._meta.by_id(row, node_id, at.clock))
        )
        return found.correlate_except(row).scalar_subquery()

    def opened(self, row: Any) -> Any:
        """The row, beside which its edges may now be joined: PostgreSQL then looks up once what several rows lead to."""
        self._beside[row] = []
        return row

    def beside(self, row: Any, found: sa.Select[Any]) -> sa.ColumnElement[str]:
        """The only value of a subselect, named j, that belongs to a row: joined to it, or where that cannot be, on its own."""
        if row not in self._beside:
            return found.scalar_subquery()
        return cast("sa.ColumnElement[str]", self.lateral(row, found).c.j)

    def lateral(self, row: Any, found: sa.Select[Any]) -> Any:
        """A subselect of one row that belongs to a row which is opened: joined to it."""
        lateral = found.lateral(self.name("l"))
        self._beside[row].append(lateral)
        return lateral

    def alone(self, row: Any) -> bool:
        """Whether nothing is joined beside the row: then the rows keep the order that they come in."""
        return not self._beside[row]

    def joined(self, row: Any) -> sa.FromClause:
        """The row with all that was joined beside it."""
        source: sa.FromClause = row
        for lateral in self._beside.pop(row):
            source = source.outerjoin(lateral, sa.true())
        return source

    def rows(self, at: At, type_: Any = None) -> sa.FromClause:
        """The rows of a type's table, under a name of their own."""
        target: Any = type_ or at.target
        return self.alias(target.graphene_type._meta.table)

    def alias(self, table: sa.Table) -> sa.FromClause:
        """A table under a name of its own. Raises Refused at the one too many."""
        self._lookups += 1
        if self._lookups > LOOKUPS:
            raise _too_large("follows more than", LOOKUPS, "edges", self.cost)
        self.of_the_log = self.of_the_log and table not in MOVING
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

    def beforehand(self, name: str, made: Callable[[Variables], str], path: Path, nodes: Sequence[FieldNode]) -> Json:
        """JSON that a request's variables are enough for, made before the statement runs."""
        return (self._parameter(Bound(name, made, None, path, nodes), sa.Text()),)

    def _parameter(self, bound: Bound, type_: Any) -> sa.BindParameter[Any]:
        name = self.name("p")
        self.bound[name] = bound
        return sa.bindparam(name, type_=type_)

    def charge(self, path: Path, cost: int, rows: int | None = None) -> None:
        """rows: how many are read for it, where that is another number."""
        times = self._times
        self.cost += cost * times
        self.charges.append(Charge(path, (cost if rows is None else rows) * times, cost * times))

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


def _too_large(does: str, limit: int, what: str, cost: int) -> Refused:
    message = f"This operation {does} {limit:,} {what} once its fragments are expanded, which is the limit."
    return Refused([refusal(message, ErrorCode.TOO_LARGE)], cost)
