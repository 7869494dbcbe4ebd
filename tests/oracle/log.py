"""The log's revisions, fetched once, and what stands at a position and a day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import asyncpg
import orjson
from cachetools import LRUCache

from tests.merkle import Tree
from tests.oracle import days

READINGS_KEPT = 32
"""Each holds a row for every record, and cells when they were asked for: some 20 MB."""

LEAVES_NOTHING = ("RETRACT", "MERGE")


@dataclass(frozen=True, eq=False)
class Revision:
    """A row of the log; document parsed, its keys in the order of its text."""

    position: int
    record_type: str
    record_id: str
    number: int
    operation: str
    merged_into: str | None
    redacts: Sequence[int]
    kind: str
    reason: str
    author: str
    reviewer: str | None
    submission_id: int
    recorded_at: datetime
    document: Mapping[str, Any] | None
    salt: str | None
    document_hash: str
    envelope: str
    leaf_hash: str


@dataclass(eq=False)
class Log:
    """All revisions, by position; what they were published in; the checkpoints that were signed, and the keys."""

    revisions: Sequence[Revision]
    submissions: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    checkpoints: Sequence[Mapping[str, Any]] = ()
    keys: Sequence[Mapping[str, Any]] = ()
    _readings: LRUCache[tuple[int, date], "Reading"] = field(default_factory=lambda: LRUCache(READINGS_KEPT))

    @cached_property
    def of_record(self) -> Mapping[str, Sequence[Revision]]:
        found: dict[str, list[Revision]] = defaultdict(list)
        for revision in self.revisions:
            found[revision.record_id].append(revision)
        return found

    @cached_property
    def of_submission(self) -> Mapping[int, Sequence[Revision]]:
        found: dict[int, list[Revision]] = defaultdict(list)
        for revision in self.revisions:
            found[revision.submission_id].append(revision)
        return found

    @cached_property
    def redacted_by(self) -> Mapping[int, Revision]:
        """Position of a redacted revision → the redaction, whose document is read in its place at every clock."""
        return {position: one for one in self.revisions for position in one.redacts}

    def left(self, revision: Revision) -> Mapping[str, Any]:
        """What there is to read of a revision: its document, or what redactions left of it."""
        while revision.position in self.redacted_by:
            revision = self.redacted_by[revision.position]
        assert revision.document is not None
        return revision.document

    @cached_property
    def tree(self) -> Tree:
        return Tree([bytes.fromhex(one.leaf_hash) for one in self.revisions])

    def at(self, position: int, day: date) -> "Reading":
        """What the record said at a position, of a day."""
        found = self._readings.get((position, day))
        if found is None:
            found = self._readings[position, day] = Reading(self, position, day)
        return found


@dataclass(eq=False)
class Row:
    """A record as it stands in a reading."""

    reading: "Reading"
    revision: Revision

    @property
    def id(self) -> str:
        return self.revision.record_id

    @property
    def typename(self) -> str:
        return self.id.partition(":")[0]

    @property
    def document(self) -> Mapping[str, Any]:
        return self.reading.log.left(self.revision)

    @cached_property
    def reached(self) -> Mapping[str, date]:
        """Of a measure: its statuses, each with the day by which it was reached."""
        return days.reached(self.document, self._said_since("status"))

    @property
    def status(self) -> str | None:
        """Of a measure: on the reading's day."""
        return next(
            (one for one in days.STATUSES if one in self.reached and self.reached[one] <= self.reading.day), None
        )

    def happened_by(self, name: str) -> date:
        """Of an assessment or an event: by when it is known to have happened."""
        dated = self.document[name]
        entered = self.reading.log.of_record[self.id][0].recorded_at.date()
        return days.known_by(dated, dated and days.latest(dated), entered)

    def _said_since(self, name: str) -> date:
        """Since when the record has said this without a break."""
        since = self.revision
        for revision in reversed(self.reading.log.of_record[self.id]):
            if revision.position > self.revision.position or revision.operation == "REDACT":
                continue
            if self.reading.log.left(revision)[name] != self.document[name]:
                break
            since = revision
        return since.recorded_at.date()


@dataclass(frozen=True, eq=False)
class Tombstone:
    """A record that was retracted, and the revision that did it."""

    reading: "Reading"
    revision: Revision

    typename = "Tombstone"

    @property
    def id(self) -> str:
        return self.revision.record_id


@dataclass(eq=False)
class Reading:
    """The record at a position, with a day in the world. kept: what was worked out of it, by whoever did."""

    log: Log
    position: int
    day: date
    kept: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def revisions(self) -> Sequence[Revision]:
        return self.log.revisions[: self.position]

    @cached_property
    def rows(self) -> Mapping[str, Row]:
        """What stands, by id, in the order of ids."""
        return {
            record_id: Row(self, decided)
            for record_id, decided in sorted(self.decided.items())
            if decided.operation not in LEAVES_NOTHING
        }

    @cached_property
    def decided(self) -> Mapping[str, Revision]:
        """Each record's newest revision that was no redaction: it says whether the record stands."""
        return {revision.record_id: revision for revision in self.revisions if revision.operation != "REDACT"}

    @cached_property
    def tombstones(self) -> Mapping[str, Tombstone]:
        """What was retracted, by id."""
        return {name: Tombstone(self, one) for name, one in self.decided.items() if one.operation == "RETRACT"}

    def survivor(self, record_id: str) -> str:
        """The record that a record was merged into, and so on; itself where it was not."""
        while (decided := self.decided.get(record_id)) and decided.merged_into:
            record_id = decided.merged_into
        return record_id

    @cached_property
    def submissions(self) -> Mapping[int, "Submission"]:
        """Those of which some revision was there, by number."""
        return {number: Submission(self, number) for number in {one.submission_id: None for one in self.revisions}}

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[Row]]:
        found: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows.values():
            found[row.typename].append(row)
        return found

    def all(self, typename: str) -> Sequence[Row]:
        return self._by_type.get(typename, ())

    def get(self, typename: str, name: object) -> Row | None:
        """The record of a type that a name (a code, a number) leads to."""
        return self.rows.get(f"{typename}:{name}") if name is not None else None

    def naming(self, typename: str, key: str, value: Any) -> Sequence[Row]:
        """The records of a type whose document has this value under a key, or in the list under it."""
        if (typename, key) not in self.kept:
            found: dict[Any, list[Row]] = defaultdict(list)
            for row in self.all(typename):
                named = row.document[key]
                for one in named if isinstance(named, list) else [named]:
                    found[one].append(row)
            self.kept[typename, key] = found
        rows: Sequence[Row] = self.kept[typename, key].get(value, ())
        return rows


@dataclass(frozen=True, eq=False)
class Told:
    """A revision as it is told in a reading."""

    reading: Reading
    revision: Revision

    typename = "Revision"

    @property
    def id(self) -> str:
        return f"Revision:{self.revision.position}"


@dataclass(frozen=True, eq=False)
class Submission:
    """A submission as it is told to the public in a reading, of those that the log alone has: nobody proposed them here."""

    reading: Reading
    number: int

    typename = "Submission"

    @property
    def id(self) -> str:
        return f"Submission:{self.number}"

    @property
    def told(self) -> Mapping[str, Any]:
        return self.reading.log.submissions[self.number]

    @property
    def revisions(self) -> Sequence[Told]:
        found = self.reading.log.of_submission[self.number]
        return [Told(self.reading, one) for one in found if one.position <= self.reading.position]


async def fetched(url: str) -> Log:
    """Everything that the log of this database holds."""
    connection = await asyncpg.connect(url)
    rows = await connection.fetch('select * from revision order by "position"')
    submissions = await connection.fetch("select * from submission")
    checkpoints = await connection.fetch("select * from checkpoint order by size")
    keys = await connection.fetch("select * from log_key order by number")
    await connection.close()
    return Log(
        [_revision(row) for row in rows],
        {row["id"]: {**row, "published_at": row["published_at"].astimezone(UTC)} for row in submissions},
        [dict(row) for row in checkpoints],
        [dict(row) for row in keys],
    )


def _revision(row: asyncpg.Record) -> Revision:
    return Revision(
        position=row["position"],
        record_type=row["record_type"],
        record_id=row["record_id"],
        number=row["number"],
        operation=row["operation"],
        merged_into=row["merged_into"],
        redacts=row["redacts"] or (),
        kind=row["kind"],
        reason=row["reason"],
        author=row["author"],
        reviewer=row["reviewer"],
        submission_id=row["submission_id"],
        recorded_at=row["recorded_at"].astimezone(UTC),
        document=row["document"] and orjson.loads(row["document"]),
        salt=row["salt"] and row["salt"].hex(),
        document_hash=row["document_hash"].hex(),
        envelope=row["envelope"],
        leaf_hash=row["leaf_hash"].hex(),
    )
