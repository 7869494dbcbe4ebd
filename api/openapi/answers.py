"""What an operation answers, as JSON Schema 2020-12: made of what it selects, and of GraphQL's types and descriptions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionSetNode,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)
from graphql.language import print_ast

from api.openapi.values import JsonSchema, leaf, reference, schema_of
from schema.document import Operation
from schema.query import schema

ROW = "Row"
"""The fragment of a document that has what its list shows of each element: its schema is named as GraphQL's type is."""

NAMED = {"Clock", "PageInfo"}
"""Types that all documents select alike."""


class Answers:
    """components: name → schema, of what operations show alike; it grows as they are read."""

    def __init__(self) -> None:
        self.components: dict[str, JsonSchema] = {}

    def of(self, operation: Operation, only: Collection[str] = ()) -> JsonSchema:
        """The schema of `data`. only: the types that can come where the operation asks for a node, all where it is left out."""
        reading = _Reading(self.components, operation.fragments, frozenset(only))
        return reading.of_object(cast("GraphQLObjectType", schema.query_type), [operation.node.selection_set])


class _Reading:
    def __init__(
        self, components: dict[str, JsonSchema], fragments: Mapping[str, FragmentDefinitionNode], only: frozenset[str]
    ) -> None:
        self.components, self.fragments, self.only = components, fragments, only

    def of_object(self, type_: GraphQLObjectType, selections: Sequence[SelectionSetNode]) -> JsonSchema:
        fields: dict[str, list[FieldNode]] = {}
        for node in self._fields(type_, selections):
            fields.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        properties = {key: self._of_field(type_, nodes) for key, nodes in fields.items()}
        return {"type": "object", "required": list(properties), "properties": properties}

    def _fields(self, type_: GraphQLObjectType, selections: Iterable[SelectionSetNode]) -> Iterable[FieldNode]:
        """Those that a value of the type shows, in their order."""
        for selection in (one for selection_set in selections for one in selection_set.selections):
            if isinstance(selection, FieldNode):
                yield selection
                continue
            fragment: Any = (
                self.fragments[selection.name.value] if isinstance(selection, FragmentSpreadNode) else selection
            )
            assert isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode)
            condition = fragment.type_condition
            if condition is None or _is(type_, condition.name.value):
                yield from self._fields(type_, [fragment.selection_set])

    def _of_field(self, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> JsonSchema:
        node = nodes[0]
        if node.name.value == "__typename":
            return {"const": type_.name}
        field = type_.fields[node.name.value]
        inner = [one.selection_set for one in nodes if one.selection_set]
        found = schema_of(
            field.type, lambda named: leaf(named) if is_leaf_type(named) else self._of_named(named, inner)
        )
        return {**found, "description": _described(field.description, node)}

    def _of_named(self, type_: Any, inner: Sequence[SelectionSetNode]) -> JsonSchema:
        if is_object_type(type_):
            return self._shared(type_, inner)
        assert is_abstract_type(type_)
        alike: list[tuple[JsonSchema, list[JsonSchema]]] = []
        for one in schema.get_possible_types(type_):
            if not self.only or one.name in self.only:
                shown = self.of_object(one, inner)
                plain = _without_types(shown)
                same = next((group for told, group in alike if told == plain), None)
                if same is None:
                    alike.append((plain, [shown]))
                else:
                    same.append(shown)
        choices = [_merged(group) for _, group in alike]
        return choices[0] if len(choices) == 1 else {"anyOf": choices}

    def _shared(self, type_: GraphQLObjectType, inner: Sequence[SelectionSetNode]) -> JsonSchema:
        """Where it stands, if documents show it alike; else what it is."""
        found = self.of_object(type_, inner)
        match [one for selection_set in inner for one in selection_set.selections]:
            case [FragmentSpreadNode(name=name)] if name.value == ROW:
                pass
            case _ if type_.name in NAMED:
                pass
            case _:
                return found
        kept = self.components.setdefault(type_.name, {**found, "description": type_.description})
        assert kept["properties"] == found["properties"], f"two documents show a {type_.name} differently"
        return reference(type_.name)


def _is(type_: GraphQLObjectType, name: str) -> bool:
    condition = schema.type_map[name]
    return condition is type_ or (is_abstract_type(condition) and schema.is_sub_type(cast("Any", condition), type_))


def _described(about: str | None, node: FieldNode) -> str:
    given = ", ".join(print_ast(one) for one in node.arguments)
    return f"{about} ({given})" if given and "$" not in given else about or ""


def _without_types(shown: JsonSchema) -> JsonSchema:
    properties = {key: None if "const" in one else _plain(one) for key, one in shown["properties"].items()}
    return {**shown, "properties": properties}


def _plain(one: JsonSchema) -> JsonSchema:
    """But for its description: types word theirs differently."""
    return {key: value for key, value in one.items() if key != "description"}


def _merged(group: Sequence[JsonSchema]) -> JsonSchema:
    """Objects that differ in their type's name alone, as one."""
    first = group[0]
    types = {
        key: {"enum": [one["properties"][key]["const"] for one in group]}
        for key, value in first["properties"].items()
        if "const" in value
    }
    return first if len(group) == 1 else {**first, "properties": first["properties"] | types}
