"""A ZIP as it is written, piece by piece, to where nobody can go back: no file of it is ever held as a whole.

Its directory comes last. So a download that breaks off has none, and no program takes it for a whole one.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing
from datetime import datetime
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from api.dataset.files import Written

Content = AsyncGenerator[bytes]

BATCH = 262_144
"""Bytes deflated at once, in a thread: fewer would cost more in threads than in deflating."""

LEVEL = 6
"""Of deflating: beyond it files hardly shrink."""

SMALL_ALREADY = ".parquet"
"""What deflating would make no smaller."""

READABLE = 0o644 << 16
"""For all to read, where files have such rights."""


async def zipped(
    entries: Iterable[tuple[str, Content]], written: list[Written], moment: datetime, large: Collection[str] = ()
) -> AsyncGenerator[bytes]:
    """The bytes of a ZIP of these names and contents. To be read to its end, or closed.

    Each entry is asked for once the one before is in `written`. moment: what the files say of when they were written, so that the
    same record makes the same bytes; large: names of files that may come to 2 GiB or more, which must be said beforehand, and which
    some old programs do not read.
    """
    out = _Out()
    archive = ZipFile(cast("IO[bytes]", out), "w", ZIP_DEFLATED, compresslevel=LEVEL)
    with archive:  # where it breaks off, its end is written, too, and nobody takes that from `out`
        for name, content in entries:
            digest, size = hashlib.sha256(), 0
            with archive.open(_about(name, moment), "w", force_zip64=name in large) as file:
                async with aclosing(_batches(content)) as batches:
                    async for batch in batches:
                        size += len(batch)
                        await asyncio.to_thread(_write, file, digest, batch)
                        if ready := out.taken():
                            yield ready
            written.append(Written(name, size, digest.hexdigest()))
    yield out.taken()


def _about(name: str, moment: datetime) -> ZipInfo:
    about = ZipInfo(name, moment.timetuple()[:6])
    about.compress_type = ZIP_STORED if name.endswith(SMALL_ALREADY) else ZIP_DEFLATED
    about.external_attr = READABLE
    return about


class _Out:
    """Where the ZIP is written: it is taken from there, and nobody can go back in it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """All that is written is there."""

    def taken(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


def _write(file: IO[bytes], digest: Any, batch: bytes) -> None:
    digest.update(batch)
    file.write(batch)


async def _batches(content: Content) -> Content:
    held, size = list[bytes](), 0
    async with aclosing(content):
        async for piece in content:
            held.append(piece)
            size += len(piece)
            if size >= BATCH:
                yield b"".join(held)
                held, size = [], 0
    if held:
        yield b"".join(held)
