"""Whether a text is a GraphQL document that fits the schema: graphql-core's parser and rules, with our codes and limits."""

from typing import Any

from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, parse, specified_rules, validate
from graphql.language import ArgumentNode, Node, ObjectFieldNode, ValueNode
from graphql.validation import ValidationContext, ValuesOfCorrectTypeRule
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError

from schema.query import schema
from schema.refusals import ErrorCode, Refused, refusal

TOKENS = 2_000
ERRORS_TOLD = 20

overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000
"""graphql-core's bound on comparing fields of the same name: a tenth of its own default, a fifth of a second here."""


class _ValuesThatFit(ValuesOfCorrectTypeRule):
    """graphql-core's rule, whose errors name the argument and say that it is a value that is wrong, not the document."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._names: list[str] = []
        self._value: ValueNode | None = None

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._names = [node.name.value]

    def enter_object_field(self, node: ObjectFieldNode, *arguments: Any) -> None:
        self._names.append(node.name.value)
        super().enter_object_field(node, *arguments)

    def leave_object_field(self, *_: Any) -> None:
        self._names.pop()

    def is_valid_value_node(self, node: ValueNode) -> None:
        self._value = node
        super().is_valid_value_node(node)
        self._value = None

    def report_error(self, error: GraphQLError) -> None:
        if self._value is not None:
            code = {"code": str(ErrorCode.BAD_USER_INPUT)}
            nodes: list[Node] = [self._value]
            error = GraphQLError(f"{'.'.join(self._names)}: {error.message}", nodes=nodes, extensions=code)
        super().report_error(error)


RULES = [_ValuesThatFit if rule is ValuesOfCorrectTypeRule else rule for rule in specified_rules]


def validated(text: str) -> DocumentNode:
    """The document of this text. Raises Refused, with an error for each thing that is wrong."""
    try:
        node = parse(text, max_lexical_tokens=TOKENS)
    except GraphQLSyntaxError as error:
        if "tokens" in error.message and str(TOKENS) in error.message:
            message = f"This document is longer than {TOKENS:,} lexical tokens, which is the limit."
            raise Refused([refusal(message, ErrorCode.TOO_LARGE)]) from error
        raise Refused([coded(error, ErrorCode.GRAPHQL_PARSE_FAILED)]) from error
    except RecursionError as error:
        message = "This document is nested too deeply to be read."
        raise Refused([refusal(message, ErrorCode.TOO_DEEP)]) from error
    errors = validate(schema, node, RULES, max_errors=ERRORS_TOLD)
    if any(isinstance(error, ValidationAbortedError) for error in errors) and len(errors) == 1:
        message = "This document repeats too many fields under the same names to be checked: write each once."
        raise Refused([refusal(message, ErrorCode.TOO_LARGE)])
    if errors:
        raise Refused([coded(error, ErrorCode.GRAPHQL_VALIDATION_FAILED) for error in errors])
    return node


def coded(error: GraphQLError, code: ErrorCode) -> GraphQLError:
    """The error, with this code unless it has one."""
    return GraphQLError(
        error.message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={"code": str(code), **(error.extensions or {})},
    )
