"""What is written ahead of whoever reads it: a slow reader holds no connection to the database, and keeps nobody waiting who lists.

In memory while the reader keeps up, else in a file without a name; of all readers together no more than ROOM there, beyond which
the writing waits for the reading.
"""

import asyncio
import os
import tempfile
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, suppress
from typing import IO

from anyio import CancelScope

IN_MEMORY = 1 << 20
"""Bytes ahead of one reader."""

PATIENCE = 0.5
"""Seconds that the writing waits in all for one reader, before it goes ahead into a file."""

ROOM = 512 << 20
"""Bytes on the disk, of all readers of this process together."""

PIECE = 256 << 10
"""Bytes of a file read at once."""


class Ahead:
    """left: bytes that may still go to the disk."""

    def __init__(self, room: int = ROOM) -> None:
        self.left = room

    async def of(self, content: AsyncGenerator[bytes], until_written: AsyncExitStack) -> AsyncGenerator[bytes]:
        """The content. What it rests on is let go once it is written, or when this is closed. Raises what the writing does."""
        written = _Written(self)
        writing = asyncio.create_task(_write(content, until_written, written))
        try:
            while piece := await written.taken():
                yield piece
            await writing
        finally:
            written.close()
            writing.cancel()
            # Starlette cancels over and over, by way of anyio: the second time would take its end from what the writing rests on
            with CancelScope(shield=True):
                await asyncio.gather(writing, return_exceptions=True)


async def _write(content: AsyncGenerator[bytes], until_written: AsyncExitStack, written: "_Written") -> None:
    try:
        # nobody else lets go of it meanwhile
        async with until_written.pop_all(), aclosing(content):
            async for piece in content:
                if piece:
                    await written.put(piece)
    finally:
        written.end()


class _Written:
    """What is not read yet: what is in memory comes before what is in the file."""

    def __init__(self, ahead: Ahead) -> None:
        self._ahead = ahead
        self._pieces, self._size = deque[bytes](), 0
        self._file: IO[bytes] | None = None
        self._begins = self._ends = 0  # of what is not read yet in the file
        self._patience = PATIENCE
        self._ended = self._closed = False
        self._more, self._less = asyncio.Event(), asyncio.Event()

    async def put(self, piece: bytes) -> None:
        while not (self._remembered(piece) or self._filed(piece)):
            await self._wait()
        self._more.set()

    async def taken(self) -> bytes:
        """The next piece; nothing at the end."""
        while True:
            if self._pieces:
                piece = self._pieces.popleft()
                self._size -= len(piece)
                break
            if self._file and self._begins < self._ends:
                # at once: what was just written is in memory still, and a thread would outlive whoever gives up
                piece = os.pread(self._file.fileno(), min(PIECE, self._ends - self._begins), self._begins)
                self._begins += len(piece)
                if self._begins == self._ends:
                    self._forget()
                break
            if self._ended:
                return b""
            self._more.clear()
            await self._more.wait()
        self._less.set()
        return piece

    def end(self) -> None:
        self._ended = True
        self._more.set()

    def close(self) -> None:
        self._closed = True
        if self._file:
            self._forget()
            self._file.close()

    def _remembered(self, piece: bytes) -> bool:
        if self._begins < self._ends or (self._pieces and self._size + len(piece) > IN_MEMORY):
            return False
        self._pieces.append(piece)
        self._size += len(piece)
        return True

    def _filed(self, piece: bytes) -> bool:
        if self._patience > 0 or self._closed or self._ahead.left < len(piece):
            return False
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
            count = os.pwrite(self._file.fileno(), piece, self._ends)
        except OSError:  # the disk is full: there is no room either
            return False
        if count < len(piece):
            return False
        self._ahead.left -= count
        self._ends += count
        return True

    def _forget(self) -> None:
        """Gives back the room of what was read."""
        assert self._file
        self._ahead.left += self._ends
        self._begins = self._ends = 0
        self._file.truncate(0)

    async def _wait(self) -> None:
        """Until something is read; or, as long as there is patience, no longer than that."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._less.clear()
        # wait_for(), before Python 3.12, forgets that it was cancelled where it succeeds at the same moment
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience if self._patience > 0 else None):
                await self._less.wait()
        self._patience -= loop.time() - began
