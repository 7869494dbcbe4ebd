"""The record, told from its log by plain Python: which versions there are, what each measure had reached, and coverage.

Written from the documents (ARCHITECTURE, RISKS 22 and 24), not from db/rules, which tests compare with it.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from typing import Any, NamedTuple

Document = dict[str, Any]

NOW = 2_147_483_647
STAGES = ("ENDED", "IN_FORCE", "ADOPTED", "DRAFTED", "ANNOUNCED")
"""The later first: a measure's status is the last that it has reached."""

DATE_OF = {"ENDED": "endedOn", "IN_FORCE": "inForceOn", "ADOPTED": "adoptedOn"}
"""The field that dates a stage; announcedOn for the others."""

STATE_OF = {"ENDED": "MEASURE_ENDED", "IN_FORCE": "MEASURE_IN_FORCE"}
"""Coverage state that a stage makes; MEASURE_REPORTED by the others."""

PRECEDENCE = ("MEASURE_IN_FORCE", "MEASURE_REPORTED", "MEASURE_ENDED", "NONE_REPORTED", "NOT_MENTIONED")


class Told(NamedTuple):
    """One revision, as far as the oracle needs it, with the document it was entered with."""

    position: int
    day: date
    operation: str
    record_id: str
    document: Document
    merged_into: str | None = None
    redacts: tuple[int, ...] = ()


class Version(NamedTuple):
    """A record as it stood from a position up to another."""

    record_id: str
    known_from: int
    known_to: int
    document: Document


@dataclass
class Oracle:
    """The log so far."""

    log: list[Told] = field(default_factory=list)

    def of(self, record_id: str, position: int = NOW) -> list[Told]:
        return [told for told in self.log if told.record_id == record_id and told.position <= position]

    def operation(self, record_id: str, position: int = NOW) -> str | None:
        """The last one of a record; redactions change nothing of whether it stands."""
        operations = [told.operation for told in self.of(record_id, position) if told.operation != "REDACT"]
        return operations[-1] if operations else None

    def stands(self, record_id: str, position: int = NOW) -> bool:
        return self.operation(record_id, position) not in (None, "RETRACT", "MERGE")

    def read(self, told: Told) -> Document:
        """What is to be read of a revision: its document, or what whoever redacted it left, as far as that was not redacted."""
        for later in self.of(told.record_id):
            if told.position in later.redacts:
                return self.read(later)
        return told.document

    def said(self, record_id: str) -> Document:
        """What a record last said."""
        return self.read([told for told in self.of(record_id) if told.operation != "REDACT"][-1])

    def versions(self) -> Iterator[Version]:
        for record_id in {told.record_id for told in self.log}:
            yield from self.versions_of(record_id)

    def versions_of(self, record_id: str) -> Iterator[Version]:
        revisions = [told for told in self.of(record_id) if told.operation != "REDACT"]
        ends = [told.position for told in revisions[1:]] + [NOW]
        for told, end in zip(revisions, ends, strict=True):
            if self.stands(record_id, told.position):
                yield Version(record_id, told.position, end, self.read(told))

    def survivors(self, position: int) -> dict[str, str]:
        """Merged record → the one that it leads to, step by step, at a position."""
        merged = {
            told.record_id: told.merged_into for told in self.log if told.position <= position if told.merged_into
        }
        led: dict[str, str] = {}
        for record_id, survivor in merged.items():
            while survivor in merged:
                survivor = merged[survivor]
            led[record_id] = survivor
        return led

    def standing(self, record_type: str, position: int = NOW - 1) -> dict[str, Version]:
        found = {}
        for record_id in {told.record_id for told in self.log if told.record_id.startswith(f"{record_type}:")}:
            for version in self.versions_of(record_id):
                if version.known_from <= position < version.known_to:
                    found[record_id] = version
        return found

    # ── Days ──

    def reached(self, version: Version) -> dict[str, date]:
        """Stage → the day by which a measure is known to have reached it."""
        document = version.document
        dated = {"ANNOUNCED": "announcedOn", **DATE_OF}
        days: dict[str, date | None] = {
            stage: happened_by(document[name], document["reportedOn"]) for stage, name in dated.items()
        }
        days[document["status"]] = self._stated(version)
        return {stage: day for stage, day in days.items() if day}

    def _stated(self, version: Version) -> date:
        """The stage that the record states is reached by its date, or by the day on which the record began to say so."""
        document = version.document
        dated = document[DATE_OF.get(document["status"], "announcedOn")] or document["reportedOn"]
        so_far = self.of(version.record_id, version.known_from)
        newest_first = (told for told in reversed(so_far) if told.operation != "REDACT")
        run = list(takewhile(lambda told: self.read(told)["status"] == document["status"], newest_first))
        return known_by(dated, happened_by(dated, document["reportedOn"]), run[-1].day)

    def told_by(self, version: Version, name: str) -> date:
        """The day by which an assessment was made, or a reporting event happened."""
        dated = version.document[name]
        return known_by(dated, latest(dated) if dated else None, self.of(version.record_id)[0].day)

    # ── Coverage ──

    def coverage(self, position: int, day: date) -> dict[tuple[str, str], tuple[str, str | None]]:
        """Each cell's state at both clocks, and the date that made it."""
        states = [version.document for version in self.standing("StateParty", position).values()]
        codes = [version.document["code"] for version in self.standing("Recommendation", position).values()]
        told = {
            "Measure": list(self.standing("Measure", position).values()),
            "Assessment": list(self.standing("Assessment", position).values()),
            "ReportingEvent": list(self.standing("ReportingEvent", position).values()),
        }
        return {
            (state["code"], code): self._cell(state, code, day, told)
            for state in states
            if date.fromisoformat(state["consentOn"]) <= day
            for code in codes
        }

    def _cell(self, state: Document, code: str, day: date, told: dict[str, list[Version]]) -> tuple[str, str | None]:
        claims = []
        for measure in told["Measure"]:
            if measure.document["stateParty"] == state["code"] and code in measure.document["recommendations"]:
                days = self.reached(measure)
                stage = next((stage for stage in STAGES if stage in days and days[stage] <= day), None)
                if stage:
                    made = STATE_OF.get(stage, "MEASURE_REPORTED")
                    since = measure.document[DATE_OF.get(stage, "announcedOn")]
                    claims.append((PRECEDENCE.index(made), days[stage], measure.record_id, made, since))
        for assessment in told["Assessment"]:
            said = assessment.document
            bears = said["stateParty"] == state["code"] and code in said["recommendations"]
            if bears and said["assessorKind"] == "TRACKER" and said["verdict"] in PRECEDENCE:
                by = self.told_by(assessment, "assessedOn")
                if by <= day:
                    claims.append((PRECEDENCE.index(said["verdict"]), by, assessment.record_id, said["verdict"], None))
        if claims:
            return min(claims, key=lambda claim: claim[:3])[3:]
        return self._silence(state, day, told["ReportingEvent"]), None

    def _silence(self, state: Document, day: date, events: list[Version]) -> str:
        ours = [event for event in events if event.document["stateParty"] == state["code"]]
        days = {kind: [self.told_by(event, "happenedOn") for event in ours if kind in event.document["kind"]]
                for kind in ("OVERDUE", "SUBMITTED", "PUBLISHED")}  # fmt: skip
        made = min(days["SUBMITTED"] + days["PUBLISHED"], default=date.max)
        in_force = date.fromisoformat(state["inForceOn"])
        due = in_force.replace(year=in_force.year + 2)
        if min(days["OVERDUE"], default=date.max) <= day < made:
            return "REPORT_OVERDUE"
        return "REPORT_NOT_DUE" if day < min(made, due) else "NOT_YET_CODED"


def earliest(partial: str) -> date:
    return date.fromisoformat(f"{partial}-01-01"[:10])


def latest(partial: str) -> date:
    year, month, *_ = [int(part) for part in f"{partial}-12".split("-")]
    if len(partial) == 10:
        return date.fromisoformat(partial)
    return date(year, month, calendar.monthrange(year, month)[1])


def happened_by(partial: str | None, reported: str | None) -> date | None:
    """The earlier of its last possible day and the day it was reported, unless that told of the future."""
    if partial is None:
        return None
    if reported is not None and earliest(partial) <= latest(reported) < latest(partial):
        return latest(reported)
    return latest(partial)


def known_by(partial: str | None, day: date | None, said: date) -> date:
    """What the record says to have happened had happened when it said so, unless that told of the future."""
    if day is None or partial is None:
        return said
    return said if earliest(partial) <= said < day else day
