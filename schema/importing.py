"""Imports: a spreadsheet's rows become the changes of a submission, and what is refused of them is told by row and column."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import graphene

from db.offers import OfferedChange
from db.refusals import Refusal
from schema.spreadsheet.columns import CITATION_NOTES, LOCATORS, SHEETS, SOURCES
from schema.spreadsheet.columns import Sheet as Columns
from schema.spreadsheet.parse import parse
from schema.spreadsheet.read import LARGEST_FILE, MOST_ROWS
from schema.spreadsheet.rows import Row
from schema.vocabulary import ChangeKind, Sheet

MOST_TOLD = 5_000
"""Faults of one file: whoever sent a sheet with more has one that is wrong throughout."""

CONTENT = ("input", "content")

HEADER = 1
"""Its row."""

CITED = re.compile(r"citations(?:\[\d+\](?:\.(source|locator|note))?)?")
CITATION_COLUMNS = {"locator": LOCATORS.name, "note": CITATION_NOTES.name}

IDENTITY = {"recordId", "recordType", "operation"}
"""What a row says by its id alone."""


class ImportInput(graphene.InputObjectType):
    """A spreadsheet whose rows are to be published together, or not at all."""

    key = graphene.ID(
        required=True,
        description="A UUID of yours. Sent again with the same content, it answers the same and submits nothing twice; with other "
        "content it is refused. A dry run uses none up.",
    )
    title = graphene.String(required=True, description="What it is, in a line.")
    reason = graphene.String(required=True, description="Why, in public: it stands in the log for good.")
    internal_note = graphene.String(description="For reviewers alone.")
    sheet = Sheet(required=True, description="What its rows are.")
    content = graphene.String(
        required=True,
        description=f"The file's bytes in base64: CSV in UTF-8, separated by commas, semicolons or tabs, or XLSX. At most"
        f" {LARGEST_FILE // 1_000_000} MB and {MOST_ROWS:,} rows.",
    )
    kind = ChangeKind(
        description="Why the records change whose rows say no changeKind. When it is left out: LEARNED for new records, CORRECTED"
        " for others. What was learned of a record that is there, or what a State did, needs a citation that is new in its row."
    )
    rebase = graphene.Boolean(
        description="true: where a record was changed since its row was exported, but not in the fields that the row changes, put"
        " the change on top of it; the log says so."
    )
    dry_run = graphene.Boolean(description="true: check everything, answer with the plan, keep nothing.")
    plan_hash = graphene.String(
        description="The hash of the plan that you looked at: exactly that is submitted, or nothing."
    )
    submission = graphene.ID(
        description="A submission of yours that is still open: this takes the place of what it said, and its thread goes on."
    )


@dataclass(frozen=True)
class Read:
    """What was sent, and the changes that its file comes to. Where there are refusals, nothing is to be done of it: changes are
    then of the rows without faults, and half_read of the others, with what could be read of them."""

    given: Mapping[str, Any]
    changes: Sequence[OfferedChange] = ()
    refusals: Sequence[Refusal] = ()
    half_read: Sequence[OfferedChange] = ()


def read_sheet(given: Mapping[str, Any]) -> Read:
    """given: an ImportInput. It takes a second for 10,000 rows."""
    try:
        content = base64.b64decode(given["content"], validate=True)
    except (binascii.Error, ValueError):
        message = "content is not in base64: send the file's bytes so, without line breaks."
        return Read(given, refusals=[Refusal("BAD_VALUE", message, path=CONTENT)])
    sheet = SHEETS[str(given["sheet"]).lower().replace("_", "-")]
    parsed = parse(content, sheet)
    kind = given.get("kind")
    changes = [_offered(sheet, row, None if kind is None else str(kind)) for row in parsed.rows]
    if parsed.faults:
        faults = [
            Refusal(
                "BAD_VALUE",
                str(fault),
                field=fault.column,
                expected=fault.expected,
                found=fault.value,
                row=fault.row,
                path=CONTENT,
            )
            for fault in parsed.faults
        ]
        wrong = {fault.row for fault in parsed.faults}
        if HEADER in wrong:  # no row says all that it was meant to
            return Read(given, (), faults, changes)
        read = [one for one in changes if one.row not in wrong]
        return Read(given, read, faults, [one for one in changes if one.row in wrong])
    return Read(given, changes)


def in_the_sheet(
    refusals: Sequence[Refusal], changes: Sequence[OfferedChange], faults: Sequence[Refusal] = ()
) -> Sequence[Refusal]:
    """The refusals of what the rows come to, with the rows and columns that they are about; faults: what could not be read of
    them, row by row with the others."""
    rows = {one.record_id: one.row for one in changes if one.record_id}
    found = [*faults, *(_placed(refusal, rows) for refusal in refusals)]
    return _bounded(sorted(found, key=lambda one: one.row or 0) if faults else found)


def _offered(sheet: Columns, row: Row, kind: str | None) -> OfferedChange:
    operation, usual = ("CREATE", "LEARNED") if row.record_id is None else ("AMEND", "CORRECTED")
    return OfferedChange(
        operation,
        sheet.record_type,
        row.record_id,
        row.base_revision,
        row.kind or kind or usual,
        row.document,
        row=row.number,
    )


def _placed(refusal: Refusal, rows: Mapping[str, int | None]) -> Refusal:
    row = refusal.row or rows.get(refusal.record or "")
    field = (
        "id" if refusal.code == "NOT_FOUND" and row is not None and refusal.field is None else _column(refusal.field)
    )
    of_changes = row is not None or refusal.path[:2] == ("input", "changes")
    return replace(refusal, row=row, field=field, path=CONTENT if of_changes else refusal.path)


def _column(field: str | None) -> str | None:
    """The column that holds a field of a document: citations[0].locator is in locators, recommendations[1] in recommendations."""
    if field is None:
        return None
    if field in IDENTITY:
        return "id"
    if cited := CITED.fullmatch(field):
        return CITATION_COLUMNS.get(cited[1] or "", SOURCES.name)
    return field.partition("[")[0]


def _bounded(refusals: Sequence[Refusal]) -> Sequence[Refusal]:
    if len(refusals) <= MOST_TOLD:
        return refusals
    left = len(refusals) - MOST_TOLD
    message = f"And {left:,} more of the kind: correct these first, and send the file again."
    return [*refusals[:MOST_TOLD], Refusal("BAD_VALUE", message, path=CONTENT)]
