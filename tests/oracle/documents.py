"""Documents made up: of policy alone, with texts that hurt and dates of every precision."""

from random import Random
from typing import Any

from db.vocabulary import (
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
WHEN = (
    None,
    "1999",
    "2004-02",
    "2004-02-29",
    "2012",
    "2012-05",
    "2012-05-14",
    "2012-05-31",
    "2019-09-26",
    "2026-11",
    "2026",
    "2031",
)

Document = dict[str, Any]


class Documents:
    """Makes documents that refer to what stands."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.standing: dict[str, Document] = {}

    def text(self) -> str:
        return self.random.choice(HURTING) + self.random.choice(["", f" {self.random.randint(1, 30)}"])

    def _note(self) -> str | None:
        return self.random.choice([None, self.text()])

    def _when(self) -> str | None:
        return self.random.choice(WHEN)

    def _word(self, vocabulary: Any) -> str:
        return str(self.random.choice(list(vocabulary)))

    def _names(self, typename: str, most: int) -> list[str]:
        known = [one.partition(":")[2] for one in self.standing if one.startswith(f"{typename}:")]
        return self.random.sample(known, self.random.randint(0, most))

    def _state(self) -> str:
        return self.random.choice(["PHL", "AFG", "AGO", "CHE", "FRA", *(self._names("StateParty", 1) or ["FRA"])])

    def cited(self, least: int = 0) -> list[Document]:
        sources = [one.partition(":")[2] for one in self.standing if one.startswith("Source:")]
        chosen = self.random.choices(sources[-30:], k=self.random.randint(least, 3))
        return [{"source": one, "locator": self._note(), "note": self._note()} for one in chosen]

    def source(self) -> Document:
        empty = dict.fromkeys(("symbol", "url", "readAt", "archivedUrl", "accessedOn", "language", "licence"))
        return empty | {
            "kind": self._word(SourceKind),
            "title": self.text(),
            "publisher": self.text(),
            "symbol": self.random.choice([None, "CRC/C/156"]),
            "publishedOn": self._when(),
            "accessedOn": self.random.choice([None, "2024-02-29"]),
        }

    def measure(self) -> Document:
        return {
            "stateParty": self._state(),
            "kind": self._word(MeasureKind),
            "title": self.text(),
            "summary": self.text(),
            "status": self._word(MeasureStatus),
            "announcedOn": self._when(),
            "adoptedOn": self._when(),
            "inForceOn": self._when(),
            "endedOn": self._when(),
            "dateBasis": self._note(),
            "reportedBy": self._word(Reporter),
            "reportedOn": self._when(),
            "instrument": self.random.choice([None, None, "CRC", "ILO_C182"]),
            "consent": self.random.choice([None, "ACCESSION"]),
            "recommendations": self._names("Recommendation", 3),
            "confidence": self._word(Confidence),
            "note": self._note(),
            "citations": self.cited(1),
        }

    def assessment(self) -> Document:
        return {
            "stateParty": self._state(),
            "assessor": self.text(),
            "assessorKind": self.random.choice(["TRACKER", self._word(Reporter)]),
            "verdict": self.random.choice(["NONE_REPORTED", "NOT_MENTIONED", self._word(Verdict)]),
            "criterion": self._note(),
            "summary": self._note(),
            "recommendations": self._names("Recommendation", 4),
            "assessedOn": self._when(),
            "citations": self.cited(),
        }

    def statement(self) -> Document:
        return {
            "stateParty": self._state(),
            "kind": self._word(StatementKind),
            "madeOn": self._when(),
            "dateBasis": self._note(),
            "articles": self.random.sample(["preamble", "3(1)(c)", "2 (c)", "12", "1-12 (whole Protocol)"], 2),
            "target": self.random.choice([None, "FRA"]),
            "summary": self.text(),
            "evidence": None,
            "note": self._note(),
            "citations": self.cited(),
        }

    def event(self) -> Document:
        kinds = ["INITIAL_REPORT_OVERDUE", "INITIAL_REPORT_SUBMITTED", self._word(ReportingEventKind)]
        return {
            "stateParty": self._state(),
            "kind": self.random.choice(kinds),
            "happenedOn": self._when(),
            "documentSymbol": self._note(),
            "citations": self.cited(),
        }
