"""What cannot be answered, as GraphQL's specification forms it: the bytes of an answer that has errors alone."""

from collections.abc import Sequence
from typing import Any

import orjson
from graphql import GraphQLError

from schema.plan import COST_LIMIT


def body_of_errors(errors: Sequence[GraphQLError], cost: int = 0) -> bytes:
    """cost: of the operation, where it is known."""
    extensions = {"cost": {"requested": cost, "limit": COST_LIMIT}}
    return orjson.dumps({"errors": [_told(error) for error in errors], "extensions": extensions})


def _told(error: GraphQLError) -> dict[str, Any]:
    """Lone surrogates, which UTF-8 cannot hold, are replaced."""
    formatted: dict[str, Any] = dict(error.formatted)
    formatted["message"] = error.message.encode("utf-8", "replace").decode()
    return formatted
