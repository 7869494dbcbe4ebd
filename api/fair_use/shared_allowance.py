"""What askers have had of every process, on every machine: added up in Valkey, several times a second.

A request never waits for Valkey: it is counted here, and what was counted is exchanged beside. So an asker may have a little more
than is allowed, by what several processes answer at the same moment; and while Valkey is away, each process counts for itself.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import Any, Self, cast

import structlog
from limits.aio.storage import RedisStorage
from limits.errors import StorageError

from api.fair_use.allowance import Allowance, Had
from api.meanwhile import meanwhile

EVERY = 0.25
"""Seconds between exchanges."""

PATIENCE = 2
"""Seconds that Valkey may take for one answer."""

PREFIX = "opsc"
"""Of the keys in Valkey."""

AWAY = (StorageError, OSError, TimeoutError)

log = structlog.get_logger()


class SharedAllowance(Allowance):
    """An allowance that knows what of it is not added up yet. seconds: whole ones, as Valkey has them."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self._new: Counter[Hashable] = Counter()

    def spend(self, asker: Hashable, count: int, had: Had | None = None) -> Had:
        self._new[asker] += count
        return super().spend(asker, count, had)

    @asynccontextmanager
    async def adding_up(self, url: str) -> AsyncIterator[Self]:
        """Meanwhile, what is counted here is added up with what others count. url: valkey://…"""
        storage = RedisStorage(
            f"async+{url}",
            wrap_exceptions=True,
            key_prefix=PREFIX,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
        )
        try:
            async with meanwhile(self._exchanging(storage)):
                yield self
        finally:
            await cast("Any", storage.bridge).get_connection().aclose()

    async def _exchanging(self, storage: RedisStorage) -> None:
        away = False
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self._exchange(storage)
            except AWAY as error:
                if not away:
                    log.warning("Valkey is away: each process counts for itself what askers have had", error=str(error))
                away = True
            else:
                if away:
                    log.warning("Valkey is back: what askers have had is added up again")
                away = False

    async def _exchange(self, storage: RedisStorage) -> None:
        """Raises one of AWAY; what was not added up then is, the next time."""
        new, self._new = self._new, Counter()
        try:
            while new:
                asker, count = next(iter(new.items()))
                total = await storage.incr(str(asker), round(self.seconds), count)
                del new[asker]
                ends_at = await storage.get_expiry(str(asker))
                self.learn(asker, total + self._new[asker], ends_at - time.time())
        finally:  # of a while that has ended meanwhile, nothing counts
            for asker, count in new.items():
                if had := self.had(asker):
                    self._new[asker] = min(self._new[asker] + count, had.count)
