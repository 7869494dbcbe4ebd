"""How Alembic reaches the database: over asyncpg, in one transaction, under an advisory lock, waiting 60 s at most.

The rules are laid anew in the same transaction: nobody ever sees new tables under old rules.
"""

import asyncio
from typing import Any

import asyncpg
import sqlalchemy as sa
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db.migrate import LOCK, OLDEST, CannotMigrateError, rules
from db.tables import metadata


def run(connection: sa.Connection) -> None:
    applied: list[Any] = []
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transaction_per_migration=False,
        on_version_apply=lambda ctx, step, heads, run_args: applied.append(step.up_revision),  # noqa: ARG005 - Alembic's names
    )
    with context.begin_transaction():
        connection.execute(sa.text("set local lock_timeout = '60s'"))
        connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        # the log's own lock: a publication holds locks on the tables that migrations want, in another order
        connection.execute(sa.text("select pg_advisory_xact_lock(2019, 156)"))
        check_server(connection)
        context.run_migrations()
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.run_async(lambda asyncpg_connection: asyncpg_connection.execute(rules()))
        if any(getattr(revision.module, "reprojects", False) for revision in applied):
            connection.execute(sa.text("select reproject()"))


def check_server(connection: sa.Connection) -> None:
    encoding, version = connection.execute(
        sa.text("select current_setting('server_encoding'), current_setting('server_version_num')::int / 10000")
    ).one()
    if version < OLDEST:
        raise CannotMigrateError(f"The server is PostgreSQL {version}; {OLDEST} is the oldest that will do.")
    if encoding != "UTF8":
        raise CannotMigrateError(f"The database is encoded in {encoding}; make one with encoding 'UTF8'.")


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
