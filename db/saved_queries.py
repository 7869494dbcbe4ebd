"""Saved queries: a document, its variables and perhaps a clock, at an address that is made of them and stays.

Anybody saves one. What was saved stays as it is, and public, so it must hold no details of persons; what slipped through can be
withdrawn: its words are gone then, and its address says why.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import asyncpg
import orjson

from db.canonical import canonical
from db.personal_data import personal_data

WELL_FORMED = re.compile(r"[0-9a-f]{20}", re.ASCII)
"""An id: 80 bits of the content's SHA-256, in hex."""

LONGEST = 20_000
"""Characters of a query's content."""

LONGEST_REASON = 2_000


class QueryRefused(Exception):
    """What cannot be saved or withdrawn: says why, and what to do."""


@dataclass(frozen=True)
class Query:
    """What is asked. document: one operation and the fragments it uses, as graphql-core prints them; variables: those that it
    declares, as they were given; position, valid: the clocks that it is read at, where they are not left to the reader."""

    document: str
    variables: Mapping[str, Any]
    position: int | None = None
    valid: str | None = None

    @cached_property
    def content(self) -> str:
        """Canonical JSON, so that the same is always the same bytes. Raises QueryRefused for what cannot be said in it."""
        try:
            return canonical({"document": self.document, "variables": dict(self.variables), **self.clocks}).decode()
        except (ValueError, RecursionError):
            raise QueryRefused(
                "variables: they are nested too deeply, or hold a number or letters that JSON cannot say exactly."
            ) from None

    @cached_property
    def id(self) -> str:
        """What its address ends in."""
        return hashlib.sha256(self.content.encode()).hexdigest()[:20]

    @cached_property
    def document_hash(self) -> str:
        return hashlib.sha256(self.document.encode()).hexdigest()

    @property
    def clocks(self) -> Mapping[str, str | int]:
        """Those that are not left to the reader."""
        named = {"position": self.position, "valid": self.valid}
        return {name: value for name, value in named.items() if value is not None}

    @property
    def frozen(self) -> bool:
        """Whether it is of one state of the record, whatever is published later."""
        return self.position is not None


@dataclass(frozen=True)
class SavedQuery:
    """A query that was saved, and when."""

    query: Query
    saved_at: datetime


@dataclass(frozen=True)
class Withdrawn:
    """What is left of a saved query that was withdrawn."""

    id: str
    withdrawn_at: datetime
    because: str


async def save(source: asyncpg.Pool | asyncpg.Connection, query: Query, account_id: int | None) -> bool:
    """Whether it is new: what was saved before is the same query, with the same address. Raises QueryRefused."""
    check(query)
    written: str | None = await source.fetchval(
        """
        insert into saved_query (id, content, document_hash, saved_at, account_id)
        values ($1, $2, $3, clock_timestamp(), $4) on conflict (id) do nothing returning id
        """,
        query.id,
        query.content,
        query.document_hash,
        account_id,
    )
    if written is not None:
        return True
    there = await find(source, query.id)
    if isinstance(there, Withdrawn):
        raise QueryRefused(f"This query was withdrawn, and is not saved again: {there.because}")
    if there is None or there.query.content != query.content:
        raise QueryRefused("Another query has the address that this one would get: name its operation otherwise.")
    return False


def check(query: Query) -> None:
    """Raises QueryRefused for what is too long, or would make details of persons public."""
    if len(query.content) > LONGEST:
        raise QueryRefused(
            f"A saved query may have {LONGEST:,} characters, its variables included; this one has {len(query.content):,}."
        )
    for text in (query.document, *_texts(query.variables)):
        for what, _start, _end in personal_data(text):
            raise QueryRefused(
                f"The query holds {what}, and what is saved is public for good. Send it to /graphql, where nothing of it is"
                " kept."
            )


def _texts(value: Any) -> Iterator[str]:
    """Every text in the variables."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(one)


async def find(source: asyncpg.Pool | asyncpg.Connection, query_id: str) -> SavedQuery | Withdrawn | None:
    """The saved query of an id; None where there was never one."""
    if not WELL_FORMED.fullmatch(query_id):
        return None
    row = await source.fetchrow("select * from saved_query where id = $1", query_id)
    if row is None:
        return None
    if row["content"] is None:
        return Withdrawn(row["id"], row["withdrawn_at"], row["withdrawn_because"])
    return SavedQuery(Query(**orjson.loads(row["content"])), row["saved_at"])


async def find_document(source: asyncpg.Pool | asyncpg.Connection, document_hash: str) -> str | None:
    """The text of a saved query's document, by its SHA-256 in hex."""
    content = await source.fetchval(
        "select content from saved_query where document_hash = $1 order by saved_at limit 1", document_hash
    )
    return None if content is None else str(orjson.loads(content)["document"])


async def withdraw(connection: asyncpg.Connection, query_id: str, because: str) -> None:
    """Takes a saved query's words out, as the owner. Raises QueryRefused."""
    if not 1 <= len(because.strip()) <= LONGEST_REASON:
        raise QueryRefused(f"The reason is what its address answers with: 1 to {LONGEST_REASON:,} characters.")
    there = "select exists (select from saved_query where id = $1 and content is not null)"
    if not await connection.fetchval(there, query_id):
        message = (
            f"There is no saved query {query_id}, or it is withdrawn already: an id is what its address ends in, /q/ID."
        )
        raise QueryRefused(message)
    await connection.execute(
        """
        update saved_query set content = null, document_hash = null, withdrawn_at = clock_timestamp(), withdrawn_because = $2
        where id = $1
        """,
        query_id,
        because.strip(),
    )
