"""What `opsc verify` finds of the rules that keep the log: triggers, constraints and functions that are gone, switched off or
otherwise than this program lays them.
"""

import re
from collections.abc import Iterator

import asyncpg
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from db.migrate import rules
from db.tables import KEPT_APART, metadata
from db.verify_tree import Fault

POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]

FUNCTION = re.compile(r"create or replace function (\w+)\((?:(?!create or replace).)*? as \$\$(.*?)\$\$", re.DOTALL)
"""Of the rules: a function's name and its source, as pg_proc holds it."""

TRIGGER = re.compile(r"create or replace trigger (\w+) .*? on (\w+|%I)\s.*?execute function (\w+)\(", re.DOTALL)
"""Of the guards: a trigger's name, its table (%I: each projection), the function that it calls."""

VIEW = re.compile(r"create or replace view (\w+ as\n.*?);", re.DOTALL)

LOG = ("submission", "revision", "log_key", "checkpoint")
"""The tables that are no projections: nothing else may be written but from the log."""

OTHERWISE = "is not as this program lays it: run opsc migrate with this program, and find out who changed it"


async def faults(connection: asyncpg.Connection) -> list[Fault]:
    """In the caller's transaction; what it makes to compare with is undone."""
    return [*await _functions(connection), *await _triggers(connection), *await _declared(connection)]


async def _functions(connection: asyncpg.Connection) -> list[Fault]:
    expected: dict[str, set[str]] = {}
    for name, source in FUNCTION.findall(rules()):
        expected.setdefault(name, set()).add(source)
    rows = await connection.fetch(
        "select proname, prosrc from pg_proc where pronamespace = 'public'::regnamespace and proname = any ($1) order by 1",
        list(expected),
    )
    gone = sorted(expected.keys() - {row["proname"] for row in rows})
    return [
        *(Fault("function", name, "it is not there") for name in gone),
        *(
            Fault("function", row["proname"], f"its text {OTHERWISE}")
            for row in rows
            if row["prosrc"] not in expected[row["proname"]]
        ),
    ]


async def _triggers(connection: asyncpg.Connection) -> list[Fault]:
    """Each guard is there, switched on, without conditions; our tables have no other, and no rule; no session goes without."""
    tables = [table.name for table in metadata.sorted_tables]
    rows = await connection.fetch(
        """
        select relname, tgname, tgisinternal, proname, tgenabled in ('O', 'A') as enabled, tgqual is not null as conditional
        from pg_trigger join pg_class c on c.oid = tgrelid join pg_proc p on p.oid = tgfoid
        where relnamespace = 'public'::regnamespace and relname = any ($1) order by relname, tgname
        """,
        tables,
    )
    expected = {(table, name): function for table, name, function in _guards()}
    there = {(row["relname"], row["tgname"]): row for row in rows if not row["tgisinternal"]}
    found = [
        Fault(table, None, f"its trigger {name} is not there") for table, name in expected if (table, name) not in there
    ]
    for row in rows:
        table, name = row["relname"], row["tgname"]
        if not row["enabled"]:
            found.append(Fault(table, None, f"its trigger {name} is switched off"))
        if row["tgisinternal"]:
            continue
        if (table, name) not in expected:
            found.append(Fault(table, None, f"its trigger {name} is none of this program's"))
        elif row["proname"] != expected[table, name] or row["conditional"]:
            found.append(Fault(table, None, f"its trigger {name} {OTHERWISE}"))
    made = await connection.fetch(
        "select tablename, rulename from pg_rules where schemaname = 'public' and tablename = any ($1) order by 1, 2",
        tables,
    )
    found += [Fault(row["tablename"], None, f"its rule {row['rulename']} is none of this program's") for row in made]
    settings = await connection.fetch(
        "select unnest(setconfig) as setting from pg_db_role_setting where setdatabase in"
        " (0, (select oid from pg_database where datname = current_database()))"
    )
    if any(row["setting"].startswith("session_replication_role=") for row in settings):
        found.append(
            Fault("session_replication_role", None, "it is set for a role or a database, whose triggers are off then")
        )
    return found


def _guards() -> Iterator[tuple[str, str, str]]:
    """Table, trigger and function of each guard."""
    for name, table, function in TRIGGER.findall(rules()):
        if table != "%I":
            yield table, name, function
            continue
        for projection in metadata.sorted_tables:
            if (
                projection.name not in LOG
                and projection not in KEPT_APART
                and (function == "refuse_direct_write" or "search" in projection.c)
            ):
                yield projection.name, name, function


async def _declared(connection: asyncpg.Connection) -> list[Fault]:
    """Constraints and the views, held against some that are made as this program declares them, for the time of the comparison."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        for table in metadata.sorted_tables:
            made = str(CreateTable(table).compile(dialect=POSTGRESQL))
            await connection.execute(made.replace("CREATE TABLE", "create temporary table", 1))
        for view in VIEW.findall(rules()):
            await connection.execute(f"create temporary view {view}")
        views = await connection.fetch(
            """
            select v.viewname, replace(stored.definition, 'public.', '') is distinct from v.definition as otherwise
            from pg_views v left join pg_views stored on stored.viewname = v.viewname and stored.schemaname = 'public'
            where v.schemaname = pg_my_temp_schema()::regnamespace::text order by 1
            """
        )
        rows = await connection.fetch(
            """
            select relname, conname, relnamespace = pg_my_temp_schema() as declared, convalidated,
                   replace(pg_get_constraintdef(k.oid), 'public.', '') as definition
            from pg_constraint k join pg_class c on c.oid = conrelid
            where relnamespace in ('public'::regnamespace, pg_my_temp_schema()) order by 1, 2
            """
        )
    finally:
        await transaction.rollback()
    stored = {(row["relname"], row["conname"]): row for row in rows if not row["declared"]}
    found = [Fault("view", row["viewname"], f"its text {OTHERWISE}") for row in views if row["otherwise"]]
    for row in rows:
        table, name = row["relname"], row["conname"]
        if row["declared"] and (table, name) not in stored:
            found.append(Fault(table, None, f"its constraint {name} is not there"))
        elif row["declared"] and (stored[table, name]["definition"], stored[table, name]["convalidated"]) != (
            row["definition"],
            True,
        ):
            found.append(Fault(table, None, f"its constraint {name} {OTHERWISE}"))
    return found
