"""Work that is done for as long as whoever asked for it is there."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

GONE = 499
"""The status of an answer that nobody is there to read, as servers log it."""

T = TypeVar("T")


async def for_reader(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """What the work comes to; None where its reader left before, and nothing of it goes on then."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, leaving):
            task.cancel()
            await asyncio.wait((task,))


async def _left(request: Request) -> None:
    """Returns when the reader does not wait any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
