"""A made-up history on top of the seeded record: policy records created, amended, retracted, restored, merged and redacted, with
texts that hurt, over a year, or as fast as it can be written."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

import asyncpg
import orjson

from db import log
from db.decisions import last_document, redaction
from db.embedded import Embedded
from db.log import Change, Published
from db.signed_note import PrivateKey
from db.vocabulary import ChangeKind
from seed.load import seed
from tests.oracle.documents import HURTING, Document, Documents
from tests.set_clock import let_clock_be_set, set_clock

KEY = PrivateKey("opsc.example/history", bytes(32))


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


BEGINNING = datetime(2023, 2, 27, 23, 59, 59, tzinfo=UTC)
"""When a history over a year is seeded."""


class History(Documents):
    """Writes submissions into a database that holds the seed, alike for the same Random. clock: the moment of the next one; None:
    when it is written."""

    def __init__(self, connection: asyncpg.Connection, random: Random, clock: datetime | None = None) -> None:
        super().__init__(random)
        self._connection, self._clock = connection, clock
        self._retracted: dict[str, Document] = {}
        self._made = 0

    async def begin(self) -> None:
        """Reads what the seed holds."""
        rows = await self._connection.fetch('select record_id, operation, document from revision order by "position"')
        newest = {row["record_id"]: row for row in rows}
        documents = {name: orjson.loads(row["document"]) for name, row in newest.items()}
        self._retracted = {name: documents[name] for name, row in newest.items() if row["operation"] == "RETRACT"}
        self.standing = {name: document for name, document in documents.items() if name not in self._retracted}
        self._made = len(rows)

    async def create(self, count: int) -> Published:
        """New sources, and then what cites them."""
        changes = [self._new("Source", self.source()) for _ in range(count // 10)]
        self.standing |= {change.record_id: change.document for change in changes}
        for _ in range(count):
            name, document = self.random.choice(
                [("Measure", self.measure), ("Measure", self.measure), ("Assessment", self.assessment),
                 ("ReportingEvent", self.event), ("Statement", self.statement)]
            )  # fmt: skip
            changes.append(self._new(name, document()))
        self.standing |= {change.record_id: change.document for change in changes}
        return await self.publish("New records", changes)

    async def amend(self, count: int) -> Published:
        """Some fields of made-up records, and of the seed's, anew."""
        made = [one for one in self.standing if "X-" in one]
        others = self.random.sample([one for one in self.standing if "X-" not in one], count // 3)
        chosen = dict.fromkeys(
            [*self.random.sample(made, min(len(made), count)), *others]
        )  # a set's order is not alike
        changes = [self._amended(one) for one in chosen]
        self.standing |= {change.record_id: change.document for change in changes}
        return await self.publish("Amendments", changes)

    async def amend_each_type(self, times: int) -> None:
        """One record of each type, several times."""
        ones = {name.partition(":")[0]: name for name in self.standing}
        for _ in range(times):
            changes = [self._amended(one) for one in ones.values()]
            self.standing |= {change.record_id: change.document for change in changes}
            await self.publish("One of each", changes)

    async def retract(self, count: int) -> Published:
        """Records that nothing refers to."""
        gone = self.random.sample(self._free(), count)
        changes = [Change("RETRACT", one, "CORRECTED", self.standing[one]) for one in gone]
        for one in gone:
            self._retracted[one] = self.standing.pop(one)
        return await self.publish("Retractions", changes)

    async def restore(self, count: int) -> Published:
        """Some of what was retracted."""
        back = self.random.sample(sorted(self._retracted), min(count, len(self._retracted)))
        for one in back:
            self.standing[one] = self._retracted.pop(one)
        return await self.publish(
            "Restorations", [Change("RESTORE", one, "CORRECTED", self.standing[one]) for one in back]
        )

    async def merge(self, count: int) -> Published:
        """Records that nothing refers to, into others of their type and State; what others were merged into is merged, too."""
        changes: list[Change] = []
        for _ in range(count):
            free = self._free()
            last = changes[-1].merged_into if changes else None
            of_a_kind = Counter(map(self._kind, free))
            paired = [one for one in free if of_a_kind[self._kind(one)] > 1]
            gone = last if last in paired and len(changes) % 3 else self.random.choice(paired)
            others = [one for one in free if one != gone and self._kind(one) == self._kind(gone)]
            changes.append(
                Change("MERGE", gone, "CORRECTED", self.standing.pop(gone), merged_into=self.random.choice(others))
            )
        return await self.publish("Merges", changes)

    async def redact(self, count: int) -> Published:
        """Words of records: of one in all of its revisions, of the others in some."""
        changes: list[Change] = []
        for record_id in self.random.sample(self._free(), count):
            words = dict.fromkeys(
                {"title", "summary", "criterion", "note"} & self.standing[record_id].keys(), "[redacted]"
            )
            rows = await self._connection.fetch(
                "select number from revision where record_id = $1 and document is not null order by 1", record_id
            )
            there = [row["number"] for row in rows]
            numbers = there if not changes else self.random.sample(there, self.random.randint(1, len(there)))
            changes += await redaction(self._connection, record_id, "CORRECTED", words, numbers)
        published = await self.publish("Redactions", changes)
        for record_id in {change.record_id for change in changes}:
            self.standing[record_id] = await last_document(self._connection, record_id)
        return published

    def _kind(self, record_id: str) -> tuple[str, str]:
        """What a record may be merged within: its type and its State."""
        return record_id.partition(":")[0], self.standing[record_id]["stateParty"]

    def _free(self) -> list[str]:
        """What stands and nothing refers to."""
        return [
            one for one in self.standing if one.startswith(("Measure", "Assessment", "Statement", "ReportingEvent"))
        ]

    async def go_on(self, submissions: int) -> Published:
        """Small submissions, one kind after the other."""
        kinds = (self.create, self.amend, self.retract, self.merge, self.amend, self.restore, self.redact)
        for number in range(submissions):
            published = await kinds[number % len(kinds)](self.random.randint(3, 12))
        return published

    async def publish(self, title: str, changes: Sequence[Change]) -> Published:
        if self._clock:
            self._clock = _later(self._clock, self.random)
            await set_clock(self._connection, self._clock)
        author, reviewer = self.random.sample(["amina", "benedikt", "chidi", 'd"o\\lores'], 2)
        reason = self.random.choice(HURTING) or "Because."
        return await log.publish(
            self._connection,
            title=title,
            reason=reason,
            author=author,
            reviewer=reviewer,
            changes=changes,
            signer=KEY,
        )

    def _new(self, name: str, document: Document) -> Change:
        self._made += 1
        of = document.get("stateParty", "S")
        return Change("CREATE", f"{name}:{of}-X-{self._made:04}", self.random.choice(list(ChangeKind)), document)

    def _amended(self, record_id: str) -> Change:
        document = dict(self.standing[record_id])
        for key in self.random.sample(sorted(document), min(len(document), self.random.choice([0, 1, 2, 4]))):
            if (value := self._anew(record_id, key, document[key])) is not ...:
                document[key] = value
        return Change("AMEND", record_id, self.random.choice(list(ChangeKind)), document)

    def _anew(self, record_id: str, key: str, value: Any) -> Any:
        """Another value for a field; … where it had better stay."""
        made = {"Measure": self.measure, "Assessment": self.assessment, "Statement": self.statement,
                "ReportingEvent": self.event, "Source": self.source}.get(record_id.partition(":")[0])  # fmt: skip
        if made:
            return ... if key == "stateParty" and self.random.random() < 0.7 else made()[key]
        if key in ("note", "summary", "heading", "subject", "relevance", "body"):
            return self.text()
        if key in ("digital", "privateSector", "followed"):
            return not value
        if key == "consentOn":
            return self.random.choice(["2002-01-18", "2027-03-01"])
        if key in ("themes", "articles", "evidenceKinds", "years"):
            return self.random.sample(value, self.random.randint(0, len(value)))
        return self.cited() if key == "citations" else ...


async def begun(database: Embedded, connection: asyncpg.Connection, random: Random) -> History:
    """A history over a year, in a database that is migrated and empty: seeded at its beginning."""
    await let_clock_be_set(database.owner_url)
    await set_clock(connection, BEGINNING)
    await seed(connection)
    history = History(connection, random, BEGINNING)
    await history.begin()
    return history


def _later(moment: datetime, random: Random) -> datetime:
    """The same moment, the last or the first of a day, or some days on."""
    midnight = datetime.combine(moment.date() + timedelta(days=1), time(), UTC)
    return random.choice(
        [
            moment,
            midnight - timedelta(microseconds=1),
            midnight,
            moment + timedelta(days=1),
            moment + timedelta(days=30),
        ]
    )
