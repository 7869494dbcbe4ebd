"""Making a form of the record in a process of its own: to a file that is only for a while."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from schema.clock import Moment
from schema.refusals import Refused, refusal

TIMEOUT = 600
"""Seconds that making a file may take."""

AWAY = 3
"""The exit code of a process that could not reach the record."""


@asynccontextmanager
async def made(
    form: str, moment: Moment, database_url: str, public_url: str, beside: Path | None = None
) -> AsyncIterator[tuple[Path, Mapping[str, Any]]]:
    """The file, and what moment it is of; it is gone afterwards. beside: the folder to make it in, else among temporary files.

    Raises Refused where the record has no such moment, and OSError where it cannot be reached.
    """
    with tempfile.TemporaryDirectory(prefix=".opsc-", dir=beside) as folder:
        file = Path(folder) / f"dataset.{form}"
        yield file, await _told(form, file, moment, database_url, public_url)


async def _told(form: str, file: Path, moment: Moment, database_url: str, public_url: str) -> Mapping[str, Any]:
    clocks = ["-" if clock is None else str(clock) for clock in (moment.known, moment.position, moment.valid)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.dataset.making",
        form,
        str(file),
        *clocks,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "DATABASE_URL": database_url, "OPSC_PUBLIC_URL": public_url},
    )
    try:
        async with asyncio.timeout(TIMEOUT):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == AWAY:
        raise ConnectionError("The record cannot be reached.")
    if process.returncode:
        raise RuntimeError(
            f"Making dataset.{form} ended with {process.returncode}; what was wrong stands above in the log."
        )
    told: Mapping[str, Any] = orjson.loads(out)
    if "refused" in told:
        raise Refused([refusal(told["refused"], told["code"])])
    return told
