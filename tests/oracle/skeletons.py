"""What hypothesis-graphql selects of a schema, as plain trees: its arguments are not of this record, and are left behind."""

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import queries

Tree = list[tuple[str, str | None, "Tree"]]
"""Fields: (name, the type that has it where that is not the parent, what is selected of it)."""


def skeletons(schema: GraphQLSchema, count: int) -> list[Tree]:
    """What hypothesis-graphql selects of a schema, without its arguments; alike each time."""
    found: list[Tree] = []
    days = st.just(StringValueNode(value="2020-01-01"))

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(queries(schema, custom_scalars={"Date": days, "DateTime": days}, print_ast=lambda document: document))
    def collect(document: DocumentNode) -> None:
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        found.append(_tree(operation.selection_set))

    collect()
    return found


def _tree(selection_set: SelectionSetNode | None, on: str | None = None) -> Tree:
    found: Tree = []
    for selection in selection_set.selections if selection_set else ():
        if isinstance(selection, FieldNode):
            found.append((selection.name.value, on, _tree(selection.selection_set)))
        elif isinstance(selection, InlineFragmentNode):
            found += _tree(selection.selection_set, selection.type_condition.name.value)
    return found
