"""What somebody offers: changes as they were written, before anything was looked up."""

from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]


@dataclass(frozen=True)
class Citing:
    """Where a change's grounds stand: in a source of the record, by id, or in a new one, by its document."""

    source: str | None = None
    new_source: Document | None = None
    locator: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class OfferedChange:
    """base: the number of the revision that it was written on. document: of a CREATE the whole, of an AMEND the fields that change.
    row: of a sheet. assigned: a new record's id was given here, when it was submitted."""

    operation: str
    record_type: str
    record_id: str | None
    base: int | None
    kind: str
    document: Document | None = None
    merge_into: str | None = None
    citations: tuple[Citing, ...] = ()
    row: int | None = None
    assigned: bool = False


@dataclass(frozen=True)
class Offer:
    """key: the client's, so that sending it twice submits it once. replaces: the proposal that it is the next round of.
    made_of: what
    the changes were worked out from, where the client did not send them."""

    key: str
    title: str
    reason: str
    changes: tuple[OfferedChange, ...]
    internal_note: str | None = None
    rebase: bool = False
    replaces: int | None = None
    made_of: str | None = None
