"""Undoing: what to offer so that a record is again as a revision left it, or so that a whole submission is undone."""

from collections.abc import Sequence

import asyncpg
import orjson

from db.log import alone
from db.offers import Citing, Document, OfferedChange
from db.record_ids import TYPES
from db.refusals import Refusal

NO_MORE = ("RETRACT", "MERGE")


class CannotRevert(Exception):
    """With every reason."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__()
        self.refusals = refusals


async def of_revision(connection: asyncpg.Connection, position: int) -> tuple[str, list[OfferedChange]]:
    """A title, and the change that makes its record say again what it said at this revision. Raises CannotRevert."""
    await alone(connection)
    row = await connection.fetchrow('select record_id, number, operation from revision where "position" = $1', position)
    if row is None:
        raise CannotRevert(_missing(f"Revision:{position}", "revision"))
    if row["operation"] == "REDACT":
        message = f"Revision {position} is a redaction, which cannot be undone: name the revision that the record should be as."
        raise CannotRevert(Refusal("BAD_VALUE", message, row["record_id"], path=("input", "revision")))
    changes = await _back(connection, [row["record_id"]], position)
    return f"{row['record_id']} as it was at revision {row['number']}", changes


async def of_submission(connection: asyncpg.Connection, submission: int) -> tuple[str, list[OfferedChange]]:
    """A title, and the changes that make all its records as they were before it. Raises CannotRevert."""
    await alone(connection)
    if await connection.fetchval("select author = 'seed' from submission where id = $1", submission):
        message = "What the files published is not undone as a whole: revert single records, or amend them."
        raise CannotRevert(Refusal("BAD_VALUE", message, path=("input", "submission")))
    rows = await connection.fetch(
        'select record_id, "position", number, operation from revision where submission_id = $1 order by "position"',
        submission,
    )
    title = await connection.fetchval("select title from submission where id = $1", submission)
    if title is None:
        raise CannotRevert(_missing("that submission", "submission"))
    ids = list(dict.fromkeys(row["record_id"] for row in rows))
    last = max(row["position"] for row in rows)
    later = await connection.fetch(
        """
        select distinct record_id, operation from revision
        where record_id = any ($1) and "position" > $2 and operation <> 'REDACT' order by 1
        """,
        ids,
        last,
    )
    refusals = [
        Refusal(
            "CONFLICT",
            f"{row['record_id']} was changed again since: undo that first, or revert the other records one by one.",
            row["record_id"],
            path=("input", "submission"),
        )
        for row in later
    ]
    refusals += [
        Refusal(
            "BAD_VALUE",
            f"{row['record_id']} was {'merged' if row['operation'] == 'MERGE' else 'redacted'} by it, which cannot be undone.",
            row["record_id"],
            path=("input", "submission"),
        )
        for row in rows
        if row["operation"] in ("MERGE", "REDACT")
    ]
    if refusals:
        raise CannotRevert(*refusals)
    return f"Undoing “{title}”", await _back(connection, ids, rows[0]["position"] - 1)


async def _back(connection: asyncpg.Connection, ids: Sequence[str], position: int) -> list[OfferedChange]:
    """From what each record says now to what it said at a position; new ones are retracted before what they cite."""
    rows = await connection.fetch(
        """
        select id as record_id, now.record_type, now.number, now.operation,
               coalesce(now.document, left_of(now."position")) as document,
               past.operation as operation_then, coalesce(past.document, left_of(past."position")) as document_then
        from unnest($1::text[]) with ordinality as i(id, place)
        join lateral (select * from revision r where r.record_id = id and r.operation <> 'REDACT'
                      order by r."position" desc limit 1) now on true
        left join lateral (select * from revision r where r.record_id = id and r.operation <> 'REDACT' and r."position" <= $2
                           order by r."position" desc limit 1) past on true
        order by place desc
        """,
        ids,
        position,
    )
    return [change for row in rows for change in _changes(row)]


def _changes(row: asyncpg.Record) -> list[OfferedChange]:
    stood = row["operation_then"] is not None and row["operation_then"] not in NO_MORE
    stands = row["operation"] not in NO_MORE
    document: Document = orjson.loads(row["document"])
    record_type, record_id, base = row["record_type"], row["record_id"], row["number"]
    assert TYPES[record_type] == record_id.partition(":")[0]
    citations = tuple(
        Citing(f"Source:{one['source']}", None, one["locator"], one["note"])
        for one in (document.get("citations") or [])
    )
    if row["operation"] == "MERGE":
        message = f"{record_id} was merged into another record, which cannot be undone."
        raise CannotRevert(Refusal("BAD_VALUE", message, record_id, path=("input", "revision")))
    if stands and not stood:
        return [OfferedChange("RETRACT", record_type, record_id, base, "CORRECTED", citations=citations)]
    if not stands and stood:
        return [OfferedChange("RESTORE", record_type, record_id, base, "CORRECTED", citations=citations)]
    if not stands:
        return []
    then: Document = orjson.loads(row["document_then"])
    changed = {key: value for key, value in then.items() if document.get(key) != value}
    return [OfferedChange("AMEND", record_type, record_id, base, "CORRECTED", changed)] if changed else []


def _missing(what: str, path: str) -> Refusal:
    return Refusal("NOT_FOUND", f"There is no {what} in the log.", path=("input", path))
