"""Plans: what publishing a submission would do, change by change."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from db.canonical import canonical
from db.log import Change
from db.offers import Document
from db.refusals import Refusal


@dataclass(frozen=True)
class PlannedChange:
    """base: the number of the revision that it goes on top of, and position_before its position; moved: the base that was given,
    where that is an earlier one. given: of an AMEND the fields offered; None where the record's own rules make it."""

    operation: str
    record_type: str
    record_id: str
    kind: str
    document: Document
    before: Document | None = None
    base: int | None = None
    position_before: int | None = None
    given: Document | None = None
    merged_into: str | None = None
    citations: tuple[Document, ...] = ()
    place: int = 0
    row: int | None = None
    moved: int | None = None

    def change(self) -> Change:
        return Change(self.operation, self.record_id, self.kind, self.document, merged_into=self.merged_into)


@dataclass(frozen=True)
class Plan:
    """What would be published. unchanged: how many of the changes offered say what the record says already."""

    changes: Sequence[PlannedChange] = ()
    unchanged: int = 0
    refusals: Sequence[Refusal] = ()
    warnings: Sequence[Refusal] = ()
    second_reviews: Sequence[str] = ()

    @property
    def hash(self) -> str:
        """Of exactly what the log would say: equal hashes, equal results."""
        told = hashlib.sha256()
        for one in self.changes:
            number = (one.base or 0) + 1
            said = [one.operation, one.record_id, one.kind, number, one.merged_into, one.document]
            told.update(canonical(said) + b"\n")
        return told.hexdigest()

    @property
    def rebased(self) -> str | None:
        """Which changes were put on top of later ones, for the log; None where none was."""
        moved = [
            f"{one.record_id} from revision {one.moved} to {one.base}" for one in self.changes if one.moved is not None
        ]
        return f"(Put on top of later changes: {', '.join(moved)}.)" if moved else None
