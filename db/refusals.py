"""Why a submission, or what is done with one, is refused: data, not an error, with all that is wrong told at once."""

from dataclasses import dataclass
from typing import Any

from db.log import PublicationRefused

OF_CONSTRAINTS = {
    "references_stand": "STILL_CITED",
    "the_survivor_stands": "NOT_FOUND",
    "the_survivor_is_of_the_same_state": "BAD_VALUE",
    "what_is_decided_stays": "ALREADY_DECIDED",
    "others_have_accepted": "NEEDS_SECOND_REVIEW",
}
"""The database's rules whose refusals have a code of their own."""


@dataclass(frozen=True)
class Refusal:
    """code: a word of RefusalCode. path: where in what was sent. row: of the sheet that was sent, the header being row 1.

    Of a conflict, expected is what the base said, found what the record says now, yours what was submitted.
    """

    code: str
    message: str
    record: str | None = None
    field: str | None = None
    expected: Any = None
    found: Any = None
    yours: Any = None
    row: int | None = None
    path: tuple[str, ...] = ()


def of_publication(error: PublicationRefused) -> Refusal:
    """What the database found when the changes were tried out."""
    return Refusal(
        OF_CONSTRAINTS.get(error.constraint or "", "BAD_VALUE"), f"{error}".rstrip(".") + ".", error.record_id
    )
