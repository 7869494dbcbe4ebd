"""Brings the files into the record: one submission of the differences, by the account `seed`, whose are published unreviewed.

What people have changed since is theirs: the seed tells of it and writes nothing over it. What they have retracted, merged or
redacted it never brings back; where a row cites a source that was merged, it is read as citing the one that stays.
"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import orjson

from db.decisions import repointed, survivors
from db.log import Change, Published, alone, publish
from db.signed_note import PrivateKey
from seed.columns import TABLES
from seed.documents import Document, documents
from seed.files import DATA, read

AUTHOR = "seed"

CATALOGUE = ("Article", "Instrument", "Recommendation", "Section")
"""Records that are this project's own coding of the Guidelines: a change of them says nothing about a State."""

TOLD = 20
"""Records left alone that are printed by name."""

Progress = Callable[[str, int, int], None]
"""Told what is under way, and how much of how much is done."""


DECIDED = ("RETRACT", "MERGE", "REDACT")
"""Operations by which people decided that a record is not to be public as it was."""


class LeftAlone(NamedTuple):
    """A record that people changed last and that the files would have otherwise. row_changed: the files' row has changed, too.

    Of a record that people have redacted that is told by what they left, for what the seed wrote may be gone.
    """

    record_id: str
    operation: str
    author: str
    row_changed: bool


class Comparison(NamedTuple):
    """What it takes for the record to say what the files say, in the order to publish it, and what is left to people."""

    changes: list[Change]
    left_alone: list[LeftAlone]


class _Last(NamedTuple):
    """What became of a record last, what it says, and whether it stands."""

    operation: str
    author: str
    document: Document
    stands: bool


def tell(left_alone: Sequence[LeftAlone]) -> None:
    """Prints to standard error what the seed left to people: in a count, and by name where the files' row is another now."""
    changed = [record for record in left_alone if record.row_changed]
    decided = sum(record.operation in DECIDED for record in left_alone)
    lines = [f"  {record.record_id}: last changed by {record.author} ({record.operation})" for record in changed[:TOLD]]
    if len(changed) > TOLD:
        lines.append(f"  … and {len(changed) - TOLD} more")
    if left_alone:
        lines.insert(
            0,
            f"Left as people have made them: {len(left_alone)}; of these, retracted, merged or redacted: {decided};"
            f" rows changed in the files: {len(changed)}",
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
        await alone(connection)
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


async def compare(connection: asyncpg.Connection, wanted: Mapping[str, Document]) -> Comparison:
    """Compares documents by record id, in order of dependency, with what the record says now."""
    led = await survivors(connection)
    wanted = {record_id: repointed(document, led) for record_id, document in wanted.items()}
    last = await _last_revisions(connection, wanted)
    changes: list[Change] = []
    of_others: list[str] = []
    for record_id, document in wanted.items():
        before = last.get(record_id)
        if before is None:
            kind = "RECODED" if last and _is_catalogue(record_id) else "LEARNED"
            changes.append(Change("CREATE", record_id, kind, document))
        elif before.stands and before.document == document:
            continue
        elif before.author != AUTHOR:
            of_others.append(record_id)
        elif not before.stands:
            changes.append(Change("RESTORE", record_id, _kind(record_id), document))
        else:
            changes.append(Change("AMEND", record_id, _kind(record_id, before.document, document), document))
    gone = [record_id for record_id, before in last.items() if record_id not in wanted and before.stands]
    # what cites goes before what it cites
    for record_id in sorted(gone, key=_place, reverse=True):
        before = last[record_id]
        if before.author != AUTHOR:
            of_others.append(record_id)
        else:
            changes.append(Change("RETRACT", record_id, _kind(record_id), before.document))
    return Comparison(changes, await _left_alone(connection, of_others, last, wanted, led))


async def _last_revisions(connection: asyncpg.Connection, wanted: Collection[str]) -> dict[str, _Last]:
    """Of each wanted record and each that the seed has made; what only people have made is not the seed's business."""
    rows = await connection.fetch(
        """
        select last.*, standing.document, standing.stands
        from (select unnest($1::text[]) as record_id
              union select record_id from revision where author = $2 and operation = 'CREATE') known
        cross join lateral (
          select record_id, operation, author from revision
          where record_id = known.record_id order by "position" desc limit 1
        ) last
        cross join lateral (
          select document, operation not in ('RETRACT', 'MERGE') as stands from documents
          where record_id = known.record_id order by "position" desc limit 1
        ) standing
        """,
        list(wanted),
        AUTHOR,
    )
    return {
        row["record_id"]: _Last(row["operation"], row["author"], orjson.loads(row["document"]), row["stands"])
        for row in rows
    }


async def _left_alone(
    connection: asyncpg.Connection,
    record_ids: Collection[str],
    last: Mapping[str, _Last],
    wanted: Mapping[str, Document],
    led: Mapping[str, str],
) -> list[LeftAlone]:
    rows = await connection.fetch(
        """
        select distinct on (d.record_id) d.record_id, d.document
        from documents d join revision r using ("position")
        where r.author = $1 and r.record_id = any ($2)
        order by d.record_id, "position" desc
        """,
        AUTHOR,
        list(record_ids),
    )
    written = {row["record_id"]: repointed(orjson.loads(row["document"]), led) for row in rows}
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


def _silence(what: str, done: int, of: int) -> None:
    """Progress that nobody asked for."""
