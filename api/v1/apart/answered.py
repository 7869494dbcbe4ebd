"""A list as a file that a process of its own writes: in turn, for as long as its reader is there, and sent once it is whole."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, BinaryIO, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.v1.apart.process import written
from api.v1.apart.refused import Busy, Left
from api.v1.apart.table import Table
from api.v1.listing import Listing
from api.v1.sent import Unread, patient

AT_ONCE = 2
"""Such processes of one of the server's."""

WAITING = 20
"""Seconds that others wait for their turn."""

CHUNK = 256 << 10
"""Bytes."""

GONE = 499
"""The status of an answer that nobody is there to read, as servers log it."""

Made = TypeVar("Made")

LICENCE = "Creative Commons Attribution 4.0 International (CC-BY-4.0), https://creativecommons.org/licenses/by/4.0/"


@asynccontextmanager
async def in_turn(turns: asyncio.Semaphore, within: float = WAITING) -> AsyncIterator[None]:
    """within: seconds. Raises Busy."""
    try:
        async with asyncio.timeout(within):
            await turns.acquire()
    except TimeoutError:
        raise Busy(
            "Others' files are being written: try again soon, or ask for .csv, which needs no waiting."
        ) from None
    try:
        yield
    finally:
        turns.release()


async def answered(
    request: Request, listing: Listing, suffix: str, headers: Mapping[str, str], media_type: str
) -> Response:
    """The file, once it is whole. Raises CannotWrite and what `written` raises."""
    table = Table(listing.columns, listing.total, about(listing))
    try:
        file = await while_there(request, written(suffix, table, listing.csv()))
    except Left:
        return Response(status_code=GONE)
    return Whole(file, headers, media_type)


async def while_there(request: Request, making: Coroutine[Any, Any, Made]) -> Made:
    """What is made, or cancelled when its reader does not wait any more. Raises Left then, and what making it raises."""
    doing, leaving = asyncio.create_task(making), asyncio.create_task(_left(request))
    try:
        await asyncio.wait((doing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise Left
    finally:
        await _ended(doing)
        await _ended(leaving)


def about(listing: Listing) -> dict[str, str]:
    """What a file says of itself."""
    asked, clock = listing.asked, listing.clock
    position, known, valid = str(clock["position"]), str(clock["known"]), str(clock["valid"])
    return {
        "title": "OPSC Tracker: what States parties reported about the 2019 Guidelines",
        "address": asked.address,
        "position": position,
        "known": known,
        "valid": valid,
        "licence": LICENCE,
        "cite": f"OPSC Tracker, {asked.address}, as of position {position} of its log ({known[:10]}), valid on {valid}.",
    }


async def _left(request: Request) -> None:
    """Returns when the reader does not wait any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _ended(task: asyncio.Task[Any]) -> None:
    """Nothing of it goes on after this."""
    task.cancel()
    await asyncio.wait((task,))


class Whole(Response):
    """A file's bytes, with their number. The file is closed afterwards, whatever happens."""

    def __init__(self, file: BinaryIO, headers: Mapping[str, str], media_type: str) -> None:
        self.file = file
        size = os.fstat(file.fileno()).st_size
        super().__init__(None, 200, {**headers, "Content-Length": str(size)}, media_type)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        sent = patient(send)
        with self.file, suppress(Unread):
            await sent({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            more = True
            while more:
                chunk = await asyncio.to_thread(self.file.read, CHUNK)
                more = bool(chunk)
                await sent({"type": "http.response.body", "body": chunk, "more_body": more})
