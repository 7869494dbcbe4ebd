"""A made-up history on top of the seeded record: policy records created, amended, retracted and restored, with texts that hurt."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import asyncpg
import orjson

from db import log
from db.log import Change, Published
from db.vocabulary import (
    ChangeKind,
    Confidence,
    MeasureKind,
    MeasureStatus,
    Reporter,
    ReportingEventKind,
    SourceKind,
    StatementKind,
    Verdict,
)

HURTING = (
    'A "quoted" \\ plan: C:\\policies\\new',
    "Two\nlines\r\nand\ta tab",
    "<b>Law</b> & order's <!-- decree -->",
    "Emoji 🏛️ and beyond the BMP: 𝔓𝔬𝔩𝔦𝔠𝔶 𠜎",
    "vwyqzk strategy",
    "jxqwzf and vwyqzk: a fund",
    "Control \u0001 \u001f \u007f \u2028 \u2029 signs",
    "Décret nº 12 — «loi»",
    "קובץ حكم 法律",
    "{}[]$1 %s ${x} '); --",
    "",
    "Z",
    "a",
    "é",
    "Ω plan",
)
WHEN = (None, "1999", "2004-02", "2004-02-29", "2012", "2012-05", "2012-05-14", "2012-05-31", "2019-09-26", "2026-11", "2026", "2031")

Document = dict[str, Any]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


class History:
    """Writes submissions into a database that holds the seed, alike for the same Random."""

    def __init__(self, connection: asyncpg.Connection, random: Random) -> None:
        self._connection, self._random = connection, random
        self.standing: dict[str, Document] = {}
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
        changes = [self._new("Source", self._source()) for _ in range(count // 10)]
        self.standing |= {change.record_id: change.document for change in changes}
        for _ in range(count):
            name, document = self._random.choice(
                [("Measure", self._measure), ("Measure", self._measure), ("Assessment", self._assessment),
                 ("ReportingEvent", self._event), ("Statement", self._statement)]
            )  # fmt: skip
            changes.append(self._new(name, document()))
        self.standing |= {change.record_id: change.document for change in changes}
        return await self.publish("New records", changes)

    async def amend(self, count: int) -> Published:
        """Some fields of made-up records, and of the seed's, anew."""
        made = [one for one in self.standing if "X-" in one]
        others = self._random.sample([one for one in self.standing if "X-" not in one], count // 3)
        changes = [self._amended(one) for one in {*self._random.sample(made, min(len(made), count)), *others}]
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
        free = [one for one in self.standing if one.startswith(("Measure", "Assessment", "Statement", "ReportingEvent"))]
        gone = self._random.sample(free, count)
        changes = [Change("RETRACT", one, "CORRECTED", self.standing[one]) for one in gone]
        for one in gone:
            self._retracted[one] = self.standing.pop(one)
        return await self.publish("Retractions", changes)

    async def restore(self, count: int) -> Published:
        """Some of what was retracted."""
        back = self._random.sample(sorted(self._retracted), count)
        for one in back:
            self.standing[one] = self._retracted.pop(one)
        return await self.publish("Restorations", [Change("RESTORE", one, "CORRECTED", self.standing[one]) for one in back])

    async def publish(self, title: str, changes: Sequence[Change]) -> Published:
        author, reviewer = self._random.sample(["amina", "benedikt", "chidi", 'd"o\\lores'], 2)
        reason = self._random.choice(HURTING) or "Because."
        return await log.publish(
            self._connection, title=title, reason=reason, author=author, reviewer=reviewer, changes=changes
        )

    def _new(self, name: str, document: Document) -> Change:
        self._made += 1
        of = document.get("stateParty", "S")
        return Change("CREATE", f"{name}:{of}-X-{self._made:04}", self._random.choice(list(ChangeKind)), document)

    def _amended(self, record_id: str) -> Change:
        document = dict(self.standing[record_id])
        for key in self._random.sample(sorted(document), self._random.choice([0, 1, 2, 4])):
            if (value := self._anew(record_id, key, document[key])) is not ...:
                document[key] = value
        return Change("AMEND", record_id, self._random.choice(list(ChangeKind)), document)

    def _anew(self, record_id: str, key: str, value: Any) -> Any:
        """Another value for a field; … where it had better stay."""
        made = {"Measure": self._measure, "Assessment": self._assessment, "Statement": self._statement,
                "ReportingEvent": self._event, "Source": self._source}.get(record_id.partition(":")[0])  # fmt: skip
        if made:
            return ... if key == "stateParty" and self._random.random() < 0.7 else made()[key]
        if key in ("note", "summary", "heading", "subject", "relevance", "body"):
            return self._text()
        if key in ("digital", "privateSector", "followed"):
            return not value
        if key == "consentOn":
            return self._random.choice(["2002-01-18", "2027-03-01"])
        if key in ("themes", "articles", "evidenceKinds", "years"):
            return self._random.sample(value, self._random.randint(0, len(value)))
        return self._cited() if key == "citations" else ...

    # ── Documents ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _text(self) -> str:
        return self._random.choice(HURTING) + self._random.choice(["", f" {self._random.randint(1, 30)}"])

    def _note(self) -> str | None:
        return self._random.choice([None, self._text()])

    def _when(self) -> str | None:
        return self._random.choice(WHEN)

    def _word(self, vocabulary: Any) -> str:
        return str(self._random.choice(list(vocabulary)))

    def _names(self, typename: str, most: int) -> list[str]:
        known = [one.partition(":")[2] for one in self.standing if one.startswith(f"{typename}:")]
        return self._random.sample(known, self._random.randint(0, most))

    def _state(self) -> str:
        return self._random.choice(["PHL", "AFG", "AGO", "CHE", "FRA", *(self._names("StateParty", 1) or ["FRA"])])

    def _cited(self, least: int = 0) -> list[Document]:
        sources = [one.partition(":")[2] for one in self.standing if one.startswith("Source:")]
        chosen = self._random.choices(sources[-30:], k=self._random.randint(least, 3))
        return [{"source": one, "locator": self._note(), "note": self._note()} for one in chosen]

    def _source(self) -> Document:
        empty = dict.fromkeys(("symbol", "url", "readAt", "archivedUrl", "accessedOn", "language", "licence"))
        return empty | {
            "kind": self._word(SourceKind),
            "title": self._text(),
            "publisher": self._text(),
            "symbol": self._random.choice([None, "CRC/C/156"]),
            "publishedOn": self._when(),
            "accessedOn": self._random.choice([None, "2024-02-29"]),
        }

    def _measure(self) -> Document:
        return {
            "stateParty": self._state(),
            "kind": self._word(MeasureKind),
            "title": self._text(),
            "summary": self._text(),
            "status": self._word(MeasureStatus),
            "announcedOn": self._when(),
            "adoptedOn": self._when(),
            "inForceOn": self._when(),
            "endedOn": self._when(),
            "dateBasis": self._note(),
            "reportedBy": self._word(Reporter),
            "reportedOn": self._when(),
            "instrument": self._random.choice([None, None, "CRC", "ILO_C182"]),
            "consent": self._random.choice([None, "ACCESSION"]),
            "recommendations": self._names("Recommendation", 3),
            "confidence": self._word(Confidence),
            "note": self._note(),
            "citations": self._cited(1),
        }

    def _assessment(self) -> Document:
        return {
            "stateParty": self._state(),
            "assessor": self._text(),
            "assessorKind": self._random.choice(["TRACKER", self._word(Reporter)]),
            "verdict": self._random.choice(["NONE_REPORTED", "NOT_MENTIONED", self._word(Verdict)]),
            "criterion": self._note(),
            "summary": self._note(),
            "recommendations": self._names("Recommendation", 4),
            "assessedOn": self._when(),
            "citations": self._cited(),
        }

    def _statement(self) -> Document:
        return {
            "stateParty": self._state(),
            "kind": self._word(StatementKind),
            "madeOn": self._when(),
            "dateBasis": self._note(),
            "articles": self._random.sample(["preamble", "3(1)(c)", "2 (c)", "12", "1-12 (whole Protocol)"], 2),
            "target": self._random.choice([None, "FRA"]),
            "summary": self._text(),
            "evidence": None,
            "note": self._note(),
            "citations": self._cited(),
        }

    def _event(self) -> Document:
        kinds = ["INITIAL_REPORT_OVERDUE", "INITIAL_REPORT_SUBMITTED", self._word(ReportingEventKind)]
        return {
            "stateParty": self._state(),
            "kind": self._random.choice(kinds),
            "happenedOn": self._when(),
            "documentSymbol": self._note(),
            "citations": self._cited(),
        }
