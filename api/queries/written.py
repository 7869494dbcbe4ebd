"""A reader's query, ready to be answered in a form or saved: one operation that reads, of a document that is valid."""

import re
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    IntValueNode,
    NameNode,
    OperationType,
    SelectionNode,
    parse,
    print_ast,
)
from graphql.utilities import separate_operations

from api.request import NotRead
from schema.document import Operation, document
from schema.flattening import BESIDE

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", re.ASCII)
"""Of a name like LawsOfPHL2009."""


@dataclass(frozen=True)
class Written:
    """operation: what is asked; given: its variables, as they came."""

    operation: Operation
    given: Mapping[str, Any]

    @property
    def field(self) -> str:
        """The first field of Query that is asked for, but for the clock."""
        selections = self.operation.node.selection_set.selections
        names = [one.name.value for one in selections if isinstance(one, FieldNode)]
        return next((name for name in names if name not in BESIDE), "")

    @property
    def title(self) -> str:
        """The operation's name in words: "Laws in force" of LawsInForce; a plain one where it has none."""
        name = self.operation.node.name
        return in_words(name.value) if name else "A query"


def newest(query: Written, count: int) -> Written:
    """The query for the newest so many of what it lists; as it is, where it says itself how many."""
    node = copy(query.operation.node)
    node.selection_set = copy(node.selection_set)
    node.selection_set.selections = tuple(_at_most(one, query.field, count) for one in node.selection_set.selections)
    text = print_ast(DocumentNode(definitions=(node, *query.operation.fragments.values())))
    return Written(document(text).operation(None), query.given)


def _at_most(selection: SelectionNode, field: str, count: int) -> SelectionNode:
    if not isinstance(selection, FieldNode) or selection.name.value != field:
        return selection
    if {"first", "last"} & {argument.name.value for argument in selection.arguments}:
        return selection
    found = copy(selection)
    last = ArgumentNode(name=NameNode(value="last"), value=IntValueNode(value=str(count)))
    found.arguments = (*selection.arguments, last)
    return found


def in_words(name: str) -> str:
    """A name's words, as a title."""
    words = [word if len(word) > 1 and word.isupper() else word.lower() for word in WORD.findall(name)]
    return " ".join([words[0].capitalize() if words[0].islower() else words[0], *words[1:]]) if words else name


def written(query: str, operation_name: str | None, given: Mapping[str, Any]) -> Written:
    """Raises Refused, and NotRead for what does not read."""
    operation = document(query).operation(operation_name)
    match operation.node.operation:
        case OperationType.MUTATION:
            raise NotRead(400, "What changes the record is sent to /graphql, by POST: here it is read.")
        case OperationType.SUBSCRIPTION:
            raise NotRead(
                400, "A subscription is followed at /graphql, as server-sent events: here a query is answered once."
            )
    return Written(operation, {name: value for name, value in given.items() if name in operation.types})


def alone(query: str, operation: Operation) -> str:
    """The operation with the fragments that it uses, as graphql-core prints them: the same for the same, however it was written."""
    name = operation.node.name.value if operation.node.name else ""
    return print_ast(separate_operations(parse(query))[name])
