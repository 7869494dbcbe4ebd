"""What of a request's variables a plan depends on: requests of one operation with equal shapes share a plan (RISKS 2)."""

from collections.abc import Hashable, Mapping
from typing import Any

from graphql import FragmentDefinitionNode, OperationDefinitionNode
from graphql.language import ArgumentNode, Node, ObjectFieldNode, VariableNode, Visitor, visit

from schema.arguments import SHAPING, TYPE_OF_ID, Variables
from schema.identity import type_of

BY_VALUE = SHAPING | {"if"}
"""Arguments, of fields and of @skip and @include, whose variables shape by their value."""

CURSORS = {"after", "before"}

ABSENT, GIVEN = "absent", "given"


class Shapes:
    """Made once for an operation: which of its variables shape by value, which by the types that their ids name.

    argument_of: variable → the name of the argument, or of the filter's field, that it is first given to. cursors: the variables
    that say where a page begins.
    """

    def __init__(self, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        uses = _Uses()
        for definition in (operation, *fragments.values()):
            visit(definition, uses)
        self.argument_of = uses.argument_of
        self.cursors = [name for name, argument in uses.argument_of.items() if argument in CURSORS]
        self._variables = [
            (name, _HOW[uses.of.get(name, GIVEN)])
            for definition in operation.variable_definitions
            if (name := definition.variable.name.value)
        ]

    def of(self, variables: Variables) -> Hashable:
        """The key of the plan for these coerced variables."""
        return tuple([ABSENT if name not in variables else how(variables[name]) for name, how in self._variables])


class _Uses(Visitor):
    """The way each variable shapes, the strongest over its uses."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, str] = {}
        self.argument_of: dict[str, str] = {}

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._note(node)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        self._note(node)

    def _note(self, node: ArgumentNode | ObjectFieldNode) -> None:
        name = node.name.value
        way = "value" if name in BY_VALUE else "types" if name in TYPE_OF_ID else GIVEN
        for variable in _variables_in(node.value):
            self.argument_of.setdefault(variable, name)
            if way == "value" or self.of.get(variable, GIVEN) == GIVEN:
                self.of[variable] = way


def _variables_in(value: Node) -> list[str]:
    if isinstance(value, VariableNode):
        return [value.name.value]
    return [one.name.value for one in getattr(value, "values", ()) if isinstance(one, VariableNode)]


def _by_value(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _by_types(value: Any) -> Hashable:
    if isinstance(value, list):
        return frozenset(type_of(one) for one in value)
    return None if value is None else (type_of(value),)


def _by_presence(value: Any) -> Hashable:
    """Of an input object, which of its fields are given."""
    if isinstance(value, dict):
        return frozenset(key for key, one in value.items() if one is not None)
    return None if value is None else GIVEN


_HOW = {"value": _by_value, "types": _by_types, GIVEN: _by_presence}
