"""Writing to the log: a submission's changes become revisions, all of them or none, through the database's publish()."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from db.canonical import canonical

PUBLISHING_TIMEOUT = 30.0
"""Seconds that a publication may hold the log's lock."""


@dataclass(frozen=True)
class Change:
    """One record's change: its whole document after it (for RETRACT: the last it had)."""

    operation: str  # CREATE, AMEND, RETRACT, RESTORE
    record_id: str  # "Measure:PHL-0007"
    kind: str  # STATE_ACTED, LEARNED, CORRECTED, RECODED
    document: dict[str, Any]


@dataclass(frozen=True)
class Published:
    """A submission in the log: its number, and the positions of its first and last revision."""

    submission: int
    first: int
    last: int


class PublicationRefused(Exception):
    """The database refused the submission, whole: `constraint` names the rule, `record_id` the record where it knows it."""

    def __init__(self, message: str, constraint: str | None, record_id: str | None) -> None:
        super().__init__(message)
        self.constraint, self.record_id = constraint, record_id


async def publish(
    connection: asyncpg.Connection,
    *,
    title: str,
    reason: str,
    author: str,
    reviewer: str | None,
    changes: Sequence[Change],
    timeout: float = PUBLISHING_TIMEOUT,
) -> Published:
    """Enters `changes` in their order as one submission. Raises PublicationRefused, and then nothing was written."""
    if not changes:
        raise PublicationRefused("A submission needs at least one change.", None, None)
    try:
        async with connection.transaction(isolation="read_committed"):
            await connection.execute(f"set local statement_timeout = {timeout * 1000:.0f}")
            row = await connection.fetchrow(
                "select * from publish($1, $2, $3, $4, $5, $6, $7, $8)",
                title,
                reason,
                author,
                reviewer,
                [change.operation for change in changes],
                [change.record_id for change in changes],
                [change.kind for change in changes],
                [canonical(change.document).decode() for change in changes],
                timeout=timeout + 5,
            )
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.InsufficientPrivilegeError) as error:
        raise PublicationRefused(_told(error), error.constraint_name, _record_of(error)) from error
    return Published(row["submission"], row["first_position"], row["last_position"])


def _told(error: asyncpg.PostgresError) -> str:
    """What PostgreSQL says, with the row it says it of, for somebody who knows the record and not the tables."""
    return " ".join(part for part in (error.args[0], error.detail) if part)


def _record_of(error: asyncpg.PostgresError) -> str | None:
    return error.detail if error.detail and error.constraint_name in ("references_stand", "operations_follow_each_other") else None
