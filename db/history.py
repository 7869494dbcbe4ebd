"""Each version of each record that the database keeps, up to a position of the log: what stood from which position to which."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from db.tables import PROJECTIONS, coverage, survivor

TABLES = (*PROJECTIONS.values(), survivor, coverage)

BATCH = 500
"""Rows read at once."""


def columns(table: sa.Table) -> list[sa.Column[Any]]:
    """Those that say something of the record; not what only search looks through."""
    return [column for column in table.c if not isinstance(column.type, TSVECTOR)]


async def versions(connection: asyncpg.Connection, table: sa.Table, position: int) -> AsyncIterator[asyncpg.Record]:
    """Their columns, in order of the key; known_to is null where it stood at the position. Inside a transaction."""
    stood = sa.case((table.c.known_to <= sa.literal_column("$1"), table.c.known_to))
    selected = [stood.label("known_to") if column is table.c.known_to else column for column in columns(table)]
    statement = sa.select(*selected).where(table.c.known_from <= sa.literal_column("$1")).order_by(*table.primary_key)
    text = str(statement.compile(dialect=dialect()))  # type: ignore[no-untyped-call]
    async for row in connection.cursor(text, position, prefetch=BATCH):
        yield row
