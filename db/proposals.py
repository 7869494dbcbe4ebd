"""Submissions from the day somebody hands one in: kept as offered, commented, accepted by others, published whole, or not at all.

Each of these runs in the caller's transaction, under the log's lock, which it takes: what is refused has changed nothing.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import uuid4

import asyncpg
import orjson

from db.accounts import Account
from db.canonical import canonical
from db.log import PublicationRefused, Published, alone, publish
from db.offers import Citing, Offer, OfferedChange
from db.plans import Plan, PlannedChange, planned
from db.refusals import Refusal, of_publication
from db.signed_note import PrivateKey
from db.words import wrong_words

REVIEWERS = {"REVIEWER", "ADMIN"}

TRIED = 200
"""Changes that are tried out against all the database's rules when they are submitted; more would hold up others."""

LONGEST = {"title": 300, "reason": 2_000, "internalNote": 10_000, "text": 10_000}
"""Characters."""

OPEN = ("WAITING", "CHANGES_REQUESTED")


@dataclass(frozen=True)
class Outcome:
    """proposal and round: what was planned, None where nothing was. kept: whether it is still there after the transaction.
    report: the error report that it is about."""

    proposal: int | None = None
    round: int | None = None
    refusals: Sequence[Refusal] = ()
    published: Published | None = None
    kept: bool = True
    report: int | None = None


def refused(*refusals: Refusal) -> Outcome:
    return Outcome(refusals=refusals, kept=False)


async def submit(
    connection: asyncpg.Connection,
    account: Account,
    offer: Offer,
    *,
    dry_run: bool = False,
    plan_hash: str | None = None,
) -> Outcome:
    """Plans what is offered and keeps it for review. A dry run does all of that, too, for the caller to undo."""
    if wrong := [*wrong_words(LONGEST, title=offer.title, reason=offer.reason, internalNote=offer.internal_note)]:
        return refused(*wrong)
    if not offer.changes:
        return refused(Refusal("BAD_VALUE", "A submission needs at least one change.", path=("input", "changes")))
    await alone(connection)
    content = _content_hash(offer)
    if not dry_run and (before := await _before(connection, account, offer.key)):
        if before["content_hash"] == content:
            return Outcome(before["proposal_id"], before["number"])
        message = "This key was used for another submission of yours, whose content differs: take a new key for a new submission."
        return refused(
            Refusal("KEY_REUSED", message, path=("input", "key"), found=f"Submission:P{before['proposal_id']}")
        )
    replaced = None
    if offer.replaces is not None:
        replaced = await _locked(connection, offer.replaces)
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
    proposal, number = await _kept(connection, account, offer, plan, content, replaced, checked=dry_run)
    return Outcome(proposal, number, kept=not dry_run)


async def comment(connection: asyncpg.Connection, account: Account, proposal: int, text: str) -> Outcome:
    if wrong := [*wrong_words(LONGEST, text=text)]:
        return refused(*wrong)
    await alone(connection)
    row = await _locked(connection, proposal)
    if row is None:
        return refused(_unknown(proposal))
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
    if reason is not None and (wrong := [*wrong_words(LONGEST, text=reason)]):
        return refused(*wrong)
    await alone(connection)
    row = await _locked(connection, proposal)
    if row is None:
        return refused(_unknown(proposal))
    if row["account_id"] != account.id:
        return refused(_forbidden(f"Submission:P{proposal} is not yours: its author alone can withdraw it."))
    if row["state"] == "WITHDRAWN":
        return Outcome(proposal, row["round"])
    if row["state"] not in OPEN:
        return refused(_decided(proposal, row["state"]))
    if reason is not None:
        await comment(connection, account, proposal, reason)
    await _decide(connection, proposal, "WITHDRAWN")
    return Outcome(proposal, row["round"])


async def review(
    connection: asyncpg.Connection,
    account: Account,
    proposal: int,
    decision: str,
    text: str | None,
    *,
    signer: PrivateKey | None = None,
) -> Outcome:
    """Keeps the decision; what enough others have accepted is planned anew, and published if that is what they accepted."""
    if text is not None and (wrong := [*wrong_words(LONGEST, text=text)]):
        return refused(*wrong)
    if account.role not in REVIEWERS:
        return refused(_forbidden("Reviewing needs the role REVIEWER or ADMIN, which this account does not have."))
    if decision != "ACCEPT" and text is None:
        return refused(
            Refusal("BAD_VALUE", "Say in text why: its author is to know what to do.", path=("input", "text"))
        )
    await alone(connection)
    row = await _locked(connection, proposal)
    if row is None:
        return refused(_unknown(proposal))
    if row["state"] not in OPEN:
        if decision == "ACCEPT" and await _accepted(connection, account, proposal, row["round"]):
            return Outcome(proposal, row["round"], published=await _published(connection, row["submission_id"]))
        return refused(_decided(proposal, row["state"]))
    own = row["account_id"] == account.id
    if own and (account.role != "ADMIN" or decision != "ACCEPT" or text is None):
        message = "Nobody reviews a submission of their own: ask somebody else." + (
            " An admin may accept one with a text that says why nobody else can, which stands in the log for good."
            if account.role == "ADMIN"
            else ""
        )
        return refused(Refusal("OWN_SUBMISSION", message, path=("input", "submission")))
    if row["state"] == "CHANGES_REQUESTED" and decision == "ACCEPT":
        message = f"Submission:P{proposal} waits for changes by its author: what was asked for is in its reviews."
        return refused(Refusal("ALREADY_DECIDED", message, found=row["state"], path=("input", "submission")))
    if not (decision == "ACCEPT" and await _accepted(connection, account, proposal, row["round"])):
        await _reviewed(connection, account, proposal, row["round"], decision, text)
    if decision == "REJECT":
        await _decide(connection, proposal, "REJECTED")
    elif decision == "REQUEST_CHANGES":
        await connection.execute("update proposal set state = 'CHANGES_REQUESTED' where id = $1", proposal)
    else:
        return await _accept(connection, account, proposal, row, text if own else None, signer)
    return Outcome(proposal, row["round"])


async def _accept(
    connection: asyncpg.Connection,
    account: Account,
    proposal: int,
    row: asyncpg.Record,
    alone_because: str | None,
    signer: PrivateKey | None,
) -> Outcome:
    offered = await connection.fetchrow(
        "select * from proposal_round where proposal_id = $1 and number = $2", proposal, row["round"]
    )
    assert offered is not None
    needed = 1 + bool(offered["second_reviews"])
    accepted = await connection.fetchval("select acceptances($1, $2)", proposal, row["round"])
    if alone_because is None and accepted < needed:
        message = (
            "Your acceptance is kept. It needs a second one, by another reviewer, before it is published: "
            + " ".join(offered["second_reviews"])
        )
        refusal = Refusal("NEEDS_SECOND_REVIEW", message, path=("input", "submission"))
        return Outcome(proposal, row["round"], [refusal])
    changes = await _offered(connection, proposal, row["round"])
    plan = await planned(connection, changes, rebase=offered["rebase"], first_by_author=False)
    refusals = [*plan.refusals]
    if not refusals and plan.hash != offered["plan_hash"] and not plan.rebased:
        message = (
            "The record has changed since this was submitted, so that it would say something else: its author is to submit"
            " it again."
        )
        refusals.append(Refusal("PLAN_CHANGED", message, expected=offered["plan_hash"], found=plan.hash))
    if refusals:
        return Outcome(proposal, row["round"], refusals, kept=False)
    told = [offered["reason"], plan.rebased, alone_because and f"(Reviewed by nobody else: {alone_because.strip()})"]
    try:
        published = await publish(
            connection,
            title=offered["title"],
            reason=" ".join(filter(None, told)),
            author=row["author"],
            reviewer=account.name,
            changes=[one.change() for one in plan.changes],
            signer=signer,
        )
    except PublicationRefused as error:
        return Outcome(proposal, row["round"], [of_publication(error)], kept=False)
    await connection.execute(
        "update proposal set state = 'PUBLISHED', submission_id = $2, decided_at = clock_timestamp() where id = $1",
        proposal,
        published.submission,
    )
    return Outcome(proposal, row["round"], published=published)


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


async def _kept(
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


async def _offered(connection: asyncpg.Connection, proposal: int, number: int) -> list[OfferedChange]:
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
        )
        for row in rows
    ]


def _content_hash(offer: Offer) -> bytes:
    """Of all that was sent: the same key and the same content are the same submission."""
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


async def _locked(connection: asyncpg.Connection, proposal: int) -> asyncpg.Record | None:
    found: asyncpg.Record | None = await connection.fetchrow(
        "select * from proposal where id = $1 and state <> 'CHECKED'", proposal
    )
    return found


async def _open_beside(connection: asyncpg.Connection, plan: Plan, replaces: int | None) -> Sequence[Refusal]:
    """Who else has an open submission about the same records."""
    rows = await connection.fetch(
        """
        select distinct c.record_id, p.id, p.author, p.state from proposed_change c
        join proposal p on p.id = c.proposal_id and p.round = c.round
        where c.record_id = any ($1) and p.state in ('WAITING', 'CHANGES_REQUESTED') and p.id is distinct from $2
        order by p.id, c.record_id
        """,
        [one.record_id for one in plan.changes],
        replaces,
    )
    return [
        Refusal(
            "CONFLICT",
            f"Submission:P{row['id']} of {row['author']}, which is not decided yet, is about {row['record_id']}, too: whichever is"
            " published first, the other is then a conflict.",
            row["record_id"],
            found=f"Submission:P{row['id']}",
        )
        for row in rows
    ]


async def _first_by(connection: asyncpg.Connection, account: Account) -> bool:
    first: bool = await connection.fetchval(
        "select not exists (select from proposal where account_id = $1 and state = 'PUBLISHED')", account.id
    )
    return first


async def _accepted(connection: asyncpg.Connection, account: Account, proposal: int, number: int) -> bool:
    """Whether this account has accepted this round before: sending it again does no harm."""
    accepted: bool = await connection.fetchval(
        """
        select exists (select from review where proposal_id = $1 and round = $2 and account_id = $3 and decision = 'ACCEPT')
        """,
        proposal,
        number,
        account.id,
    )
    return accepted


async def _published(connection: asyncpg.Connection, submission: int | None) -> Published | None:
    row = await connection.fetchrow(
        'select min("position") as first, max("position") as last from revision where submission_id = $1', submission
    )
    return Published(submission, row["first"], row["last"]) if submission and row else None


async def _reviewed(
    connection: asyncpg.Connection, account: Account, proposal: int, number: int, decision: str, text: str | None
) -> None:
    await connection.execute(
        """
        insert into review (proposal_id, round, number, account_id, token_id, reviewer, decision, text, at)
        select $1, $2, 1 + count(*), $3, $4, $5, $6, $7, clock_timestamp() from review where proposal_id = $1 and round = $2
        """,
        proposal,
        number,
        account.id,
        account.token_id,
        account.name,
        decision,
        text,
    )


async def _decide(connection: asyncpg.Connection, proposal: int, state: str) -> None:
    await connection.execute(
        "update proposal set state = $2, decided_at = clock_timestamp() where id = $1", proposal, state
    )


def _wrong_round(account: Account, proposal: int, row: asyncpg.Record | None) -> Sequence[Refusal]:
    if row is None:
        return [_unknown(proposal)]
    if row["account_id"] != account.id:
        return [_forbidden(f"Submission:P{proposal} is not yours: its author alone can submit it again.")]
    return [] if row["state"] in OPEN else [_decided(proposal, row["state"])]


def _unknown(proposal: int) -> Refusal:
    message = f"There is no Submission:P{proposal}: submissions lists those that there are."
    return Refusal("NOT_FOUND", message, path=("input", "submission"))


def _forbidden(message: str) -> Refusal:
    return Refusal("FORBIDDEN", message, path=("input", "submission"))


def _decided(proposal: int, state: str) -> Refusal:
    message = f"Submission:P{proposal} is decided: it is {state}, and stays so."
    return Refusal("ALREADY_DECIDED", message, found=state, path=("input", "submission"))


async def in_the_log(connection: asyncpg.Connection, submission_id: str) -> int | None:
    """The log's number of a published submission: "Submission:P7", "Submission:1"."""
    number: int | None = await connection.fetchval(
        "select submission_id from submission_trail where 'Submission:' || name = $1 and state = 'PUBLISHED'",
        submission_id,
    )
    return number
