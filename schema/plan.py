"""Turns one operation into one SQL statement, whose only row is the log's position and the bytes of the answer.

The fields say how (schema/fields.py, schema/paged.py, …), while schema/planning.py walks the operation.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
)
from graphql.execution.collect_fields import collect_fields
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from schema.arguments import Arguments, Variables
from schema.clock import CLOCK_TYPES, CLOCKS, NEWEST, asked
from schema.json_text import as_sql, literal, members
from schema.parameters import Bound, distinct, misfits
from schema.planning import At, Explain, Planning
from schema.refusals import BadValue, ErrorCode, Refused, refusal

COST_LIMIT = 100_000

OF_A_STREAM = ("last_told", "beyond", "up_to")
"""Positions: what a reader who comes back was told last; between which the next revisions are."""

OF_THE_REQUEST = ("today", "public_url", "viewer", "viewer_expires_at", "done", *CLOCKS, *OF_A_STREAM)
"""Parameters that belong to the request as a whole. viewer: the account that asks, null for the public; done: what a
mutation did."""


@dataclass(frozen=True)
class Plan:
    """A statement that answers every request of one shape. It yields (position, data): data is JSON in UTF-8."""

    sql: str
    cost: int
    at_newest: bool  # it answers only cursors of the position that it yields
    clocks: Mapping[str, Sequence[FieldNode]]  # where the operation chooses clocks: by path, in JSON
    of_the_log: bool  # it tells nothing that may change though nothing is published
    at_one_clock: bool  # it reads at the request's own clock alone
    _bound: Sequence[Bound | str]
    _unused: Sequence[Bound]  # arguments that the statement could do without, and that must fit all the same

    def parameters(self, variables: Variables, context: Mapping[str, Any]) -> list[Any]:
        """The statement's parameters, in order. Raises Refused, with an error for each argument that cannot be."""
        try:
            for bound in self._unused:
                bound.value(variables)
            return [context[bound] if isinstance(bound, str) else bound.value(variables) for bound in self._bound]
        except BadValue:
            bounds = [bound for bound in (*self._unused, *self._bound) if not isinstance(bound, str)]
            raise Refused(distinct(misfits(bounds, variables)), self.cost) from None


def plan(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Variables,
    clocks: Collection[str] = (),
    *,
    at_newest: bool = False,
    explain: Explain | None = None,
) -> Plan:
    """The plan of a validated query for variables of this shape, read at those of CLOCKS that the request as a whole gives.
    at_newest: all cursors among the variables are of the log's newest position; explain: what the field of this name answers.
    Raises Refused."""
    if operation.operation is not OperationType.QUERY:
        message = f"This takes queries: a {operation.operation.value} goes to /graphql, by itself."
        raise Refused([refusal(message, nodes=[operation])])
    planning = Planning(schema, fragments, variables, at_newest=at_newest, explain=explain)
    return _compiled(planning, _root_members(planning, _query(schema), operation, clocks))


def priced(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Variables,
    explain: Explain,
) -> Planning:
    """A validated query, planned as far as it shows what it would cost, however much that is. Raises Refused for values that
    cannot be."""
    planning = Planning(schema, fragments, variables, explain=explain)
    _root_members(planning, _query(schema), operation, ())
    errors = distinct([*planning.errors, *misfits(planning.bound.values(), variables)])
    if errors:
        raise Refused(errors, planning.cost)
    return planning


def _query(schema: GraphQLSchema) -> GraphQLObjectType:
    query = schema.query_type
    assert query is not None
    return query


def plan_of_payload(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Variables,
    key: str,
) -> Plan:
    """The plan of what one field of a mutation answers with, under its response key. Raises Refused."""
    planning = Planning(schema, fragments, variables)
    mutation = schema.mutation_type
    assert mutation is not None
    return _compiled(planning, _root_members(planning, mutation, operation, (), key))


def _compiled(planning: Planning, data_members: Sequence[tuple[str, Any]]) -> Plan:
    data = as_sql(members(data_members))
    return compiled(
        planning, sa.select(NEWEST.label("position"), sa.func.convert_to(data, literal("UTF8")).label("data"))
    )


def compiled(planning: Planning, statement: sa.Select[Any]) -> Plan:
    """The statement with its parameters. Raises Refused, with all that is wrong."""
    errors = [*planning.errors, *([_too_costly(planning.cost)] if planning.cost > COST_LIMIT else [])]
    if errors:
        raise Refused(distinct([*errors, *misfits(planning.bound.values(), planning.variables)]), planning.cost)
    made = statement.compile(dialect=dialect())  # type: ignore[no-untyped-call]
    used = made.positiontup or ()
    parameters = [_parameter(planning, name, made.params[name]) for name in used]
    unused = [bound for name, bound in planning.bound.items() if name not in used]
    return Plan(
        str(made),
        planning.cost,
        planning.at_newest,
        planning.clocks,
        planning.of_the_log,
        planning.at_one_clock,
        parameters,
        unused,
    )


def _root_members(
    planning: Planning,
    root_type: GraphQLObjectType,
    operation: OperationDefinitionNode,
    clocks: Collection[str],
    only: str | None = None,
) -> list[tuple[str, Any]]:
    """The root's fields; one of them alone, where `only` is its key."""
    fields = collect_fields(planning.schema, planning.fragments, planning.variables, root_type, operation.selection_set)
    root = root_of(planning, root_type, clocks)
    chosen = fields.items() if only is None else [(only, fields[only])]
    return [(key, planning.member(root, root_type, None, key, nodes)) for key, nodes in chosen]


def root_of(planning: Planning, root_type: GraphQLObjectType, clocks: Collection[str]) -> At:
    """Where an operation begins: at the clocks that the request as a whole gives."""
    given = [sa.bindparam(name, type_=CLOCK_TYPES[name]) if name in clocks else None for name in CLOCKS]
    clock = asked(*given, today=planning.today, name="clock", place=literal(""))
    return At(None, clock, Arguments({}), planning, root_type, (), ())


def _parameter(planning: Planning, name: str, value: Any) -> Bound | str:
    """What belongs to the request as a whole goes by name; a constant of the SQL's own stays as it is."""
    if name in OF_THE_REQUEST:
        return name
    return planning.bound.get(name) or Bound(name, lambda _: value, None, (), ())


def _too_costly(cost: int) -> GraphQLError:
    message = (
        f"This operation may cost {cost:,} and the limit is {COST_LIMIT:,}: about one for each row that it may have to read. "
        "Ask for smaller pages, or for fewer lists inside lists."
    )
    return refusal(message, ErrorCode.TOO_COSTLY)
