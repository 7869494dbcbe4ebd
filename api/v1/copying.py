"""Whole lists as they come from the database: COPY, chunk by chunk, so that no list is ever held as a whole."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from api.apart.refused import Busy
from api.meanwhile import meanwhile
from schema.rows import Rows

TIMEOUT = 600
"""Seconds that a whole list may take, whoever reads it slowly included."""

TURN = 20.0
"""Seconds that a list waits for a connection."""

WAITING = 8
"""Chunks that the database is ahead of the reader."""

AS_JSON = {"format": "csv", "quote": "\x01", "delimiter": "\x02"}
"""COPY without quoting: JSON holds neither of these characters as they are."""


@asynccontextmanager
async def exporting(exporters: asyncpg.Pool) -> AsyncIterator[Any]:
    """A connection that a whole list is read by. Raises Busy."""
    try:
        connection = await exporters.acquire(timeout=TURN)
    except TimeoutError:
        raise Busy(
            "Others' lists are being read: try again soon, or ask for a page (.json), which needs no waiting."
        ) from None
    try:
        yield connection
    finally:
        await exporters.release(connection)


async def chunks(
    connection: asyncpg.Connection, rows: Rows, parameters: Sequence[Any], delimiter: str = ","
) -> AsyncGenerator[bytes]:
    """The statement's rows as CSV, or each as a line of JSON. To be read to its end, or closed."""
    ahead: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(WAITING)
    options: Mapping[str, Any] = {"format": "csv", "delimiter": delimiter} if rows.columns else AS_JSON
    async with meanwhile(_copied(connection, rows.plan.sql, parameters, options, ahead)):
        while (chunk := await ahead.get()) is not None:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk


async def _copied(
    connection: asyncpg.Connection,
    sql: str,
    parameters: Sequence[Any],
    options: Mapping[str, Any],
    ahead: asyncio.Queue[bytes | Exception | None],
) -> None:
    """Its end, and what went wrong, come after the chunks."""

    async def taken(chunk: bytes) -> None:
        await ahead.put(bytes(chunk))  # asyncpg's is a buffer of its own

    try:
        await connection.copy_from_query(sql, *parameters, output=taken, timeout=TIMEOUT, **options)
        await ahead.put(None)
    except Exception as error:  # noqa: BLE001 - raised where the chunks are read
        await ahead.put(error)
