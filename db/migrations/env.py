"""How Alembic reaches the database: over asyncpg, in one transaction, under an advisory lock, waiting 60 s at most.

The rules are laid anew in the same transaction: nobody ever sees new tables under old rules.
"""

import asyncio

import asyncpg
import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.migrate import LOCK, rules
from db.tables import metadata


def run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=False)
    with context.begin_transaction():
        connection.execute(sa.text("set local lock_timeout = '60s'"))
        connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        context.run_migrations()
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.run_async(lambda asyncpg_connection: asyncpg_connection.execute(rules()))


async def connect() -> None:
    url = context.config.attributes["url"]
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url), poolclass=NullPool
    )
    async with engine.connect() as connection:
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(connect())
