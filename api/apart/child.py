"""A process of the same interpreter, started for one piece of work and ended with it: by itself, or else with whom it works for."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import IO


@asynccontextmanager
async def child(
    module: str,
    *arguments: str,
    environment: Mapping[str, str],
    stdin: int | None = None,
    stdout: int | IO[bytes] = PIPE,
    stderr: int | None = None,
) -> AsyncIterator[Process]:
    """The process, which is killed at the end of the block where it has not ended before."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",  # never from the folder where the server was started
        "-m",
        module,
        *arguments,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=environment,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
