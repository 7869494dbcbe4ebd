"""A table's columns as other tools want them described: type, meaning, closed list of words. The meaning is what the GraphQL schema
says of the field that a column comes from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    get_named_type,
    is_non_null_type,
)

from schema.column import Column
from schema.log_rows import SUBMISSION_ID
from schema.query import schema

OF_THE_LOG = {
    SUBMISSION_ID: "What was published together: its number among all that was.",
    "mergedInto": "Of a merge: the id of the record that stays, to which this one leads.",
    "redacts": "Of a redaction: the positions of the record's revisions whose words it took, as a JSON array.",
    "reviewer": "Who accepted it; nobody for the seed, which comes with the software.",
    "publishedAt": "When it entered the log.",
}
"""What the log's tables have beyond the fields of Revision and Submission."""

ALWAYS = {SUBMISSION_ID, "publishedAt"}
"""Those of them that are in every row."""

LISTED = " Several stand in one cell, “; ” between them, with \\; and \\\\ for what would be misread."

CODES = ("id", "code", "number", "label")
"""Fields that hold no semicolon."""


@dataclass(frozen=True)
class Field:
    """A column. kind: the GraphQL scalar or enum of one value; required: no cell is empty; words: of an enum, with their meanings;
    among: where a cell holds several, the path to the list that they are elements of; codes: without any semicolon or backslash in
    them."""

    name: str
    kind: str
    about: str
    required: bool
    words: Sequence[tuple[str, str]]
    among: str | None
    codes: bool

    @property
    def listed(self) -> bool:
        return self.among is not None


def field_of(type_name: str, column: Column) -> Field:
    """Of a column of the elements of a type."""
    type_ = cast("GraphQLObjectType", schema.type_map[type_name])
    if column.name in OF_THE_LOG and column.name not in type_.fields:
        about, required = OF_THE_LOG[column.name], column.name in ALWAYS
        return Field(column.name, column.kind, about, required, (), None, codes=False)
    path = [*_path(type_, column.name.split("."))]
    leaf = get_named_type(path[-1].type)
    words = _words(leaf) if isinstance(leaf, GraphQLEnumType) else ()
    listed = column.among is not None
    required = not listed and all(is_non_null_type(field.type) for field in path)
    about = " ".join(field.description or "" for field in path) + (LISTED if listed else "")
    codes = listed and (bool(words) or leaf.name in ("ID", "Int") or column.name.rpartition(".")[2] in CODES)
    kind = leaf.name if listed else column.kind
    return Field(column.name, kind, about, required, words, column.among, codes=codes)


def _path(type_: GraphQLObjectType, names: Sequence[str]) -> Iterator[GraphQLField]:
    field = type_.fields[names[0]]
    yield field
    if names[1:]:
        yield from _path(cast("GraphQLObjectType", get_named_type(field.type)), names[1:])


def words_of(enum: str) -> Sequence[tuple[str, str]]:
    """The words of an enum of the schema, with their meanings."""
    return _words(cast("GraphQLEnumType", schema.type_map[enum]))


def _words(enum: GraphQLEnumType) -> list[tuple[str, str]]:
    return [(name, value.description or "") for name, value in enum.values.items()]
