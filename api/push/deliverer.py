"""Delivers to webhooks what their saved queries' answers differ by, as soon as it is published, and when the calendar moves on.

Every process of the application runs one; they share the work by the database. What is sent may be sent twice, when a process ends
in between or a receiver answers too late, and then it has the same id; it is never left out.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import structlog

from api.following import FAILURES, Following
from api.meanwhile import meanwhile
from api.push.difference import Difference, difference, payload
from api.push.signature import headers
from api.push.target import NoAnswer, TargetRefused, Targets
from db import saved_queries, webhooks
from db.newest_position import newest_position
from db.saved_queries import SavedQuery, Withdrawn
from db.webhooks import Delivery, Span, Taken
from schema.refusals import Refused

log = structlog.get_logger()

AT_ONCE = 4
"""Webhooks that are looked after at the same moment: a receiver that answers late does not hold up the others."""

SOON, LATER = 5.0, 60.0
"""Seconds after which it is looked again, though nothing was published, where there are webhooks and where there are none."""

GONE = 410
"""The status by which a receiver says that it wants nothing more."""


class Deliverer:
    """Of one process. pool: connections for this alone, which it holds while it compares."""

    def __init__(self, pool: asyncpg.Pool, following: Following, targets: Targets, public_url: str) -> None:
        self.pool, self.following, self.targets, self.public_url = pool, following, targets, public_url
        self._free = asyncio.Semaphore(AT_ONCE)
        self._called = asyncio.Event()
        self._begun = asyncio.Event()
        self._seen = 0

    def call(self) -> None:
        """Somebody in this process has changed what is to be sent."""
        self._called.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Deliverer"]:
        """Delivers meanwhile, once it has looked whether there is anything to.
        What is being sent at the end is sent again by whoever comes next."""
        async with meanwhile(self._deliver()):
            await self._begun.wait()
            yield self

    async def _deliver(self) -> None:
        worked = True
        async with asyncio.TaskGroup() as sending:
            while True:
                try:
                    self._called.clear()
                    self._seen = await newest_position(self.pool)
                    await self._take(sending)
                    some = await self.pool.fetchval("select exists (select from webhook)")
                    worked = True
                except FAILURES as error:
                    if worked:
                        log.warning("not delivering", reason=str(error) or type(error).__name__)
                    worked, some = False, True
                self._begun.set()
                await self._wait(SOON if some else LATER)

    async def _take(self, sending: asyncio.TaskGroup) -> None:
        """All that there is to look after at the moment."""
        while True:
            await self._free.acquire()
            taken = None
            try:
                taken = await webhooks.take(self.pool, datetime.now(UTC).date())
                if taken is None:
                    return
                sending.create_task(self._look_after(taken))
            finally:
                if taken is None:
                    self._free.release()

    async def _wait(self, seconds: float) -> None:
        """Until something is published, somebody calls, or the time has passed."""
        tasks = [asyncio.create_task(self.following.beyond(self._seen)), asyncio.create_task(self._called.wait())]
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_after(self, taken: Taken) -> None:
        try:
            await self._told(taken)
        except FAILURES as error:
            log.warning("not delivered", webhook=taken.id, reason=str(error) or type(error).__name__)
        except Exception:
            log.error("fault", webhook=taken.id, exc_info=True)
        finally:
            self._free.release()
            self.call()

    async def _told(self, taken: Taken) -> None:
        saved = await saved_queries.find(self.pool, taken.query_id)
        if not isinstance(saved, SavedQuery):
            why = saved.because if isinstance(saved, Withdrawn) else "it is not there"
            await webhooks.disable(self.pool, taken.id, f"The saved query {taken.query_id} was withdrawn: {why}")
            return
        delivery = await webhooks.on_its_way(self.pool, taken)
        span = delivery.span if delivery else await self._next(taken)
        found: Difference | str
        try:
            found = await difference(self.pool, saved.query, span, self.public_url)
        except Refused as refused:
            found = f"the query cannot be answered: {refused.errors[0].message}"
        if delivery is None and not found:
            await webhooks.nothing_to_tell(self.pool, taken, span)
            return
        delivery = delivery or await webhooks.send(self.pool, taken, span)
        if delivery is not None:
            await self._attempt(taken, delivery, found)

    async def _next(self, taken: Taken) -> Span:
        newest = await newest_position(self.pool)
        today = datetime.now(UTC).date()
        return Span(taken.position, max(newest, taken.position), taken.valid, max(today, taken.valid))

    async def _attempt(self, taken: Taken, delivery: Delivery, found: Difference | str) -> None:
        if isinstance(found, str):
            await webhooks.failed(self.pool, taken, delivery, found)
            return
        body = payload(self.public_url, taken.id, taken.query_id, delivery.span, delivery.made_at, found)
        try:
            status = await self.targets.post(
                taken.url, headers(delivery.id, int(time.time()), body, taken.secrets), body
            )
        except (NoAnswer, TargetRefused) as error:
            await webhooks.failed(self.pool, taken, delivery, str(error))
            return
        if 200 <= status < 300:
            await webhooks.delivered(self.pool, taken, delivery, f"it answered {status}")
        elif status == GONE:
            gone = "Its receiver answered 410: it wants nothing more."
            await webhooks.failed(self.pool, taken, delivery, f"it answered {status}", because=gone)
        else:
            more = ", and redirects are not followed" if 300 <= status < 400 else ""
            await webhooks.failed(self.pool, taken, delivery, f"it answered {status}{more}")
