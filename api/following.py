"""Where the log ends, followed: one connection of the process's own hears what is published, whoever publishes it.

What it believes is dropped the moment it may be wrong: at each publication until it has read the log again, when its connection is
lost, and always on a standby, where PostgreSQL refuses to listen. Nothing kept is answered then (RISKS 25).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import structlog

from api.meanwhile import meanwhile
from db.pool import SETTINGS

log = structlog.get_logger()

CHANNEL = "published"
"""What publish() notifies, in the transaction that publishes."""

NAMED = {**SETTINGS, "application_name": "opsc following"}
"""How PostgreSQL lists the connection."""

PULSE = 10.0
"""Seconds after which the log is read again though nothing was heard: a network may lose a connection, and a pooler may keep what
is notified to itself, without anybody being told."""

PATIENCE = 5.0
"""Seconds for the database to answer."""

PAUSES = (0.05, 5.0)
"""Seconds before the connection is made again, at first and at most: each is twice the one before."""

FAILURES = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

HEAD = """
select newest."position", newest.recorded_at,
       not exists (select from revision before where before.recorded_at >= date_trunc('second', newest.recorded_at)
                   and before.recorded_at < newest.recorded_at) as alone,
       encode(beginning.leaf_hash, 'hex') as begins, coalesce(redaction."position", 0) as redaction,
       redaction.recorded_at as redacted_at
from revision newest join revision beginning on beginning."position" = 1
left join lateral (
  select "position", recorded_at from revision where operation = 'REDACT' order by "position" desc limit 1
) redaction on true
order by newest."position" desc limit 1
"""


@dataclass(frozen=True)
class Head:
    """The log's end. recorded_at: when its newest position was; alone: no earlier publication was in the same second. begins: its
    first revision's hash, which tells logs apart. redaction: the newest position at which words left it, or 0."""

    position: int
    recorded_at: datetime
    alone: bool
    begins: str
    redaction: int
    redacted_at: datetime | None

    def __hash__(self) -> int:
        return self.position


EMPTY = Head(0, datetime.min.replace(tzinfo=UTC), alone=False, begins="", redaction=0, redacted_at=None)


async def read_head(source: Any) -> Head:
    """Where the log ends, as the database says now. source: a connection or a pool."""
    row = await source.fetchrow(HEAD)
    return Head(*row) if row else EMPTY


class Following:
    """head: the log's end; None where it is not known at the moment, and whoever needs it must ask the database."""

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self.head: Head | None = None
        self._heard = asyncio.Event()
        self._moved = asyncio.Event()
        self._tried = asyncio.Event()
        self._worked = False

    @property
    def position(self) -> int | None:
        """The log's newest position; None where it is not known at the moment."""
        return self.head.position if self.head else None

    async def beyond(self, position: int) -> int:
        """Waits until the log's newest position is known to be a later one; answers it."""
        while self.head is None or self.head.position <= position:
            await self._moved.wait()
        return self.head.position

    def doubt(self) -> None:
        """Somebody in this process may have published: nothing is believed until the log was read again."""
        self.head = None
        self._heard.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Following"]:
        """Follows meanwhile. Begins once the first attempt has succeeded or failed."""
        async with meanwhile(self._follow()):
            await self._tried.wait()
            yield self

    async def _follow(self) -> None:
        """For as long as the process lives; each time that it breaks off is told once."""
        pause = PAUSES[0]
        while True:
            try:
                await self._listen()
            except FAILURES as error:
                reason = str(error) or type(error).__name__
            self.head = None
            if self._worked or not self._tried.is_set():
                log.warning("not following", reason=reason)
                pause = PAUSES[0]
            self._worked = False
            self._tried.set()
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSES[1])

    async def _listen(self) -> None:
        """Until the connection ends: raises one of FAILURES."""
        connection = await asyncpg.connect(
            self.database_url, timeout=PATIENCE, command_timeout=PATIENCE, server_settings=NAMED
        )
        try:
            connection.add_termination_listener(self._doubted)
            await connection.add_listener(CHANNEL, self._doubted)
            while True:
                await self._read(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(PULSE):
                        await self._heard.wait()
        finally:
            connection.terminate()

    async def _read(self, connection: asyncpg.Connection) -> None:
        """What was heard meanwhile may not be in what was read: then it is read once more."""
        self._heard.clear()
        head = await read_head(connection)
        if self._heard.is_set():
            return
        self.head = head
        self._worked = True
        self._tried.set()
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _doubted(self, *_: object) -> None:
        """Something was published, or the connection ended."""
        self.doubt()
