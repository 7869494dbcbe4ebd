"""Bytes that are sent as they come, while what they are read from stays open: until the last one, or until their reader leaves."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing


async def sent(content: AsyncGenerator[bytes], until_read: AsyncExitStack) -> AsyncIterator[bytes]:
    async with until_read, aclosing(content):
        async for piece in content:
            yield piece
