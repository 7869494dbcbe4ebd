"""The record at one moment, held still while it is read: one transaction, whose every table is of one position of the log."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import asyncpg
import orjson

from api.dataset.tables import HERE, PARTIES, TABLES, Table
from api.v1.copying import TIMEOUT
from db.signatures import Signatures, signatures
from schema.answer import asked_by, told
from schema.clock import Moment
from schema.document import document
from schema.rows import Rows

LAST_DAY = date(9999, 12, 30)
"""By then whoever has consented is a State party."""

SAID = document((HERE / "snapshot.graphql").read_text("utf-8")).operation(None)


@dataclass(frozen=True)
class Snapshot:
    """position, known, valid: which moment of the record this is; newest: the log's newest position then; root_hash: of the log at
    that moment, in hex; signed: what was signed of it; counts: the rows of each table; parties_are_whole: no State party is left
    out for the valid day, so that all that is named is there."""

    connection: asyncpg.Connection
    moment: Moment
    context: Mapping[str, Any]
    public_url: str
    position: int
    newest: int
    known: str
    valid: str
    root_hash: str
    signed: Signatures
    counts: Mapping[str, int]
    parties_are_whole: bool

    def statement(self, table: Table) -> tuple[Rows, list[Any]]:
        """A table's rows, and the parameters of their statement."""
        rows = table.rows(self.moment.shape)
        return rows, rows.plan.parameters({}, self.context)

    @property
    def rows(self) -> int:
        """How many rows there are in all, and lines of the log."""
        return sum(self.counts.values()) + self.position

    @property
    def about(self) -> Mapping[str, Any]:
        """Which moment it is, and what was signed by then."""
        clock = {"position": self.position, "known": self.known, "valid": self.valid}
        return {**clock, "newest": self.newest, "signed": self.signed.digest.hex()}

    @property
    def holds(self) -> list[tuple[Table, int]]:
        """Its tables, with their rows counted."""
        return [(TABLES[name], count) for name, count in self.counts.items()]


@asynccontextmanager
async def snapshot(connection: asyncpg.Connection, moment: Moment, public_url: str) -> AsyncIterator[Snapshot]:
    """Raises Refused where the record has no such moment."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(f"set local statement_timeout = {TIMEOUT * 1000}")
        context = {**asked_by(None, public_url), **vars(moment), "beyond": 0}
        row = await told(connection, SAID.plan({}, moment.shape), {}, context)
        said = orjson.loads(row["data"])
        clock = said["clock"]
        counts = {name: await _count(connection, table, moment, context) for name, table in TABLES.items()}
        ever = replace(moment, valid=LAST_DAY)
        parties = await _count(connection, TABLES[PARTIES], ever, {**context, **vars(ever)})
        yield Snapshot(
            connection,
            moment,
            context,
            public_url,
            clock["position"],
            row["position"],
            clock["known"],
            clock["valid"],
            said["log"]["rootHash"],
            await signatures(connection, clock["position"]),
            counts,
            parties == counts[PARTIES],
        )


async def moment_of(source: Any, moment: Moment, public_url: str) -> Mapping[str, Any]:
    """What `about` says of a snapshot at a moment, before there is one. Raises Refused where the record has no such moment.
    source: a connection or a pool."""
    row = await told(source, SAID.plan({}, moment.shape), {}, {**asked_by(None, public_url), **vars(moment)})
    clock = orjson.loads(row["data"])["clock"]
    signed = await signatures(source, clock["position"])
    return {**clock, "newest": row["position"], "signed": signed.digest.hex()}


async def _count(connection: asyncpg.Connection, table: Table, moment: Moment, context: Mapping[str, Any]) -> int:
    row = await told(connection, table.counted(moment.shape), {}, context)
    return int(row["total"])
