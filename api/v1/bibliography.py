"""Bibliographies: records at their revisions, as the record itself cites them, for BibTeX and for reference managers (CSL JSON)."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import orjson

from api.v1.listing import Listing
from api.v1.source_citation import bibtex_of, csl_of

CITED = frozenset(
    ("stateParties", "recommendations", "measures", "assessments", "reportingEvents", "statements", "changes")
)
"""The fields of Query whose rows are records or revisions, and are cited as such."""

SOURCES = "sources"
"""The one whose rows are documents of others."""


async def as_bibtex(listing: Listing) -> AsyncGenerator[bytes]:
    """Entries, a blank line after each."""
    async for entries in _cited(listing, bibtex_of, lambda revision: str(revision["bibtex"])):
        yield "".join(f"{entry}\n\n" for entry in entries).encode()


async def as_csl_json(listing: Listing) -> AsyncGenerator[bytes]:
    """A list of items."""
    before = b"[\n"
    async for items in _cited(listing, csl_of, lambda revision: orjson.loads(revision["csl"])[0]):
        yield before + b",\n".join(orjson.dumps(item) for item in items)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


async def _cited(
    listing: Listing, source: Callable[[Any], Any], revision: Callable[[Any], Any]
) -> AsyncGenerator[list[Any]]:
    """The rows' citations, some at a time. source, revision: how one is made of a row of either kind."""
    is_source = listing.asked.field == SOURCES
    async with aclosing(listing.lines()) as lines:
        async for chunk in lines:
            rows = [orjson.loads(line) for line in chunk.splitlines()]
            yield [source(row) if is_source else revision(row.get("revision", row)) for row in rows]
