"""Runs operations on both sides, the planner's and the plain executor's, and tells where they differ."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import orjson
from graphql import DocumentNode, parse, validate

from schema.answer import answer
from schema.document import document
from schema.refusals import Refused
from tests.operations import Operation
from tests.oracle.answers import difference
from tests.oracle.executor import Oracle
from tests.oracle.resolvers import PUBLIC_URL

TOO_MUCH = 4_000
"""The planner's cost of an operation that would keep the plain executor busy for seconds."""


def today() -> date:
    return datetime.now(UTC).date()


@dataclass
class Agreement:
    """What became of the operations: how many agreed, and why the others were not compared."""

    pool: asyncpg.Pool
    oracle: Oracle
    agreed: int = 0
    answers: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)

    async def hold(self, operation: Operation) -> None:
        """Holds one operation's answers, for each of its variables, against the plain executor's."""
        parsed, found = parse(operation.text), 0
        for variables in operation.variables:
            try:
                ours = document(operation.text).operation(operation.name)
                if ours.plan(ours.variables(variables)).cost > TOO_MUCH:
                    self.left_out["too much for the plain executor"] += 1
                    continue
                told = await self._difference(operation, parsed, variables)
            except Refused as refused:
                codes = {str((error.extensions or {}).get("code")) for error in refused.errors}
                invalid = codes == {"GRAPHQL_VALIDATION_FAILED"} and validate(self.oracle.schema, parsed)
                if invalid or codes <= {"TOO_COSTLY", "TOO_DEEP", "TOO_LARGE"}:
                    self.left_out[" ".join(sorted(codes))] += 1
                    continue
                told = f"refused: {refused}"
            except Exception as error:  # noqa: BLE001 - each is a fault to be told
                told = f"{type(error).__name__}: {error}"
            if told:
                self.differing.append(f"{told}\n{operation.text}\n{orjson.dumps(variables).decode()}")
            else:
                found += 1
        self.answers += found
        self.agreed += found > 0

    async def _difference(self, operation: Operation, parsed: DocumentNode, variables: dict[str, Any]) -> str | None:
        ours = document(operation.text).operation(operation.name)
        day = today()
        got = await answer(self.pool, ours, variables, PUBLIC_URL)
        if today() != day:  # midnight in UTC came between
            day, got = today(), await answer(self.pool, ours, variables, PUBLIC_URL)
        expected = self.oracle.data(parsed, variables, day, operation=operation.name)
        return difference(expected, orjson.loads(got.data))
