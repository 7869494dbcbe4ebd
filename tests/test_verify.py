"""`opsc verify` finds what was changed behind the triggers' back, and names the record."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from db.cluster import binaries
from db.embedded import Embedded
from db.migrate import migrate, rules
from db.verify import verify
from db.verify_rules import FUNCTION
from tests.record_documents import BEGINNING, amend, create, measure, merge, published, redact, source

HISTORY = [
    *BEGINNING,
    amend("Measure:AAA-0001", measure("AAA", title="A better law", status="IN_FORCE")),
    create("Measure:AAA-0002", measure("AAA", title="A law twice told")),
    merge("Measure:AAA-0002", "Measure:AAA-0001", measure("AAA", title="A law twice told")),
    create("Source:S-X", source(title="A telling title")),
    redact("Source:S-X", source(title="Withheld"), 11),
]
LAST = len(HISTORY)


@pytest.fixture
async def superuser(empty_database: Embedded, empty: asyncpg.Connection) -> asyncpg.Connection:
    """Somebody who can switch the triggers off, beside a small record."""
    await published(empty, *HISTORY)
    connection = await asyncpg.connect(empty_database.superuser_url)
    await connection.execute("set session_replication_role = replica")
    return connection


async def test_the_seeded_record_agrees_with_its_log(seeded: asyncpg.Connection) -> None:
    assert await verify(seeded) == []


async def test_an_empty_record_agrees(empty: asyncpg.Connection) -> None:
    assert await verify(empty) == []


async def test_verifying_leaves_nothing_behind_and_can_be_done_again(
    superuser: asyncpg.Connection, empty: asyncpg.Connection
) -> None:
    assert await verify(empty) == []
    await published(empty, create("Source:S-2", source()))
    assert await verify(empty) == []
    assert await empty.fetchval("select count(*) from pg_class where relname = 'measure_version'") == 1
    await superuser.close()


async def test_the_record_is_read_as_it_was_when_the_verification_began(
    superuser: asyncpg.Connection, empty: asyncpg.Connection, empty_url: str
) -> None:
    """Others publish all the while."""
    other = await asyncpg.connect(empty_url)
    done = asyncio.Event()

    async def go_on() -> None:
        number = 2
        while not done.is_set():
            changes = [create(f"Source:S-{number}", source()), create(f"Measure:M-{number}", measure("BBB"))]
            await published(other, *changes)
            number += 1

    publishing = asyncio.create_task(go_on())
    for _ in range(3):
        assert await verify(empty) == []
    done.set()
    await publishing
    assert await empty.fetchval("select count(*) from revision") > LAST + 4
    await other.close()
    await superuser.close()


FOUND = {
    "an old revision's document": (
        "update revision set document = replace(document, 'A law', 'A lie') where \"position\" = 7",
        ["revision Measure:AAA-0001 at position 7: its document is not what its document hash was made of"],
    ),
    "a document and its hash": (
        "update revision set document = replace(document, 'A law', 'A lie'), document_hash ="
        " sha256(salt || convert_to(replace(document, 'A law', 'A lie'), 'UTF8')) where \"position\" = 7",
        ["revision Measure:AAA-0001 at position 7: its envelope says documentHash"],
    ),
    "an envelope": (
        "update revision set envelope = replace(envelope, 'maria', 'marta') where \"position\" = 7",
        [
            "revision Measure:AAA-0001 at position 7: its envelope is not what its leaf hash was made of",
            'revision Measure:AAA-0001 at position 7: its envelope says author "marta", its row "maria"',
        ],
    ),
    "an envelope with a space, and its leaf": (
        "update revision set envelope = envelope || ' ', leaf_hash ="
        r" sha256('\x00'::bytea || convert_to(envelope || ' ', 'UTF8')) where " + '"position" = 7',
        ["revision Measure:AAA-0001 at position 7: its envelope is not canonical JSON (RFC 8785)"],
    ),
    "an envelope with another field": (
        """update revision set envelope = replace(envelope, '"format":1', '"format":1,"formed":true'),"""
        r" leaf_hash = sha256('\x00'::bytea || convert_to("
        """replace(envelope, '"format":1', '"format":1,"formed":true'), 'UTF8')) where "position" = 7""",
        ["revision Measure:AAA-0001 at position 7: its envelope has other fields than envelopes have"],
    ),
    "an author": (
        "update revision set author = 'somebody' where \"position\" = 3",
        ['revision Recommendation:I-01 at position 3: its envelope says author "maria", its row "somebody"'],
    ),
    "a moment": (
        "update revision set recorded_at = '2001-01-01' where \"position\" = 8",
        [
            "revision Measure:AAA-0001 at position 8: it was recorded before the revision before it",
            "revision Measure:AAA-0001 at position 8: its envelope says recordedAt",
            "measure_version Measure:AAA-0001 at position 8: in_force_by is",
        ],
    ),
    "a salt": (
        'update revision set salt = null where "position" = 7',
        ["revision Measure:AAA-0001 at position 7: of its document and salt one is gone without the other"],
    ),
    "a document that is not canonical": (
        "update revision set document = replace(document, ',', ', ') where \"position\" = 1",
        [
            "revision Source:S-1 at position 1: its document is not what its document hash was made of",
            "revision Source:S-1 at position 1: its document is not canonical JSON (RFC 8785)",
        ],
    ),
    "a revision gone": (
        'delete from revision where "position" = 7',
        [
            "revision Measure:AAA-0001 at position 8: position 7 is missing before it",
            "revision Measure:AAA-0001 at position 8: its number is 2, but it is the record's 1.",
            "measure_version Measure:AAA-0001 at position 7: this version is there, but the log does not make it",
        ],
    ),
    "a submission gone": (
        "delete from submission",
        [f"at position {position}: its submission 1 does not exist" for position in range(1, LAST + 1)],
    ),
    "a submission too many": (
        "insert into submission (id, title, reason, author, reviewer, published_at) values (2, 't', 'r', 'a', 'b', now())",
        ["submission 2: it has no revision"],
    ),
    "a submission's reason": (
        "update submission set reason = 'Another'",
        ["submission 1: its reason is not that of its revisions"],
    ),
    "a submission's author": (
        "update submission set author = 'marta'",
        ["submission 1: its author is not that of its revisions"],
    ),
    "a submission's reviewer": (
        "update submission set author = 'seed', reviewer = null",
        ["submission 1: its reviewer is not that of its revisions"],
    ),
    "a submission's moment": (
        "update submission set published_at = published_at + interval '1 microsecond'",
        ["submission 1: its moment is not that of its revisions"],
    ),
    "a projection's row changed": (
        "update measure_version set title = 'A lie' where known_from = 8",
        ['measure_version Measure:AAA-0001 at position 8: title is "A lie", by the log "A better law"; search is'],
    ),
    "a past version changed": (
        "update state_party_version set known_to = 7 where code = 'BBB'",
        ["state_party_version StateParty:BBB at position 6: known_to is 7, by the log 2147483647"],
    ),
    "a projection's row gone": (
        "delete from recommendation_version where code = 'I-02'",
        ["recommendation_version Recommendation:I-02 at position 4: the log makes this version, but it is not there"],
    ),
    "a projection's row added": (
        "insert into article_version values ('Article:1', 3, 2147483647, 1, 'a', 'b')",
        ["article_version Article:1 at position 3: this version is there, but the log does not make it"],
    ),
    "coverage changed": (
        "update coverage_version set state = 'NONE_REPORTED' where recommendation_code = 'I-02'"
        " and state_party_code = 'AAA' and state = 'NOT_YET_CODED'",
        ["coverage_version Coverage:AAA.I-02", 'state is "NONE_REPORTED", by the log "NOT_YET_CODED"'],
    ),
    "a document gone without a redaction": (
        'update revision set document = null, salt = null where "position" = 7',
        [
            "revision Measure:AAA-0001 at position 7: its document is gone, and no redaction names it",
            "measure_version Measure:AAA-0001 at position 7: this version is there, but the log does not make it",
        ],
    ),
    "a redacted document put back": (
        "update revision set document = '{}', salt = '' where \"position\" = 11",
        ["revision Source:S-X at position 11: its document is still there, though it was redacted at position 12"],
    ),
    "a redacted version put back": (
        "update source_version set title = 'A telling title' where id = 'Source:S-X' and known_from = 11",
        ['source_version Source:S-X at position 11: title is "A telling title", by the log "Withheld"'],
    ),
    "a redacted word put back": (
        "insert into known_word values ('tell')",
        ["known_word: search knows the word tell, which nothing says"],
    ),
    "a redaction of another record": (
        'update revision set redacts = array[1] where "position" = 12',
        [
            "revision Source:S-X at position 12: it redacts position 1, where this record has no earlier revision",
            "revision Source:S-X at position 12: its envelope says redacts [11], its row [1]",
            "revision Source:S-X at position 11: its document is gone, and no redaction names it",
        ],
    ),
    "a survivor changed": (
        "update survivor_version set survivor_id = 'Measure:AAA-0003'",
        [
            'survivor_version Measure:AAA-0002 at position 10: survivor_id is "Measure:AAA-0003", by the log'
            ' "Measure:AAA-0001"'
        ],
    ),
    "a survivor gone": (
        "delete from survivor_version",
        ["survivor_version Measure:AAA-0002 at position 10: the log makes this version, but it is not there"],
    ),
    "a survivor too many": (
        "insert into survivor_version values ('Measure:AAA-0001', 8, 2147483647, 'Measure:AAA-0002')",
        ["survivor_version Measure:AAA-0001 at position 8: this version is there, but the log does not make it"],
    ),
    "a word forgotten": (
        "delete from known_word where word = 'law'",
        ["known_word: search does not know the word law"],
    ),
}


@pytest.mark.parametrize("case", FOUND)
async def test_a_change_behind_the_triggers_is_found(
    superuser: asyncpg.Connection, empty: asyncpg.Connection, case: str
) -> None:
    forgery, sentences = FOUND[case]
    async with superuser.transaction():
        await superuser.execute("alter table revision drop constraint revision_document_opens_hash")
        await superuser.execute("alter table revision drop constraint revision_leaf_is_envelope")
        await superuser.execute("alter table revision drop constraint revision_document_and_salt_go_together")
        assert await superuser.execute(forgery) not in ("UPDATE 0", "DELETE 0")
    found = [str(disagreement) for disagreement in await verify(empty)]
    for sentence in sentences:
        assert any(sentence in one for one in found), found
    await superuser.close()


RULES = {
    "a trigger switched off": (
        "alter table checkpoint disable trigger checkpoints_are_admitted",
        ["checkpoint: its trigger checkpoints_are_admitted is switched off"],
    ),
    "all triggers switched off, the foreign keys' too": (
        "alter table submission disable trigger all",
        [
            "submission: its trigger submissions_are_never_edited is switched off",
            "submission: its trigger RI_ConstraintTrigger_",
        ],
    ),
    "a trigger for replicas alone": (
        "alter table revision enable replica trigger revisions_are_projected",
        ["revision: its trigger revisions_are_projected is switched off"],
    ),
    "a trigger gone": (
        "drop trigger projections_follow_the_log on measure_version",
        ["measure_version: its trigger projections_follow_the_log is not there"],
    ),
    "a trigger that is never the case": (
        "create or replace trigger checkpoints_are_admitted before insert on checkpoint for each row when (false)"
        " execute function admit_checkpoint()",
        ["checkpoint: its trigger checkpoints_are_admitted is not as this program lays it"],
    ),
    "a trigger that does something else": (
        "create function nothing() returns trigger language plpgsql as $$ begin return null; end $$;"
        "create or replace trigger revisions_are_never_edited before delete or truncate on revision"
        " for each statement execute function nothing()",
        ["revision: its trigger revisions_are_never_edited is not as this program lays it"],
    ),
    "a trigger of somebody else's": (
        "create trigger mine before insert on revision for each statement execute function refuse_direct_write()",
        ["revision: its trigger mine is none of this program's"],
    ),
    "a rule": (
        "create rule mine as on insert to checkpoint do instead nothing",
        ["checkpoint: its rule mine is none of this program's"],
    ),
    "triggers off wherever somebody signs in": (
        "do $$ begin execute format('alter database %I set session_replication_role = replica', current_database()); end $$",
        ["session_replication_role: it is set for a role or a database"],
    ),
    "a check gone": (
        "alter table submission drop constraint submission_is_reviewed",
        ["submission: its constraint submission_is_reviewed is not there"],
    ),
    "a check that is always so": (
        "alter table submission drop constraint submission_is_reviewed,"
        " add constraint submission_is_reviewed check (author = author)",
        ["submission: its constraint submission_is_reviewed is not as this program lays it"],
    ),
    "a key gone": (
        "alter table revision drop constraint revision_submission_id_exists",
        ["revision: its constraint revision_submission_id_exists is not there"],
    ),
    "a function that does something else": (
        "create or replace function refuse_rewriting() returns trigger language plpgsql as $$ begin return null; end $$",
        ["function refuse_rewriting: its text is not as this program lays it"],
    ),
    "a function gone": ("drop function survivor_of(text)", ["function survivor_of: it is not there"]),
    "a view that shows something else": (
        'create or replace view documents as select "position", record_id, record_type, number, operation, recorded_at, document'
        " from revision",
        ["view documents: its text is not as this program lays it"],
    ),
}


@pytest.mark.parametrize("case", RULES)
async def test_a_rule_that_is_gone_or_otherwise_is_found(
    superuser: asyncpg.Connection, empty: asyncpg.Connection, case: str
) -> None:
    change, sentences = RULES[case]
    await superuser.execute(change)
    found = [str(disagreement) for disagreement in await verify(empty)]
    for sentence in sentences:
        assert any(one.startswith(sentence) for one in found), found
    await superuser.close()


def test_every_function_of_the_rules_is_compared() -> None:
    assert len(FUNCTION.findall(rules())) == rules().count("create or replace function")


async def test_a_log_that_cannot_be_replayed_is_told_not_raised(
    superuser: asyncpg.Connection, empty: asyncpg.Connection
) -> None:
    await superuser.execute("alter table revision drop constraint revision_document_opens_hash")
    await superuser.execute("update revision set document = '[]' where \"position\" = 7")
    found = [str(disagreement) for disagreement in await verify(empty)]
    assert any("the log cannot be replayed" in one for one in found), found
    await superuser.close()


async def test_a_dump_restored_elsewhere_agrees(
    seeded_database: Embedded, administrator: asyncpg.Connection, tmp_path: Path
) -> None:
    there = seeded_database.superuser_url
    name = there.partition("?")[0].rpartition("/")[2]
    restored = there.replace(name, f"{name}_restored", 1)
    dump = str(tmp_path / "dump")
    await run(binaries(tmp_path) / "pg_dump", "--format=custom", f"--file={dump}", f"--dbname={there}")
    await administrator.execute(f'create database "{name}_restored"')
    try:
        await run(binaries(tmp_path) / "pg_restore", "--exit-on-error", f"--dbname={restored}", dump)
        await asyncio.to_thread(migrate, restored)
        connection = await asyncpg.connect(seeded_database.url.replace(name, f"{name}_restored", 1))
        assert await verify(connection) == []
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("delete from measure_version")
        await published(connection, create("Source:X", source()))
        assert await verify(connection) == []
        await connection.close()
    finally:
        await administrator.execute(f'drop database "{name}_restored" with (force)')


async def run(program: Path, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(program, *arguments, stderr=asyncio.subprocess.PIPE)
    _, error = await process.communicate()
    assert process.returncode == 0, error.decode()
