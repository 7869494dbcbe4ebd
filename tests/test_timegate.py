"""Lists, records, queries in a form and downloads by Accept-Datetime: what it leads to, and what answers tell of it (RFC 7089)."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx2
import pytest

from tests.dated_log import (
    LAW,
    MICROSECOND,
    MOMENTS,
    OF_LAW,
    POSITIONS,
    PUBLIC,
    SECOND,
    TOLD,
    at,
    dated,
    links,
    written,
)
from tests.served import served

QUERY = quote("{ measures { nodes { id title } } }")
FORMS = ["/v1/measures.csv", "/v1/measures?valid=2005-01-01", "/v1/changes.feed.json", f"/graphql.csv?query={QUERY}"]
BY_FORM_AND_MOMENT, BY_FORM = "Accept, Accept-Datetime, Accept-Encoding", "Accept, Accept-Encoding"

ASKED = sorted({one.replace(microsecond=0) for one in MOMENTS} | {MOMENTS[0] - timedelta(days=400)})
"""Seconds at whose end something was published, and one before the record."""


def led_to(asked: datetime) -> datetime:
    return max(asked + SECOND - MICROSECOND, MOMENTS[0])


def by(asked: datetime) -> dict[str, str]:
    return {"Accept-Datetime": dated(asked)}


@pytest.fixture(scope="module")
async def kept(told_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Of the record that tests/dated_log.py tells, by a server that keeps its answers."""
    async with served(told_url, cache_bytes=1_000_000) as client:
        yield client


@pytest.mark.parametrize("asked", ASKED, ids=dated)
async def test_a_list_is_answered_as_of_a_header(then: httpx2.AsyncClient, asked: datetime) -> None:
    known = led_to(asked)
    number = at(MOMENTS, known)
    titles = [title for title in (TOLD[number][2], "A law" if number == len(TOLD) - 1 else None) if title]
    page = (await then.get("/v1/measures", headers=by(asked))).json()
    assert [one["title"] for one in page["measures"]["nodes"]] == titles
    assert (page["clock"]["known"], page["clock"]["position"]) == (written(known), POSITIONS[number])
    table = await then.get("/v1/measures.csv", headers=by(asked))
    assert [row["title"] for row in csv.DictReader(io.StringIO(table.text))] == titles
    assert (table.headers["record-known"], table.headers["row-count"]) == (written(known), str(len(titles)))


@pytest.mark.parametrize("address", [*FORMS, "/v1/dataset.jsonld"])
async def test_an_answer_from_the_past_leads_to_itself_and_to_its_address(
    then: httpx2.AsyncClient, address: str
) -> None:
    known = led_to(MOMENTS[1].replace(microsecond=0))
    answer = await then.get(address, headers=by(MOMENTS[1]))
    assert (answer.status_code, answer.headers["record-position"]) == (200, str(POSITIONS[1]))
    assert answer.headers["memento-datetime"] == dated(MOMENTS[1])
    assert links(answer)[0] == f'<{PUBLIC}{address}>; rel="original timegate"'
    assert answer.headers["cache-control"] == "public, max-age=86400"
    varies = BY_FORM_AND_MOMENT.removeprefix("Accept, ") if "dataset" in address else BY_FORM_AND_MOMENT
    assert answer.headers["vary"] == varies
    pinned = f"{address}{'&' if '?' in address else '?'}known={written(known)}"
    assert answer.headers["content-location"] == f"{PUBLIC}{pinned}"
    again = await then.get(pinned)
    assert (again.content, again.headers["memento-datetime"]) == (answer.content, dated(MOMENTS[1]))
    assert ("accept-datetime" in again.headers["vary"].lower(), "content-location" in again.headers) == (False, False)


@pytest.mark.parametrize("address", [*FORMS, f"/v1/measures/{LAW}", "/v1/dataset.jsonld"])
async def test_what_the_address_says_was_known_goes_before_the_header(then: httpx2.AsyncClient, address: str) -> None:
    told = f"{address}{'&' if '?' in address else '?'}position={POSITIONS[1]}"
    for header in (by(MOMENTS[-1]), {"Accept-Datetime": "nonsense"}):
        answer = await then.get(told, headers=header)
        assert answer.content == (await then.get(told)).content
        assert answer.headers["record-position"] == str(POSITIONS[1])
        assert "Accept-Datetime" not in answer.headers["vary"]


async def test_a_record_is_shown_at_the_nearest_of_its_own_moments(then: httpx2.AsyncClient) -> None:
    for address, at_first in ((f"/v1/measures/{LAW}", OF_LAW[0]), ("/v1/measures/AAA-0002", MOMENTS[-1])):
        answer = await then.get(address, headers=by(at_first - timedelta(days=1)))
        assert (answer.status_code, answer.json()["clock"]["known"]) == (200, written(at_first))
        assert answer.headers["content-location"] == f"{PUBLIC}{address}?known={written(at_first)}"
        assert 'rel="canonical"' in links(answer)[1]
    assert (await then.get(f"/v1/measures/{LAW}", headers=by(OF_LAW[2]))).status_code == 410
    whole = await then.get(f"/v1/measures/{LAW}.jsonl", headers=by(OF_LAW[1]))
    assert (whole.json()["title"], whole.headers["vary"]) == ("A better law", BY_FORM_AND_MOMENT)


async def test_the_present_has_a_past_and_is_no_memento(then: httpx2.AsyncClient) -> None:
    for address in (*FORMS, f"/v1/measures/{LAW}"):
        answer = await then.get(address)
        assert answer.headers["vary"] == BY_FORM_AND_MOMENT
        assert not {"memento-datetime", "content-location"} & {*answer.headers}


@pytest.mark.parametrize("address", [*FORMS, f"/v1/measures/{LAW}", f"/v1/measures/{LAW}.csv", "/v1/dataset.jsonld"])
async def test_of_a_moment_to_come_nothing_is_kept(kept: httpx2.AsyncClient, address: str) -> None:
    answer = await kept.get(address, headers=by(datetime.now(UTC) + timedelta(days=1)))
    assert (answer.status_code, answer.headers["memento-datetime"]) in (
        (200, dated(MOMENTS[-1])),
        (200, dated(OF_LAW[3])),
    )
    assert (answer.headers["cache-control"], "etag" in answer.headers) == ("no-cache", False)


@pytest.mark.parametrize("address", ["/v1/measures", f"/v1/measures/{LAW}", f"/graphql.json?query={QUERY}"])
async def test_what_is_kept_is_kept_for_its_moment(kept: httpx2.AsyncClient, address: str) -> None:
    for _ in range(2):
        for number in (0, 1, 3):
            answer = await kept.get(address, headers=by(MOMENTS[number]))
            assert (f'"{TOLD[number][2]}"' in answer.text, answer.headers["vary"]) == (True, BY_FORM_AND_MOMENT)
        assert '"A law again"' in (await kept.get(address)).text
        tag = answer.headers["etag"]
        again = await kept.get(address, headers={**by(MOMENTS[3]), "If-None-Match": tag})
        assert (again.status_code, again.headers["vary"]) == (304, BY_FORM_AND_MOMENT)


async def test_pages_of_the_past_lead_to_pages_of_the_same_past(then: httpx2.AsyncClient) -> None:
    known = written(led_to(MOMENTS[0].replace(microsecond=0)))
    page = await then.get("/v1/changes?first=2", headers=by(MOMENTS[0]))
    in_a_query = known.replace(":", "%3A")
    assert page.links["next"]["url"] == f"{PUBLIC}/v1/changes?known={in_a_query}&first=2&after=2"
    feed = (await then.get("/v1/changes.feed.json?last=2", headers=by(MOMENTS[0]))).json()
    assert feed["feed_url"] == f"{PUBLIC}/v1/changes.feed.json?last=2&known={known}"
    assert f"known={in_a_query}" in feed["next_url"]


async def test_a_stream_refuses_the_header(then: httpx2.AsyncClient) -> None:
    query = quote("subscription { changes { position } }")
    headers = {**by(MOMENTS[1]), "Accept": "text/event-stream"}
    answer = await then.get(f"/graphql?query={query}", headers=headers)
    assert "Accept-Datetime out of the headers" in answer.text
