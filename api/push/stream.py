"""A subscription's stream: each revision as soon as it is published, in the log's order, none twice and none left out.

Nothing is held while it waits but its seat: no connection to the database, and nothing that a slow reader has not taken. What is
published is read in batches, each by one statement.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress

import asyncpg
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.errors import body_of_errors
from api.fair_use.allowance import asker
from api.fair_use.cost import charge
from api.fair_use.counted import counted_as
from api.faults import UNREACHABLE, logged
from api.following import Following
from api.identity.bearer import IDENTIFIED, identified
from api.moments import LONGEST_POSITION, says_what_was_known
from api.push.events import HEADERS, MEDIA_TYPE, accepted, beat, come_back_in, next_event, told_at_once
from api.push.seats import Seats
from api.request import Asked, NotRead
from api.sending.reader import gone
from api.sending.sent import Unread, patient
from db.accounts import Account
from db.newest_position import newest_position
from schema.answer import asked_by, told
from schema.arguments import Variables
from schema.document import Operation
from schema.followed import BATCH, Follow, follow
from schema.refusals import Refused, refusal

BEATS = 15.0
"""Seconds between signs of life, where nothing is published: proxies close what is silent for long, after a minute as a rule."""

FAREWELL = 1.0
"""Seconds that the end of a stream may take to be sent."""

READING = 2
"""Connections that all streams together read by at once: when something is published, others are not to wait for them."""


class Streams:
    """What the streams of a process share. ended: that they are to end, so that the process can."""

    def __init__(self) -> None:
        self.seats = Seats()
        self.reading = asyncio.Semaphore(READING)
        self.ended = asyncio.Event()


async def subscribed(
    scope: Scope, headers: Mapping[bytes, bytes], asked: Asked, operation: Operation, viewer: Account | None
) -> "Stream":
    """The stream of a subscription. Raises NotRead, or Refused, before anything is sent."""
    if not accepted(headers.get(b"accept", b"").decode("latin-1")):
        message = f"A subscription is told as a stream of events: accept {MEDIA_TYPE}."
        raise NotRead(406, message)
    if asked.accepted or (asked.moment is not None and says_what_was_known(asked.moment)):
        message = (
            "A subscription tells what comes: leave known, position and valid out of the address, and Accept-Datetime out of the"
            " headers; after says where to begin."
        )
        raise NotRead(400, message)
    last_told = _last_told(headers)
    variables = operation.variables(asked.variables)
    plans = follow(operation, variables)
    state = scope["state"]
    context = {**asked_by(viewer, state["settings"].public_url), "last_told": last_told}
    plans.batch.parameters(variables, {**context, "beyond": 0, "up_to": 0})  # what cannot be is refused at once
    charge(scope, plans.batch.cost)
    state["streams"].seats.take(asker(scope))
    try:
        start = await told(state["pool"], plans.start, variables, context)
    except BaseException:
        state["streams"].seats.leave(asker(scope))
        raise
    return Stream(scope, headers, variables, plans, start["position"])


def _last_told(headers: Mapping[bytes, bytes]) -> int | None:
    """Up to which position somebody who comes back was told. Raises NotRead."""
    given = headers.get(b"last-event-id", b"").decode("latin-1").strip()
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > LONGEST_POSITION:
        message = "Last-Event-ID: the events here have positions of the log as their ids, as 4727: leave it out to begin anew."
        raise NotRead(400, message)
    return int(given)


class Stream(Response):
    """An answer that does not end by itself."""

    def __init__(
        self, scope: Scope, asked_with: Mapping[bytes, bytes], variables: Variables, plans: Follow, position: int
    ) -> None:
        """position: up to which everything is told. What was paid when it was opened is for the first revisions, a batch's."""
        self.scope, self.asked_with, self.variables, self.plans = scope, asked_with, variables, plans
        self.position = position
        self.paid = plans.batch.cost

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams: Streams = scope["state"]["streams"]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            if scope["method"] != "HEAD" and not await self._told(streams, receive, send):
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await send({"type": "http.response.body"})
        finally:
            streams.seats.leave(asker(scope))

    async def _told(self, streams: Streams, receive: Receive, send: Send) -> bool:
        """Whether the answer can be ended in order: its reader is there, and reads."""
        telling = asyncio.create_task(self._tell(streams, send))
        leaving = asyncio.create_task(gone(receive))
        ended = asyncio.create_task(streams.ended.wait())
        tasks = telling, leaving, ended
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if leaving.done():
                return False
            if telling.done():
                telling.result()
            return True
        except Unread:
            return False
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, streams: Streams, send: Send) -> None:
        """Returns where the stream is to end: by a fault of ours, so that its reader comes back, or by what it cannot have."""
        await _send(send, beat(self.position))
        while True:
            newest = await self._newest()
            if newest <= self.position:
                await _send(send, beat(self.position))
            while newest > self.position:
                try:
                    results = await self._read(streams, newest)
                except Refused as refused:
                    await _send(send, told_at_once(body_of_errors(refused.errors)))
                    return
                except NotRead as error:
                    await _send(send, self._ends_because(error))
                    return
                except Exception as error:  # noqa: BLE001 - logged with its traceback
                    logged(error, self.scope)
                    return
                for position, result in results:
                    await _send(send, next_event(result, position))
                    self.position = position
                if not results:
                    self.position = newest

    async def _newest(self) -> int:
        """The log's newest position once there is one that was not told; or after a while, whatever it is."""
        following: Following = self.scope["state"]["following"]
        with suppress(TimeoutError):
            async with asyncio.timeout(BEATS):
                return await following.beyond(self.position)
        if following.position is None:  # nobody tells it, as on a standby
            with suppress(*UNREACHABLE, asyncpg.QueryCanceledError, TimeoutError):
                return await newest_position(self.scope["state"]["pool"])
        return self.position

    async def _read(self, streams: Streams, newest: int) -> Sequence[tuple[int, bytes]]:
        """The next revisions with their positions; none where the rest is of no interest. Whoever asked with a token is looked at
        again: it may be good no longer."""
        state, asked = self.scope["state"], counted_as(self.scope)
        if asked and not self.paid:
            asked.go_on()
        async with streams.reading:
            self.scope.pop(IDENTIFIED, None)
            viewer = await identified(self.scope, self.asked_with)
            context = asked_by(viewer, state["settings"].public_url)
            between = {"beyond": self.position, "up_to": newest}
            row = await told(state["pool"], self.plans.batch, self.variables, {**context, **between})
        found = list(zip(row["positions"] or (), row["told"] or (), strict=True))
        cost = max(1, math.ceil(self.plans.batch.cost * len(found) / BATCH))
        paid = min(self.paid, cost)
        self.paid -= paid
        if asked and cost > paid:
            asked.spend(cost - paid)
        return found

    def _ends_because(self, error: NotRead) -> bytes:
        """Why, until when, and from where it goes on then."""
        message = (
            f"{error} All was told up to position {self.position}: Last-Event-ID: {self.position} goes on from there."
        )
        again = error.headers.get("Retry-After")
        told = told_at_once(body_of_errors([refusal(message, error.code)]))
        return come_back_in(int(again)) + told if again else told


async def _send(send: Send, part: bytes) -> None:
    """Raises Unread where the reader takes nothing any more: they come back to where they were."""
    await patient(send)({"type": "http.response.body", "body": part, "more_body": True})
