"""Calendars (iCalendar, RFC 5545): reporting events, and the days by which States' first reports were due.

A date is never made more precise than it is: an event of which only the year is known spans that year, says so in its name, and
keeps nobody busy. One of which no date is known is there too, as a journal entry, which needs none.
"""

import re
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from icalendar import Calendar, Component, Event, Journal, vDuration

from api.pages.meanings import meaning
from api.pages.spelling import day, spelt
from api.v1.asked_for import titled
from api.v1.listing import Listing
from db.days import earliest, latest

PRODUCT = "-//OPSC Tracker//the record//EN"
REFRESHED = timedelta(hours=12)
END = b"END:VCALENDAR\r\n"

DUE = (
    "Two years after the Protocol entered into force for it, as article 12(1) computes it. What documents say of the report stands"
    " among the reporting events."
)
NOT_KNOWN = {4: "{}; month and day not known", 7: "{}; day not known"}
"""How long a partial date is written → how it is told."""

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
"""Characters that RFC 5545 has no place for."""


@dataclass(frozen=True)
class Dated:
    """What a row of a list is in a calendar. name: of its UID, beside the row's own address; on: a partial date, or none."""

    name: str
    summary: str
    about: Sequence[str]
    category: str
    on: str | None


async def as_calendar(listing: Listing) -> AsyncGenerator[bytes]:
    read, called = CALENDARS[listing.asked.field]
    yield _calendar(listing, called).removesuffix(END)
    async with aclosing(listing.lines()) as lines:
        async for chunk in lines:
            rows = [orjson.loads(line) for line in chunk.splitlines()]
            yield b"".join(_component(row, read(row)).to_ical() for row in rows)
    yield END


def _calendar(listing: Listing, called: str) -> bytes:
    asked, clock = listing.asked, listing.clock
    told = (
        f"All there are: {listing.total:,}" if listing.total == listing.of else f"{listing.total:,} of {listing.of:,}"
    )
    calendar = Calendar.new(
        name=titled(called, asked),
        description=f"{told}, as the OPSC Tracker had them at position {clock['position']} of its log. "
        f"Licence: CC BY 4.0. {asked.public_url}",
        prodid=PRODUCT,
        refresh_interval=REFRESHED,
        uid=str(uuid.uuid5(uuid.NAMESPACE_URL, asked.address)),
        url=asked.address,
    )
    calendar.add("x-published-ttl", vDuration(REFRESHED))  # the same for Outlook
    written: bytes = calendar.to_ical()
    return written


def _component(row: Mapping[str, Any], dated: Dated) -> Component:
    on, recorded = dated.on, datetime.fromisoformat(row["revision"]["recordedAt"])
    unsure = NOT_KNOWN.get(len(on)) if on else "date not known"
    component = Event() if on else Journal()
    component.add("uid", str(uuid.uuid5(uuid.NAMESPACE_URL, row["permalink"] + dated.name)))
    component.add("dtstamp", recorded)
    component.add("last-modified", recorded)
    component.add("sequence", row["revision"]["number"] - 1)
    component.add(
        "summary", _safe(dated.summary + (f" ({unsure.format(day(on or '')) if on else unsure})" if unsure else ""))
    )
    component.add("description", _safe("\n".join([*dated.about, *_sources(row), row["permalink"]])))
    component.add("categories", [dated.category])
    component.add("url", row["permalink"])
    if on:
        component.add("dtstart", earliest(on))
        component.add("dtend", _day_after(latest(on)))
        component.add("transp", "TRANSPARENT")
    return component


def _day_after(last: date) -> date:
    return last + timedelta(days=1) if last < date.max else last


def _sources(row: Mapping[str, Any]) -> Sequence[str]:
    return [
        "Source: " + ", ".join(part for part in (one["source"]["title"], one["locator"], one["source"]["url"]) if part)
        for one in row["citations"]
    ]


def _safe(text: str) -> str:
    return UNSAFE.sub(" ", text)


def _event(row: Mapping[str, Any]) -> Dated:
    symbol = [f"About {row['documentSymbol']}."] if row["documentSymbol"] else []
    return Dated(
        "",
        f"{row['stateParty']['name']}: {spelt(row['kind'])}",
        [meaning("ReportingEventKind", row["kind"]), *symbol],
        spelt(row["kind"]),
        row["happenedOn"],
    )


def _due(row: Mapping[str, Any]) -> Dated:
    return Dated(
        "#initial-report-due",
        f"{row['name']}: Initial report due by article 12(1)",
        [DUE],
        "Initial report due",
        row["initialReportDueOn"],
    )


CALENDARS = {
    "reportingEvents": (_event, "OPSC: reporting events"),
    "stateParties": (_due, "OPSC: initial reports due"),
}
"""The field of Query that is listed → how a row is read, and what the calendar is called."""
