"""Histories that are recorded at moments of their own choosing: publish() made to read the clock from a setting."""

from datetime import datetime

import asyncpg


async def let_clock_be_set(owner_url: str) -> None:
    """From now on publish() in this database needs set_clock() first. Its text stays as it is: it finds another clock."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute("""
        create function clock_timestamp() returns timestamptz language sql volatile
          return current_setting('test.clock')::timestamptz""")
    signature = await owner.fetchval("select 'publish'::regproc::oid::regprocedure::text")
    await owner.execute(f"alter function {signature} set search_path = public, pg_catalog, pg_temp")
    await owner.close()


async def set_clock(connection: asyncpg.Connection, moment: datetime) -> None:
    """What this connection publishes next is recorded then; where the log is already there, just after its newest revision."""
    await connection.execute("select set_config('test.clock', $1, false)", moment.isoformat())
