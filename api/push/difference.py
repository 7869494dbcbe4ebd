"""What of a saved query's answer differs between two clocks: which rows appeared, disappeared, or say something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg
import orjson

from db.saved_queries import Query
from db.webhooks import Span
from schema.answer import asked_by, told
from schema.arguments import Variables
from schema.clock import Moment
from schema.document import Operation, document
from schema.refusals import ErrorCode, Refused, refusal
from schema.rows import Rows, rows_of

MOST = 20_000
"""Rows of a list that are compared."""

LARGEST = 1_000
"""Rows that a payload lists; it says how many there are."""

OF_THE_CLOCK = ("versionId", "clock")
"""Fields that say at which clock something was read: they differ though nothing else does."""

NAMED_BY = ("id", "recordId", "code", "position")
"""Fields by which a row is known again; one that has none of them, by all that it says."""

Row = Any


@dataclass(frozen=True)
class Difference:
    """Rows, by what they are known by: new ones, those that are gone, and those that changed, before and after. cost: of having
    read both answers (api/fair_use/counted.py)."""

    appeared: Sequence[Row]
    disappeared: Sequence[Row]
    changed: Sequence[tuple[Row, Row]]
    cost: int

    def __bool__(self) -> bool:
        return bool(self.appeared or self.disappeared or self.changed)


@dataclass(frozen=True)
class _Read:
    """What a query answers at a moment. rows: key → JSON."""

    rows: Mapping[Any, str]
    cost: int


async def difference(pool: asyncpg.Pool, query: Query, span: Span, public_url: str) -> Difference:
    """Raises Refused where the query cannot be answered."""
    earlier = await _read(pool, query, span.from_position, span.from_valid, public_url)
    later = await _read(pool, query, span.to_position, span.to_valid, public_url)
    before, after = earlier.rows, later.rows
    pairs = [(orjson.loads(before[key]), orjson.loads(after[key])) for key in after if key in before]
    return Difference(
        [orjson.loads(row) for key, row in after.items() if key not in before],
        [orjson.loads(row) for key, row in before.items() if key not in after],
        [(was, now) for was, now in pairs if _lasting(was) != _lasting(now)],
        earlier.cost + later.cost,
    )


def payload(public_url: str, webhook: int, query_id: str, span: Span, made_at: datetime, found: Difference) -> bytes:
    """What a webhook is sent: JSON, in a line."""
    address = f"{public_url}/q/{query_id}"
    then, now = (
        f"{address}?position={position}&valid={day}"
        for position, day in ((span.from_position, span.from_valid), (span.to_position, span.to_valid))
    )
    lists: Mapping[str, Sequence[Any]] = {
        "appeared": found.appeared,
        "disappeared": found.disappeared,
        "changed": [{"before": was, "after": now_is} for was, now_is in found.changed],
    }
    data = {
        "webhook": webhook,
        "query": query_id,
        "fromPosition": span.from_position,
        "toPosition": span.to_position,
        "fromValid": span.from_valid,
        "toValid": span.to_valid,
        "counts": {name: len(rows) for name, rows in lists.items()},
        "whole": all(len(rows) <= LARGEST for rows in lists.values()),
        **{name: rows[:LARGEST] for name, rows in lists.items()},
        "links": {
            "query": address,
            "before": then if span.from_position else None,
            "after": now,
            "changes": f"{public_url}/v1/changes?after={span.from_position}",
        },
    }
    calendar = span.from_position == span.to_position
    event = {"type": "query.day" if calendar else "query.changed", "timestamp": made_at, "data": data}
    return orjson.dumps(event)


async def _read(pool: asyncpg.Pool, query: Query, position: int, valid: date, public_url: str) -> _Read:
    """Nothing was known at position 0."""
    if not position:
        return _Read({}, 0)
    day = date.fromisoformat(query.valid) if query.valid else valid
    moment = Moment(position=position, valid=day)
    operation = document(query.document).operation(None)
    variables = operation.variables(query.variables)
    context = {**asked_by(None, public_url), **vars(moment)}
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        rows = _listing(operation, variables, moment)
        if rows is None:
            plan = operation.plan(variables, moment.shape)
            row = await told(connection, plan, variables, context)
            data = orjson.loads(row["data"])
            return _Read({key: orjson.dumps({key: value}).decode() for key, value in data.items()}, plan.cost)
        cursor = await connection.cursor(rows.plan.sql, *rows.plan.parameters(variables, context))
        listed = [row[0] for row in await cursor.fetch(MOST + 1)]
    if len(listed) > MOST:
        message = (
            f"The query lists more than {MOST:,} rows, which is the most that is compared: ask for less by its filter."
        )
        raise Refused([refusal(message, ErrorCode.TOO_LARGE)], rows.cost(len(listed)))
    return _Read({_key(row): row for row in listed}, rows.cost(len(listed)))


def _listing(operation: Operation, variables: Variables, moment: Moment) -> Rows | None:
    """The rows of its list; None where it lists nothing, or asks for other things beside: then the whole is compared."""
    if not _asks_for_one(operation):
        return None
    try:
        return rows_of(operation, variables, moment.shape, as_cells=False)
    except (
        Refused
    ):  # a list of which nothing but facts is asked, as its totalCount; what is wrong is told when it is answered
        return None


def _asks_for_one(operation: Operation) -> bool:
    """Whether it asks for one thing alone, the clock aside."""
    asked = operation.node.selection_set.selections
    named = [getattr(one, "name", None) for one in asked]
    return sum(name is None or name.value not in ("clock", "__typename") for name in named) == 1


def _key(row: str) -> Any:
    said = orjson.loads(row)
    if isinstance(said, dict):
        for name in NAMED_BY:
            if name in said:
                return name, orjson.dumps(said[name])
    return row


def _lasting(row: Any) -> Any:
    """Without what only says at which clock it was read."""
    if isinstance(row, dict):
        return {name: _lasting(value) for name, value in row.items() if name not in OF_THE_CLOCK}
    return [_lasting(one) for one in row] if isinstance(row, list) else row
