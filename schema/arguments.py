"""A field's arguments while an operation is planned: what shapes the plan is read as a value, everything else is bound.

A plan serves every later request of the same shape (schema/shape.py), so a bound value is kept as the way to find it among another
request's variables.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    Undefined,
    get_nullable_type,
    value_from_ast,
)
from graphql.language import ListValueNode, ObjectValueNode, ValueNode, VariableNode

Variables = Mapping[str, Any]
Read = Callable[[Variables], Any]

SHAPING = frozenset({"first", "last", "orderBy", "by", "types", "language", "style"})
"""Arguments whose value the SQL depends on. Booleans shape too, and of cursors and ids what shape.py says."""


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
        self.given = given

    def __contains__(self, name: str) -> bool:
        """Whether it is given and not null: null and absent mean the same everywhere in this schema."""
        return name in self.given and self.given[name].value is not None

    def __getitem__(self, name: str) -> Given:
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self.given if name in self)

    def shape(self, name: str, default: Any = None) -> Any:
        """The value of an argument that shapes the plan."""
        if name not in self:
            return default
        value = self.given[name].value
        assert name in SHAPING or isinstance(value, bool), f"{name} does not shape plans"
        return value

    def within(self, name: str) -> "Arguments":
        """The fields of an argument that is an input object; none when it is not given."""
        if name not in self:
            return Arguments({})
        given = self.given[name]
        type_ = get_nullable_type(given.type)
        assert isinstance(type_, GraphQLInputObjectType)
        if isinstance(given.value, _Written):
            return Arguments(given.value.fields)
        return Arguments(
            {
                field_name: Given(
                    f"{given.name}.{field_name}", field.type, given.value[out], _reading(given.read, out)
                )
                for field_name, field in type_.fields.items()
                if (out := field.out_name or field_name) in given.value
            }
        )


@dataclass(frozen=True)
class _Written:
    """An input object written out in the document, variables perhaps among its fields."""

    fields: Mapping[str, Given]


def given_arguments(
    definitions: Mapping[str, GraphQLArgument], nodes: Mapping[str, ValueNode], variables: Variables
) -> Arguments:
    """What a field's argument nodes say, with defaults, as graphql-core coerces them."""
    return Arguments(_given_all(definitions, nodes, variables, ""))


def _given_all(
    definitions: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    nodes: Mapping[str, ValueNode],
    variables: Variables,
    within: str,
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
        return Given(name, type_, variables[variable], lambda later: later[variable])
    nullable = get_nullable_type(type_)
    if isinstance(node, ObjectValueNode) and isinstance(nullable, GraphQLInputObjectType):
        nodes = {field.name.value: field.value for field in node.fields}
        written = _Written(_given_all(nullable.fields, nodes, variables, f"{name}."))
        return Given(name, type_, written, lambda _later: written)
    if isinstance(node, ListValueNode) and any(isinstance(value, VariableNode) for value in node.values):
        read: Read = lambda later: value_from_ast(node, type_, dict(later))  # noqa: E731 - one name for either branch
        return Given(name, type_, read(variables), read)
    return _constant(name, type_, value_from_ast(node, type_))


def _constant(name: str, type_: GraphQLInputType, value: Any) -> Given:
    return Given(name, type_, value, lambda _later: value)


def _reading(read: Read, key: str) -> Read:
    return lambda later: read(later)[key]


UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL's text cannot hold, and lone surrogates, which UTF-8 cannot (RISKS 10)."""
