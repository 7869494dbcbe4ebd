"""Work that goes on during a block, and ends with it."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

AGAIN = 10.0
"""Seconds after which work is told again that it is to end: a library that it waits for may have kept that to itself, as
asyncio.wait_for() does before Python 3.12 where what it waits for comes at the same moment."""


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Raises at the end what the work raised, if it had ended before."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=AGAIN)
        if not task.cancelled():
            task.result()
