"""An answer that is sent as it is written, to a reader who takes it: to one who does not, no more of it after a while."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import cast

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

PATIENCE = 60.0
"""Seconds that a reader may leave unread what was sent."""


class Sent(StreamingResponse):
    """until_sent: what is let go when it ends, however it ends."""

    def __init__(
        self,
        content: AsyncGenerator[bytes],
        status_code: int,
        until_sent: AsyncExitStack,
        media_type: str | None = None,
    ) -> None:
        super().__init__(content, status_code, media_type=media_type)
        self.until_sent = until_sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self.until_sent, aclosing(cast("AsyncGenerator[bytes]", self.body_iterator)):
            try:
                await super().__call__(scope, receive, patient(send))
            except Unread:  # the server ends the connection, as the answer is not whole
                return


class Unread(Exception):
    """Nobody reads."""


def patient(send: Send) -> Send:
    """Raises Unread where the reader takes nothing any more."""

    async def sent(message: Message) -> None:
        sending = asyncio.timeout(PATIENCE)
        try:
            async with sending:
                await send(message)
        except TimeoutError:
            if sending.expired():
                raise Unread from None
            raise

    return sent
