"""A file of rows, written by a process that is started for it and ends with it.

One is started for each file, and none kept waiting: an interpreter with XlsxWriter is there in 0.15 s, with pyarrow in 0.35 s,
which is little beside what they then do; the memory that they took goes back; nothing of one reader's is there for the next; and a
file that nobody waits for any more ends by killing its process, which the workers of a pool (concurrent.futures, anyio.to_process)
do not allow, or not without losing the others' work. Nor do these take rows as they come.
"""

import asyncio
import os
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import IO, BinaryIO, cast

from api.apart.child import child
from api.apart.refused import CannotWrite, Died
from api.apart.table import Table
from api.apart.writing import CANNOT
from api.v1.copying import TIMEOUT

MODULES = {"xlsx": "api.apart.sheet", "parquet": "api.apart.parquet"}
"""What writes a form, by its suffix."""

KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")
"""Of the environment: nothing else, of the database or the keys, is for who writes files."""


async def written(suffix: str, table: Table, rows: AsyncGenerator[bytes]) -> BinaryIO:
    """The whole file, which has no name and goes when it is closed. rows: as CSV without a header; closed here.
    Raises CannotWrite, Died, TimeoutError, and what reading the rows raises. Who cancels this kills the process."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who reads it
    try:
        async with aclosing(rows), asyncio.timeout(TIMEOUT):
            await _write(suffix, table, rows, file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return cast("BinaryIO", file)


async def _write(suffix: str, table: Table, rows: AsyncGenerator[bytes], file: IO[bytes]) -> None:
    with tempfile.TemporaryDirectory(prefix="opsc-file-", ignore_cleanup_errors=True) as folder:
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        pipes = {"stdin": PIPE, "stderr": PIPE}
        async with child(MODULES[suffix], folder, environment=environment, stdout=file, **pipes) as process:
            told = await _fed(process, table, rows)
    if process.returncode == CANNOT:
        raise CannotWrite(told.strip())
    if process.returncode:
        raise Died(f"{suffix}: ended with {process.returncode}: {told}")


async def _fed(process: Process, table: Table, rows: AsyncGenerator[bytes]) -> str:
    """What it wrote of its errors."""
    assert process.stdin, "it is a pipe"
    assert process.stderr, "it is a pipe"
    told = asyncio.create_task(process.stderr.read())
    try:
        if await _sent(process.stdin, table.line()):
            async for chunk in rows:
                if not await _sent(process.stdin, chunk):
                    break
        process.stdin.close()
        await process.wait()
        return (await told).decode(errors="replace")
    finally:
        told.cancel()


async def _sent(pipe: asyncio.StreamWriter, chunk: bytes) -> bool:
    """Whether it is read: else the process has ended, and says why itself."""
    try:
        pipe.write(chunk)
        await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True
