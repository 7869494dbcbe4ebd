"""Migrations: their sum is what db/tables.py declares, they undo themselves whole, and they read old documents."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.config import Config
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement

import db.migrate
from db.cluster import OWNER
from db.embedded import Embedded
from db.migrate import HERE, CannotMigrateError, migrate, rules
from db.newest import newest
from db.tables import metadata
from db.verify import verify
from tests.conftest import named
from tests.record_documents import BEGINNING, create, published, source

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]

OURS = (
    "pronamespace = 'public'::regnamespace and not exists (select from pg_depend where objid = p.oid and deptype = 'e')"
)

SHAPE = {
    "columns": """
        select attrelid::regclass::text, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
               pg_get_expr(adbin, adrelid), collname
        from pg_attribute join pg_class c on c.oid = attrelid left join pg_collation on pg_collation.oid = attcollation
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'alembic_version' and attnum > 0
        order by attrelid::regclass::text, attnum""",
    "constraints": """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint
        where connamespace = 'public'::regnamespace and conrelid <> coalesce(to_regclass('alembic_version'), 0)
        order by 1, 2""",
    "indexes": """
        select indexdef from pg_indexes where schemaname = 'public' and tablename <> 'alembic_version'
        and indexname <> 'known_word_trigrams' order by 1""",  # an optional extension's
}
RULES = {
    "functions": f"select pg_get_functiondef(p.oid) from pg_proc p where {OURS} order by 1",
    "triggers": "select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal order by 1",
    "rights": """
        select relname::text, relacl::text from pg_class where relnamespace = 'public'::regnamespace
        union all select oid::regprocedure::text, proacl::text from pg_proc where pronamespace = 'public'::regnamespace
        order by 1, 2""",
}


@pytest.fixture
async def bare(server: Embedded, administrator: asyncpg.Connection) -> AsyncIterator[Embedded]:
    """A database with nothing in it."""
    await administrator.execute(f'create database "bare" owner {OWNER}')
    yield named(server, "bare")
    await administrator.execute('drop database "bare" with (force)')


async def shape(connection: asyncpg.Connection, of: dict[str, str]) -> dict[str, list[tuple[Any, ...]]]:
    return {name: [tuple(row) for row in await connection.fetch(query)] for name, query in of.items()}


async def versions(connection: asyncpg.Connection) -> list[str]:
    return [row["version_num"] for row in await connection.fetch("select version_num from alembic_version")]


async def test_the_sum_of_the_migrations_is_what_the_tables_declare(bare: Embedded, empty: asyncpg.Connection) -> None:
    owner = await asyncpg.connect(bare.owner_url)
    declared_functions = (HERE / "functions.sql").read_text("utf-8")
    await owner.execute(declared_functions)
    functions = await shape(owner, {"functions": RULES["functions"]})
    for table in metadata.sorted_tables:
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements: list[ExecutableDDLElement] = [CreateTable(table), *map(CreateIndex, indexes)]
        for statement in statements:
            await owner.execute(str(statement.compile(dialect=POSTGRESQL)))
    declared, migrated = await shape(owner, SHAPE), await shape(empty, SHAPE)
    for name in SHAPE:
        assert migrated[name] == declared[name]
    assert set(functions["functions"]) <= set((await shape(empty, RULES))["functions"])
    await owner.close()


async def test_migrating_again_changes_nothing(empty_database: Embedded, empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING)
    owner = await asyncpg.connect(empty_database.owner_url)
    before = await shape(empty, SHAPE | RULES)
    rows = {table: await owner.fetch(f"select t::text from {table} t order by 1") for table in metadata.tables}
    await asyncio.to_thread(migrate, empty_database.owner_url)
    await asyncio.to_thread(migrate, empty_database.owner_url)
    assert await shape(empty, SHAPE | RULES) == before
    assert rows == {table: await owner.fetch(f"select t::text from {table} t order by 1") for table in metadata.tables}
    assert await versions(empty) == [newest()]
    await owner.close()


async def test_migrations_at_once_wait_for_each_other(bare: Embedded) -> None:
    """In processes of their own, as machines that start together have."""
    script = "import sys; from db.migrate import migrate; migrate(sys.argv[1])"
    starting = [
        asyncio.create_subprocess_exec(sys.executable, "-c", script, bare.owner_url, cwd=HERE.parent) for _ in range(3)
    ]
    processes = await asyncio.gather(*starting)
    assert await asyncio.gather(*(process.wait() for process in processes)) == [0, 0, 0]
    owner = await asyncpg.connect(bare.owner_url)
    assert await versions(owner) == [newest()]
    await owner.close()


async def test_a_migration_waits_for_a_publication_under_way(
    empty_database: Embedded, empty: asyncpg.Connection, administrator: asyncpg.Connection
) -> None:
    waiting = "select exists (select from pg_locks where locktype = 'advisory' and classid = 2019 and not granted)"
    async with empty.transaction():
        await published(empty, *BEGINNING)
        migrating = asyncio.create_task(asyncio.to_thread(migrate, empty_database.owner_url))
        while not await administrator.fetchval(waiting):
            assert not migrating.done()
    await migrating
    assert await verify(empty) == []


async def test_rules_that_cannot_be_laid_leave_nothing(bare: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db.migrate, "rules", lambda: f"{rules()}; select nothing_like_this()")
    with pytest.raises(asyncpg.UndefinedFunctionError):
        await asyncio.to_thread(migrate, bare.owner_url)
    owner = await asyncpg.connect(bare.owner_url)
    assert await owner.fetchval("select count(*) from pg_class where relnamespace = 'public'::regnamespace") == 0
    await owner.close()


async def test_a_database_in_another_encoding_is_refused(server: Embedded, administrator: asyncpg.Connection) -> None:
    await administrator.execute(f"create database latin owner {OWNER} template template0 encoding 'LATIN1' locale 'C'"
                                " locale_provider libc")  # fmt: skip
    with pytest.raises(CannotMigrateError, match="encoded in LATIN1"):
        await asyncio.to_thread(migrate, named(server, "latin").owner_url)
    await administrator.execute("drop database latin with (force)")


def test_migrations_are_history_and_read_nothing_of_today() -> None:
    for file in (HERE / "migrations" / "versions").glob("*.py"):
        text = file.read_text("utf-8")
        assert "functions.sql" not in text
        assert "from db" not in text
        assert "import db" not in text


async def test_the_migration_that_brings_the_tree_grows_it_over_the_log_until_then(
    empty_database: Embedded, empty: asyncpg.Connection
) -> None:
    """A log of any size from before, as the migration's own statements find it."""
    grow = (HERE / "migrations" / "versions" / "0003_tree.sql").read_text("utf-8").partition("do $$")[2]
    owner = await asyncpg.connect(empty_database.owner_url)
    for number in range(1, 20):
        await published(empty, create(f"Source:S-{number}", source()))
        grown = await empty.fetch("select * from tree_node order by level, place")
        async with owner.transaction():
            await owner.execute("alter table tree_node disable trigger user")
            await owner.execute("truncate tree_node")
            await owner.execute(f"do $${grow}")
            assert await owner.fetch("select * from tree_node order by level, place") == grown
            await owner.execute("alter table tree_node enable trigger user")
    assert await verify(empty) == []
    await owner.close()


# ── Old documents (RISKS 17) ────────────────────────────────────────────────────────────────────────────────────────────

ADDING = '''"""Sources tell their rights: a column more.

Revision 9999_rights, after the newest.
"""

from alembic import op

revision = "9999_rights"
down_revision = "NEWEST"
reprojects = True


def upgrade() -> None:
    op.execute("alter table source_version add column rights text")
'''


async def test_a_migration_that_adds_a_column_reads_old_documents(
    empty_database: Embedded, empty: asyncpg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_early = {**source(), "rights": "none"}  # a field that nobody reads yet
    lacking = {"kind": "NEWS", "title": "Old", "publisher": "A paper"}  # from before the other fields were
    changes = [*BEGINNING, create("Source:S-2", told_early), create("Source:S-3", lacking)]
    await published(empty, *changes)
    assert await verify(empty) == []

    (tmp_path / "9999_rights.py").write_text(ADDING.replace("NEWEST", newest()), "utf-8")
    monkeypatch.setattr(db.migrate, "configuration", lambda: _configuration_with(tmp_path))
    monkeypatch.setattr(db.migrate, "rules", _rules_with_rights)
    monkeypatch.setattr("db.verify_rules.rules", _rules_with_rights)
    await asyncio.to_thread(migrate, empty_database.owner_url)

    new = create("Source:S-4", {**source(), "rights": "CC BY 4.0"})
    await published(empty, new)
    rows = await empty.fetch("select id, rights from source_version order by id")
    assert [tuple(row) for row in rows] == [
        ("Source:S-1", None),
        ("Source:S-2", "none"),
        ("Source:S-3", None),
        ("Source:S-4", "CC BY 4.0"),
    ]
    assert await verify(empty) == []
    owner = await asyncpg.connect(empty_database.owner_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="kept from the log"):
        await owner.execute("delete from source_version")
    await owner.close()


def _configuration_with(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", f"{HERE / 'migrations' / 'versions'}:{folder}")
    return config


def _rules_with_rights() -> str:
    text = rules()
    for old, new in (
        ("accessed_on, language, licence)", "accessed_on, language, licence, rights)"),
        ('whole_day("accessedOn"), language, licence', 'whole_day("accessedOn"), language, licence, rights'),
        ("language text, licence text)", "language text, licence text, rights text)"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text
