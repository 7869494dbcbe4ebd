"""GraphQL documents: parsed, validated and measured against the limits once, then kept with the plans made for them."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar, cast

from cachetools import LRUCache
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLInputType,
    InlineFragmentNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableDefinitionNode,
)
from graphql.execution.values import get_variable_values
from graphql.utilities import coerce_input_value, type_from_ast

from schema.arguments import Variables
from schema.deprecation import Uses
from schema.explanation import explanation
from schema.introspection import INTROSPECTION
from schema.keyset import position_of
from schema.plan import COST_LIMIT, Plan, plan, priced
from schema.query import schema
from schema.refusals import ErrorCode, Refused, refusal
from schema.shape import Shapes
from schema.validation import ERRORS_TOLD, TOKENS, coded, validated

DEPTH = 15
INTROSPECTION_DEPTH = 20
"""The usual introspection query is 15 deep below __schema's field."""
ROOT_FIELDS = 50

KEPT_TOKENS = 200_000
"""Of all documents kept, together: some tens of megabytes at most."""
KEPT_SQL = 8_000_000
"""Characters of all plans kept, together."""

Fragments = Mapping[str, FragmentDefinitionNode]
T = TypeVar("T")


class Operation:
    """One operation of a document, ready to be run with variables."""

    def __init__(self, node: OperationDefinitionNode, fragments: Fragments) -> None:
        self.node, self.fragments = node, fragments
        self._shapes = Shapes(node, fragments)
        self.types = {
            definition.variable.name.value: cast("GraphQLInputType", type_from_ast(schema, definition.type))
            for definition in node.variable_definitions
        }
        self._optional = {
            definition.variable.name.value
            for definition in node.variable_definitions
            if definition.default_value is None and not isinstance(definition.type, NonNullTypeNode)
        }

    @cached_property
    def deprecated(self) -> Uses:
        """What of it is deprecated."""
        return Uses(schema, self.node, self.fragments, self.types)

    @cached_property
    def keys(self) -> frozenset[str]:
        """Under which its answer has what is asked for."""
        fields = _fields(self.node.selection_set, self.fragments)
        return frozenset((field.alias or field.name).value for field in fields)

    @property
    def depth(self) -> int:
        """How deep its fields nest; those of introspection do not count."""
        depths = _Depths(self.fragments)
        fields = _fields(self.node.selection_set, self.fragments)
        return max((depths.of_field(one) for one in fields if one.name.value not in INTROSPECTION), default=0)

    def variables(self, given: Mapping[str, Any]) -> Variables:
        """The request's variables, coerced. Raises Refused, with an error for each that cannot be."""
        try:
            return {
                name: coerce_input_value(given[name], type_, _misfit)
                for name, type_ in self.types.items()
                if name in given or name not in self._optional
            }
        except (_Misfit, KeyError):
            pass  # the usual way, which also knows defaults, and says what is wrong
        coerced = get_variable_values(schema, self.node.variable_definitions, dict(given), max_errors=ERRORS_TOLD)
        if isinstance(coerced, list):
            raise Refused([coded(self._named(error), ErrorCode.BAD_USER_INPUT) for error in coerced])
        return coerced

    def _named(self, error: GraphQLError) -> GraphQLError:
        """The error of a variable, with the argument that it was for."""
        definition = next((node for node in error.nodes or () if isinstance(node, VariableDefinitionNode)), None)
        argument = self._shapes.argument_of.get(definition.variable.name.value) if definition else None
        return GraphQLError(f"{argument}: {error.message}", nodes=error.nodes) if argument else error

    def plan(self, variables: Variables, clocks: frozenset[str] = frozenset(), newest: int | None = None) -> Plan:
        """The statement for variables of this shape and these clocks of the request's, kept once it is made. newest: what is
        believed to be the log's newest position; the statement says whether it is. Raises Refused."""
        at_newest = bool(self._shapes.cursors) and self._is_at(newest, variables)
        key: Hashable = (id(self), clocks, at_newest, self._shapes.of(variables))
        kept = _plans.get(key)
        if kept is None or kept[0] is not self:
            kept = _plans[key] = (self, self._made(variables, clocks, at_newest=at_newest))
        if isinstance(kept[1], Refused):
            raise Refused(kept[1].errors, kept[1].cost)
        return kept[1]

    def kept(self, way: Hashable, variables: Variables, make: Callable[[], T], sql: Callable[[T], str]) -> T:
        """What was made of the operation for variables of this shape in another way than plan() does; kept once it is made."""
        key: Hashable = (id(self), way, self._shapes.of(variables))
        kept = _others.get(key)
        if kept is None or kept[0] is not self:
            made = make()
            kept = (self, made, len(sql(made)))
            _others[key] = kept
        return cast("T", kept[1])

    def _is_at(self, position: int | None, variables: Variables) -> bool:
        """Whether every cursor is of this position."""
        given = [variables[name] for name in self._shapes.cursors if isinstance(variables.get(name), str)]
        return bool(given) and all(position_of(cursor) == position for cursor in given)

    def _made(self, variables: Variables, clocks: frozenset[str], *, at_newest: bool) -> Plan | Refused:
        """The plan, or the refusal of what is too much whatever the values: as dear to find as a plan, and as worth keeping."""
        try:
            return plan(schema, self.node, self.fragments, variables, clocks, at_newest=at_newest, explain=explained)
        except Refused as refused:
            codes = {(error.extensions or {}).get("code") for error in refused.errors}
            if codes <= {ErrorCode.TOO_COSTLY, ErrorCode.TOO_LARGE}:
                return refused
            raise


def explained(text: str, given: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    """An Explanation's fields: what a query would cost, which is not run. Raises Refused."""
    operation = document(text).operation(name)
    if operation.node.operation is not OperationType.QUERY:
        raise Refused(
            [refusal("Only what a query costs is known beforehand: this is no query.", nodes=[operation.node])]
        )
    planning = priced(schema, operation.node, operation.fragments, operation.variables(given), explained)
    return explanation(planning, COST_LIMIT, operation.depth)


class _Misfit(Exception):
    """A variable's value that does not fit its type."""


def _misfit(*_: Any) -> None:
    raise _Misfit


class Document:
    """A valid document within the limits."""

    def __init__(self, node: DocumentNode) -> None:
        fragments = {one.name.value: one for one in node.definitions if isinstance(one, FragmentDefinitionNode)}
        operations = [one for one in node.definitions if isinstance(one, OperationDefinitionNode)]
        for operation in operations:
            _refuse_beyond_limits(operation, fragments)
        self.tokens = node.token_count or TOKENS
        self._operations = {one.name.value if one.name else None: Operation(one, fragments) for one in operations}

    def operation(self, name: str | None) -> Operation:
        """The operation to run. Raises Refused when the name does not say which."""
        if name is None and len(self._operations) == 1:
            return next(iter(self._operations.values()))
        found = self._operations.get(name) if name is not None else None
        if found is None:
            names = ", ".join(str(one) for one in self._operations)
            told = f'there is no operation "{name}"' if name else "the document has several operations"
            raise Refused([refusal(f"operationName: {told}; name one of: {names or 'none'}.")])
        return found


def document(text: str) -> Document:
    """The document of this text, kept once it is found valid. Raises Refused."""
    kept = _documents.get(text)
    if kept is None:
        kept = _documents[text] = Document(validated(text))
    return kept


_documents: LRUCache[str, Document] = LRUCache(KEPT_TOKENS, getsizeof=lambda kept: kept.tokens)
_others: LRUCache[Hashable, tuple[Operation, Any, int]] = LRUCache(KEPT_SQL, getsizeof=lambda kept: kept[2])
_plans: LRUCache[Hashable, tuple[Operation, Plan | Refused]] = LRUCache(KEPT_SQL, getsizeof=lambda kept: _size(kept[1]))


def _size(kept: Plan | Refused) -> int:
    return len(kept.sql) if isinstance(kept, Plan) else 1_000


def _refuse_beyond_limits(operation: OperationDefinitionNode, fragments: Fragments) -> None:
    roots = sum(1 for _ in _fields(operation.selection_set, fragments))
    if roots > ROOT_FIELDS:
        message = f"This operation asks for {roots} root fields; the limit is {ROOT_FIELDS}."
        raise Refused([refusal(message, ErrorCode.TOO_LARGE, [operation])])
    depths = _Depths(fragments)
    for field in _fields(operation.selection_set, fragments):
        introspects = field.name.value in INTROSPECTION
        depth, limit = depths.of_field(field), INTROSPECTION_DEPTH if introspects else DEPTH
        if depth > limit:
            of = "introspection" if introspects else "fields"
            message = f"This operation nests {of} {depth} deep; the limit is {limit}."
            raise Refused([refusal(message, ErrorCode.TOO_DEEP, [field])])


def _fields(selection_set: SelectionSetNode | None, fragments: Fragments) -> Iterable[FieldNode]:
    """The fields of a selection, those of its fragments among them; each fragment once, as execution does."""
    pending = list(selection_set.selections) if selection_set else []
    seen: set[str] = set()
    while pending:
        selection = pending.pop()
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, InlineFragmentNode):
            pending += selection.selection_set.selections
        elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
            seen.add(selection.name.value)
            pending += fragments[selection.name.value].selection_set.selections


class _Depths:
    """How deep fields nest; each selection is measured once, however often it is spread."""

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[int, int] = {}

    def of_field(self, field: FieldNode) -> int:
        if field.selection_set is None:
            return 1
        key = id(field.selection_set)
        if key not in self._known:
            inner = _fields(field.selection_set, self._fragments)
            self._known[key] = 1 + max((self.of_field(one) for one in inner), default=0)
        return self._known[key]
