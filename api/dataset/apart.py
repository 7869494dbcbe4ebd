"""Making a form of the record in a process of its own: to a file that is only for a while."""

import asyncio
import os
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson

from api.apart.child import child
from api.apart.process import KEPT
from api.apart.refused import Died
from api.v1.copying import TIMEOUT
from schema.clock import Moment
from schema.refusals import Refused, refusal

AWAY = 3
"""The exit code of a process that could not reach the record."""


@asynccontextmanager
async def made(
    form: str, moment: Moment, database_url: str, public_url: str, beside: Path | None = None
) -> AsyncIterator[tuple[Path, Mapping[str, Any]]]:
    """The file, and what moment it is of; it is gone afterwards. beside: the folder to make it in, else among temporary files.

    Raises Refused where the record has no such moment, OSError where it cannot be reached, Died and TimeoutError. Who cancels
    this kills the process.
    """
    with tempfile.TemporaryDirectory(prefix=".opsc-", dir=beside) as folder:
        file = Path(folder) / f"dataset.{form}"
        yield file, await _told(form, file, moment, database_url, public_url)


async def _told(form: str, file: Path, moment: Moment, database_url: str, public_url: str) -> Mapping[str, Any]:
    clocks = ["-" if clock is None else str(clock) for clock in (moment.known, moment.position, moment.valid)]
    environment = {**_environment(), "DATABASE_URL": database_url, "OPSC_PUBLIC_URL": public_url}
    async with (
        asyncio.timeout(TIMEOUT),
        child("api.dataset.making", form, str(file), *clocks, environment=environment, stdin=PIPE) as process,
    ):
        assert process.stdout, "it is a pipe"
        out = await process.stdout.read()  # communicate() would close its input, by which it knows that we are there
        await process.wait()
    if process.returncode == AWAY:
        raise ConnectionError("The record cannot be reached.")
    if process.returncode:
        raise Died(f"dataset.{form}: ended with {process.returncode}; what was wrong stands above in the log.")
    told: Mapping[str, Any] = orjson.loads(out)
    if "refused" in told:
        raise Refused([refusal(told["refused"], told["code"])])
    return told


def _environment() -> Mapping[str, str]:
    """Nothing of the keys is for who writes files; how the database is reached may stand beside its address."""
    return {
        name: value for name, value in os.environ.items() if name in (*KEPT, "HOME") or name.startswith(("PG", "SSL_"))
    }
