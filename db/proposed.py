"""A change as it is proposed, before anybody has looked at it: what the machine checks are about."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Proposed:
    """One change of a submission. before: what the record says now, null where it is new; document: what it is to say, whole."""

    place: int  # among the submission's changes, counted from 0
    operation: str  # CREATE, AMEND, RETRACT, RESTORE, MERGE, REDACT
    record_id: str  # "Measure:PHL-0007"
    record_type: str  # "MEASURE"
    kind: str  # STATE_ACTED, LEARNED, CORRECTED, RECODED
    before: dict[str, Any] | None
    document: dict[str, Any]
    new: bool

    @property
    def says_something(self) -> bool:
        """Whether its document is to be read from now on, as not that of a record that is retracted, merged or redacted."""
        return self.operation in ("CREATE", "AMEND", "RESTORE")

    def changes(self, *fields: str) -> bool:
        """Whether it makes one of these fields say something else than before."""
        before = self.before or {}
        return self.new or any(self.document.get(field) != before.get(field) for field in fields)
