"""Submissions from the day somebody hands one in: planned, kept as offered, commented, submitted again, taken back.

Each of these runs in the caller's transaction, under the log's lock, which it takes: what is refused has changed nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace

import asyncpg
import orjson

from db.accounts import Account
from db.kept_proposals import OPEN, decide, found, keep
from db.log import PublicationRefused, alone, publish
from db.offers import Offer
from db.outcomes import Outcome, decided, forbidden, refused, unknown
from db.planning import planned
from db.plans import Plan
from db.refusals import Refusal, of_publication
from db.words import wrong_words_beside

LONGEST_KEY = 200
"""Characters."""

TRIED = 200
"""Changes that are tried out against all the database's rules when they are submitted; more would hold up others."""


async def submit(
    connection: asyncpg.Connection,
    account: Account,
    offer: Offer,
    *,
    dry_run: bool = False,
    plan_hash: str | None = None,
) -> Outcome:
    """Plans what is offered and keeps it for review. A dry run does all of that, too, for the caller to undo."""
    if wrong := [*wrong_words_beside(title=offer.title, reason=offer.reason, internalNote=offer.internal_note)]:
        return refused(*wrong)
    if not 0 < len(offer.key.strip()) <= LONGEST_KEY:
        message = f"key is a UUID of yours, or another text of 1 to {LONGEST_KEY} characters that you use once."
        return refused(Refusal("BAD_VALUE", message, path=("input", "key")))
    if not offer.changes:
        message = "The record says all of that already." if offer.made_of else "A submission needs at least one change."
        return refused(Refusal("BAD_VALUE", message, path=("input",) if offer.made_of else ("input", "changes")))
    await alone(connection)
    content = _content_hash(offer)
    if not dry_run and (again := await sent_before(connection, account, offer)):
        return again
    replaced = None
    if offer.replaces is not None:
        replaced = await found(connection, offer.replaces)
        if wrong := [*_wrong_round(account, offer.replaces, replaced)]:
            return refused(*wrong)
    plan = await planned(
        connection, offer.changes, rebase=offer.rebase, first_by_author=await _first_by(connection, account)
    )
    plan = replace(plan, warnings=[*plan.warnings, *await _open_beside(connection, plan, offer.replaces)])
    refusals = [*plan.refusals]
    if not refusals and plan_hash is not None and plan_hash != plan.hash:
        message = "The record has changed since that plan was made, or what is sent now differs: look at the new plan."
        refusals.append(
            Refusal("PLAN_CHANGED", message, expected=plan_hash, found=plan.hash, path=("input", "planHash"))
        )
    if not refusals and not plan.changes and not dry_run:
        message = "The record says all of this already: there is nothing to submit."
        refusals.append(Refusal("BAD_VALUE", message, path=("input", "changes")))
    if not refusals and 0 < len(plan.changes) <= TRIED:
        refusals += await _tried(connection, account, offer, plan)
    if refusals:
        return refused(*refusals)
    proposal, number = await keep(connection, account, offer, plan, content, replaced, checked=dry_run)
    return Outcome(proposal, number, kept=not dry_run)


async def sent_before(connection: asyncpg.Connection, account: Account, offer: Offer) -> Outcome | None:
    """What a key has led to before, with the same content; a refusal with other content; None for a new key."""
    before = await _before(connection, account, offer.key)
    if before is None:
        return None
    if before["content_hash"] == _content_hash(offer):
        return Outcome(before["proposal_id"], before["number"], repeated=True)
    message = (
        "This key was used for another submission of yours, whose content differs: take a new key for a new submission."
    )
    return refused(Refusal("KEY_REUSED", message, path=("input", "key"), found=f"Submission:P{before['proposal_id']}"))


async def comment(connection: asyncpg.Connection, account: Account, proposal: int, text: str) -> Outcome:
    if wrong := [*wrong_words_beside(text=text)]:
        return refused(*wrong)
    await alone(connection)
    row = await found(connection, proposal)
    if row is None:
        return refused(unknown(proposal))
    await connection.execute(
        """
        insert into comment (proposal_id, number, account_id, author, text, at)
        select $1, 1 + count(*), $2, $3, $4, clock_timestamp() from comment where proposal_id = $1
        """,
        proposal,
        account.id,
        account.name,
        text,
    )
    return Outcome(proposal, row["round"])


async def withdraw(connection: asyncpg.Connection, account: Account, proposal: int, reason: str | None) -> Outcome:
    """By its author alone; the reason becomes a comment."""
    if reason is not None and (wrong := [*wrong_words_beside(text=reason)]):
        return refused(*wrong)
    await alone(connection)
    row = await found(connection, proposal)
    if row is None:
        return refused(unknown(proposal))
    if row["account_id"] != account.id:
        return refused(forbidden(f"Submission:P{proposal} is not yours: its author alone can withdraw it."))
    if row["state"] == "WITHDRAWN":
        return Outcome(proposal, row["round"], repeated=True)
    if row["state"] not in OPEN:
        return refused(decided(proposal, row["state"]))
    if reason is not None:
        await comment(connection, account, proposal, reason)
    await decide(connection, proposal, "WITHDRAWN")
    return Outcome(proposal, row["round"])


async def _tried(connection: asyncpg.Connection, account: Account, offer: Offer, plan: Plan) -> Sequence[Refusal]:
    """What the database's rules say of it, by publishing it and undoing that."""
    trial = connection.transaction(isolation="read_committed")
    await trial.start()
    try:
        await publish(
            connection,
            title=offer.title,
            reason=offer.reason,
            author=account.name,
            reviewer="(a trial)",
            changes=[one.change() for one in plan.changes],
        )
    except PublicationRefused as error:
        return [of_publication(error)]
    finally:
        await trial.rollback()
    return []


def _content_hash(offer: Offer) -> bytes:
    """Of all that was sent: the same key and the same content are the same submission."""
    if offer.made_of is not None:  # what was worked out from it may be otherwise by now
        offer = replace(offer, title="", changes=())
    try:
        content = orjson.dumps(offer, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # half a character somewhere, which will be refused where it stands
        content = json.dumps(asdict(offer), sort_keys=True).encode()
    return hashlib.sha256(content).digest()


async def _before(connection: asyncpg.Connection, account: Account, key: str) -> asyncpg.Record | None:
    found: asyncpg.Record | None = await connection.fetchrow(
        "select proposal_id, number, content_hash from proposal_round where account_id = $1 and key = $2",
        account.id,
        key,
    )
    return found


async def _open_beside(connection: asyncpg.Connection, plan: Plan, replaces: int | None) -> Sequence[Refusal]:
    """Who else has an open submission about the same records."""
    rows = await connection.fetch(
        """
        select p.id, p.author, min(c.record_id) as record_id, count(distinct c.record_id) as records
        from proposed_change c join proposal p on p.id = c.proposal_id and p.round = c.round
        where c.record_id = any ($1) and p.state in ('WAITING', 'CHANGES_REQUESTED') and p.id is distinct from $2
        group by p.id, p.author order by p.id
        """,
        [one.record_id for one in plan.changes],
        replaces,
    )
    found = []
    for row in rows:
        about = row["record_id"] if row["records"] == 1 else f"{row['records']:,} of these records"
        name = f"Submission:P{row['id']}"
        message = (
            f"{name} of {row['author']}, which is not decided yet, is about {about}, too: once one of the two is published,"
            f" the other"
            " may be a conflict."
        )
        found.append(Refusal("CONFLICT", message, row["record_id"], found=name))
    return found


async def _first_by(connection: asyncpg.Connection, account: Account) -> bool:
    first: bool = await connection.fetchval(
        "select not exists (select from proposal where account_id = $1 and state = 'PUBLISHED')", account.id
    )
    return first


def _wrong_round(account: Account, proposal: int, row: asyncpg.Record | None) -> Sequence[Refusal]:
    if row is None:
        return [unknown(proposal)]
    if row["account_id"] != account.id:
        return [forbidden(f"Submission:P{proposal} is not yours: its author alone can submit it again.")]
    return [] if row["state"] in OPEN else [decided(proposal, row["state"])]
