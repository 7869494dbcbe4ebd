"""A reader's query in a form that needs certain fields: which rows there are is the reader's to say, what of them, the form's."""

from collections.abc import Iterator
from copy import copy

from graphql import DocumentNode, FieldNode, Node, VariableNode, print_ast

from api.v1.endpoints import ENDPOINTS, Endpoint
from api.v1.forms import Form
from schema.document import Operation, document
from schema.flattening import BESIDE
from schema.refusals import BadValue


def with_fields_of(form: Form, operation: Operation, field: str) -> Operation:
    """The operation with the list that it asks for at its root, of this field, and with what the form needs of it. Raises BadValue
    where it asks for more than that, which would be left out without a word."""
    more = [one for one in _fields(operation) if one.name.value not in BESIDE]
    if len(more) > 1:
        names = ", ".join(one.name.value for one in more)
        raise BadValue(f"This form shows one list, and the query asks for {names}: ask for one of them alone.")
    needed = _listing(field).of_form(form.file)
    asked = copy(_field(operation, field))
    asked.selection_set = _field(needed, field).selection_set
    node = copy(operation.node)
    node.selection_set = copy(node.selection_set)
    node.selection_set.selections = (asked,)
    used = {*_variables(asked)}
    node.variable_definitions = tuple(one for one in node.variable_definitions if one.variable.name.value in used)
    spread = [one for one in needed.fragments.values() if f"...{one.name.value}" in print_ast(asked)]
    return document(print_ast(DocumentNode(definitions=(node, *spread)))).operation(None)


def _listing(field: str) -> Endpoint:
    """The endpoint that lists all of a field."""
    return next(one for path, one in ENDPOINTS.items() if one.field == field and "{" not in path)


def _field(operation: Operation, field: str) -> FieldNode:
    return next(one for one in _fields(operation) if one.name.value == field)


def _fields(operation: Operation) -> list[FieldNode]:
    return [one for one in operation.node.selection_set.selections if isinstance(one, FieldNode)]


def _variables(node: Node) -> Iterator[str]:
    if isinstance(node, VariableNode):
        yield node.name.value
    for key in node.keys:
        value = getattr(node, key, None)
        for one in value if isinstance(value, list | tuple) else [value]:
            if isinstance(one, Node):
                yield from _variables(one)
