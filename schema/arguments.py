"""A field's arguments while an operation is planned: what shapes the plan is read as a value, everything else is bound.

A plan serves every later request of the same shape (schema/shape.py), so a bound value is kept as the way to find it among another
request's variables. null and absent mean the same everywhere in this schema.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    Undefined,
    get_nullable_type,
    is_non_null_type,
    value_from_ast,
)
from graphql.language import ListValueNode, ObjectValueNode, ValueNode, VariableNode

from schema.refusals import BadValue

Variables = Mapping[str, Any]
Read = Callable[[Variables], Any]
Definitions = Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField]

SHAPING = frozenset({"first", "last", "orderBy", "by", "types", "language", "style"})
"""Arguments whose value the SQL depends on."""

TYPE_OF_ID = frozenset({"id", "ids"})
"""Arguments whose SQL depends on the record types that the ids name."""


@dataclass(frozen=True)
class Given:
    """An argument's value in this request, and how to read it from another request of the same shape."""

    name: str  # as a person wrote it: "filter.stateParty"
    type: GraphQLInputType
    value: Any
    read: Read


class Arguments:
    """The arguments of one field, or the fields of one input object, by their names in GraphQL."""

    def __init__(self, given: Mapping[str, Given]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        """Whether it is given and not null."""
        return name in self._given and self._given[name].value is not None

    def __getitem__(self, name: str) -> Given:
        return self._given[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._given if name in self)

    def shape(self, name: str, default: Any = None) -> Any:
        """The value of an argument that shapes the plan."""
        assert name in SHAPING, f"{name} does not shape plans"
        return self._given[name].value if name in self else default

    def within(self, name: str) -> "Arguments":
        """The fields of an argument that is an input object; none when it is not given."""
        if name not in self:
            return Arguments({})
        given = self._given[name]
        if isinstance(given.value, _Written):
            return Arguments(given.value.fields)
        type_ = get_nullable_type(cast("Any", given.type))
        assert isinstance(type_, GraphQLInputObjectType)
        return Arguments(
            {
                key: Given(f"{name}.{key}", field.type, given.value[out], _reading(given.read, out))
                for key, field in type_.fields.items()
                if (out := field.out_name or key) in given.value
            }
        )


@dataclass(frozen=True)
class _Written:
    """An input object written out in the document, variables perhaps among its fields."""

    fields: Mapping[str, Given]


def given_arguments(definitions: Definitions, nodes: Mapping[str, ValueNode], variables: Variables) -> Arguments:
    """What a field's argument nodes say, with defaults, as graphql-core coerces them. Raises BadValue."""
    return Arguments(_given_all(definitions, nodes, variables, ""))


def _given_all(
    definitions: Definitions, nodes: Mapping[str, ValueNode], variables: Variables, within: str
) -> dict[str, Given]:
    found = {}
    for name, definition in definitions.items():
        node = nodes.get(name)
        if node is None or (isinstance(node, VariableNode) and node.name.value not in variables):
            if definition.default_value is not Undefined:
                found[name] = _constant(within + name, definition.type, definition.default_value)
        else:
            found[name] = _given(within + name, definition.type, node, variables)
    return found


def _given(name: str, type_: GraphQLInputType, node: ValueNode, variables: Variables) -> Given:
    if isinstance(node, VariableNode):
        variable = node.name.value
        if variables[variable] is None and is_non_null_type(type_):
            raise BadValue(f"{name}: ${variable} is null, and {name} must have a value.")
        return Given(name, type_, variables[variable], lambda later: later[variable])
    nullable = get_nullable_type(cast("Any", type_))
    if isinstance(node, ObjectValueNode) and isinstance(nullable, GraphQLInputObjectType):
        nodes = {field.name.value: field.value for field in node.fields}
        written = _Written(_given_all(nullable.fields, nodes, variables, f"{name}."))
        return Given(name, type_, written, lambda _later: written)
    if isinstance(node, ListValueNode) and any(isinstance(value, VariableNode) for value in node.values):
        value = value_from_ast(node, type_, dict(variables))
        if value is Undefined:
            raise BadValue(f"{name}: a variable in this list is null or missing; each value must be there.")
        return Given(name, type_, value, _listing(node, type_))
    return _constant(name, type_, value_from_ast(node, type_))


def _constant(name: str, type_: GraphQLInputType, value: Any) -> Given:
    return Given(name, type_, value, lambda _later: value)


def _listing(node: ListValueNode, type_: GraphQLInputType) -> Read:
    return lambda later: value_from_ast(node, type_, dict(later))


def _reading(read: Read, key: str) -> Read:
    return lambda later: read(later)[key]
