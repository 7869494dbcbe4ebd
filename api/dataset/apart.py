"""Making a form of the record in a process of its own: to a file that is only for a while."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from api.v1.apart.process import KEPT
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
    # -P: never from the folder where the server was started
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "api.dataset.making",
        form,
        str(file),
        *clocks,
        stdin=PIPE,
        stdout=PIPE,
        env={**_environment(), "DATABASE_URL": database_url, "OPSC_PUBLIC_URL": public_url},
    )
    assert process.stdout, "it is a pipe"
    try:
        async with asyncio.timeout(TIMEOUT):
            out = (
                await process.stdout.read()
            )  # communicate() would close its input, by which it knows that we are there
            await process.wait()
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


def _environment() -> Mapping[str, str]:
    """Nothing of the keys is for who writes files; how the database is reached may stand beside its address."""
    return {
        name: value for name, value in os.environ.items() if name in (*KEPT, "HOME") or name.startswith(("PG", "SSL_"))
    }
