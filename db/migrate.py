"""Brings a database to the newest schema: Alembic's migrations, then the rules (db/rules), in one transaction."""

from pathlib import Path

from alembic import command
from alembic.config import Config

HERE = Path(__file__).parent
RULES = (
    "projections",
    "coverage",
    "references",
    "merges",
    "redactions",
    "tree",
    "log",
    "checkpoints",
    "search",
    "reading",
    "clocks",
    "accounts",
    "proposals",
    "error_reports",
    "saved_queries",
    "webhooks",
    "guards",
)
"""The files of db/rules in the order they are laid: what is called before what calls it, the guards last."""

LOCK = 2019_0525
"""Key of the advisory lock that keeps two migrations apart."""

OLDEST = 15
"""The oldest PostgreSQL that this runs on."""


class CannotMigrateError(Exception):
    """This server cannot hold the record: says why, to the person at the terminal."""


def migrate(url: str) -> None:
    """Migrates the database at `url` (postgresql://…, of the owner). Waits for another migration, 60 s at most.

    Not to be called from a running event loop: Alembic starts one. Raises CannotMigrateError, or asyncpg's and SQLAlchemy's
    errors as the database tells them; whatever was under way is undone, the rules with it.
    """
    config = configuration()
    config.attributes["url"] = url
    command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's configuration: where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def rules() -> str:
    """The rules as they are today, one script."""
    return "\n".join((HERE / "rules" / f"{name}.sql").read_text("utf-8") for name in RULES)
