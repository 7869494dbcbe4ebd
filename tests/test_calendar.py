"""Calendars: every reporting event and due date, as precise as its source and no more, as calendar programs read them."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx2
import pytest
from icalendar import Calendar

from db.embedded import Embedded
from tests.conftest import cloned
from tests.record_documents import BEGINNING, amend, create, published, reporting_event
from tests.served import served

ADDRESS = "/v1/reporting-events.ics"
FIRST, DATELESS = "ReportingEvent:AAA-E01", "ReportingEvent:AAA-E02"
LONG = "CRC/C/OPSC/AAA/1; " + "a sentence, with: \\ commas; " * 6 + "\x1bé\u2028end"


async def read(client: httpx2.AsyncClient, address: str) -> Any:
    """The calendar, as a program reads it; held against what RFC 5545 asks for."""
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8"), answer.text
    lines = answer.content.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    calendar = Calendar.from_ical(answer.content)
    assert (calendar["version"], calendar["prodid"]) == ("2.0", "-//OPSC Tracker//the record//EN")
    assert [one.errors for one in calendar.walk()] == [[]] * len(calendar.walk())
    told = [one["uid"] for one in calendar.subcomponents]
    assert len({*told}) == len(told) == int(answer.headers["row-count"])
    return calendar


def by_address(calendar: Any) -> dict[str, Any]:
    return {one["url"].removeprefix("https://opsc.example/r/"): one for one in calendar.subcomponents}


@pytest.fixture(scope="module")
async def changed(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[tuple[httpx2.AsyncClient, asyncpg.Connection]]:
    async with cloned(administrator, server, migrated_template) as database:
        connection = await asyncpg.connect(database.url)
        await published(connection, *BEGINNING)
        first = reporting_event("AAA", happenedOn="2016-12", documentSymbol=LONG)
        await published(connection, create(FIRST, first), create(DATELESS, reporting_event("AAA", happenedOn=None)))
        async with served(database.url) as client:
            yield client, connection
        await connection.close()


async def test_every_reporting_event_is_in_the_calendar_as_precise_as_it_is(client: httpx2.AsyncClient) -> None:
    table = list(csv.DictReader(io.StringIO((await client.get("/v1/reporting-events.csv")).text)))
    calendar = await read(client, ADDRESS)
    found = by_address(calendar)
    assert len(found) == len(table) == 458
    for row in table:
        event, on = found[row["id"]], row["happenedOn"]
        start, end = event["dtstart"].dt, event["dtend"].dt
        assert type(start) is date
        if len(on) == len("2016-07-22"):
            assert (start, end) == (date.fromisoformat(on), date.fromisoformat(on) + timedelta(days=1))
            assert "not known" not in event["summary"]
        elif len(on) == len("2016-07"):
            assert (str(start), end.day, (end - start).days in (28, 29, 30, 31)) == (f"{on}-01", 1, True)
            assert event["summary"].endswith(f"{on[:4]}; day not known)")
        else:
            assert (str(start), str(end)) == (f"{on}-01-01", f"{int(on) + 1}-01-01")
            assert event["summary"].endswith(f"({on}; month and day not known)")
        assert event["transp"] == "TRANSPARENT"
        assert row["citations.source.title"].split("; ")[0].replace("\\", "")[:20] in event["description"]


async def test_an_event_says_what_happened_and_where_it_stands(client: httpx2.AsyncClient) -> None:
    event = by_address(await read(client, f"{ADDRESS}?stateParty=AGO"))["ReportingEvent:AGO-E02"]
    assert event["summary"] == "Angola: Initial report submitted"
    assert event["categories"].cats == ["Initial report submitted"]
    assert str(event["description"]).startswith("The initial report was submitted.\nAbout CRC/C/OPSC/AGO/1.\nSource: ")
    assert event["description"].endswith("\nhttps://opsc.example/r/ReportingEvent:AGO-E02")


async def test_the_calendar_says_what_it_is_and_when_to_look_again(client: httpx2.AsyncClient) -> None:
    calendar = await read(client, f"{ADDRESS}?kind=REVIEW&first=5")
    assert calendar["name"] == calendar["x-wr-calname"] == "OPSC: reporting events (Kind: REVIEW)"
    assert calendar["description"].startswith("5 of 101, as the OPSC Tracker had them at position 4727 of its log.")
    assert calendar["refresh-interval"].dt == timedelta(hours=12)
    assert calendar["x-published-ttl"] == "PT12H"
    assert calendar["url"] == f"https://opsc.example{ADDRESS}?kind=REVIEW&first=5"
    assert [one["categories"].cats for one in calendar.events] == [["Review"]] * 5


async def test_the_days_when_first_reports_were_due_are_a_calendar(client: httpx2.AsyncClient) -> None:
    states = [json.loads(line) for line in (await client.get("/v1/state-parties.jsonl")).text.splitlines()]
    found = by_address(await read(client, "/v1/state-parties.ics"))
    assert {id_: str(event["dtstart"].dt) for id_, event in found.items()} == {
        state["id"]: state["initialReportDueOn"] for state in states
    }
    event = found["StateParty:PHL"]
    assert event["summary"] == "Philippines: Initial report due by article 12(1)"
    assert "What documents say of the report stands among the reporting events." in event["description"]


async def test_an_event_without_a_date_is_there_and_on_no_day(
    changed: tuple[httpx2.AsyncClient, asyncpg.Connection],
) -> None:
    calendar = await read(changed[0], ADDRESS)
    assert [one["url"] for one in calendar.events] == [f"https://opsc.example/r/{FIRST}"]
    [journal] = calendar.journals
    assert "dtstart" not in journal
    assert journal["url"] == f"https://opsc.example/r/{DATELESS}"
    assert journal["summary"].endswith(" (date not known)")


async def test_words_come_through_whole(changed: tuple[httpx2.AsyncClient, asyncpg.Connection]) -> None:
    event = by_address(await read(changed[0], ADDRESS))[FIRST]
    assert f"About {LONG.replace(chr(27), ' ')}." in event["description"]


async def test_a_changed_event_stays_the_same_event(changed: tuple[httpx2.AsyncClient, asyncpg.Connection]) -> None:
    """A calendar program takes the later one for a new version of the first, by its number."""
    client, connection = changed
    before = by_address(await read(client, ADDRESS))[FIRST]
    await published(connection, amend(FIRST, reporting_event("AAA", happenedOn="2016-12-24")))
    after = by_address(await read(client, ADDRESS))[FIRST]
    assert (after["uid"], before["sequence"], after["sequence"]) == (before["uid"], 0, 1)
    assert (str(before["dtstart"].dt), str(after["dtstart"].dt)) == ("2016-12-01", "2016-12-24")
    assert after["dtstamp"].dt >= before["dtstamp"].dt


async def test_only_what_has_dates_of_its_own_is_a_calendar(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/sources.ics")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    accepted = await client.get("/v1/reporting-events", headers={"Accept": "text/calendar"})
    assert accepted.headers["content-type"] == "text/calendar; charset=utf-8"
