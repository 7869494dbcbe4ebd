"""Why a request cannot run: errors with a code, written for the person who wrote the request."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from graphql import GraphQLError
from graphql.language import Node


class ErrorCode(StrEnum):
    """extensions.code of every error."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    TOO_LARGE = "TOO_LARGE"
    TOO_DEEP = "TOO_DEEP"
    TOO_COSTLY = "TOO_COSTLY"
    TIMEOUT = "TIMEOUT"
    CLOCK_OUT_OF_RANGE = "CLOCK_OUT_OF_RANGE"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    RATE_LIMITED = "RATE_LIMITED"
    UNKNOWN_DOCUMENT = "UNKNOWN_DOCUMENT"
    INTERNAL = "INTERNAL"


class Refused(Exception):
    """The whole operation is refused, before any SQL ran."""

    def __init__(self, errors: Sequence[GraphQLError], cost: int = 0) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors, self.cost = list(errors), cost

    @property
    def timed_out(self) -> bool:
        """Whether the database gave up: what it costs is spent then."""
        return any((error.extensions or {}).get("code") == ErrorCode.TIMEOUT for error in self.errors)


class BadValue(ValueError):
    """An argument's value that cannot be; the message names the argument and says what would do."""


def refusal(
    message: str,
    code: ErrorCode = ErrorCode.BAD_USER_INPUT,
    nodes: Collection[Node] | None = None,
    path: Collection[str | int] | None = None,
) -> GraphQLError:
    """An error of GraphQL's form; `nodes` give its locations."""
    return GraphQLError(message, nodes=nodes, path=path, extensions={"code": str(code)})
