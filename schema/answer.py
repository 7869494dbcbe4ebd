"""From a request to the bytes of its answer: document, variables, plan, one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from db.pool import STATEMENT_TIMEOUT
from schema.document import Operation
from schema.plan import COST_LIMIT
from schema.refusals import ErrorCode, Refused, refusal

BEYOND_THE_LOG = "OP001"
"""What db/rules/tree.sql refuses by: a sentence for readers, of an argument that the log as it is cannot answer."""


@dataclass(frozen=True)
class Answer:
    """data: JSON in UTF-8. position: the log position that the statement read at."""

    data: bytes
    position: int
    cost: int

    def body(self) -> bytes:
        """The response's body."""
        return b'{"data":%b,"extensions":{"cost":{"requested":%d,"limit":%d}}}' % (self.data, self.cost, COST_LIMIT)


async def answer(pool: asyncpg.Pool, operation: Operation, given: Mapping[str, Any], public_url: str) -> Answer:
    """Runs a query. Raises Refused before any SQL, or after five seconds of it."""
    variables = operation.variables(given)
    plan = operation.plan(variables)
    context = {"today": datetime.now(UTC).date(), "public_url": public_url}
    parameters = plan.parameters(variables, context)
    try:
        row = await pool.fetchrow(plan.sql, *parameters)
    except (asyncpg.QueryCanceledError, TimeoutError):
        message = f"The database gave up after {STATEMENT_TIMEOUT:.0f} seconds: ask for less at once."
        raise Refused([refusal(message, ErrorCode.TIMEOUT)], plan.cost) from None
    except asyncpg.PostgresError as error:
        if error.sqlstate != BEYOND_THE_LOG:
            raise
        raise Refused([refusal(error.args[0], ErrorCode.CLOCK_OUT_OF_RANGE)], plan.cost) from None
    assert row is not None
    return Answer(row["data"], row["position"], plan.cost)
