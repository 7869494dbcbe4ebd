"""Which record a command works on: the one in a data folder, on the embedded server, or the one at DATABASE_URL."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db.embedded import default_data_folder, running
from db.newest import newest

OLDEST = 15
"""The oldest PostgreSQL that has all we ask of it (UNIQUE NULLS NOT DISTINCT, the locked schema public)."""

PATIENCE = 10.0
"""Seconds to wait for a server to answer a connection."""


class NoRecordError(Exception):
    """The record cannot be worked on: says why, and what to do, to the person at the terminal."""


@dataclass(frozen=True)
class Record:
    """url: as the application, which reads and publishes; owner_url: as who migrates; data: None on a server of theirs."""

    url: str
    owner_url: str
    data: Path | None


@contextmanager
def record(data: Path | None, *, new: bool) -> Iterator[Record]:
    """The record, with its server running. A data folder without one is an error unless it may be new.

    Raises NoRecordError and db.cluster.CannotRunError.
    """
    url = os.environ.get("DATABASE_URL")
    if not url:
        folder = data or default_data_folder()
        if folder.exists() and not folder.is_dir():
            raise NoRecordError(f"{folder} is a file: --data takes a folder.")
        with running(folder, new=new) as embedded:
            yield Record(embedded.url, embedded.owner_url, folder)
    elif data:
        raise NoRecordError("Both --data and DATABASE_URL name a record: leave one out.")
    else:
        asyncio.run(_check_server(url))
        yield Record(url, url, None)


async def require_newest(url: str) -> None:
    """Raises NoRecordError unless the database has the schema that this program was written for."""
    connection = await asyncpg.connect(url, timeout=PATIENCE)
    try:
        has_any = await connection.fetchval("select to_regclass('alembic_version') is not null")
        found = await connection.fetchval("select version_num from alembic_version") if has_any else None
    finally:
        await connection.close()
    if found is None:
        raise NoRecordError("The database has no record yet: run opsc migrate.")
    if found != newest():
        raise NoRecordError(
            f"The database's schema is {found}, this program's {newest()}: run opsc migrate, or a newer program."
        )


async def _check_server(url: str) -> None:
    if not url.startswith(("postgresql://", "postgres://")):
        raise NoRecordError("DATABASE_URL does not name a PostgreSQL server: it begins postgresql://.")
    try:
        connection = await asyncpg.connect(url, timeout=PATIENCE)
    except TimeoutError:
        raise NoRecordError(f"The server at DATABASE_URL does not answer within {PATIENCE:.0f} seconds.") from None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise NoRecordError(f"The server at DATABASE_URL cannot be used: {error}") from None
    version = connection.get_server_version()
    await connection.close()
    if version.major < OLDEST:
        raise NoRecordError(f"The server at DATABASE_URL is PostgreSQL {version.major}; opsc needs {OLDEST} or newer.")
