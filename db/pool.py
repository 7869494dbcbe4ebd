"""The connections, set so that a read costs PostgreSQL nothing but the read."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self
from weakref import WeakSet

import asyncpg

STATEMENT_TIMEOUT = 5.0
"""Seconds after which PostgreSQL gives up a statement."""

SETTINGS = {
    "application_name": "opsc",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "jit": "off",  # compiling costs more than any statement here
    "plan_cache_mode": "force_generic_plan",  # a statement is planned once a connection; page sizes are literals
    "statement_timeout": f"{STATEMENT_TIMEOUT * 1000:.0f}",
}


CONNECTION: dict[str, Any] = {
    "server_settings": SETTINGS,
    "statement_cache_size": 500,
    "max_cached_statement_lifetime": 0,  # as long as the connection
    "max_cacheable_statement_size": 0,  # of any length
    "command_timeout": STATEMENT_TIMEOUT + 5,
}


class Readers:
    """Connections that answers are read over, each by one at a time; who asks first has the next that is free.

    asyncpg's own pool guards against what no reader does, at a third of the time that a small answer takes (35 of 100 µs), and lets
    newcomers pass those who wait: where many asked at once, one answer in a hundred took 40 ms, and takes 5.
    """

    def __init__(self, url: str, *, size: int) -> None:
        """url: of the database. size: how many connections there are at most; the first is made at once, to see that it can be."""
        self.url, self.size = url, size
        self._free: list[asyncpg.Connection] = []
        self._waiting: deque[asyncio.Future[asyncpg.Connection | None]] = deque()
        self._count = 0
        self._all: WeakSet[asyncpg.Connection] = WeakSet()

    async def __aenter__(self) -> Self:
        self._give(await self._take())
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(connection.close(timeout=1) for connection in self._free), return_exceptions=True)
        for connection in self._all:
            connection.terminate()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection, for several statements. Raises what asyncpg.connect does."""
        connection = await self._take()
        try:
            yield connection
        finally:
            self._give(connection)

    async def fetchrow(self, query: str, *parameters: Any) -> asyncpg.Record | None:
        connection = await self._take()
        try:
            return await connection.fetchrow(query, *parameters)
        finally:
            others_wait = bool(self._waiting)
            self._give(connection)
            # who waits sends first, and PostgreSQL works while this is told: a tenth more answers a second
            if others_wait:
                await asyncio.sleep(0)

    async def fetchval(self, query: str, *parameters: Any) -> Any:
        async with self.acquire() as connection:
            return await connection.fetchval(query, *parameters)

    async def fetch(self, query: str, *parameters: Any) -> list[asyncpg.Record]:
        async with self.acquire() as connection:
            found: list[asyncpg.Record] = await connection.fetch(query, *parameters)
            return found

    async def execute(self, query: str, *parameters: Any) -> str:
        async with self.acquire() as connection:
            return str(await connection.execute(query, *parameters))

    async def _take(self) -> asyncpg.Connection:
        """A connection that is nobody else's until it is given back."""
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
            self._lost(connection)
        if self._count < self.size:
            self._count += 1
            return await self._open()
        waits = asyncio.get_running_loop().create_future()
        self._waiting.append(waits)
        try:
            given = await waits
        except asyncio.CancelledError:
            if waits.done() and not waits.cancelled():
                if given := waits.result():
                    self._give(given)
                else:
                    self._give_room()
            raise
        return given or await self._open()

    async def _open(self) -> asyncpg.Connection:
        """One more, for which there is room: this is counted before."""
        try:
            connection: asyncpg.Connection = await asyncpg.connect(self.url, **CONNECTION)
        except BaseException:
            self._give_room()
            raise
        self._all.add(connection)
        return connection

    def _give(self, connection: asyncpg.Connection) -> None:
        if connection.is_closed():
            self._lost(connection)
        elif not self._pass_on(connection):
            self._free.append(connection)

    def _lost(self, connection: asyncpg.Connection) -> None:
        """The database, or the network, ended it."""
        connection.terminate()  # asyncpg may not have tidied up
        self._give_room()

    def _give_room(self) -> None:
        """For one connection in place of one that is no more."""
        if not self._pass_on(None):
            self._count -= 1

    def _pass_on(self, given: asyncpg.Connection | None) -> bool:
        """A connection, or room for one, to who has waited longest; whether anybody has."""
        while self._waiting:
            waits = self._waiting.popleft()
            if not waits.done():
                waits.set_result(given)
                return True
        return False


async def open_pool(url: str, *, size: int = 8, idle: bool = False) -> asyncpg.Pool:
    """asyncpg's own pool, of at most `size` such connections to the database at `url`. idle: none is made before it is needed."""
    return await asyncpg.create_pool(
        url,
        min_size=0 if idle else 1,
        max_size=size,
        max_inactive_connection_lifetime=0,
        reset=_nothing_to_reset,
        **CONNECTION,
    )


async def _nothing_to_reset(connection: asyncpg.Connection) -> None:
    """Reads set nothing, so there is nothing to undo when a connection goes back (11 to 21 % of throughput)."""
