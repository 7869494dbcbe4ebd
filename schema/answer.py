"""From a request to the bytes of its answer: document, variables, plan, one statement."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import asyncpg
import orjson
from graphql import GraphQLError

from db.accounts import Account
from db.pool import STATEMENT_TIMEOUT
from schema.clock import PRESENT, Moment
from schema.document import Operation
from schema.plan import COST_LIMIT, Plan
from schema.refusals import ErrorCode, Refused, refusal

CLOCK_REFUSALS = {"OP001": ErrorCode.CLOCK_OUT_OF_RANGE, "OP002": ErrorCode.BAD_USER_INPUT}
"""The SQLSTATEs of clocks that the record does not have, and of clocks that do not go together (db/rules/clocks.sql)."""


@dataclass(frozen=True)
class Basis:
    """What an answer rests on. position: the log's newest that its statement saw, whatever moment it was asked about; of_the_log:
    nothing in it changes but by a publication, or by the day; at_one_clock: all of it is of the request's own moment."""

    position: int
    of_the_log: bool
    at_one_clock: bool


@dataclass(frozen=True)
class Answer(Basis):
    """data: JSON in UTF-8."""

    data: bytes
    cost: int

    def body(self, clock: bytes) -> bytes:
        """The response's body. clock: what it stands for, as JSON."""
        return b'{"data":%b,"extensions":{"cost":{"requested":%d,"limit":%d},"clock":%b}}' % (
            self.data,
            self.cost,
            COST_LIMIT,
            clock,
        )


@dataclass
class _Belief:
    """The newest position that a statement read at. Cursors of that position are read from what stands now, the smaller index."""

    newest: int | None = None


_belief = _Belief()


async def answer(
    pool: asyncpg.Pool,
    operation: Operation,
    given: Mapping[str, Any],
    public_url: str,
    moment: Moment = PRESENT,
    *,
    viewer: Account | None = None,
) -> Answer:
    """Runs a query, its own `at` aside, at a moment. Raises Refused: before any SQL, for a moment that the record does not have,
    or after five seconds."""
    variables = operation.variables(given)
    context = {**asked_by(viewer, public_url), **vars(moment)}
    believed = _belief.newest
    plan = operation.plan(variables, moment.shape, believed)
    found = await _run(pool, plan, variables, context)
    _belief.newest = found.position
    if plan.at_newest and found.position != believed:  # somebody has published since
        return await _run(pool, operation.plan(variables, moment.shape), variables, context)
    return found


def asked_by(viewer: Account | None, public_url: str) -> dict[str, Any]:
    """The parameters that belong to a request as a whole."""
    return {
        "today": datetime.now(UTC).date(),
        "public_url": public_url,
        "viewer": viewer and viewer.id,
        "viewer_expires_at": viewer and viewer.expires_at,
    }


async def _run(pool: asyncpg.Pool, plan: Plan, variables: Mapping[str, Any], context: Mapping[str, Any]) -> Answer:
    row = await told(pool, plan, variables, context)
    return Answer(row["position"], plan.of_the_log, plan.at_one_clock, row["data"], plan.cost)


async def told(source: Any, plan: Plan, variables: Mapping[str, Any], context: Mapping[str, Any]) -> asyncpg.Record:
    """The only row of a plan's statement, by a pool or a connection. Raises Refused."""
    parameters = plan.parameters(variables, context)
    try:
        row = await source.fetchrow(plan.sql, *parameters)
    except (asyncpg.QueryCanceledError, TimeoutError):
        message = f"The database gave up after {STATEMENT_TIMEOUT:.0f} seconds: ask for less at once."
        raise Refused([refusal(message, ErrorCode.TIMEOUT)], plan.cost) from None
    except asyncpg.PostgresError as error:
        if error.sqlstate not in CLOCK_REFUSALS:
            raise
        raise Refused([_clock_refused(error, plan)], plan.cost) from None
    assert row is not None
    return cast("asyncpg.Record", row)


def _clock_refused(error: asyncpg.PostgresError, plan: Plan) -> GraphQLError:
    """The database's sentence, with the field that chose the clock; the request as a whole has none."""
    place = error.hint or ""
    path = orjson.loads(place) if place in plan.clocks else None
    return refusal(error.args[0], CLOCK_REFUSALS[error.sqlstate], plan.clocks.get(place), path)
