"""What graphql-core answers itself, beside data: the schema's own answer, spliced into the statement's as a parameter."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.execution import ExecutionContext

from schema.arguments import Variables

INTROSPECTION = frozenset({"__schema", "__type"})
"""Fields of Query that ask about the schema."""


def executed(
    schema: GraphQLSchema,
    fragments: Mapping[str, FragmentDefinitionNode],
    key: str,
    nodes: Sequence[FieldNode],
    value: Callable[[Variables], Any] = lambda _variables: None,
) -> Callable[[Variables], str]:
    """What a request's variables make of these fields of Query, all under one key: JSON text. value: of a field that is no
    introspection."""

    def answer(variables: Variables) -> str:
        selections = SelectionSetNode(selections=tuple(nodes))
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY, name=None, directives=(), variable_definitions=(), selection_set=selections
        )
        document = DocumentNode(definitions=(operation, *fragments.values()))
        context = ExecutionContext.build(schema, document)
        assert isinstance(context, ExecutionContext)
        context.variable_values = dict(variables)  # coerced already
        found = context.execute_operation(operation, {nodes[0].name.value: value(variables)})
        return orjson.dumps(found[key]).decode()  # type: ignore[index]

    return answer
