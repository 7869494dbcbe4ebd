"""What became of something that somebody asked to be done with a submission."""

from collections.abc import Sequence
from dataclasses import dataclass

from db.log import Published
from db.refusals import Refusal


@dataclass(frozen=True)
class Outcome:
    """proposal and round: what was planned, None where nothing was. kept: whether it is still there after the transaction.
    report: the error report that it is about. repeated: it was there already, and nothing was changed."""

    proposal: int | None = None
    round: int | None = None
    refusals: Sequence[Refusal] = ()
    published: Published | None = None
    kept: bool = True
    report: int | None = None
    repeated: bool = False


def refused(*refusals: Refusal) -> Outcome:
    return Outcome(refusals=refusals, kept=False)


def unknown(proposal: int) -> Refusal:
    message = f"There is no Submission:P{proposal}: submissions lists those that there are."
    return Refusal("NOT_FOUND", message, path=("input", "submission"))


def forbidden(message: str) -> Refusal:
    return Refusal("FORBIDDEN", message, path=("input", "submission"))


def decided(proposal: int, state: str) -> Refusal:
    message = f"Submission:P{proposal} is decided: it is {state}, and stays so."
    return Refusal("ALREADY_DECIDED", message, found=state, path=("input", "submission"))
