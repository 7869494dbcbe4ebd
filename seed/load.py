"""Brings the files into the record: one submission of the differences, by the account `seed`, whose are published unreviewed.

What people have changed since is theirs: the seed tells of it and writes nothing over it.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import orjson

from db.log import PUBLISHING_TIMEOUT, Change, Published, publish
from db.signed_note import PrivateKey
from seed.columns import TABLES
from seed.documents import Document, documents
from seed.files import DATA, read

AUTHOR = "seed"

CATALOGUE = ("Article", "Instrument", "Recommendation", "Section")
"""Records that are this project's own coding of the Guidelines: a change of them says nothing about a State."""

TOLD = 20
"""Records left alone that are printed by name."""

PATIENCE = 2 * PUBLISHING_TIMEOUT
"""Seconds to wait for other publications under way: another machine's first seeding is one."""

Progress = Callable[[str, int, int], None]
"""Told what is under way, and how much of how much is done."""


class LeftAlone(NamedTuple):
    """A record that people changed last and that the files would have otherwise. row_changed: the files' row has changed, too."""

    record_id: str
    operation: str
    author: str
    row_changed: bool


class Comparison(NamedTuple):
    """What it takes for the record to say what the files say, in the order to publish it, and what is left to people."""

    changes: list[Change]
    left_alone: list[LeftAlone]


class _Last(NamedTuple):
    """The last revision of a record; document: None once redacted."""

    operation: str
    author: str
    document: Document | None


def tell(left_alone: Sequence[LeftAlone]) -> None:
    """Prints to standard error what the seed left to people: in a count, and by name where the files' row has changed too."""
    changed = [record for record in left_alone if record.row_changed]
    lines = [f"  {record.record_id}: last changed by {record.author} ({record.operation})" for record in changed[:TOLD]]
    if len(changed) > TOLD:
        lines.append(f"  … and {len(changed) - TOLD} more")
    if left_alone:
        lines.insert(
            0, f"Left as people have made them: {len(left_alone)}; of these, rows changed in the files: {len(changed)}"
        )
    for line in lines:
        print(line, file=sys.stderr)


async def seed(
    connection: asyncpg.Connection,
    progress: Progress | None = None,
    folder: Path = DATA,
    report: Callable[[Sequence[LeftAlone]], None] = tell,
    signer: PrivateKey | None = None,
) -> Published | None:
    """Publishes what differs between the folder and the record; None, and nothing is written, where nothing does.

    Raises seed.files.BadFiles for a folder with faults and db.log.PublicationRefused; nothing is half-loaded then.
    """
    step = progress or _silence
    step("reading the files", 0, 1)
    files = read(folder)
    step("reading the files", 1, 1)
    async with connection.transaction(isolation="read_committed"):
        await _alone(connection)
        comparison = await compare(connection, documents(files))
        report(comparison.left_alone)
        count = len(comparison.changes)
        if not count:
            return None
        step("publishing", 0, count)
        published = await publish(
            connection,
            title=f"The seed: {count} changes",
            reason=f"From the files of seed/data (sha256sum *.csv | sha256sum: {files.digest})",
            author=AUTHOR,
            reviewer=None,
            changes=comparison.changes,
            signer=signer,
        )
    step("publishing", count, count)
    return published


async def _alone(connection: asyncpg.Connection) -> None:
    """Waits for the log's own lock: what people publish between comparing and publishing would be overwritten unseen."""
    await connection.execute(f"set local statement_timeout = {PATIENCE * 1000:.0f}")
    await connection.execute("select pg_advisory_xact_lock(2019, 156)", timeout=PATIENCE + 5)


async def compare(connection: asyncpg.Connection, wanted: Mapping[str, Document]) -> Comparison:
    """Compares documents by record id, in order of dependency, with what the record says now."""
    last = await _last_revisions(connection, wanted)
    changes: list[Change] = []
    of_others: list[str] = []
    for record_id, document in wanted.items():
        before = last.get(record_id)
        if before is None:
            kind = "RECODED" if last and _is_catalogue(record_id) else "LEARNED"
            changes.append(Change("CREATE", record_id, kind, document))
        elif before.operation not in ("RETRACT", "MERGE") and before.document == document:
            continue
        elif before.author != AUTHOR:
            of_others.append(record_id)
        elif before.operation == "RETRACT":
            changes.append(Change("RESTORE", record_id, _kind(record_id), document))
        else:
            changes.append(Change("AMEND", record_id, _kind(record_id, before.document, document), document))
    gone = [
        record_id for record_id, before in last.items() if record_id not in wanted and before.operation != "RETRACT"
    ]
    # what cites goes before what it cites
    for record_id in sorted(gone, key=_place, reverse=True):
        before = last[record_id]
        if before.author != AUTHOR:
            of_others.append(record_id)
        elif before.document is not None:
            changes.append(Change("RETRACT", record_id, _kind(record_id), before.document))
    return Comparison(changes, await _left_alone(connection, of_others, last, wanted))


async def _last_revisions(connection: asyncpg.Connection, wanted: Collection[str]) -> dict[str, _Last]:
    """Of each wanted record and each that the seed has made; what only people have made is not the seed's business."""
    rows = await connection.fetch(
        """
        select last.*
        from (select unnest($1::text[]) as record_id
              union select record_id from revision where author = $2 and operation = 'CREATE') known
        cross join lateral (
          select record_id, operation, author, document from revision
          where record_id = known.record_id order by "position" desc limit 1
        ) last
        """,
        list(wanted),
        AUTHOR,
    )
    return {row["record_id"]: _Last(row["operation"], row["author"], _parsed(row["document"])) for row in rows}


async def _left_alone(
    connection: asyncpg.Connection,
    record_ids: Collection[str],
    last: Mapping[str, _Last],
    wanted: Mapping[str, Document],
) -> list[LeftAlone]:
    rows = await connection.fetch(
        "select distinct on (record_id) record_id, document from revision where author = $1 and record_id = any($2)"
        ' order by record_id, "position" desc',
        AUTHOR,
        list(record_ids),
    )
    written = {row["record_id"]: _parsed(row["document"]) for row in rows}
    left_alone = []
    for record_id in record_ids:
        row_changed = written.get(record_id) != wanted.get(record_id)
        left_alone.append(LeftAlone(record_id, last[record_id].operation, last[record_id].author, row_changed))
    return left_alone


def _kind(record_id: str, before: Document | None = None, after: Document | None = None) -> str:
    """RECODED: our catalogue or coding changed; LEARNED: only what was unknown is told; CORRECTED: we had it wrong."""
    if _is_catalogue(record_id):
        return "RECODED"
    if before is None or after is None:
        return "CORRECTED"
    changed = [field for field in after if after[field] != before.get(field)]
    if changed == ["recommendations"]:
        return "RECODED"
    return "LEARNED" if all(_adds(before.get(field), after[field]) for field in changed) else "CORRECTED"


def _is_catalogue(record_id: str) -> bool:
    return record_id.partition(":")[0] in CATALOGUE


def _adds(before: Any, after: Any) -> bool:
    if isinstance(before, list):
        return isinstance(after, list) and all(one in after for one in before)
    return before is None


def _place(record_id: str) -> tuple[int, str]:
    """Sorts a record after all that it may refer to; of sections, those below after those above ("III" before "III.A")."""
    kind, _, key = record_id.partition(":")
    return [table.record for table in TABLES].index(kind), key


def _parsed(document: str | None) -> Document | None:
    return None if document is None else orjson.loads(document)


def _silence(what: str, done: int, of: int) -> None:
    """Progress that nobody asked for."""
