"""Work that is done for as long as whoever asked for it is there."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.types import Receive

GONE = 499
"""The status of an answer that nobody is there to read, as servers log it."""

T = TypeVar("T")


class Left(Exception):
    """Whoever asked for it does not wait for it any more."""


async def while_there(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work comes to. Raises what that raises; Left where its reader leaves before, and nothing of it goes on then."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(gone(request.receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Left
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
            await asyncio.wait((task,))


async def gone(receive: Receive) -> None:
    """Returns when the reader does not wait any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
