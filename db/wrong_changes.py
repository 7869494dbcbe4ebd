"""What can be wrong with a change that somebody offers, before and after its record is looked up."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from db.offers import OfferedChange
from db.record_ids import TYPES, WELL_FORMED
from db.refusals import Refusal
from db.standing import Standing

OF_A_CHANGE = {"operation", "recordType", "recordId", "baseRevision", "kind", "document", "mergeInto", "citations"}
"""The fields of ChangeInput: what else is wrong stands in its document."""

MOST_TOLD = 100
"""Refusals of one change that are told."""


class Unfit(Exception):
    """One change that cannot be, with every reason."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__()
        self.refusals = refusals


def wrong_change(one: OfferedChange) -> Iterator[Refusal]:
    """What can be said of a change without looking anything up."""
    if one.operation == "REDACT":
        yield Refusal(
            "BAD_VALUE",
            "Words are redacted by whoever keeps the record (opsc redact), at once: write to them.",
            one.record_id,
            "operation",
        )
        return
    if one.record_id is not None:
        if not WELL_FORMED.fullmatch(one.record_id):
            message = f"An id is a type and a name, like Measure:PHL-0007; this is {shown(one.record_id)}."
            yield Refusal("BAD_VALUE", message, None, "recordId", "Measure:PHL-0007", one.record_id)
        elif one.record_id.partition(":")[0] != TYPES[one.record_type]:
            message = f"{one.record_id} is no {TYPES[one.record_type]}: let recordType and recordId agree."
            yield Refusal("BAD_VALUE", message, one.record_id, "recordType", TYPES[one.record_type], one.record_id)
    elif one.operation != "CREATE":
        message = f"{one.operation} needs the recordId of the record that it is about."
        yield Refusal("BAD_VALUE", message, None, "recordId")
    if one.operation == "CREATE" and one.base is not None:
        message = "A new record has no base revision: leave baseRevision out, or amend the record that is there."
        yield Refusal("BAD_VALUE", message, one.record_id, "baseRevision", None, one.base)
    if one.operation != "CREATE" and one.base is not None and one.base < 1:
        message = f"Revisions are numbered from 1; this baseRevision is {one.base}."
        yield Refusal("BAD_VALUE", message, one.record_id, "baseRevision", 1, one.base)
    if one.operation != "CREATE" and one.base is None:
        message = (
            f"{one.operation} needs baseRevision: the number of the record's revision that you looked at (revision {{"
            f" number }})."
        )
        yield Refusal("BAD_VALUE", message, one.record_id, "baseRevision")
    if one.operation in ("CREATE", "AMEND") and not isinstance(one.document, dict):
        message = f'{one.operation} needs a document, as {{"title": "…"}}: of a new record all it says, of another what changes.'
        yield Refusal("BAD_VALUE", message, one.record_id, "document")
    if one.operation not in ("CREATE", "AMEND") and one.document is not None:
        message = f"{one.operation} takes the record as it is: leave document out."
        yield Refusal("BAD_VALUE", message, one.record_id, "document")
    if (one.operation == "MERGE") != (one.merge_into is not None):
        message = "MERGE, and nothing else, needs mergeInto: the id of the record that stays."
        yield Refusal("BAD_VALUE", message, one.record_id, "mergeInto", None, one.merge_into)


def require_state(one: OfferedChange, record_id: str, stands: Standing) -> None:
    if one.base is not None and one.base > stands.revisions:
        message = f"{record_id} has {stands.revisions} revisions, and none is numbered {one.base}."
        raise Unfit(Refusal("BAD_VALUE", message, record_id, "baseRevision", stands.number, one.base))
    if stands.operation == "MERGE":
        message = f"{record_id} was merged into {stands.merged_into}: change that."
        raise Unfit(Refusal("CONFLICT", message, record_id, "recordId", None, stands.merged_into, record_id))
    if (stands.operation == "RETRACT") != (one.operation == "RESTORE"):
        told = (
            "was retracted: restore it first"
            if stands.operation == "RETRACT"
            else "stands: there is nothing to restore"
        )
        raise Unfit(
            Refusal("CONFLICT", f"{record_id} {told}.", record_id, "operation", None, stands.operation, one.operation)
        )


def not_there(record_id: str) -> Refusal:
    return Refusal("NOT_FOUND", f"{record_id} is not in the record: look the id up, or create it.", record_id)


def moved_on(record_id: str, base: int, number: int) -> Refusal:
    message = (
        f"{record_id} was changed after revision {base}, on which this was decided: look at revision {number}, and decide"
        f" again."
    )
    return Refusal("CONFLICT", message, record_id, "baseRevision", base, number, base)


def no_source(one: OfferedChange, record_id: str | None) -> Refusal:
    why = (
        "says what is new, and so needs a citation that is new"
        if one.operation == "AMEND"
        else "needs a citation: where its grounds stand"
    )
    return Refusal("MISSING_SOURCE", f"This {one.operation} of {record_id} {why}.", record_id, "citations")


def of_fault(one: OfferedChange, fault: Any, within: str = "document") -> Refusal:
    uncited = fault.field == "citations" and not (one.document or {}).get("citations")
    code = "MISSING_SOURCE" if uncited else "BAD_VALUE"
    return Refusal(code, fault.message, one.record_id, fault.field, fault.expected, fault.found, path=(within,))


def repeated(offered: Sequence[OfferedChange]) -> Iterator[Refusal]:
    counted = Counter(one.record_id for one in offered if one.record_id)
    for place, one in enumerate(offered):
        if one.record_id and counted[one.record_id] > 1:
            counted[one.record_id] = 0
            message = f"{one.record_id} is changed more than once in this submission: put it into one change."
            yield placed(Refusal("BAD_VALUE", message, one.record_id, "recordId"), place, one)


def placed(refusal: Refusal, place: int, one: OfferedChange) -> Refusal:
    field = [refusal.field] if refusal.field else []
    inside = refusal.path or (() if not field or field[0] in OF_A_CHANGE else ("document",))
    path = ("input", "changes", str(place), *inside, *field)
    return replace(refusal, path=path, row=one.row)


def shown(value: Any) -> str:
    """A value in a sentence, not at length."""
    text = str(value)
    return f"“{text if len(text) <= 60 else f'{text[:57]}…'}”"
