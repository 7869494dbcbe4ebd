"""Documents for tests that write the log, each with all its type's keys, and entering them as people's submissions."""

from datetime import date
from typing import Any

import asyncpg

from db.log import Change, Published, publish

Document = dict[str, Any]

CITATIONS = [{"source": "S-1", "locator": None, "note": None}]


def source(**fields: Any) -> Document:
    nothing = dict.fromkeys(
        ("symbol", "url", "readAt", "archivedUrl", "publishedOn", "accessedOn", "language", "licence")
    )
    return {"kind": "OTHER", "title": "A source", "publisher": "A publisher", **nothing, **fields}


def section(number: str, **fields: Any) -> Document:
    nothing = dict.fromkeys(("parent", "firstParagraph", "page", "note"))
    return {"number": number, "heading": f"Section {number}", "articles": [], **nothing, **fields}


def recommendation(code: str, **fields: Any) -> Document:
    return {
        "code": code,
        "section": "I",
        "title": f"Recommendation {code}",
        "text": "States should.",
        "paragraphs": None,
        "themes": ["LEGISLATION"],
        "articles": [],
        "evidenceKinds": [],
        "digital": False,
        "privateSector": False,
        "strength": "SHOULD",
        "verification": "UNCHECKED",
        "certainty": None,
        "basis": None,
        "note": None,
        "citations": [],
        **fields,
    }


def state_party(code: str, **fields: Any) -> Document:
    return {
        "code": code,
        "alpha2": code[:2],
        "m49": 1,
        "names": {"EN": f"State {code}"},
        "region": "Europe",
        "subregion": "Northern Europe",
        "group": "AFRICAN",
        "signedOn": None,
        "consentOn": "2002-01-18",
        "consent": "RATIFICATION",
        "inForceOn": "2002-02-18",
        "dateConfidence": "ONE_SOURCE",
        "note": None,
        "citations": CITATIONS,
        **fields,
    }


def measure(state: str, **fields: Any) -> Document:
    nothing = dict.fromkeys(
        ("announcedOn", "adoptedOn", "inForceOn", "endedOn", "dateBasis", "reportedOn", "instrument", "consent", "note")
    )
    return {
        "stateParty": state,
        "kind": "LEGISLATION",
        "title": "A law",
        "summary": "It is a law.",
        "status": "ADOPTED",
        "reportedBy": "STATE",
        "recommendations": ["I-01"],
        "confidence": "HIGH",
        "citations": CITATIONS,
        **nothing,
        **fields,
    }


def assessment(state: str, **fields: Any) -> Document:
    return {
        "stateParty": state,
        "assessor": "OPSC Tracker",
        "assessorKind": "TRACKER",
        "verdict": "NOT_MENTIONED",
        "criterion": None,
        "summary": None,
        "recommendations": ["I-01"],
        "assessedOn": None,
        "citations": CITATIONS,
        **fields,
    }


def reporting_event(state: str, **fields: Any) -> Document:
    return {
        "stateParty": state,
        "kind": "INITIAL_REPORT_SUBMITTED",
        "happenedOn": None,
        "documentSymbol": None,
        "citations": CITATIONS,
        **fields,
    }


def create(record_id: str, document: Document) -> Change:
    return Change("CREATE", record_id, "LEARNED", document)


def amend(record_id: str, document: Document) -> Change:
    return Change("AMEND", record_id, "CORRECTED", document)


def retract(record_id: str, document: Document) -> Change:
    return Change("RETRACT", record_id, "CORRECTED", document)


def restore(record_id: str, document: Document) -> Change:
    return Change("RESTORE", record_id, "CORRECTED", document)


def merge(record_id: str, survivor: str, document: Document) -> Change:
    return Change("MERGE", record_id, "CORRECTED", document, merged_into=survivor)


def redact(record_id: str, document: Document, *positions: int) -> Change:
    return Change("REDACT", record_id, "CORRECTED", document, redacts=positions)


BEGINNING = [
    create("Source:S-1", source()),
    create("Section:I", section("I")),
    create("Recommendation:I-01", recommendation("I-01")),
    create("Recommendation:I-02", recommendation("I-02")),
    create("StateParty:AAA", state_party("AAA")),
    create("StateParty:BBB", state_party("BBB", consentOn="2010-06-01", inForceOn="2010-07-01")),
    create("Measure:AAA-0001", measure("AAA")),
]
"""A small record: two States parties, two recommendations, one measure."""


async def published(connection: asyncpg.Connection, *changes: Change, **said: Any) -> Published:
    said = {"title": "Ours", "reason": "We know better", "author": "maria", "reviewer": "jo", **said}
    return await publish(connection, changes=changes, **said)


async def clock_by_setting(owner: asyncpg.Connection) -> None:
    """From now on, publish() in this database reads the clock from the setting test.clock."""
    definition = await owner.fetchval("select pg_get_functiondef('publish'::regproc)")
    assert "clock_timestamp()" in definition
    await owner.execute(definition.replace("clock_timestamp()", "current_setting('test.clock')::timestamptz"))


async def published_on(owner: asyncpg.Connection, day: date, *changes: Change) -> Published:
    """Recorded at noon of a day, where the clock is read from the setting."""
    await owner.execute("select set_config('test.clock', $1, false)", f"{day}T12:00:00Z")
    return await published(owner, *changes)


async def size(connection: asyncpg.Connection) -> tuple[int, int]:
    count = "select count(*) from "
    return await connection.fetchval(f"{count} revision"), await connection.fetchval(f"{count} submission")
