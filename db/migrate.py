"""Brings a database to the newest schema: Alembic's migrations, then the rules (db/rules.sql), under one advisory lock."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

HERE = Path(__file__).parent
RULES = HERE / "rules.sql"
LOCK = 2019_0525
"""Key of the advisory lock that keeps two migrations apart."""


def migrate(url: str) -> None:
    """Migrates the database at `url` (postgresql://…, of the owner). Waits for another migration under way, 60 s at most.

    Raises asyncpg.PostgresError as PostgreSQL says it; whatever was under way is undone.
    """
    config = configuration()
    config.attributes["url"] = url
    command.upgrade(config, "head")
    asyncio.run(_apply_rules(url))


def configuration() -> Config:
    """Alembic's configuration: where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def newest() -> str:
    """The name of the newest migration, which /readyz compares the database with."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    assert head is not None
    return head


async def _apply_rules(url: str) -> None:
    connection = await asyncpg.connect(url, server_settings={"lock_timeout": "60s"})
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", LOCK)
            await connection.execute(RULES.read_text("utf-8"))
    finally:
        await connection.close()
