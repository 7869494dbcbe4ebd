"""Writing to the log: a submission's changes become revisions, all or none of them, by the database's publish()."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from db.canonical import canonical
from db.checkpoints import sign
from db.signed_note import PrivateKey

PUBLISHING_TIMEOUT = 30.0
"""Seconds that a publication may hold the log's lock."""

PATIENCE = 2 * PUBLISHING_TIMEOUT
"""Seconds to wait for other publications under way: another machine's first seeding is one."""

NAMING_THE_RECORD = {
    "references_stand",
    "the_catalogue_is_not_merged",
    "the_survivor_stands",
    "the_survivor_is_of_the_same_state",
    "redactions_name_what_is_there",
    "redactions_take_words_alone",
    "operations_follow_each_other",
    "revisions_enter_whole",
    "numbers_run_without_gaps",
    "moments_never_go_back",
    "envelope_tells_the_columns",
}
"""Rules whose refusal carries the record's id as its detail."""


@dataclass(frozen=True)
class Change:
    """One record's change: its whole document after it (RETRACT, MERGE: the last it had; REDACT: what stays of
    each revision it names)."""

    operation: str  # CREATE, AMEND, RETRACT, RESTORE, MERGE, REDACT
    record_id: str  # "Measure:PHL-0007"
    kind: str  # STATE_ACTED, LEARNED, CORRECTED, RECODED
    document: dict[str, Any]
    merged_into: str | None = None  # MERGE: the record that stays
    redacts: tuple[int, ...] = ()  # REDACT: the positions of this record's revisions whose documents go


@dataclass(frozen=True)
class Published:
    """A submission in the log: its number, and the positions of its first and last revision."""

    submission: int
    first: int
    last: int


class PublicationRefused(Exception):
    """The database refused the submission, whole: `constraint` names the rule, `record_id` the record where known."""

    def __init__(self, message: str, constraint: str | None, record_id: str | None) -> None:
        super().__init__(message)
        self.constraint, self.record_id = constraint, record_id


class OthersPublish(asyncpg.QueryCanceledError):
    """Others were publishing for as long as there was patience to wait. Nothing was written then."""


async def alone(connection: asyncpg.Connection) -> None:
    """Waits for the log's own lock, and holds it to the transaction's end: what others publish between reading the record and
    changing it would be overwritten unseen. Raises OthersPublish."""
    await connection.execute(f"set local statement_timeout = {PATIENCE * 1000:.0f}")
    try:
        await connection.execute("select pg_advisory_xact_lock(2019, 156)", timeout=PATIENCE + 5)
    except (asyncpg.QueryCanceledError, TimeoutError) as error:
        raise OthersPublish(f"{error}") from error


async def publish(
    connection: asyncpg.Connection,
    *,
    title: str,
    reason: str,
    author: str,
    reviewer: str | None,
    changes: Sequence[Change],
    signer: PrivateKey | None = None,
    timeout: float = PUBLISHING_TIMEOUT,  # noqa: ASYNC109 - the server keeps it
) -> Published:
    """Enters `changes` in their order as one submission; documents that JSON cannot say exactly never get that far.

    With a signer, the log's checkpoint after them is signed in the same transaction.

    Raises PublicationRefused, asyncpg.QueryCanceledError after `timeout` seconds (of waiting for the log, too), or
    rfc8785.CanonicalizationError. Nothing was written then.
    """
    if not changes:
        raise PublicationRefused("A submission needs at least one change.", None, None)
    try:
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(f"set local statement_timeout = {timeout * 1000:.0f}")
            row = await connection.fetchrow(
                "select * from publish($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                title,
                reason,
                author,
                reviewer,
                [change.operation for change in changes],
                [change.record_id for change in changes],
                [change.kind for change in changes],
                [canonical(change.document).decode() for change in changes],
                [change.merged_into for change in changes],
                [_array(change.redacts) for change in changes],
                timeout=timeout + 5,
            )
            if signer:
                await sign(connection, signer)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.InsufficientPrivilegeError) as error:
        raise PublicationRefused(_told(error), error.constraint_name, _record_of(error)) from error
    assert row is not None
    return Published(row["submission"], row["first_position"], row["last_position"])


def _array(positions: tuple[int, ...]) -> str | None:
    """As PostgreSQL writes an array: lists of lists could not be of different lengths."""
    return f"{{{','.join(map(str, positions))}}}" if positions else None


def _told(error: asyncpg.PostgresError) -> str:
    """What PostgreSQL says, with the row it says it of, for somebody who knows the record and not the tables."""
    if isinstance(error, asyncpg.UntranslatableCharacterError):
        return "A text holds the character U+0000, which cannot be kept: take it out."
    if isinstance(error, asyncpg.NotNullViolationError):
        table = str(error.table_name).removesuffix("_version").replace("_", " ")
        return f"The {error.column_name} of a {table} must say something: it is missing."
    detail = None if error.constraint_name in NAMING_THE_RECORD else error.detail
    return " ".join(part for part in (error.args[0], detail) if part)


def _record_of(error: asyncpg.PostgresError) -> str | None:
    return error.detail if error.constraint_name in NAMING_THE_RECORD else None
