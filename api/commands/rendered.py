"""Submissions, plans and refusals as lines of text, for a terminal, a file or a letter."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from db.documents import FIELDS

Data = Mapping[str, Any]

PLAN = """
hash added changed unchanged
differences { operation recordType recordId kinds fieldChanges { field before after } }
warnings { message record row field }
"""
"""What lines_of_plan() needs of a Plan, in GraphQL."""

SUBMISSION = f"""
id title reason internalNote state author submittedAt needs
plan {{ {PLAN} }}
reviews {{ reviewer decision text at }}
comments {{ author text at }}
"""
"""What lines_of_submission() needs of a Submission."""

REFUSAL = "code message path record row field expected found yours"
"""What lines_of_refusals() needs of a Refusal."""

SIGNS = {"CREATE": "+", "RESTORE": "+", "AMEND": "~", "RETRACT": "-", "MERGE": "-"}
TOLD = {"CREATE": "new", "RESTORE": "back", "AMEND": "changed", "RETRACT": "retracted", "MERGE": "merged"}


PLACES = {record_type: {field: place for place, field in enumerate(fields)} for record_type, fields in FIELDS.items()}
"""In which order documents say their fields."""


def lines_of_plan(plan: Data) -> Iterator[str]:
    """What it would do, record by record, what it leaves as it is, and what to look at."""
    for difference in plan["differences"]:
        yield from _difference(difference)
    yield f"{plan['added']:,} new, {plan['changed']:,} changed, {plan['unchanged']:,} unchanged."
    if plan["warnings"]:
        yield ""
        yield "Look at:"
        yield from (f"  {_placed(warning)}" for warning in plan["warnings"])


def lines_of_submission(submission: Data) -> Iterator[str]:
    yield f"{submission['id']}: {inset(submission['title'])}"
    yield f"{submission['state']}, submitted by {inset(submission['author'])} on {moment(submission['submittedAt'])}"
    yield f"Reason: {inset(submission['reason'])}"
    if submission["internalNote"]:
        yield f"For reviewers alone: {inset(submission['internalNote'])}"
    for need in submission["needs"]:
        yield f"Needs: {need}"
    if plan := submission["plan"]:
        yield ""
        yield from lines_of_plan(plan)
    if submission["reviews"] or submission["comments"]:
        yield ""
    said = [(one["at"], f"{one['reviewer']}: {one['decision']}", one["text"]) for one in submission["reviews"]]
    said += [(one["at"], one["author"], one["text"]) for one in submission["comments"]]
    for at, who, text in sorted(said, key=lambda one: one[0]):
        yield f"{moment(at)} {who}" + (f": {inset(text)}" if text else "")


def lines_of_refusals(refusals: Iterable[Data]) -> Iterator[str]:
    """What is wrong, with the place in a sheet, and both sides of a conflict."""
    for refusal in refusals:
        yield _placed(refusal)
        if refusal["code"] == "CONFLICT" and refusal["yours"] is not None and refusal["found"] != refusal["yours"]:
            sides = ("expected", "it said"), ("found", "it says now"), ("yours", "yours")
            yield from (f"    {told}: {_value(refusal[side])}" for side, told in sides)


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of equal width, the last one as long as it is."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def moment(at: str) -> str:
    """When, as people read it."""
    return f"{at[:10]} {at[11:16]} UTC"


def inset(text: str) -> str:
    """Texts of others hold nothing that a terminal would take for an order; further lines stand below the first."""
    plain = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    return plain.replace("\n", "\n      ")


def _difference(difference: Data) -> Iterator[str]:
    operation, places = difference["operation"], PLACES[difference["recordType"]]
    yield f"{SIGNS[operation]} {difference['recordId']} ({TOLD[operation]}, {', '.join(difference['kinds'])})"
    for change in sorted(difference["fieldChanges"], key=lambda one: places[one["field"]]):
        if operation == "CREATE":
            yield f"    {change['field']}: {_value(change['after'])}"
        else:
            yield f"    {change['field']}: {_value(change['before'])} → {_value(change['after'])}"


def _value(value: Any) -> str:
    """A value of a document as it is written in JSON, but for texts, which need no such help."""
    if value is None or value == []:
        return "nothing"
    if isinstance(value, str):
        return f"“{inset(value)}”"
    if isinstance(value, list):
        return "; ".join(_citation(one) if isinstance(one, dict) else str(one) for one in value)
    return orjson.dumps(value).decode()


def _citation(citation: Data) -> str:
    if "source" not in citation:
        return orjson.dumps(citation).decode()
    locator, note = citation.get("locator"), citation.get("note")
    return f"{citation['source']}{f', {inset(locator)}' if locator else ''}{f' ({inset(note)})' if note else ''}"


def _placed(told: Data) -> str:
    """The message, after the row and column that it does not name itself."""
    message = inset(told["message"])
    if told["row"] is None or message.startswith("Row "):
        return message
    column = f", column {told['field']}" if told["field"] else ""
    return f"Row {told['row']}{column}: {message}"
