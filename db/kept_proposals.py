"""Proposals as the database keeps them: entered, found again, decided."""

from dataclasses import asdict
from typing import Any
from uuid import uuid4

import asyncpg
import orjson

from db.accounts import Account
from db.canonical import canonical
from db.offers import Citing, Offer, OfferedChange
from db.plans import Plan, PlannedChange

OPEN = ("WAITING", "CHANGES_REQUESTED")
"""The states of what is not decided yet."""


async def keep(
    connection: asyncpg.Connection,
    account: Account,
    offer: Offer,
    plan: Plan,
    content: bytes,
    replaced: asyncpg.Record | None,
    *,
    checked: bool,
) -> tuple[int, int]:
    """The proposal's id and its round's number."""
    state = "CHECKED" if checked else "WAITING"
    if replaced:
        proposal, number = replaced["id"], replaced["round"] + 1
        await connection.execute("update proposal set state = $2, round = $3 where id = $1", proposal, state, number)
    else:
        number = 1
        proposal = await connection.fetchval(
            """
            insert into proposal (id, account_id, author, state, round, submitted_at)
            select 1 + coalesce(max(id), 0), $1, $2, $3, 1, clock_timestamp() from proposal returning id
            """,
            account.id,
            account.name,
            state,
        )
    warnings = [
        {name: one for name, one in asdict(warning).items() if one not in (None, ())} for warning in plan.warnings
    ]
    await connection.execute(
        """
        insert into proposal_round (proposal_id, number, account_id, token_id, key, content_hash, title, reason, internal_note,
                                    rebase, plan_hash, unchanged, second_reviews, warnings, submitted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, clock_timestamp())
        """,
        proposal,
        number,
        account.id,
        account.token_id,
        uuid4().hex if checked else offer.key,  # a dry run's key is as good as new, whatever was sent with it
        content,
        offer.title,
        offer.reason,
        offer.internal_note,
        offer.rebase,
        plan.hash,
        plan.unchanged,
        list(plan.second_reviews),
        orjson.dumps(warnings).decode(),
    )
    await connection.copy_records_to_table(
        "proposed_change",
        columns=COLUMNS,
        records=[(proposal, number, place, *_row(one)) for place, one in enumerate(plan.changes)],
        timeout=60,
    )
    return proposal, number


COLUMNS = (
    *(
        "proposal_id",
        "round",
        "place",
        "operation",
        "record_type",
        "record_id",
        "kind",
        "base_revision",
        "position_before",
    ),
    *("given", "document", "merged_into", "citations"),
)


def _row(one: PlannedChange) -> tuple[Any, ...]:
    """A change's columns after its place. base_revision: the one that it was written on."""
    return (
        one.operation,
        one.record_type,
        one.record_id,
        one.kind,
        one.moved or one.base,
        one.position_before,
        None if one.given is None else canonical(one.given).decode(),
        canonical(one.document).decode(),
        one.merged_into,
        orjson.dumps(one.citations).decode(),
    )


async def offered_in(connection: asyncpg.Connection, proposal: int, number: int) -> list[OfferedChange]:
    """The changes as they were offered, new records with the ids that they were given."""
    rows = await connection.fetch(
        """
        select * from proposed_change where proposal_id = $1 and round = $2 and (operation <> 'AMEND' or given is not null)
        order by place
        """,
        proposal,
        number,
        timeout=60,
    )
    return [
        OfferedChange(
            row["operation"],
            row["record_type"],
            row["record_id"],
            row["base_revision"],
            row["kind"],
            orjson.loads(row["given"]) if row["given"] else None,
            row["merged_into"],
            tuple(
                Citing(f"Source:{one['source']}", None, one["locator"], one["note"])
                for one in orjson.loads(row["citations"])
            ),
            assigned=True,
        )
        for row in rows
    ]


async def found(connection: asyncpg.Connection, proposal: int) -> asyncpg.Record | None:
    found: asyncpg.Record | None = await connection.fetchrow(
        "select * from proposal where id = $1 and state <> 'CHECKED'", proposal
    )
    return found


async def decide(connection: asyncpg.Connection, proposal: int, state: str) -> None:
    await connection.execute(
        "update proposal set state = $2, decided_at = clock_timestamp() where id = $1", proposal, state
    )


async def in_the_log(connection: asyncpg.Connection, submission_id: str) -> int | None:
    """The log's number of a published submission: "Submission:P7", "Submission:1"."""
    number: int | None = await connection.fetchval(
        "select submission_id from submission_trail where 'Submission:' || name = $1 and state = 'PUBLISHED'",
        submission_id,
    )
    return number
