"""Runs operations on both sides, the planner's and the plain executor's, and tells where they differ."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import orjson
from graphql import DocumentNode, parse, validate

from schema.answer import answer
from schema.clock import PRESENT, Moment
from schema.document import document
from schema.refusals import Refused
from tests.operations import Operation
from tests.oracle.answers import difference
from tests.oracle.executor import Oracle, OracleError, OracleRefused
from tests.oracle.resolvers import PUBLIC_URL

TOO_MUCH = 4_000
"""The planner's cost of an operation that would keep the plain executor busy for seconds."""


def today() -> date:
    return datetime.now(UTC).date()


@dataclass
class Agreement:
    """What became of the operations: how many agreed, and why the others were not compared. moment: what they are read at."""

    pool: asyncpg.Pool
    oracle: Oracle
    moment: Moment = PRESENT
    agreed: int = 0
    answers: int = 0
    refusals: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)

    async def hold(self, operation: Operation) -> None:
        """Holds one operation's answers, for each of its variables, against the plain executor's."""
        parsed, found = parse(operation.text), 0
        for variables in operation.variables:
            try:
                ours = document(operation.text).operation(operation.name)
                if ours.plan(ours.variables(variables), self.moment.shape).cost > TOO_MUCH:
                    self.left_out["too much for the plain executor"] += 1
                    continue
                told = await self._difference(operation, parsed, variables)
            except Refused as refused:
                codes = {str((error.extensions or {}).get("code")) for error in refused.errors}
                invalid = codes == {"GRAPHQL_VALIDATION_FAILED"} and validate(self.oracle.schema, parsed)
                if invalid or codes <= {"TOO_COSTLY", "TOO_DEEP", "TOO_LARGE"}:
                    self.left_out[" ".join(sorted(codes))] += 1
                    continue
                told = self._refusal_difference(refused, operation, parsed, variables)
                self.refusals += told is None
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
        moment = self.moment
        day = today()
        got = await answer(self.pool, ours, variables, PUBLIC_URL, moment)
        if today() != day:  # midnight in UTC came between
            day, got = today(), await answer(self.pool, ours, variables, PUBLIC_URL, moment)
        expected = self.oracle.data(parsed, variables, day, operation=operation.name, clocks=self._clocks)
        return difference(expected, orjson.loads(got.data))

    def _refusal_difference(
        self, refused: Refused, operation: Operation, parsed: DocumentNode, variables: dict[str, Any]
    ) -> str | None:
        """The planner names everything that cannot be, or, having asked the database, the first clock that it did not find."""
        ours = {(str((one.extensions or {}).get("code")), tuple(one.path or ())) for one in refused.errors}
        ours -= {("TOO_COSTLY", ())}  # costs the plain executor does not know
        try:
            self.oracle.data(parsed, variables, today(), operation=operation.name, clocks=self._clocks)
        except OracleRefused as theirs:
            expected = set(theirs.refusals)
            contradictions = {one for one in expected if one[0] == "BAD_USER_INPUT"}
            if ours == contradictions or (not contradictions and len(ours) == 1 and ours <= expected):
                return None
            return f"refused {ours}, expected {expected}: {refused}"
        except OracleError:
            pass
        return f"refused: {refused}"

    @property
    def _clocks(self) -> dict[str, Any]:
        """The moment that requests as a whole are read at, as the arguments of Query.at."""
        asked = {name: value for name, value in vars(self.moment).items() if value is not None}
        return {name: value if name == "position" else value.isoformat() for name, value in asked.items()}
