"""`opsc verify`: replays the whole log, and compares each projection, hash, envelope and checkpoint with what is stored.

It finds whatever was changed behind the triggers' back, but for this: a log that was rewritten, or cut off at its end, and signed
again is a valid log; checkpoints cut off at the end look as if they had never been signed. Only a checkpoint that somebody else has
kept can show that. And a submission's title is in no envelope: nothing says what it was.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg
import orjson
import sqlalchemy as sa

from db.canonical import canonical
from db.tables import PROJECTIONS, coverage, coverage_by_recommendation, coverage_by_state_party, survivor
from db.verify_rules import faults as rule_faults
from db.verify_tree import faults

BATCH = 500
"""Revisions held in memory at once."""

COLUMNS = {
    "author": "author",
    "kind": "kind",
    "mergedInto": "merged_into",
    "number": "number",
    "operation": "operation",
    "position": "position",
    "reason": "reason",
    "recordId": "record_id",
    "recordType": "record_type",
    "redacts": "redacts",
    "reviewer": "reviewer",
    "submission": "submission_id",
}
"""Field of the envelope → column of the revision that must say the same."""

TABLES = [*PROJECTIONS.values(), survivor, coverage, coverage_by_state_party, coverage_by_recommendation]


class Disagreement(NamedTuple):
    """Something stored that the log does not say, or that the log says otherwise. record_id, position: where known; of what is
    no record's, record_id is its place in the table."""

    table: str
    record_id: str | None
    position: int | None
    sentence: str

    def __str__(self) -> str:
        where = [self.table, *([self.record_id] if self.record_id else [])]
        if self.position is not None:
            where.append(f"at position {self.position}")
        return f"{' '.join(where)}: {self.sentence}"


async def verify(connection: asyncpg.Connection) -> list[Disagreement]:
    """Reads one snapshot while others publish; writes temporary tables only, and undoes them. Empty: all agrees."""
    async with _snapshot(connection):
        return [
            *await _rules(connection),
            *await _log(connection),
            *await _tree(connection),
            *await _projections(connection),
        ]


@asynccontextmanager
async def _snapshot(connection: asyncpg.Connection) -> AsyncIterator[None]:
    transaction = connection.transaction(isolation="repeatable_read")
    await transaction.start()
    try:
        # large logs take longer than any page may; temporary tables must be the first that names find
        await connection.execute("set local statement_timeout = 0; set local search_path = pg_temp, public")
        yield
    finally:
        await transaction.rollback()


# ── The log ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def _log(connection: asyncpg.Connection) -> list[Disagreement]:
    found: list[Disagreement] = []
    numbers: dict[str, int] = {}
    before: asyncpg.Record | None = None
    async for revision in connection.cursor(
        """
        select r.*, moment(r.recorded_at) as moment, s.id is not null as submitted,
               array(select d."position" from public.revision d where d.operation = 'REDACT' and d.record_id = r.record_id
                     and d.redacts @> array[r."position"] order by 1) as redacted_at,
               array(select named from unnest(r.redacts) named where not exists
                     (select from public.revision o where o."position" = named and o.record_id = r.record_id
                      and named < r."position")) as redacts_nothing
        from public.revision r left join public.submission s on s.id = r.submission_id
        order by r."position"
        """,
        prefetch=BATCH,
        timeout=None,
    ):
        sentences = [
            *_in_order(revision, before, numbers),
            *_hashes(revision),
            *_redactions(revision),
            *_document(revision["document"]),
            *_envelope(revision),
        ]
        found += [
            Disagreement("revision", revision["record_id"], revision["position"], sentence) for sentence in sentences
        ]
        before = revision
    return [*found, *await _submissions(connection)]


async def _submissions(connection: asyncpg.Connection) -> list[Disagreement]:
    """A submission says what its revisions say, whose envelopes were checked; and without any it was never published."""
    rows = await connection.fetch(
        """
        select s.id, count(r.submission_id) as revisions,
               array_remove(array[case when bool_or(r.reason <> s.reason) then 'reason' end,
                                  case when bool_or(r.author <> s.author) then 'author' end,
                                  case when bool_or(r.reviewer is distinct from s.reviewer) then 'reviewer' end,
                                  case when bool_or(r.recorded_at <> s.published_at) then 'moment' end], null) as others
        from public.submission s left join public.revision r on r.submission_id = s.id
        group by s.id order by s.id
        """
    )
    return [
        Disagreement("submission", str(row["id"]), None, sentence)
        for row in rows
        for sentence in (
            [f"its {name} is not that of its revisions" for name in row["others"]]
            if row["revisions"]
            else ["it has no revision"]
        )
    ]


def _in_order(revision: asyncpg.Record, before: asyncpg.Record | None, numbers: dict[str, int]) -> Iterable[str]:
    """Positions and numbers run without gaps, moments never go back, each revision has its submission."""
    position = before["position"] + 1 if before else 1
    if revision["position"] != position:
        yield f"position {position} is missing before it"
    if before and revision["recorded_at"] < before["recorded_at"]:
        yield "it was recorded before the revision before it"
    number = numbers.get(revision["record_id"], 0) + 1
    if revision["number"] != number:
        yield f"its number is {revision['number']}, but it is the record's {number}."
    numbers[revision["record_id"]] = revision["number"]
    if not revision["submitted"]:
        yield f"its submission {revision['submission_id']} does not exist"


def _hashes(revision: asyncpg.Record) -> Iterable[str]:
    document, salt = revision["document"], revision["salt"]
    if (document is None) != (salt is None):
        yield "of its document and salt one is gone without the other"
    elif document is not None and hashlib.sha256(salt + document.encode()).digest() != revision["document_hash"]:
        yield "its document is not what its document hash was made of"
    if hashlib.sha256(b"\0" + revision["envelope"].encode()).digest() != revision["leaf_hash"]:
        yield "its envelope is not what its leaf hash was made of"


def _redactions(revision: asyncpg.Record) -> Iterable[str]:
    """A document is gone if and only if a later revision of its record redacts it."""
    redacted_at, gone = revision["redacted_at"], revision["document"] is None
    if gone and not redacted_at:
        yield "its document is gone, and no redaction names it"
    if redacted_at and not gone:
        yield f"its document is still there, though it was redacted at position {redacted_at[0]}"
    if len(redacted_at) > 1:
        yield f"it is redacted more than once, at positions {', '.join(map(str, redacted_at))}"
    for position in revision["redacts_nothing"]:
        yield f"it redacts position {position}, where this record has no earlier revision"


def _document(document: str | None) -> Iterable[str]:
    if document is not None and _canonical_again(document) != document.encode():
        yield "its document is not canonical JSON (RFC 8785)"


def _envelope(revision: asyncpg.Record) -> Iterable[str]:
    if _canonical_again(revision["envelope"]) != revision["envelope"].encode():
        yield "its envelope is not canonical JSON (RFC 8785)"
        return
    told = orjson.loads(revision["envelope"])
    stored = {
        **{field: revision[column] for field, column in COLUMNS.items()},
        "documentHash": revision["document_hash"].hex(),
        "format": 1,
        "recordedAt": revision["moment"],
    }
    if not isinstance(told, dict) or told.keys() != stored.keys():
        yield "its envelope has other fields than envelopes have"
        return
    for field, value in stored.items():
        if told[field] != value:
            yield f"its envelope says {field} {_value(told[field])}, its row {_value(value)}"


def _canonical_again(text: str) -> bytes | None:
    try:
        return canonical(orjson.loads(text))
    except ValueError:  # no JSON at all, or nothing that RFC 8785 can write
        return None


async def _rules(connection: asyncpg.Connection) -> list[Disagreement]:
    return [Disagreement(fault.table, fault.place, None, fault.sentence) for fault in await rule_faults(connection)]


async def _tree(connection: asyncpg.Connection) -> list[Disagreement]:
    return [Disagreement(fault.table, fault.place, None, fault.sentence) for fault in await faults(connection)]


# ── The projections ───────────────────────────────────────────────────────────────────────────────────────────────────


async def _projections(connection: asyncpg.Connection) -> list[Disagreement]:
    last = await connection.fetchval('select coalesce(max("position"), 0) from public.revision')
    for table in TABLES:
        await connection.execute(
            f'create temporary table "{table.name}" (like public."{table.name}" including generated including indexes)'
        )
    try:
        async with connection.transaction():
            await connection.execute("select project_records(1, $1)", last)
            await connection.execute(f"analyze {', '.join(table.name for table in TABLES)}")
            await connection.execute("select project_coverage(1, $1)", last)
    except asyncpg.PostgresError as error:
        return [Disagreement("revision", None, None, f"the log cannot be replayed: {error}")]
    return [
        *[row for table in TABLES for row in await _compared(connection, table)],
        *await _words(connection),
    ]


async def _compared(connection: asyncpg.Connection, table: sa.Table) -> list[Disagreement]:
    """Rows of the projection and of the replay that are not the same, in either direction."""
    key = ", ".join(column.name for column in table.primary_key)
    rows = await connection.fetch(
        f"""
        select {key}, stored is null as missing, replayed is null as extra, to_jsonb(stored)::text as stored,
               to_jsonb(replayed)::text as replayed
        from public."{table.name}" stored full join pg_temp."{table.name}" replayed using ({key})
        where stored is distinct from replayed
        order by {key}
        """
    )
    return [Disagreement(table.name, _record(row), row.get("known_from"), _difference(row)) for row in rows]


def _record(row: asyncpg.Record) -> str:
    state, recommendation = row.get("state_party_code"), row.get("recommendation_code")
    if "id" in row:
        return str(row["id"])
    if state and recommendation:
        return f"Coverage:{state}.{recommendation}"
    return f"StateParty:{state}" if state else f"Recommendation:{recommendation}"


def _difference(row: asyncpg.Record) -> str:
    if row["missing"]:
        return "the log makes this version, but it is not there"
    if row["extra"]:
        return "this version is there, but the log does not make it"
    stored, replayed = orjson.loads(row["stored"]), orjson.loads(row["replayed"])
    different = [column for column in stored if stored[column] != replayed.get(column)]
    return "; ".join(
        f"{column} is {_value(stored[column])}, by the log {_value(replayed.get(column))}" for column in different
    )


async def _words(connection: asyncpg.Connection) -> list[Disagreement]:
    searched = [table.name for table in PROJECTIONS.values() if "search" in table.c]
    words = " union ".join(
        f'select unnest(tsvector_to_array(search)) as word from pg_temp."{name}"' for name in searched
    )
    rows = await connection.fetch(
        f"select word, known_word.word is null as forgotten from ({words}) held full join public.known_word using (word)"
        " where held.word is null or known_word.word is null order by word"
    )
    return [Disagreement("known_word", None, None, _of_word(row["word"], row["forgotten"])) for row in rows]


def _of_word(word: str, forgotten: bool) -> str:
    return f"search does not know the word {word}" if forgotten else f"search knows the word {word}, which nothing says"


def _value(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else f"{text[:79]}…"
