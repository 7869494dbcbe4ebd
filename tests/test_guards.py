"""Nothing but publish() writes the log, and nothing but the log the projections (RISKS 16, 17)."""

from typing import Any

import asyncpg
import orjson
import pytest

from db.embedded import Embedded
from db.tables import KEPT_APART, metadata
from tests.record_documents import (
    BEGINNING,
    assessment,
    create,
    published,
    size,
    source,
)

GUARDED = sorted(metadata.tables.keys() - {table.name for table in KEPT_APART})
PEOPLE = ["account", "account_person", "token"]
SAID = ["proposal", "proposal_round", "proposed_change", "review", "comment", "error_report", "saved_query"]
"""What people propose, point out and say of it: the application adds to these, and decides some."""

SENT = ["webhook", "webhook_delivery"]
"""Where to tell whom what: theirs to take back."""

DECIDED = {
    "proposal": {"state", "round", "submission_id", "decided_at"},
    "error_report": {"state", "answer", "answered_by", "answered_at", "proposal_id", "contact"},
}
"""What of it is decided later, or erased; rules say how."""

STATEMENTS = ("update {} set {} = {}", "delete from {}", "truncate {} cascade", "insert into {} default values")


def statements(table: str) -> list[str]:
    columns = {
        "submission": "title",
        "account": "name",
        "token": "hash",
        "error_report": "text",
    }  # keys that are the database's own
    column = columns.get(table) or next(iter(metadata.tables[table].primary_key)).name
    return [statement.format(table, column, column) for statement in STATEMENTS]


@pytest.mark.parametrize("table", [*GUARDED, *PEOPLE])
async def test_the_application_has_no_right_to_write(seeded_shared: asyncpg.Connection, table: str) -> None:
    for statement in statements(table):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await seeded_shared.execute(statement)


def test_every_table_is_guarded_or_is_of_people_or_of_what_they_said_or_are_told() -> None:
    """A new table is to be in one of these: here it is decided which."""
    assert sorted([*GUARDED, *PEOPLE, *SAID, *SENT]) == sorted(metadata.tables)


@pytest.mark.parametrize("table", SAID)
async def test_the_application_takes_nothing_back_of_what_people_said(
    seeded_shared: asyncpg.Connection, table: str
) -> None:
    *rewriting, _insert = statements(table)
    columns = [column.name for column in metadata.tables[table].columns]
    kept = {"id": "default"} if table == "error_report" else {}  # what is always generated cannot be set to itself
    kept = {column: kept.get(column, column) for column in columns if column not in DECIDED.get(table, ())}
    rewriting += [f"update {table} set {column} = {value}" for column, value in kept.items()]
    for statement in rewriting:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await seeded_shared.execute(statement)


@pytest.mark.parametrize("role", ["owner_url", "superuser_url"])
async def test_the_owner_takes_nothing_back_of_it_either(empty_database: Embedded, role: str) -> None:
    owner = await asyncpg.connect(getattr(empty_database, role))
    for table in SAID:
        update, *rest, _insert = statements(table)
        for statement in rest if table in DECIDED else (update, *rest):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="refused"):
                await owner.execute(statement)
    await owner.close()


@pytest.fixture(scope="module")
async def seeded_shared(record_url: str) -> Any:
    connection = await asyncpg.connect(record_url)
    await connection.execute("set default_transaction_read_only = off")
    yield connection
    await connection.close()


@pytest.mark.parametrize("role", ["owner_url", "superuser_url"])
async def test_the_owner_is_refused_by_triggers_whatever_the_settings(empty_database: Embedded, role: str) -> None:
    owner = await asyncpg.connect(getattr(empty_database, role))
    await published(owner, *BEGINNING, create("Assessment:A", assessment("AAA")))
    before = {table: await owner.fetch(f"select t::text from {table} t order by 1") for table in GUARDED}
    await owner.execute("set opsc.publishing = 'on'; set application_name = 'publish'; set role none")
    for table in GUARDED:
        for statement in statements(table):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="refused"):
                await owner.execute(statement)
    assert before == {table: await owner.fetch(f"select t::text from {table} t order by 1") for table in GUARDED}
    await owner.close()


async def test_only_a_superuser_can_switch_the_triggers_off(empty_database: Embedded) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("set session_replication_role = replica")
    await owner.close()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("position", 9, "positions_run_without_gaps"),
        ("number", 2, "numbers_run_without_gaps"),
        ("recorded_at", "2000-01-01", "moments_never_go_back"),
        ("operation", "AMEND", "operations_follow_each_other"),
        ("author", "somebody", "envelope_tells_the_columns"),
        ("document", "{}", "revision_document_opens_hash"),
        ("salt", r"\x00", "revision_document_opens_hash"),
        ("leaf_hash", r"\x00", "revision_leaf_is_envelope"),
    ],
)
async def test_a_revision_written_by_hand_under_the_lock_must_still_be_right(
    empty_database: Embedded, column: str, value: Any, rule: str
) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    transaction = owner.transaction()
    await transaction.start()
    await published(owner, create("Source:S-1", source()))
    submission = await owner.fetchval("select to_jsonb(s)::text from submission s")
    revision = await owner.fetchval("select to_jsonb(r)::text from revision r")
    await transaction.rollback()

    async def write(**otherwise: Any) -> None:
        async with owner.transaction():
            await owner.execute("select pg_advisory_xact_lock(2019, 156)")
            for table, row in ("submission", submission), ("revision", revision):
                await owner.execute(
                    f"insert into {table} overriding system value"
                    f" select * from jsonb_populate_record(null::{table}, $1::jsonb || $2::jsonb)",
                    row,
                    orjson.dumps(otherwise if table == "revision" else {}).decode(),
                )

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await write(**{column: value})
    assert refusal.value.constraint_name == rule
    assert await size(owner) == (0, 0)
    await write()
    assert await size(owner) == (1, 1)
    await owner.close()
