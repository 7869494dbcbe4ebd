"""The record as one file, and a record made from it again: the log and what people said, nothing that is kept from the log.

So it can be restored by later programs and on other PostgreSQLs, by the same rules as whatever enters, and the log's root hash,
which others can have kept, shows that the log is the same. A gzip file of JSON lines: a head; each row, under its table's name,
in the order to enter them; a foot with the SHA-256 of all lines before it.
"""

import gzip
import hashlib
import os
import tempfile
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import orjson
import sqlalchemy as sa

from db.beginnings import Beginnings, count_on
from db.newest import newest
from db.tables import (
    account,
    checkpoint,
    comment,
    error_report,
    log_key,
    metadata,
    proposal,
    proposal_round,
    proposed_change,
    review,
    revision,
    saved_query,
    submission,
)
from db.verify_log import Note, Tree, kept_in, leaf

FORMAT = 2
"""Of the file. It changes when programs that know only this one could no longer read it right."""

READ = (1, FORMAT)
"""The formats that are read. 1: the log alone."""

LOG = (submission, revision, log_key, checkpoint)
"""The tables of the log."""

SAID = (account, proposal, proposal_round, proposed_change, review, comment, error_report, saved_query)
"""Those of what people said, each after those that it names. Without tokens and who is behind accounts: a kept file is to let
nobody in, and to tell of nobody who was forgotten since. Whatever else there is, the database keeps from the log."""

KEPT = (*LOG, *SAID)

LEFT_OUT = {error_report.c.contact}
"""Columns that are erased when it is asked for: they are null in what is restored."""

BATCH = 500
"""Rows read at once."""


class BackupRefused(Exception):
    """It cannot be backed up or restored so: says why, and what to do, to the person at the terminal. Nothing was written."""


class Head(NamedTuple):
    """The first line of a backup. schema: the newest migration there; size, root_hash: the log's; rows: of each table."""

    format: int
    schema: str
    taken_at: str
    size: int
    root_hash: str
    rows: dict[str, int]


class Row(NamedTuple):
    """A row of a table, as the file tells it: bytes in hex, moments as text."""

    table: sa.Table
    told: dict[str, Any]

    def values(self) -> tuple[Any, ...]:
        """In the order of the table's columns, as the driver takes them. A column that the file does not know is null."""
        return tuple(_value(column.type, self.told.get(column.name)) for column in self.table.c)


def _columns(table: sa.Table) -> list[str]:
    return [column.name for column in table.c if column not in LEFT_OUT]


def _value(kind: Any, told: Any) -> Any:
    if told is not None and isinstance(kind, sa.DateTime):
        return datetime.fromisoformat(told)
    return bytes.fromhex(told) if told is not None and isinstance(kind, sa.LargeBinary) else told


# ── Backing up ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def back_up(connection: asyncpg.Connection, file: Path) -> Head:
    """Writes the record as it is at one moment, while others change it. The file is there whole or not at all, for us to read.

    Nobody else is to read it: what waits for review, internal notes and error reports are not public, and what is redacted later
    is still in it. Raises BackupRefused and OSError.
    """
    with _new(file) as lines:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("set local statement_timeout = 0")
            head = await _head(connection)
            checked, digest = _Checked(head), hashlib.sha256()
            _write(lines, digest, head._asdict())
            async for row in _rows(connection):
                checked.add(row)
                _write(lines, digest, {str(row.table.name): row.told})
            _write(lines, hashlib.sha256(), {"sha256": digest.hexdigest()})
        if not checked.agrees():
            raise BackupRefused("The log does not agree with itself, so it was not backed up: run opsc verify.")
    return head


async def _head(connection: asyncpg.Connection) -> Head:
    tree = await _tree(connection)
    rows = {str(table.name): await connection.fetchval(f'select count(*) from "{table.name}"') for table in KEPT}
    schema = await connection.fetchval("select version_num from alembic_version")
    return Head(FORMAT, schema, _told(datetime.now(UTC)), tree.size, tree.root().hex(), rows)


async def _rows(connection: asyncpg.Connection) -> AsyncIterator[Row]:
    """In the order to enter them: each key of the log before what it signed, and after what the key before it signed; then what
    people said, some of which names what was published of it."""
    groups = [(submission, "true"), (revision, "true")]
    for row in await connection.fetch("select number from log_key order by number"):
        groups += [(log_key, f"number = {row['number']}"), (checkpoint, f"key = {row['number']}")]
    for table, which in [*groups, *((table, "true") for table in SAID)]:
        order = ", ".join(f'"{column.name}"' for column in table.primary_key)
        columns = ", ".join(f'"{name}"' for name in _columns(table))
        text = f'select {columns} from "{table.name}" where {which} order by {order}'
        async for row in connection.cursor(text, prefetch=BATCH):
            yield Row(table, {name: _told(value) for name, value in row.items()})


def _told(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.hex() if isinstance(value, bytes) else value


def _write(lines: gzip.GzipFile, digest: Any, value: Any) -> None:
    line = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    digest.update(line)
    lines.write(line)


@contextmanager
def _new(file: Path) -> Iterator[gzip.GzipFile]:
    """A file of ours alone, under another name until it is whole; no other file is ever replaced by it."""
    if file.exists():
        raise BackupRefused(f"{file} is there already, and a backup is never written over: name another file.")
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as raw:
            with gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as lines:
                yield lines
            raw.flush()
            os.fsync(raw.fileno())
        try:
            os.link(name, file)
        except FileExistsError:
            raise BackupRefused(f"{file} has come there meanwhile: it was left alone. Name another file.") from None
        except OSError:  # no such links on this disk
            os.rename(name, file)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name)


# ── Restoring ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def inspect(file: Path, checkpoints: Iterable[Path] = ()) -> Head:
    """Reads the whole backup. Raises BackupRefused where it is not whole, or not the log of these checkpoints."""
    kept = kept_in(checkpoints)
    if kept.broken:
        raise BackupRefused(kept.broken[0])
    with _opened(file, kept.notes) as (head, rows):
        for _row in rows:
            pass
    return head


async def require_empty(connection: asyncpg.Connection) -> None:
    """Raises BackupRefused where a record has anything in it."""
    for table in KEPT:
        if await connection.fetchval("select to_regclass($1) is not null", f'public."{table.name}"') and (
            await connection.fetchval(f'select exists (select from "{table.name}")')
        ):
            raise BackupRefused(
                "This record is not empty, and a backup is only restored into an empty one: name a new data folder with"
                " --data, or an empty database with DATABASE_URL."
            )


async def restore(connection: asyncpg.Connection, file: Path, checkpoints: Iterable[Path] = ()) -> Head:
    """Enters the backup into an empty record, migrated already; as its owner. All of it, or nothing is written.

    In one statement a table, since the documents of redacted revisions come from later ones; the rules for whatever enters hold:
    what was decided begins undecided, and is decided once all is there. Raises BackupRefused, and asyncpg's errors where it is
    not the backup's fault.
    """
    with _opened(file, kept_in(checkpoints).notes) as (head, rows):
        async with connection.transaction(isolation="read_committed"):
            await connection.execute("set local statement_timeout = 0")
            await connection.execute("select pg_advisory_xact_lock(2019, 156)")
            await require_empty(connection)
            beginnings = Beginnings()
            try:
                for table, of_table in groupby(rows, lambda row: row.table):
                    names = [column.name for column in table.c]
                    records = beginnings.begun(table, (row.values() for row in of_table))
                    await connection.copy_records_to_table(table.name, records=records, columns=names)
                await beginnings.decide(connection)
            except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
                raise BackupRefused(f"{file} breaks a rule of the record: {error.args[0]}") from error
            await connection.execute(f"analyze {', '.join(table.name for table in metadata.sorted_tables)}")
            if (await _tree(connection)).root().hex() != head.root_hash:
                raise BackupRefused(
                    f"What was restored from {file} has another root hash than the backup: it was undone."
                )
            await count_on(connection)
            await connection.execute("select pg_notify('published', $1)", str(head.size))
    return head


async def _tree(connection: asyncpg.Connection) -> Tree:
    """Of the log's leaves, as they are kept."""
    tree = Tree()
    async for row in connection.cursor('select leaf_hash from revision order by "position"', prefetch=BATCH):
        tree.add(row["leaf_hash"])
    return tree


# ── Reading the file ──────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _opened(file: Path, notes: Mapping[str, Note]) -> Iterator[tuple[Head, Iterator[Row]]]:
    """The head and the rows. That all is well shows only after the last row: until then nothing is to be believed."""
    try:
        with gzip.open(file) as lines:
            first = lines.readline()
            head = _head_in(file, first)
            yield head, _rows_in(file, lines, hashlib.sha256(first), _Checked(head), notes)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _not_whole(file) from error


def _not_whole(file: Path) -> BackupRefused:
    return BackupRefused(f"{file} is no whole backup: it is something else, or a part of it is missing or was changed.")


def _head_in(file: Path, line: bytes) -> Head:
    told = _parsed(line)
    if "format" not in told:
        raise _not_whole(file)
    if told["format"] not in READ or told.get("schema", "") > newest():
        raise BackupRefused(
            f"{file} was made by a newer program (format {told['format']}, schema {told.get('schema')}) than this one"
            f" (format {FORMAT}, schema {newest()}): restore it with that one."
        )
    try:
        return Head(**told)
    except TypeError:
        raise _not_whole(file) from None


def _rows_in(
    file: Path, lines: gzip.GzipFile, digest: Any, checked: "_Checked", notes: Mapping[str, Note]
) -> Iterator[Row]:
    checked.wanted = {note.size for note in notes.values()}
    for line in lines:
        told = _parsed(line)
        if told == {"sha256": digest.hexdigest()} and not lines.read(1) and checked.agrees():
            checked.compare(notes)
            return
        digest.update(line)
        row = _row_in(told)
        if row is None:
            break
        checked.add(row)
        yield row
    raise _not_whole(file)


def _row_in(told: dict[str, Any]) -> Row | None:
    """The row of a line; None where it is none, or one of a table or a column that this program does not know."""
    (name, row) = next(iter(told.items()), ("", None))
    table = next((table for table in KEPT if table.name == name), None)
    if table is None or len(told) != 1 or not isinstance(row, dict) or not row.keys() <= {*_columns(table)}:
        return None
    found = Row(table, row)
    try:
        found.values()
    except (TypeError, ValueError):
        return None
    return found if table is not revision or isinstance(row.get("envelope"), str) else None


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


class _Checked:
    """Follows the rows of a backup: whether they are what its head and the checkpoints say. wanted: sizes to compare at."""

    def __init__(self, head: Head) -> None:
        self.head = head
        self.wanted: set[int] = set()
        self._tree = Tree()
        self._roots = {0: self._tree.root()}
        self._rows: Counter[str] = Counter()

    def add(self, row: Row) -> None:
        self._rows[row.table.name] += 1
        if row.table is revision:
            self._tree.add(leaf(row.told["envelope"]))
            if self._tree.size in self.wanted:
                self._roots[self._tree.size] = self._tree.root()

    def agrees(self) -> bool:
        log = self._tree.size, self._tree.root().hex()
        return log == (self.head.size, self.head.root_hash) and self._rows == Counter(self.head.rows)

    def compare(self, notes: Mapping[str, Note]) -> None:
        """Raises BackupRefused where it is not the log that these checkpoints were signed for."""
        for name, note in notes.items():
            if note.size > self._tree.size:
                raise BackupRefused(
                    f"The checkpoint {name} was signed for {note.size:,} revisions, and the backup has {self._tree.size:,}: it"
                    " was made before, or its end was cut off. Look for a later one."
                )
            if self._roots[note.size] != note.root:
                raise BackupRefused(
                    f"The backup is not of the log that the checkpoint {name} was signed for: its first {note.size:,}"
                    " revisions are others."
                )
