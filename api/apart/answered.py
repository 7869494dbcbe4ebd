"""A list as a file that a process of its own writes: in turn, for as long as its reader is there, and sent once it is whole."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.about import LICENCE, LICENCE_TITLE, LICENCE_URL, TITLE
from api.apart.process import written
from api.apart.ranges import part_of
from api.apart.refused import Busy
from api.apart.table import Table
from api.citing import citation
from api.sending.reader import GONE, Left, while_there
from api.sending.sent import Unread, patient
from api.v1.listing import Listing

AT_ONCE = 2
"""Such processes of one of the server's."""

WAITING = 20
"""Seconds that others wait for their turn."""

CHUNK = 256 << 10
"""Bytes."""


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
    request: Request,
    listing: Listing,
    suffix: str,
    headers: Mapping[str, str],
    media_type: str,
    part: str | None = None,
) -> Response:
    """The file, once it is whole; part: the bytes that are asked for. Raises CannotWrite and what `written` raises."""
    table = Table(listing.columns, listing.total, about(listing))
    try:
        file = await while_there(request, written(suffix, table, listing.csv()))
    except Left:
        return Response(status_code=GONE)
    return Whole(file, headers, media_type, part)


def about(listing: Listing) -> dict[str, str]:
    """What a file says of itself."""
    asked, clock = listing.asked, listing.clock
    return {
        "title": TITLE,
        "address": asked.address,
        **{name: str(clock[name]) for name in ("position", "known", "valid")},
        "licence": f"{LICENCE_TITLE} ({LICENCE}), {LICENCE_URL}",
        "cite": f"{citation(None, clock, asked.address)}.",
    }


class Whole(Response):
    """A file's bytes, or a part of them, with their number. The file is closed afterwards, whatever happens."""

    def __init__(self, file: BinaryIO, headers: Mapping[str, str], media_type: str, part: str | None) -> None:
        self.file = file
        size = os.fstat(file.fileno()).st_size
        found = part_of(size, part)
        self.bytes = range(size) if found is None else found
        status, told = 200, {**headers, "Content-Length": str(len(self.bytes))}
        if found:
            status, told["Content-Range"] = 206, f"bytes {found.start}-{found.stop - 1}/{size}"
        elif found is not None:
            status, told["Content-Range"] = 416, f"bytes */{size}"
        super().__init__(None, status, told, media_type)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        sent = patient(send)
        with self.file, suppress(Unread):
            await sent({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            left = 0 if scope["method"] == "HEAD" else len(self.bytes)
            self.file.seek(self.bytes.start)
            while left:
                chunk = await asyncio.to_thread(self.file.read, min(CHUNK, left))
                left -= len(chunk)
                await sent({"type": "http.response.body", "body": chunk, "more_body": True})
            await sent({"type": "http.response.body", "body": b""})
