"""Any answer as the rows of a table: by the rule of schema/cells.py, from JSON.

The columns are those of the operation's selection, whatever the data. An operation with one list at its root has a row for each of
its elements; every other has one row, its answer. `clock` beside a list is no column: headers tell it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import orjson
from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from graphql.execution.collect_fields import collect_fields

from schema.arguments import Variables
from schema.cells import SEPARATOR, TEXT
from schema.document import Operation
from schema.fields import Edge, Edges, Part
from schema.introspection import INTROSPECTION
from schema.paged import LISTS
from schema.planning import Fields, Planning
from schema.query import schema

BESIDE = ("clock", "__typename")
"""Fields of Query that a list may have beside it."""


@dataclass(frozen=True)
class Flat:
    """A column. keys: the path to its leaf; leaf: GraphQL's scalar there, or JSON; listed: how many of the keys lead to a list
    whose elements the cell joins; words: whether the leaf itself is a list."""

    keys: tuple[str, ...]
    leaf: str
    listed: int | None = None
    words: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.keys)

    @property
    def kind(self) -> str:
        """What its cells hold: one of the scalar, or several as text."""
        return self.leaf if self.listed is None and not self.words else TEXT

    @property
    def among(self) -> str | None:
        """The path to the list whose elements a cell holds, where it holds several."""
        if self.listed is not None:
            return ".".join(self.keys[: self.listed])
        return self.name if self.words else None

    def text(self, element: Any) -> str:
        """The cell of an element; empty for nothing."""
        if self.listed is None:
            return self._text(_at(element, self.keys))
        among = _at(element, self.keys[: self.listed]) or []
        return _joined(self._text(_at(one, self.keys[self.listed :])) for one in among)

    def _text(self, value: Any) -> str:
        if value is None:
            return ""
        if self.leaf == "JSON":
            return orjson.dumps(value).decode()
        return _joined(map(_plain, value)) if self.words else _plain(value)


@dataclass(frozen=True)
class Table:
    """keys: the path to the list whose elements are the rows; none where the answer is the only row."""

    keys: tuple[str, ...]
    columns: Sequence[Flat]

    def elements(self, data: Mapping[str, Any]) -> Sequence[Any]:
        listed: Sequence[Any] = _at(data, self.keys) if self.keys else [data]
        return listed

    def row(self, element: Any) -> list[str]:
        return [column.text(element) for column in self.columns]


def table_of(operation: Operation, variables: Variables) -> Table:
    """The table of an answer that has been planned, or can be."""
    planning, fields = roots(operation, variables)
    query = query_type()
    for key, nodes in fields.items():
        name = nodes[0].name.value
        if name in BESIDE or name in INTROSPECTION or not _is_alone(fields, key):
            continue
        output = query.fields[name].type
        if _is_list(output) and not is_leaf_type(get_named_type(output)):
            return Table((key,), list(_of_element(planning, output, nodes)))
        if has_pages(query, nodes):
            page = cast("GraphQLObjectType", get_named_type(output))
            for inner, asked in planning.subfields(page, nodes).items():
                if asked[0].name.value in LISTS:
                    return Table(
                        (key, inner), list(_of_element(planning, page.fields[asked[0].name.value].type, asked))
                    )
    return Table((), list(columns(planning, fields, query)))


def _is_alone(fields: Fields, key: str) -> bool:
    return all(one == key or nodes[0].name.value in BESIDE for one, nodes in fields.items())


def _is_list(output: GraphQLOutputType) -> bool:
    return is_list_type(get_nullable_type(cast("Any", output)))


def _of_element(planning: Planning, output: GraphQLOutputType, nodes: Sequence[FieldNode]) -> Iterator[Flat]:
    """The columns of a list's element, or of the node that it is an edge to. Of one that may be of several types, those of all."""
    named = get_named_type(output)
    if isinstance(named, GraphQLInterfaceType):
        yield from _of_any(planning, named, nodes)
        return
    element = cast("GraphQLObjectType", named)
    is_edge = {"node", "cursor"} <= element.fields.keys()
    for key, asked in planning.subfields(element, nodes).items():
        name = asked[0].name.value
        if is_edge and name == "node":
            inner = _of_element(planning, element.fields[name].type, asked)
            yield from (replace(flat, keys=(key, *flat.keys), listed=flat.listed and flat.listed + 1) for flat in inner)
        else:
            yield from columns(planning, {key: asked}, element)


def _of_any(planning: Planning, named: GraphQLInterfaceType, nodes: Sequence[FieldNode]) -> Iterator[Flat]:
    """A column for each leaf that one of the types has; JSON where they have what goes by one name in ways that do not fit."""
    found: dict[str, dict[tuple[str, ...], Flat]] = {}
    misfits = set()
    for one in schema.get_possible_types(named):
        for flat in columns(planning, planning.subfields(one, nodes), one):
            others = found.setdefault(flat.keys[0], {})
            other = others.setdefault(flat.keys, flat)
            if (other.listed, other.words, other.leaf == "JSON") != (flat.listed, flat.words, flat.leaf == "JSON"):
                misfits.add(flat.keys[0])
            elif other.leaf != flat.leaf:
                others[flat.keys] = replace(other, leaf=TEXT)
    for key, flats in found.items():
        nested = any(
            flat.keys != other and other[: len(flat.keys)] == flat.keys for flat in flats.values() for other in flats
        )
        yield from [Flat((key,), "JSON")] if key in misfits or nested else flats.values()


def columns(
    planning: Planning,
    fields: Fields,
    type_: GraphQLObjectType,
    keys: tuple[str, ...] = (),
    listed: int | None = None,
) -> Iterator[Flat]:
    """Those of an object of a type with these fields. keys, listed: where it stands."""
    for key, nodes in fields.items():
        path, name = (*keys, key), nodes[0].name.value
        if name == "__typename":
            yield Flat(path, TEXT, listed)
        elif name in INTROSPECTION:
            yield Flat(path, "JSON", listed)
        else:
            yield from _of_field(planning, type_, nodes, path, listed)


def _of_field(
    planning: Planning,
    type_: GraphQLObjectType,
    nodes: Sequence[FieldNode],
    path: tuple[str, ...],
    listed: int | None,
) -> Iterator[Flat]:
    name = nodes[0].name.value
    field, output = planning.fields(type_)[name], type_.fields[name].type
    target = get_named_type(output)
    if is_leaf_type(target) and target.name != "JSON":
        words = _is_list(output)
        yield Flat(path, target.name, listed, words)
    elif isinstance(field, Part | Edge) and isinstance(target, GraphQLObjectType):
        yield from columns(planning, planning.subfields(target, nodes), target, path, listed)
    elif isinstance(field, Edges) and isinstance(target, GraphQLObjectType) and listed is None:
        yield from columns(planning, planning.subfields(target, nodes), target, path, len(path))
    else:
        yield Flat(path, "JSON", listed)


def has_pages(type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> bool:
    """Whether it is a list in pages."""
    definition = type_.fields.get(nodes[0].name.value)
    return definition is not None and "first" in definition.args


def roots(operation: Operation, variables: Variables) -> tuple[Planning, Fields]:
    """The fields of Query that are asked for."""
    planning = Planning(schema, operation.fragments, variables)
    selection = operation.node.selection_set
    return planning, collect_fields(schema, planning.fragments, planning.variables, query_type(), selection)


def query_type() -> GraphQLObjectType:
    """Query."""
    return cast("GraphQLObjectType", schema.query_type)


def _at(value: Any, keys: Sequence[str]) -> Any:
    """What a path leads to; None where something on it is nothing, or is of a type that does not have it."""
    for key in keys:
        if value is None:
            return None
        value = value.get(key)
    return value


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _joined(texts: Iterator[str]) -> str:
    """As a cell's list: what would be misread escaped; a list of nothing, or of one nothing, is an empty cell."""
    return SEPARATOR.join(text.replace("\\", "\\\\").replace(";", "\\;") for text in texts)
