"""What is decided of a record, as the changes to publish: its last document, who cites it, which of its revisions are meant.

To be called under the log's lock (db.log.alone), so that what is looked up here is still so when it is published.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson

from db.canonical import canonical
from db.log import Change, PublicationRefused, Published
from db.tables import NOW

Document = dict[str, Any]

CITATION = {"source", "locator", "note"}
"""The fields of a citation."""


async def retraction(connection: asyncpg.Connection, record_id: str, kind: str) -> list[Change]:
    return [Change("RETRACT", record_id, kind, await last_document(connection, record_id))]


async def restoration(connection: asyncpg.Connection, record_id: str, kind: str) -> list[Change]:
    """As it last was; what it cites may have been merged since, and is then cited under the name that survives."""
    document = await last_document(connection, record_id)
    return [Change("RESTORE", record_id, kind, repointed(document, await survivors(connection)))]


async def merger(connection: asyncpg.Connection, record_id: str, survivor_id: str, kind: str) -> list[Change]:
    """What cites a source is first led to its survivor, or no source in use could ever be merged."""
    changes = []
    if record_id.startswith("Source:"):
        led = {record_id: survivor_id}
        cited_by = await connection.fetch(
            """
            select distinct on (d.record_id) d.record_id, d.document
            from citing($1, (select max("position") from revision)) c join documents d on d.record_id = c.id
            order by d.record_id, d."position" desc
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
    connection: asyncpg.Connection, record_id: str, kind: str, words: Document, numbers: Sequence[int]
) -> list[Change]:
    """Of the revisions with these numbers, or else of all that say something other than these words, field → text.

    What a revision says beside them stays, and what it left empty stays empty: so there is one change for all revisions of which
    the same is left. citations: [{source, locator, note}], for each citation of that source.
    """
    rows = await connection.fetch(
        'select number, "position", document from revision where record_id = $1 order by number', record_id
    )
    if not rows:
        raise _unknown(record_id)
    await _check_words(connection, record_id, words)
    documents = {row["number"]: row["document"] and orjson.loads(row["document"]) for row in rows}
    for number in numbers:
        if number not in documents:
            raise PublicationRefused(
                f"{record_id} has no revision {number}: it has {len(rows)} of them.", None, record_id
            )
        if documents[number] is None:
            raise PublicationRefused(
                f"Revision {number} of {record_id} was redacted before: leave it out.", None, record_id
            )
    left: dict[bytes, list[int]] = {}
    for row in rows:
        document = documents[row["number"]]
        stays = document and _with_words(document, words)
        if document and (row["number"] in numbers if numbers else stays != document):
            left.setdefault(canonical(stays), []).append(row["position"])
    if not left:
        raise PublicationRefused(f"No revision of {record_id} says anything other than that.", None, record_id)
    return [
        Change("REDACT", record_id, kind, orjson.loads(document), redacts=tuple(positions))
        for document, positions in left.items()
    ]


async def still_saying(connection: asyncpg.Connection, record_id: str, published: Published) -> list[int]:
    """The numbers of the revisions before a redaction that still have their documents."""
    rows = await connection.fetch(
        'select number from revision where record_id = $1 and "position" < $2 and document is not null order by 1',
        record_id,
        published.first,
    )
    return [row["number"] for row in rows]


async def _check_words(connection: asyncpg.Connection, record_id: str, words: Document) -> None:
    allowed = [
        *await connection.fetchval("select words_of(record_type_of($1))", record_id),
        "citations",
    ]
    for field, text in words.items():
        if field not in allowed:
            raise PublicationRefused(
                f"{field} is not among the words of {record_id}, which alone can be redacted: {', '.join(allowed)}. What"
                " else is wrong is corrected by amending the record.",
                None,
                record_id,
            )
        if field == "citations" and not (
            isinstance(text, list) and all(isinstance(one, dict) and one.keys() <= CITATION for one in text)
        ):
            raise PublicationRefused(
                'citations is to be a list as [{"source": "S-0001", "note": null}], with source, locator, note.',
                None,
                record_id,
            )


def _with_words(document: Document, words: Document) -> Document:
    """The document with these words in place of its own, where it has any."""
    citations = {citation.get("source"): citation for citation in words.get("citations", [])}
    left = {field: _left(text, words.get(field, text)) for field, text in document.items() if field != "citations"}
    if "citations" in document:
        left["citations"] = [
            {
                field: _left(text, citations.get(citation["source"], {}).get(field, text))
                for field, text in citation.items()
            }
            for citation in document["citations"]
        ]
    return left


def _left(text: Any, words: Any) -> Any:
    """Words in place of a text; nothing stays nothing."""
    if isinstance(text, dict) and isinstance(words, dict):  # by language
        return {key: _left(one, words.get(key, one)) for key, one in text.items()}
    return words if text is not None else None


async def last_document(connection: asyncpg.Connection, record_id: str) -> Document:
    """What a record last said, as far as it is not redacted."""
    document = await connection.fetchval(
        'select document from documents where record_id = $1 order by "position" desc limit 1', record_id
    )
    if document is None:
        raise _unknown(record_id)
    last: Document = orjson.loads(document)
    return last


def _unknown(record_id: str) -> PublicationRefused:
    return PublicationRefused(f"{record_id} is not in the record: ids read as Measure:PHL-0007 does.", None, record_id)


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
