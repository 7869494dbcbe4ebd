"""Random histories of a small record: submissions that the log must take, with references that stand at every position."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from db.log import Change
from tests.record_documents import (
    assessment,
    measure,
    recommendation,
    reporting_event,
    section,
    source,
    state_party,
)
from tests.record_oracle import STAGES, Oracle, Told

STATES, CODES = ("AAA", "BBB", "CCC"), ("I-01", "I-02", "II-01")
POOL = (
    ["Source:S-1", "Source:S-2", "Source:S-3", "Section:I", "Section:II"]
    + [f"Recommendation:{code}" for code in CODES]
    + [f"StateParty:{code}" for code in STATES]
    + [f"Measure:M{number}" for number in range(7)] * 3
    + [f"Assessment:A{number}" for number in range(4)] * 3
    + [f"ReportingEvent:E{number}" for number in range(4)] * 2
)
KINDS = ("INITIAL_REPORT_OVERDUE", "INITIAL_REPORT_SUBMITTED", "INITIAL_REPORT_PUBLISHED", "REVIEW")


class History:
    """Makes submissions one after another, each true to the log so far, which its oracle keeps."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.oracle = Oracle()
        self.day = date(2000, 1, 1)

    def submissions(self, count: int) -> Iterator[tuple[date, list[Change]]]:
        """The day it is recorded on, and its changes. The first makes what the others refer to."""
        first = list(dict.fromkeys(record for record in POOL if record.partition(":")[0] in CATALOGUE))
        yield self.day, [change for record in first for change in self._change(record)]
        for _ in range(count):
            self.day += timedelta(days=self.random.choice((0, 1, 40, 400)))
            drawn = [self.random.choice(POOL) for _ in range(self.random.randint(1, 9))]
            changes = [change for record in drawn for change in self._change(record)]
            if changes:
                yield self.day, changes

    def _change(self, record_id: str) -> list[Change]:
        """One change of this record, or none where the log would refuse it."""
        before = self.oracle.operation(record_id)
        chance = self.random.random()
        if before and chance < 0.12:
            return self._redaction(record_id)
        if before == "MERGE":
            return []
        last = self.oracle.said(record_id) if before else None
        document = self._document(record_id)
        if last and before != "RETRACT" and chance < 0.2 and (survivor := self._survivor(record_id)):
            return self._told("MERGE", record_id, last, merged_into=survivor)
        if before is None:
            operation = "CREATE"
        elif before == "RETRACT":
            operation = "RESTORE"
        elif self.random.random() < 0.25:
            operation = "RETRACT"
        else:
            operation = "AMEND"
        if last and (operation == "RETRACT" or self.random.random() < 0.2):
            document = last
        elif last and record_id.startswith("Measure:") and self.random.random() < 0.4:
            document = {**last, "title": f"Law {self.random.random()}"}
        refused = self._is_referred_to(record_id) if operation == "RETRACT" else not self._stand(_references(document))
        return [] if refused else self._told(operation, record_id, document)

    def _told(self, operation: str, record_id: str, document: dict[str, Any], **more: Any) -> list[Change]:
        position = len(self.oracle.log) + 1
        self.oracle.log.append(Told(position, self.day, operation, record_id, document, **more))
        return [Change(operation, record_id, "LEARNED", document, **more)]

    def _survivor(self, record_id: str) -> str | None:
        """Another record of its type and State, where this one may be merged into it."""
        record_type, state = record_id.partition(":")[0], self.oracle.said(record_id).get("stateParty")
        standing = self.oracle.standing(record_type).items()
        others = sorted(
            other for other, one in standing if other != record_id and one.document.get("stateParty") == state
        )
        if record_type not in MERGED or not others or self._is_referred_to(record_id):
            return None
        return self.random.choice(others)

    def _redaction(self, record_id: str) -> list[Change]:
        """Of some revisions that have their documents yet and that say the same but for words."""
        revisions = self.oracle.of(record_id)
        gone = {position for told in revisions for position in told.redacts}
        there = [told for told in revisions if told.position not in gone]
        field = WORDS[record_id.partition(":")[0]]
        left = {**self.random.choice(there).document, field: f"Less {self.random.random()}"}
        alike = [told.position for told in there if {**told.document, field: left[field]} == left]
        redacts = tuple(self.random.sample(alike, self.random.randint(1, len(alike))))
        return self._told("REDACT", record_id, left, redacts=redacts)

    def _stand(self, record_ids: set[str]) -> bool:
        return all(self.oracle.stands(record_id) for record_id in record_ids)

    def _is_referred_to(self, record_id: str) -> bool:
        return any(
            record_id in _references(version.document)
            for record_type in ("Recommendation", "StateParty", "Measure", "Assessment", "ReportingEvent")
            for version in self.oracle.standing(record_type).values()
        )

    def _document(self, record_id: str) -> dict[str, Any]:
        record_type, _, key = record_id.partition(":")
        pick = self.random.choice
        state = pick(("AAA", "AAA", "AAA", "BBB", "CCC"))  # so that there is something to merge
        cited = [{"source": pick(("S-1", "S-1", "S-2", "S-3")), "locator": None, "note": None}]
        codes = self.random.sample(CODES, self.random.randint(0, len(CODES)))
        match record_type:
            case "Source":
                return source(title=f"A source {pick('abc')}")
            case "Section":
                return section(key, heading=pick("abc"))
            case "Recommendation":
                return recommendation(key, section=pick(("I", "II")), title=pick("ab"))
            case "StateParty":
                consent = date(self.random.randint(1999, 2006), self.random.randint(1, 12), self.random.randint(1, 28))
                in_force = consent + timedelta(days=30)
                return state_party(key, consentOn=str(consent), inForceOn=str(in_force).replace("02-29", "02-28"))
            case "Measure":
                dates = {
                    name: self._date() for name in ("announcedOn", "adoptedOn", "inForceOn", "endedOn", "reportedOn")
                }
                return measure(state, status=pick(STAGES), recommendations=codes, citations=cited, **dates)
            case "Assessment":
                verdict = pick(("NOT_MENTIONED", "NONE_REPORTED", "NONE_REPORTED", "CONCERN"))
                kind = pick(("TRACKER", "TRACKER", "NGO"))
                return assessment(
                    state, verdict=verdict, assessorKind=kind, recommendations=codes, assessedOn=self._date()
                )
            case _:
                return reporting_event(state, kind=pick(KINDS), happenedOn=self._date())

    def _date(self) -> str | None:
        if self.random.random() < 0.5:
            return None
        day = date(self.random.randint(1999, 2012), self.random.randint(1, 12), self.random.randint(1, 28))
        if self.random.random() < 0.5:
            day = self.day  # whether it has happened yet is then hardest to tell
        return str(day)[: self.random.choice((4, 7, 10))]


CATALOGUE = {"Source", "Section", "Recommendation", "StateParty"}
MERGED = {"Source", "Measure", "Assessment", "ReportingEvent"}
WORDS = {
    "Source": "title",
    "Section": "heading",
    "Recommendation": "title",
    "StateParty": "note",
    "Measure": "title",
    "Assessment": "summary",
    "ReportingEvent": "documentSymbol",
}
"""A field that says something in words, of each type."""


def _references(document: dict[str, Any]) -> set[str]:
    found = {f"Source:{citation['source']}" for citation in document.get("citations", [])}
    found |= {f"Recommendation:{code}" for code in document.get("recommendations", [])}
    found |= {f"StateParty:{document['stateParty']}"} if "stateParty" in document else set()
    found |= {f"Section:{document['section']}"} if "section" in document else set()
    return found
