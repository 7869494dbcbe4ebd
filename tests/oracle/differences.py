"""What became of each record between two positions, told from the list of its revisions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from db.vocabulary import ChangeKind
from tests.oracle.answers import ANY
from tests.oracle.filters import matches
from tests.oracle.log import LEAVES_NOTHING, Log, Reading, Revision, Told
from tests.oracle.paging import Listed
from tests.oracle.resolvers import changed


def ends(source: Reading, given: Mapping[str, Any]) -> Reading:
    """The reading at which a difference ends."""
    log, moment, position = source.log, given.get("to"), given.get("toPosition")
    if moment is None and position is None:
        return source
    if moment is None:
        assert position is not None
        return log.at(position, log.revisions[position - 1].recorded_at.date())
    known = datetime.fromisoformat(moment)
    return log.at(_known_at(log, known), known.date())


def differing(given: Mapping[str, Any]) -> Listed:
    """What `diff` lists: each record that differs, the latest change first."""

    def rows(source: Reading, reading: Reading) -> Sequence[dict[str, Any]]:
        moment, position = given.get("from"), given.get("fromPosition")
        start = (position or 0) if moment is None else _known_at(source.log, datetime.fromisoformat(moment))
        found = (_difference(reading, start, revisions, given.get("filter")) for revisions in _of_records(reading))
        return [one for one in found if one]

    return Listed(rows, default=[(lambda difference: difference["after"].revision.position, True)])


def _known_at(log: Log, moment: datetime) -> int:
    return sum(one.recorded_at <= moment for one in log.revisions)


def _of_records(reading: Reading) -> list[list[Revision]]:
    found = ([one for one in of if one.position <= reading.position] for of in reading.log.of_record.values())
    return [of for of in found if of]


def _difference(
    reading: Reading, start: int, revisions: Sequence[Revision], fitting: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Of one record, by its revisions up to the end; None where it is as it was, or no revision in between fits."""
    between = [one for one in revisions if one.position > start]
    if not any(matches("ChangeFilter", fitting, Told(reading, one)) for one in between):
        return None
    after, redacted = between[-1], any(one.operation == "REDACT" for one in between)
    before, last = (
        next((one for one in reversed(revisions) if one.position <= end and one.operation != "REDACT"), None)
        for end in (start, after.position)
    )
    assert last
    was, is_now = (bool(one and one.operation not in LEAVES_NOTHING) for one in (before, last))
    said, says = reading.log.left(before) if before else None, reading.log.left(last)
    if was != is_now:
        operation = last.operation if was else "RESTORE" if before else "CREATE"
    elif was and said != says:
        operation = "AMEND"
    elif before and redacted:
        operation = "REDACT"
    else:
        return None
    kinds = {one.kind for one in between}
    return {
        "recordType": after.record_type,
        "recordId": after.record_id,
        "operation": operation,
        "kinds": [kind for kind in ChangeKind if kind in kinds],
        "fieldChanges": changed(said, says),
        "sentence": ANY,
        "before": Told(reading, before) if before else None,
        "after": Told(reading, after),
    }
