"""Error reports: anybody points out what is wrong in a record, reviewers answer, and an answer can be cited beside the record.

Nothing here enters the log: what comes of a report is a submission, reviewed as any other.
"""

import re
from dataclasses import dataclass, replace

import asyncpg

from db.accounts import Account
from db.documents import FIELDS
from db.log import alone
from db.offers import Citing, Document, Offer, OfferedChange
from db.outcomes import Outcome, refused
from db.personal_data import personal_data
from db.proposals import submit
from db.record_ids import TYPES, WELL_FORMED
from db.refusals import Refusal
from db.reviews import REVIEWERS
from db.words import wrong_words

LONGEST = {"text": 5_000, "source": 1_000, "onBehalfOf": 200, "contact": 200}
"""Characters of what is reported."""

LONGEST_ANSWER = {"text": 2_000}

LINK = re.compile(r"https?://\S+")

ANONYMOUS = "Somebody who wrote to this record"

RECORD_TYPES = {name: word for word, name in TYPES.items()}


@dataclass(frozen=True)
class ErrorReport:
    """What somebody points out. source: where it stands, a link or words; on_behalf_of: whom they say they write for;
    contact: where to reach them, for those alone who answer."""

    record_id: str
    text: str
    source: str | None = None
    on_behalf_of: str | None = None
    contact: str | None = None


async def report_error(connection: asyncpg.Connection, said: ErrorReport) -> Outcome:
    """Keeps it for reviewers. The same said again, while it is open, is the same report."""
    shown = {"text": said.text, "source": said.source, "onBehalfOf": said.on_behalf_of}
    wrong = [*wrong_words(LONGEST, **shown, contact=said.contact)]
    wrong = wrong or [refusal for name, text in shown.items() for refusal in _personal(name, text)]
    if wrong:
        return refused(*wrong)
    if not WELL_FORMED.fullmatch(said.record_id):
        return refused(_no_record())
    row = [said.record_id, said.text, said.source, said.on_behalf_of, said.contact]
    number = await connection.fetchval(
        """
        select id from error_report where state = 'OPEN' and (record_id, text, source, on_behalf_of, contact)
          is not distinct from ($1::text, $2::text, $3::text, $4::text, $5::text) order by id limit 1
        """,
        *row,
    )
    if number is not None:
        return Outcome(report=number, repeated=True)
    if not await connection.fetchval("select exists (select from revision where record_id = $1)", said.record_id):
        return refused(_no_record())  # the database would refuse it too, and a number of a report would be gone
    number = await connection.fetchval(
        """
        insert into error_report (record_id, text, source, on_behalf_of, contact, reported_at, state)
        values ($1, $2, $3, $4, $5, clock_timestamp(), 'OPEN') returning id
        """,
        *row,
    )
    return Outcome(report=number)


async def answer_error(
    connection: asyncpg.Connection,
    account: Account,
    report: int,
    decision: str,
    text: str,
    *,
    proposal: int | None = None,
    cite: bool = False,
) -> Outcome:
    """Answers or dismisses it, for good. cite: by a submission that puts the statement and its answer beside the record; when that
    is not published, by another."""
    wrong = [*wrong_words(LONGEST_ANSWER, text=text)] or [*_personal("text", text)]
    if cite and (decision != "ANSWERED" or proposal is not None):
        message = "cite makes a submission of an answer: leave it out with DISMISSED, and where you name a submission."
        wrong.append(Refusal("BAD_VALUE", message, path=("input", "cite")))
    if proposal is not None and decision != "ANSWERED":
        message = "A submission came of it, so it is ANSWERED: leave the submission out, or say so."
        wrong.append(Refusal("BAD_VALUE", message, path=("input", "submission")))
    if wrong:
        return refused(*wrong)
    if account.role not in REVIEWERS:
        return refused(_forbidden("Answering"))
    await alone(connection)
    row = await connection.fetchrow("select * from error_report where id = $1", report)
    if row is None:
        return refused(_unknown(report))
    again = cite and await _was_not_published(connection, row["proposal_id"])
    if row["state"] != "OPEN" and not (again and text == row["answer"]):
        message = f"ErrorReport:{report} is decided: it is {row['state']}, and stays so."
        if again:
            message += " To have it cited after all, send the answer as it stands."
        refusal = Refusal("ALREADY_DECIDED", message, found=row["state"], path=("input", "report"))
        return replace(refused(refusal), report=report)
    if proposal is not None and not await connection.fetchval(
        "select exists (select from proposal where id = $1 and state <> 'CHECKED')", proposal
    ):
        message = f"There is no Submission:P{proposal}: submissions lists those that there are."
        return refused(Refusal("NOT_FOUND", message, path=("input", "submission")))
    made = await _cited(connection, account, row, text) if cite else Outcome(proposal)
    if made.refusals:
        return replace(made, report=report)
    await connection.execute(
        """
        update error_report set state = $2, answer = $3, answered_by = coalesce(answered_by, $4),
          answered_at = coalesce(answered_at, clock_timestamp()), proposal_id = $5
        where id = $1
        """,
        report,
        decision,
        text,
        account.name,
        made.proposal,
    )
    return replace(made, report=report)


async def forget_contact(connection: asyncpg.Connection, account: Account, report: int) -> Outcome:
    """Erases where to reach whoever pointed it out; the rest stays."""
    if account.role not in REVIEWERS:
        return refused(_forbidden("Erasing a contact"))
    found = await connection.fetchval("update error_report set contact = null where id = $1 returning id", report)
    return refused(_unknown(report)) if found is None else Outcome(report=report)


async def _was_not_published(connection: asyncpg.Connection, proposal: int | None) -> bool:
    ended: bool = await connection.fetchval(
        "select exists (select from proposal where id = $1 and state in ('REJECTED', 'WITHDRAWN'))", proposal
    )
    return ended


async def _cited(connection: asyncpg.Connection, account: Account, row: asyncpg.Record, answer: str) -> Outcome:
    """The submission that makes the record cite what was said, with that and the answer as its note."""
    record_id = row["record_id"]
    record_type = RECORD_TYPES[record_id.partition(":")[0]]
    if "citations" not in FIELDS[record_type]:
        message = (
            f"{record_id} is of a type that cites nothing: submit what should change in it, and name that submission."
        )
        return refused(Refusal("BAD_VALUE", message, record_id, path=("input", "cite")))
    base = await connection.fetchval("select max(number) from revision where record_id = $1", record_id)
    locator = row["source"] if row["source"] and not LINK.fullmatch(row["source"]) else None
    citing = Citing(
        new_source=_statement(row), locator=locator, note=f"They wrote: “{row['text']}” The answer: {answer}"
    )
    change = OfferedChange("AMEND", record_type, record_id, base, "LEARNED", {}, None, (citing,))
    reason = f"Somebody pointed out an error in {record_id} (ErrorReport:{row['id']}): what they said, and the answer."
    key = f"answerError ErrorReport:{row['id']}"
    if row["proposal_id"] is not None:
        key += f" after Submission:P{row['proposal_id']}"
    offer = Offer(key, f"A statement about {record_id}", reason, (change,))
    return await submit(connection, account, offer)


def _statement(row: asyncpg.Record) -> Document:
    """The document of a source: what was said, as far as it is known who said it."""
    link = row["source"] if row["source"] and LINK.fullmatch(row["source"]) else None
    whose = row["on_behalf_of"]
    day = row["reported_at"].date().isoformat()
    return {
        "kind": "WEB_PAGE" if link else "OTHER",
        "title": f"Statement about {row['record_id']}, received {day}",
        "publisher": f"Said to write for {whose}, not verified" if whose else ANONYMOUS,
        "readAt": f"Sent to this record as ErrorReport:{row['id']}; whom it is from was not verified.",
        "publishedOn": day,
        **({"url": link} if link else {}),
    }


def _personal(name: str, text: str | None) -> list[Refusal]:
    """Details of persons in a text, by their places: the words themselves are not repeated."""
    return [
        Refusal(
            "PERSONAL_DATA",
            f"{name} holds {what} at characters {start + 1} to {end}: take it out. Say where in the record"
            " something stands, without repeating it; how to reach you goes into contact.",
            field=name,
            found={"what": what.name, "from": start + 1, "to": end},
            path=("input", name),
        )
        for what, start, end in personal_data(text or "")
    ]


def _no_record() -> Refusal:
    message = "There is no such record. Its id is what its address ends in, as Measure:PHL-0007 in /r/Measure:PHL-0007."
    return Refusal("NOT_FOUND", message, path=("input", "record"))


def _unknown(report: int) -> Refusal:
    message = f"There is no ErrorReport:{report}: errorReports lists those that there are."
    return Refusal("NOT_FOUND", message, path=("input", "report"))


def _forbidden(what: str) -> Refusal:
    message = f"{what} needs the role REVIEWER or ADMIN, which this account does not have."
    return Refusal("FORBIDDEN", message, path=("input", "report"))
