"""What is to go: marked in the schema by @deprecated, whose reason says since when, until when and what to use instead; and what of
that an operation uses.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    NoDeprecatedCustomRule,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    ValidationContext,
    VariableNode,
    get_named_type,
    visit,
)
from graphql.language import Node

REASON = re.compile(r"Deprecated since (\d{4}-\d\d-\d\d), may go after (\d{4}-\d\d-\d\d)\. (?P<instead>.+)", re.DOTALL)


@dataclass(frozen=True)
class Deprecation:
    """since: the day from which on it is; until: the last day on which it is there for sure; instead: a sentence."""

    since: date
    until: date
    instead: str

    @property
    def reason(self) -> str:
        """What the schema says: the argument of @deprecated."""
        return f"Deprecated since {self.since}, may go after {self.until}. {self.instead}"

    @classmethod
    def said(cls, text: str) -> "Deprecation":
        """Of a text that holds a reason. Raises ValueError where it holds none."""
        found = REASON.search(text)
        if not found:
            raise ValueError(f"A deprecation says since when, until when and what to use instead, unlike “{text}”.")
        return cls(date.fromisoformat(found[1]), date.fromisoformat(found[2]), found["instead"])


class Uses:
    """Made once for an operation: what is deprecated of all that it names, and of its variables' types."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, GraphQLInputType],
    ) -> None:
        self._always: list[Deprecation] = []
        self._given: list[tuple[str, Deprecation]] = []
        for error in _named(schema, DocumentNode(definitions=(operation, *fragments.values()))):
            variable = _variable(error.nodes)
            deprecation = Deprecation.said(error.message)
            if variable is None:
                self._always.append(deprecation)
            else:
                self._given.append((variable, deprecation))
        self._types = {name: type_ for name, type_ in variables.items() if _may_hold(type_, set())}

    def of(self, given: Mapping[str, Any]) -> Sequence[Deprecation]:
        """What a request with these variables uses; valid ones, as they were sent."""
        if not (self._always or self._given or self._types):
            return ()
        found = [*self._always, *(one for name, one in self._given if given.get(name) is not None)]
        for name, type_ in self._types.items():
            found += _held(type_, given.get(name))
        return list(dict.fromkeys(found))


def _named(schema: GraphQLSchema, document: DocumentNode) -> list[GraphQLError]:
    """What graphql-core's own rule finds; validate() would stop at a hundred."""
    found: list[GraphQLError] = []
    types = TypeInfo(schema)
    rule = NoDeprecatedCustomRule(ValidationContext(schema, document, types, found.append))
    visit(document, TypeInfoVisitor(types, rule))
    return found


def _variable(nodes: Sequence[Node] | None) -> str | None:
    """The variable that is an argument's whole value: one that is not given leaves the argument out."""
    match nodes:
        case [ArgumentNode(value=VariableNode() as variable) | ObjectFieldNode(value=VariableNode() as variable), *_]:
            return variable.name.value
    return None


def _may_hold(type_: GraphQLInputType, seen: set[str]) -> bool:
    """Whether a value of this type may use something deprecated."""
    named = get_named_type(type_)
    if named.name in seen:
        return False
    seen.add(named.name)
    if isinstance(named, GraphQLEnumType):
        return any(value.deprecation_reason for value in named.values.values())
    if isinstance(named, GraphQLInputObjectType):
        return any(field.deprecation_reason or _may_hold(field.type, seen) for field in named.fields.values())
    return False


def _held(type_: GraphQLInputType, value: Any) -> Iterator[Deprecation]:
    """What a value, as JSON has it, uses."""
    if isinstance(value, list):
        for one in value:
            yield from _held(type_, one)
        return
    named = get_named_type(type_)
    if isinstance(named, GraphQLEnumType) and isinstance(value, str):
        chosen = named.values.get(value)
        if chosen and chosen.deprecation_reason:
            yield Deprecation.said(chosen.deprecation_reason)
    if isinstance(named, GraphQLInputObjectType) and isinstance(value, dict):
        for key, field in named.fields.items():
            if value.get(key) is not None:
                if field.deprecation_reason:
                    yield Deprecation.said(field.deprecation_reason)
                yield from _held(field.type, value[key])
