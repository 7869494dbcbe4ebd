"""A feed of changes: its entries, the newest first, how many there are in all, and where the older ones are.

Nothing that changes the record is left out of it: each revision is an entry, whatever it did.
"""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from api.about import NAME
from api.atom import Entry
from api.pages.facts import named
from api.pages.meanings import meaning
from api.pages.shell import fragment
from api.pages.spelling import spelt
from api.v1.asked_for import PAGING, titled
from api.v1.listing import Listing, Request

NEWEST = 50
"""Entries of a feed whose address does not say how many."""

ABOUT = {"stateParty": "StateParty", "recommendation": "Recommendation"}
"""Filter → the type of record that it names by code."""

LATE = ("citations", "note")
"""Fields that a title tells of only where nothing else changed."""


@dataclass(frozen=True)
class Feed:
    """id: the feed's own, whatever its page; address: of this page; first: of the newest one; next: of the older one, if any;
    about: of the page for people on what it is about."""

    id: str
    title: str
    subtitle: str
    updated: str
    address: str
    first: str
    next: str | None
    about: str
    entries: Sequence[Entry]
    rows: Sequence[Any]


async def feed_of(listing: Listing) -> Feed:
    rows = [row async for row in _rows(listing)][::-1]
    asked, left_out = listing.asked, listing.of - listing.total
    address, _, query = asked.address.partition("?")
    given = parse_qsl(query, keep_blank_values=True)
    about = [(name, value) for name, value in given if name not in PAGING]
    kept = [(name, value) for name, value in given if name not in ("before", "after")]
    older = left_out and "first" not in asked.given and "before" in asked.operation.types
    return Feed(
        id=_address(address, about),
        title=titled(f"Changes in the {NAME}", asked),
        subtitle=_subtitle(listing, asked.given),
        updated=rows[0]["recordedAt"] if rows else listing.clock["known"],
        address=asked.address,
        first=_address(address, kept),
        next=_address(address, [*kept, ("before", str(rows[-1]["position"]))]) if older and rows else None,
        about=_about(asked),
        entries=[_entry(row, asked.state) for row in rows],
        rows=rows,
    )


async def _rows(listing: Listing) -> AsyncGenerator[Any]:
    async with aclosing(listing.lines()) as lines:
        async for chunk in lines:
            for line in chunk.splitlines():
                yield orjson.loads(line)


def _address(address: str, parameters: Sequence[tuple[str, str]]) -> str:
    return f"{address}?{urlencode(parameters)}" if parameters else address


def _about(asked: Request) -> str:
    """Of a record, its page; of all that bears on a State or a recommendation, that one's; of a saved query, the query's."""
    if "id" in asked.given:
        return f"{asked.public_url}/r/{asked.given['id']}"
    if asked.title is not None:
        address = asked.address.partition("?")[0].removesuffix(".atom").removesuffix(".feed.json")
        return address if "/q/" in address else f"{asked.public_url}/"
    of = asked.given.get("filter") or {}
    named = [f"{type_}:{of[name][0]}" for name, type_ in ABOUT.items() if len(of.get(name) or []) == 1]
    return f"{asked.public_url}/{f'r/{named[0]}' if len(named) == 1 else ''}"


def _subtitle(listing: Listing, given: Mapping[str, Any]) -> str:
    """How many of how many these are: what is left out is told."""
    shown, of = listing.total, listing.of
    since = f" after position {given['after']:,}" if given.get("after") else ""
    until = f" before position {given['before']:,}" if given.get("before") is not None else ""
    if shown == of:
        return f"All {of:,} changes{since}{until}, the newest first."
    if "first" in given:
        return f"The oldest {shown:,} of {of:,} changes{since}{until}, the newest of them first; the others are newer."
    return f"The newest {shown:,} of {of:,} changes{since}{until}; the older ones are on the pages that follow."


def _entry(row: Mapping[str, Any], state_of: Callable[[str], str]) -> Entry:
    sentences = [change["sentence"] for change in row["fieldChanges"]]
    operation, kind = meaning("Operation", row["operation"]), meaning("ChangeKind", row["kind"])
    whose = f"Proposed by {row['author']}" + (f", accepted by {row['reviewer']}." if row["reviewer"] else ".")
    return Entry(
        id=row["permalink"],
        title=title_of(row, state_of),
        author=row["author"],
        published=row["recordedAt"],
        updated=row["recordedAt"],
        link=row["permalink"],
        summary="\n".join([operation, kind, f"Reason: {row['reason']}", whose, *sentences]),
        html=fragment("change.html", **{**row, "operation": operation, "kind": kind, "sentences": sentences}),
        categories=[
            (row["operation"], spelt(row["operation"])),
            (row["kind"], spelt(row["kind"])),
            (row["recordType"], spelt(row["recordType"])),
        ],
    )


def title_of(row: Mapping[str, Any], state_of: Callable[[str], str]) -> str:
    """A change in a sentence that names its record: "Measure “A law” of Philippines (Measure:PHL-0001): new in the record."."""
    said = {} if row["operation"] == "REDACT" else row["document"] or {}  # a redaction's is of what it left of others
    name = named(said) or spelt(said.get("kind") or "")
    state = said.get("stateParty")
    record = spelt(row["recordType"]) + (f" “{name}”" if name else "") + (f" of {state_of(state)}" if state else "")
    return f"{record} ({row['recordId']}): {_did(row)}."


def _did(row: Mapping[str, Any]) -> str:
    match row["operation"]:
        case "CREATE":
            return "new in the record"
        case "RETRACT":
            return "retracted from the record"
        case "RESTORE":
            return "restored to the record"
        case "MERGE":
            return f"merged into {row['record']['id']}" if row["record"] else "merged into another record"
        case "REDACT":
            return "redacted, so that some of what it said is no longer shown"
    changes = sorted(row["fieldChanges"], key=lambda change: change["field"] in LATE)
    if not changes:
        return "written otherwise, saying the same"
    more = {1: "", 2: "; 1 further field"}.get(len(changes), f"; {len(changes) - 1} further fields")
    return f"{changes[0]['sentence'].rstrip('.')}{more}"
