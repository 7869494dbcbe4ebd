"""Histories that are recorded at moments of their own choosing: publish() made to read the clock from a setting."""

from datetime import datetime

import asyncpg


async def let_clock_be_set(owner_url: str) -> None:
    """From now on publish() in this database needs set_clock() first."""
    owner = await asyncpg.connect(owner_url)
    definition = await owner.fetchval("select pg_get_functiondef('publish'::regproc)")
    assert "clock_timestamp()" in definition
    await owner.execute(definition.replace("clock_timestamp()", "current_setting('test.clock')::timestamptz"))
    await owner.close()


async def set_clock(connection: asyncpg.Connection, moment: datetime) -> None:
    """What this connection publishes next is recorded then; where the log is already there, just after its newest revision."""
    await connection.execute("select set_config('test.clock', $1, false)", moment.isoformat())
