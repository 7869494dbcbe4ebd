"""Reviews: what others decide of a submission. What enough of them accept is planned anew, and published if it is that still."""

import asyncpg

from db.accounts import Account
from db.kept_proposals import OPEN, decide, found, offered_in
from db.log import PublicationRefused, Published, alone, publish
from db.outcomes import Outcome, decided, forbidden, refused, unknown
from db.planning import planned
from db.refusals import Refusal, of_publication
from db.signed_note import PrivateKey
from db.words import wrong_words_beside

REVIEWERS = {"REVIEWER", "ADMIN"}


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
    if text is not None and (wrong := [*wrong_words_beside(text=text)]):
        return refused(*wrong)
    if account.role not in REVIEWERS:
        return refused(forbidden("Reviewing needs the role REVIEWER or ADMIN, which this account does not have."))
    if decision != "ACCEPT" and text is None:
        return refused(
            Refusal("BAD_VALUE", "Say in text why: its author is to know what to do.", path=("input", "text"))
        )
    await alone(connection)
    row = await found(connection, proposal)
    if row is None:
        return refused(unknown(proposal))
    if row["state"] not in OPEN:
        if decision == "ACCEPT" and await _accepted(connection, account, proposal, row["round"]):
            published = await _published(connection, row["submission_id"])
            return Outcome(proposal, row["round"], published=published, repeated=True)
        return refused(decided(proposal, row["state"]))
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
        await decide(connection, proposal, "REJECTED")
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
    changes = await offered_in(connection, proposal, row["round"])
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
