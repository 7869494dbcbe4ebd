"""Mutation: how submissions are made, discussed, decided. Each field says what is done, and its payload is planned as any
query is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import graphene
import sqlalchemy as sa
from graphene.utils.str_converters import to_camel_case
from sqlalchemy.dialects.postgresql import JSONB

from db import error_reports, proposals, reviews
from db.accounts import Account
from db.half_read import wrong_beside
from db.kept_proposals import in_the_log
from db.log import alone
from db.offers import Citing, Offer, OfferedChange
from db.outcomes import Outcome, refused
from db.refusals import Refusal as Refused
from db.reverting import CannotRevert, of_revision, of_submission
from db.signed_note import PrivateKey
from db.words import unfit_to_send
from db.wrong_changes import MOST_TOLD
from schema.error_report import ErrorReport
from schema.fields import Edge, Edges, Planned
from schema.identity import LARGEST_POSITION
from schema.importing import ImportInput, Read, in_the_sheet, read_sheet
from schema.json_text import Json
from schema.planning import At
from schema.revision import Revision
from schema.scalars import JSON
from schema.submission import Plan, Refusal, Submission, refusals_in
from schema.vocabulary import ChangeKind, Decision, ErrorReportDecision, Operation, RecordType

Connection = Any
"""asyncpg's, or a pool's stand-in for one, which its types keep apart."""

LARGEST_OFFER = 20_000
"""Changes of one submission."""


@dataclass(frozen=True)
class Doing:
    """Who does it, on which connection; signer: what signs the log here, looked up when something is published. viewer: None for
    the public, whom only some fields serve."""

    connection: Connection
    viewer: Account | None
    signer: Callable[[Connection], Awaitable[PrivateKey | None]]

    @property
    def account(self) -> Account:
        """Who does it, where it takes an account."""
        assert self.viewer is not None
        return self.viewer


Done = Callable[[Doing, Any], Awaitable[Outcome]]


class Does(Planned):
    """A field of Mutation: does something with its input, in a transaction of its own, and answers with what became of it.
    public: it needs no token, and so much of it is done for one address in an hour, and no more (api/fair_use/allowance.py)."""

    def __init__(
        self,
        payload: Any,
        input_type: Any,
        done: Done,
        description: str,
        *,
        public: bool = False,
        prepared: Callable[[Mapping[str, Any]], Any] | None = None,
    ) -> None:
        """prepared: what `done` gets, made of the input, in a thread and before a connection is taken."""
        argument = graphene.Argument(graphene.NonNull(input_type), description="What is to be done.")
        super().__init__(graphene.NonNull(payload), args={"input": argument}, description=description)
        self.done, self.public, self.prepared = done, public, prepared

    def json(self, at: At) -> Json:
        return at.plan.members(at, at.target, None)

    def refuses(self, given: Mapping[str, Any]) -> Outcome | None:
        """What no input may hold, however deep it stands; a file that is sent is looked at when it is read."""
        told = {name: value for name, value in given.items() if name != "content"}
        wrong = [*islice(unfit_to_send(told), MOST_TOLD)]
        return refused(*(replace(one, path=tuple(map(_as_sent, one.path))) for one in wrong)) if wrong else None


def _of_outcome(at: At, key: str) -> Any:
    """A number that the outcome says, or null."""
    return sa.cast(sa.cast(at.plan.done, JSONB)[key].astext, sa.Integer)


def _submission() -> Edge:
    return Edge(
        Submission,
        lambda at, row: row.c.proposal_id == _of_outcome(at, "submission"),
        description="The submission as it now is; null of a dry run, and where it was refused.",
    )


def _refusals() -> Edges:
    return Edges(
        Refusal,
        source=lambda at: refusals_in(sa.cast(at.plan.done, JSONB)["refusals"], at),
        order=lambda refusal: [refusal.c.place],
        bound=50,
        description="Why it was refused: all that is wrong, at once. Empty when it was done.",
    )


class SubmitPayload(graphene.ObjectType):
    """What became of a submission."""

    submission = _submission()
    plan = Edge(
        Plan,
        lambda at, plan: sa.and_(
            plan.c.proposal_id == _of_outcome(at, "proposal"), plan.c.number == _of_outcome(at, "round")
        ),
        description="What publishing it would do, of a dry run, too; null where it was refused.",
    )
    refusals = _refusals()


class ReviewPayload(graphene.ObjectType):
    """What became of a review."""

    submission = _submission()
    revisions = Edges(
        Revision,
        lambda at, revision: revision.c.position.between(_of_outcome(at, "first"), _of_outcome(at, "last")),
        order=lambda revision: [revision.c.position],
        bound=100,
        description="What was published by it, in the log's order; none when it was not.",
    )
    refusals = _refusals()


def _report() -> Edge:
    return Edge(
        ErrorReport,
        lambda at, row: row.c.id == _of_outcome(at, "report"),
        description="The error report as it now is; null where it was refused.",
    )


class ReportErrorPayload(graphene.ObjectType):
    """What became of an error that somebody pointed out."""

    report = _report()
    refusals = _refusals()


class AnswerErrorPayload(graphene.ObjectType):
    """What became of an answer."""

    report = _report()
    submission = _submission()
    refusals = _refusals()


class CitationInput(graphene.InputObjectType):
    """Where the grounds of a change stand: in a source of the record, or in a new one."""

    source = graphene.ID(description='A source of the record: "Source:S-0042".')
    new_source = JSON(
        description='A new source, as the document of one: {"kind": "STATUTE", "title": "…", "publisher": "…", "url": "…"}. It '
        "becomes part of the submission."
    )
    locator = graphene.String(description='Where in the source: "para. 12", "p. 4".')
    note = graphene.String(description="What a reader should know about it.")


class ChangeInput(graphene.InputObjectType):
    """One change of one record."""

    operation = Operation(
        required=True, description="What it does. REDACT is for whoever keeps the record (opsc redact): write to them."
    )
    record_type = RecordType(required=True, description="The type of the record.")
    record_id = graphene.ID(description="The record. Of a new one, leave it out: it gets an id.")
    base_revision = graphene.Int(
        description="The number of the revision that you looked at (revision { number }). When the record was changed"
        " since, that is a "
        "conflict. Leave it out for a new record."
    )
    kind = ChangeKind(required=True, description="Why the record changes.")
    document = JSON(
        description='What it says, by the names of its fields, references by code or id: {"stateParty": "PHL", "recommendations": '
        '["IVC-05"]}. A new record needs all that is required; AMEND only what changes, null to empty a field.'
    )
    merge_into = graphene.ID(description="Of MERGE: the record that stays.")
    citations = graphene.List(
        graphene.NonNull(CitationInput),
        description="Where its grounds stand. Of CREATE and AMEND they are added to the record's own citations.",
    )


class SubmitInput(graphene.InputObjectType):
    """Changes to be published together, or not at all."""

    key = graphene.ID(
        required=True,
        description="A UUID of yours. Sent again with the same content, it answers the same and submits nothing twice; with other "
        "content it is refused.",
    )
    title = graphene.String(required=True, description="What it is, in a line.")
    reason = graphene.String(required=True, description="Why, in public: it stands in the log for good.")
    internal_note = graphene.String(description="For reviewers alone.")
    changes = graphene.List(
        graphene.NonNull(ChangeInput),
        required=True,
        description=f"The changes: 1 to {LARGEST_OFFER:,}, each of another record.",
    )
    rebase = graphene.Boolean(
        description="true: where the record was changed since your base, but not in the fields that you change, put the"
        " change on top "
        "of it; the log says so."
    )
    dry_run = graphene.Boolean(description="true: check everything, answer with the plan, keep nothing.")
    plan_hash = graphene.String(
        description="The hash of the plan that you looked at: exactly that is submitted, or nothing."
    )
    submission = graphene.ID(
        description="A submission of yours that is still open: this takes the place of what it said, and its thread goes on."
    )


class CommentInput(graphene.InputObjectType):
    """Something said about a submission."""

    submission = graphene.ID(required=True, description="The submission.")
    text = graphene.String(required=True, description="What you say. It is public once the submission is published.")


class ReviewInput(graphene.InputObjectType):
    """A decision about a submission."""

    submission = graphene.ID(required=True, description="The submission.")
    decision = Decision(required=True, description="What you decide.")
    text = graphene.String(description="Why. Needed unless you accept; public once the submission is published.")


class WithdrawInput(graphene.InputObjectType):
    """A submission to be taken back."""

    submission = graphene.ID(required=True, description="The submission: one of yours.")
    reason = graphene.String(description="Why: it becomes a comment.")


class RevertInput(graphene.InputObjectType):
    """Something to be undone, by a new submission that is reviewed as any other. Give revision or submission."""

    key = graphene.ID(required=True, description="A UUID of yours, as in SubmitInput.")
    revision = graphene.ID(description='A revision, "Revision:42": its record is to be again as this left it.')
    submission = graphene.ID(
        description='A published submission, "Submission:P7": all its records are to be as before it.'
    )
    reason = graphene.String(required=True, description="Why, in public: it stands in the log for good.")


class ReportErrorInput(graphene.InputObjectType):
    """An error in a record."""

    record = graphene.ID(required=True, description='The record: "Measure:PHL-0007".')
    text = graphene.String(
        required=True,
        description="What is wrong, and what it should say: up to 5,000 characters, without details of children or of"
        " anybody else.",
    )
    source = graphene.String(description="Where it stands: a link, or words. Up to 1,000 characters.")
    on_behalf_of = graphene.String(
        description='Whom you write for, such as a State: "Permanent Mission of …". It is not verified, and shown so. Up to 200'
        " characters."
    )
    contact = graphene.String(
        description="Where to reach you. Only reviewers and admins see it; it is erased when you ask. Up to 200"
        " characters."
    )


class AnswerErrorInput(graphene.InputObjectType):
    """An answer to an error report."""

    report = graphene.ID(required=True, description='The error report: "ErrorReport:3".')
    decision = ErrorReportDecision(required=True, description="What becomes of it, for good.")
    text = graphene.String(
        required=True,
        description="The answer, or why there is none: up to 2,000 characters. It is public only where it is cited.",
    )
    submission = graphene.ID(description='The submission that came of it: "Submission:P7".')
    cite = graphene.Boolean(
        description="true: put what they said, and this answer, beside the record. That makes a submission in which the record"
        " cites a new source (“Statement about Measure:PHL-0007, received …”), with what they said and the answer as its note; it"
        " is reviewed as any other. If it is rejected or withdrawn, send the same answer with cite again."
    )


class ForgetContactInput(graphene.InputObjectType):
    """A contact to be erased."""

    report = graphene.ID(required=True, description='The error report: "ErrorReport:3".')


def _as_sent(part: str) -> str:
    """base_revision → baseRevision: as graphene has it, and as it was written."""
    sent: str = to_camel_case(part) if "_" in part.strip("_") else part
    return sent


def number_of(node_id: str, type_name: str, letter: str = "") -> int | None:
    """The number in an id such as Submission:P7; None of anything else."""
    head, _, number = node_id.partition(f"{type_name}:{letter}")
    wanted = (
        not head and number.isascii() and number.isdigit() and number[0] != "0" and int(number[:11]) <= LARGEST_POSITION
    )
    return int(number) if wanted else None


LOOKS = {"submission": '"Submission:P7"', "revision": '"Revision:42"', "report": '"ErrorReport:3"'}


def _unknown(node_id: str, name: str = "submission") -> Outcome:
    what = f"“{node_id[:60]}” is no {name} that can be changed here: it looks like {LOOKS[name]}."
    return refused(Refused("NOT_FOUND", what, path=("input", name)))


async def _submit(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    if len(given["changes"]) > LARGEST_OFFER:
        message = f"A submission may have {LARGEST_OFFER:,} changes; this one has {len(given['changes']):,}: make several of it."
        return refused(Refused("BAD_VALUE", message, path=("input", "changes")))
    return await _handed_in(doing, given, [_change(change) for change in given["changes"]])


async def _import(doing: Doing, read: Read) -> Outcome:
    if read.refusals:
        rebase = bool(read.given.get("rebase"))
        beside = await wrong_beside(doing.connection, read.changes, read.half_read, rebase=rebase)
        return refused(*in_the_sheet(beside, [*read.changes, *read.half_read], read.refusals))
    outcome = await _handed_in(doing, read.given, read.changes)
    return replace(outcome, refusals=in_the_sheet(outcome.refusals, read.changes))


async def _handed_in(doing: Doing, given: Mapping[str, Any], changes: Sequence[OfferedChange]) -> Outcome:
    """given: what SubmitInput and ImportInput share."""
    replaces = None
    if given.get("submission") is not None:
        replaces = number_of(given["submission"], "Submission", "P")
        if replaces is None:
            return _unknown(given["submission"])
    offer = Offer(
        given["key"],
        given["title"],
        given["reason"],
        tuple(changes),
        given.get("internal_note"),
        bool(given.get("rebase")),
        replaces,
    )
    return await proposals.submit(
        doing.connection,
        doing.account,
        offer,
        dry_run=bool(given.get("dry_run")),
        plan_hash=given.get("plan_hash"),
    )


def _change(given: Mapping[str, Any]) -> OfferedChange:
    return OfferedChange(
        str(given["operation"]),
        str(given["record_type"]),
        given.get("record_id"),
        given.get("base_revision"),
        str(given["kind"]),
        given.get("document"),
        given.get("merge_into"),
        tuple(
            Citing(one.get("source"), one.get("new_source"), one.get("locator"), one.get("note"))
            for one in given.get("citations") or ()
        ),
    )


async def _comment(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    proposal = number_of(given["submission"], "Submission", "P")
    if proposal is None:
        return _unknown(given["submission"])
    return await proposals.comment(doing.connection, doing.account, proposal, given["text"])


async def _review(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    proposal = number_of(given["submission"], "Submission", "P")
    if proposal is None:
        return _unknown(given["submission"])
    signer = await doing.signer(doing.connection)
    return await reviews.review(
        doing.connection, doing.account, proposal, str(given["decision"]), given.get("text"), signer=signer
    )


async def _withdraw(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    proposal = number_of(given["submission"], "Submission", "P")
    if proposal is None:
        return _unknown(given["submission"])
    return await proposals.withdraw(doing.connection, doing.account, proposal, given.get("reason"))


async def _revert(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    revision, submission = given.get("revision"), given.get("submission")
    if (revision is None) == (submission is None):
        return refused(
            Refused("BAD_VALUE", "Name a revision or a submission to be undone: one of the two.", path=("input",))
        )
    offer = Offer(given["key"], "", given["reason"], (), made_of=revision or submission)
    await alone(doing.connection)
    if again := await proposals.sent_before(doing.connection, doing.account, offer):
        return again
    try:
        if revision is not None:
            position = number_of(revision, "Revision")
            if position is None:
                return _unknown(revision, "revision")
            title, changes = await of_revision(doing.connection, position)
        else:
            number = await in_the_log(doing.connection, str(submission))
            if number is None:
                message = f"{submission} is not a published submission: only what is in the log can be undone."
                return refused(Refused("NOT_FOUND", message, path=("input", "submission")))
            title, changes = await of_submission(doing.connection, number)
    except CannotRevert as error:
        return refused(*error.refusals)
    return await proposals.submit(doing.connection, doing.account, replace(offer, title=title, changes=tuple(changes)))


async def _report_error(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    said = error_reports.ErrorReport(
        given["record"], given["text"], given.get("source"), given.get("on_behalf_of"), given.get("contact")
    )
    return await error_reports.report_error(doing.connection, said)


async def _answer_error(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    report, proposal = number_of(given["report"], "ErrorReport"), None
    if report is None:
        return _unknown(given["report"], "report")
    if given.get("submission") is not None:
        proposal = number_of(given["submission"], "Submission", "P")
        if proposal is None:
            return _unknown(given["submission"])
    return await error_reports.answer_error(
        doing.connection,
        doing.account,
        report,
        str(given["decision"]),
        given["text"],
        proposal=proposal,
        cite=bool(given.get("cite")),
    )


async def _forget_contact(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    report = number_of(given["report"], "ErrorReport")
    if report is None:
        return _unknown(given["report"], "report")
    return await error_reports.forget_contact(doing.connection, doing.account, report)


class Mutation(graphene.ObjectType):
    """What changes the record. It needs a token (Authorization: Bearer …), but for reportError. What is refused changes nothing,
    and says why in refusals.

    Several of these in one request are done one after the other, each by itself. Where one fails (errors), those before it are
    done, and the error's message names them.
    """

    submit = Does(
        SubmitPayload,
        SubmitInput,
        _submit,
        "Propose changes. Machines check them at once; somebody else reviews them; then they are published, all or none.",
    )
    import_sheet = Does(
        SubmitPayload,
        ImportInput,
        _import,
        "Propose what a spreadsheet says: its rows without an id are new records, the others amend theirs, and rows that say"
        " what the record says are left out. All that is wrong is told at once, row by row. Begin with a dry run.",
        prepared=read_sheet,
    )
    comment = Does(SubmitPayload, CommentInput, _comment, "Say something about a submission.")
    review = Does(
        ReviewPayload,
        ReviewInput,
        _review,
        "Accept a submission, reject it, or ask for changes: never one's own. It is published by the acceptance that it"
        " still needs.",
    )
    withdraw = Does(
        SubmitPayload, WithdrawInput, _withdraw, "Take back a submission of one's own that is not decided yet."
    )
    revert = Does(
        SubmitPayload,
        RevertInput,
        _revert,
        "Propose a record as it was at a revision, or to undo a whole submission: by a new submission.",
    )
    report_error = Does(
        ReportErrorPayload,
        ReportErrorInput,
        _report_error,
        "Point out an error in a record. Anybody may, without a token, 10 times an hour; States have the same way in. Reviewers"
        " read it and answer; nothing of it enters the log by itself.",
        public=True,
    )
    answer_error = Does(
        AnswerErrorPayload,
        AnswerErrorInput,
        _answer_error,
        "Answer an error report, or dismiss it, for good. For reviewers.",
    )
    forget_contact = Does(
        ReportErrorPayload,
        ForgetContactInput,
        _forget_contact,
        "Erase where to reach whoever pointed out an error. For reviewers.",
    )
