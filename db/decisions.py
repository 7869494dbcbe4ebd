"""What is decided of a record, as the changes to publish: its last document, who cites it, which of its revisions are meant.

To be called under the log's lock (db.log.alone), so that what is looked up here is still so when it is published.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from db.log import Change, PublicationRefused
from db.tables import NOW

Document = dict[str, Any]


async def retraction(connection: asyncpg.Connection, record_id: str, kind: str) -> list[Change]:
    return [Change("RETRACT", record_id, kind, await last_document(connection, record_id))]


async def restoration(connection: asyncpg.Connection, record_id: str, kind: str) -> list[Change]:
    """As it last was."""
    return [Change("RESTORE", record_id, kind, await last_document(connection, record_id))]


async def merger(connection: asyncpg.Connection, record_id: str, survivor_id: str, kind: str) -> list[Change]:
    """What cites a source is first led to its survivor, or no source in use could ever be merged."""
    changes = []
    if record_id.startswith("Source:"):
        led = {record_id: survivor_id}
        cited_by = await connection.fetch(
            """
            select distinct on (r.record_id) r.record_id, r.document
            from citing($1, (select max("position") from revision)) c join revision r on r.record_id = c.id
            order by r.record_id, r."position" desc
            """,
            record_id,
        )
        changes = [
            Change("AMEND", row["record_id"], "RECODED", repointed(orjson.loads(row["document"]), led))
            for row in cited_by
        ]
    document = await last_document(connection, record_id)
    return [*changes, Change("MERGE", record_id, kind, document, merged_into=survivor_id)]


async def redaction(
    connection: asyncpg.Connection, record_id: str, kind: str, document: Document, numbers: Sequence[int]
) -> list[Change]:
    """Of the revisions with these numbers; without any, of all whose document is still there."""
    rows = await connection.fetch(
        'select number, "position", document is not null as there from revision where record_id = $1', record_id
    )
    found = {row["number"]: row for row in rows}
    for number in numbers:
        if number not in found:
            raise PublicationRefused(
                f"{record_id} has no revision {number}: it has {len(found)} of them.", None, record_id
            )
        if not found[number]["there"]:
            raise PublicationRefused(
                f"Revision {number} of {record_id} was redacted before: leave it out.", None, record_id
            )
    meant = sorted({*numbers}) or sorted(number for number in found if found[number]["there"])
    redacts = tuple(found[number]["position"] for number in meant)
    return [Change("REDACT", record_id, kind, document, redacts=redacts)]


async def last_document(connection: asyncpg.Connection, record_id: str) -> Document:
    """The last revision of a record always has its document: only later ones can redact it."""
    document = await connection.fetchval(
        'select document from revision where record_id = $1 order by "position" desc limit 1', record_id
    )
    if document is None:
        raise PublicationRefused(
            f"{record_id} is not in the record: ids read as Measure:PHL-0007 does.", None, record_id
        )
    last: Document = orjson.loads(document)
    return last


async def survivors(connection: asyncpg.Connection, position: int = NOW - 1) -> dict[str, str]:
    """Merged record → where it leads, as of a position."""
    rows = await connection.fetch(
        "select id, survivor_id from survivor_version where known_from <= $1 and known_to > $1", position
    )
    return {row["id"]: row["survivor_id"] for row in rows}


def repointed(document: Document, led: Mapping[str, str]) -> Document:
    """The document with its citations led to the sources that survive: one for each distinct source, locator and note."""
    citations = document.get("citations")
    if not any(f"Source:{citation['source']}" in led for citation in citations or []):
        return document
    told: list[Document] = []
    for citation in citations or []:
        source = f"Source:{citation['source']}"
        one = {**citation, "source": led.get(source, source).removeprefix("Source:")}
        if one not in told:
            told.append(one)
    return {**document, "citations": told}
