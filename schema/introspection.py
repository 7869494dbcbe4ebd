"""Introspection beside data: the schema's own answer, spliced into the statement's as a parameter."""

from collections.abc import Callable, Mapping, Sequence

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


def introspected(
    schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], key: str, nodes: Sequence[FieldNode]
) -> Callable[[Variables], str]:
    """What a request's variables make of these introspection fields: JSON text."""

    def answer(variables: Variables) -> str:
        selections = SelectionSetNode(selections=tuple(nodes))
        operation = OperationDefinitionNode(
            operation=OperationType.QUERY, name=None, directives=(), variable_definitions=(), selection_set=selections
        )
        document = DocumentNode(definitions=(operation, *fragments.values()))
        context = ExecutionContext.build(schema, document)
        assert isinstance(context, ExecutionContext)
        context.variable_values = dict(variables)  # coerced already
        return orjson.dumps(context.execute_operation(operation, None)[key]).decode()  # type: ignore[index]

    return answer
