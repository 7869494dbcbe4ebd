"""The record as it was, over HTTP: by ?known, ?position and ?valid, and by Accept-Datetime as RFC 7089 (Memento) has it."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from api.cors import EXPOSED
from api.media_types import GRAPHQL, JSON
from tests.dated_log import (
    BESIDE,
    LAW,
    MICROSECOND,
    MOMENTS,
    POSITIONS,
    PUBLIC,
    SECOND,
    SECONDS,
    TOLD,
    at,
    dated,
    links,
    written,
)
from tests.served import served

BY_FORM = "Accept, Authorization, Accept-Encoding"
BY_FORM_AND_MOMENT = "Accept, Accept-Datetime, Authorization, Accept-Encoding"
"""What an answer varies by."""

QUERY = f'{{ clock {{ known position }} measure(id: "{LAW}") {{ title }} measures {{ totalCount }} }}'


def told_at(number: int, known: datetime) -> dict[str, Any]:
    """What QUERY answers once TOLD has been told so far."""
    title = TOLD[number][2]
    standing = (title is not None) + (number == len(TOLD) - 1)
    return {
        "clock": {"known": written(known), "position": POSITIONS[number]},
        "measure": {"title": title} if title else None,
        "measures": {"totalCount": standing},
    }


def codes(answer: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in answer.json()["errors"]]


# ── By the address ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("known", BESIDE, ids=written)
async def test_a_query_is_answered_as_it_was_known(then: httpx2.AsyncClient, known: datetime) -> None:
    number = at(MOMENTS, known)
    answer = await then.get(f"/graphql?known={written(known)}&query={quote(QUERY)}")
    assert (answer.status_code, answer.json()["data"]) == (200, told_at(number, known))
    assert answer.headers["memento-datetime"] == dated(MOMENTS[number])
    assert answer.headers["link"] == f'<{PUBLIC}/graphql?query={quote(QUERY)}>; rel="original timegate"'
    assert (answer.headers["vary"], "content-location" in answer.headers) == (BY_FORM, False)


SUBMITTED = """{
  submissions { totalCount nodes { id revisions { position submission { id } } } }
  one: submission(id: "Submission:3") { id }
  nodes(ids: ["Submission:3", "Submission:5"]) { id }
}"""


@pytest.mark.parametrize("position", range(1, POSITIONS[-1] + 1))
async def test_submissions_are_told_as_they_had_been_published(then: httpx2.AsyncClient, position: int) -> None:
    """What came later is not there, though it is there now: an answer from the past stays as it is."""
    before = [0, *POSITIONS]  # the position before each submission's first
    numbers = [number for number in range(1, len(before)) if before[number - 1] < position]
    answer = await then.get("/graphql", params={"query": SUBMITTED, "position": position})
    assert answer.json()["data"] == {
        "submissions": {
            "totalCount": len(numbers),
            "nodes": [
                {
                    "id": f"Submission:{number}",
                    "revisions": [
                        {"position": one, "submission": {"id": f"Submission:{number}"}}
                        for one in range(before[number - 1] + 1, min(before[number], position) + 1)
                    ],
                }
                for number in reversed(numbers)
            ],
        },
        "one": {"id": "Submission:3"} if 3 in numbers else None,
        "nodes": [{"id": f"Submission:{one}"} if one in numbers else None for one in (3, 5)],
    }


@pytest.mark.parametrize("position", range(1, POSITIONS[-1] + 1))
async def test_a_query_is_answered_as_of_a_position(then: httpx2.AsyncClient, position: int) -> None:
    number = min(index for index, last in enumerate(POSITIONS) if position <= last)
    answer = await then.get("/graphql", params={"query": "{ clock { known position } }", "position": position})
    assert answer.json()["data"]["clock"] == {"known": written(MOMENTS[number]), "position": position}
    assert answer.headers["memento-datetime"] == dated(MOMENTS[number])


async def test_a_post_is_answered_at_the_moment_of_its_address(then: httpx2.AsyncClient) -> None:
    for known in BESIDE:
        answer = await then.post(f"/graphql?known={written(known)}", json={"query": QUERY})
        number = at(MOMENTS, known)
        assert answer.json()["data"] == told_at(number, known)
        assert answer.headers["memento-datetime"] == dated(MOMENTS[number])
        assert (answer.headers["vary"], "link" in answer.headers) == (BY_FORM, False)
    answer = await then.post("/graphql?known=", json={"query": QUERY})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])


async def test_a_post_without_a_moment_is_of_the_present(then: httpx2.AsyncClient) -> None:
    for address in ("/graphql", "/graphql?x=1"):
        answer = await then.post(address, json={"query": QUERY}, headers={"accept-datetime": dated(MOMENTS[0])})
        assert answer.json()["data"] == told_at(len(TOLD) - 1, MOMENTS[-1])
        assert (answer.headers["vary"], "memento-datetime" in answer.headers) == (BY_FORM, False)


@pytest.mark.parametrize(
    ("asked", "valid", "parties"),
    [
        ({"valid": "2005-01-01"}, "2005-01-01", 1),
        ({"valid": "2010-06-01"}, "2010-06-01", 2),
        ({"valid": "1999-12-31", "known": written(MOMENTS[1])}, "1999-12-31", 0),
        ({"known": written(MOMENTS[1])}, "2024-06-01", 2),
        ({"position": 9}, "2024-09-01", 2),
        ({"position": 9, "valid": "2002-01-18"}, "2002-01-18", 1),
    ],
)
async def test_a_query_is_answered_of_a_day(
    then: httpx2.AsyncClient, asked: dict[str, Any], valid: str, parties: int
) -> None:
    query = "{ clock { valid } stateParties { totalCount } }"
    answer = await then.get("/graphql", params={"query": query, **asked})
    assert answer.json()["data"] == {"clock": {"valid": valid}, "stateParties": {"totalCount": parties}}
    assert ("memento-datetime" in answer.headers) == (len({*asked} - {"valid"}) == 1)
    record = (await then.get("/r/StateParty:AAA", params=asked)).json()
    assert record["clock"]["valid"] == valid


async def test_at_in_the_query_says_the_same_and_goes_its_own_way(then: httpx2.AsyncClient) -> None:
    inside = QUERY[1:-1]
    for known in BESIDE:
        query = f'{{ {inside} now: at(known: "{written(MOMENTS[-1])}") {{ {inside} }} }}'
        outer = (await then.get("/graphql", params={"query": query, "known": written(known)})).json()["data"]
        assert outer.pop("now") == told_at(len(TOLD) - 1, MOMENTS[-1])
        same = f'{{ at(known: "{written(known)}") {{ {inside} }} }}'
        assert (await then.post("/graphql", json={"query": same})).json()["data"]["at"] == outer


BAD = [
    ("known=", "known: '' is not a moment"),
    ("known=yesterday", "known: 'yesterday' is not a moment"),
    ("known=2024-06-01", "known: '2024-06-01' is not a moment"),
    ("known=2024-06-01T12:00:00", "with its time zone"),
    ("known=2024-02-30T12:00:00Z", "is not a moment"),
    ("known=infinity", "is not a moment"),
    ("known=%00", "is not a moment"),
    ("known=0001-01-01T00:00:00%2B14:00", "is not a moment"),
    ("position=", "position: a position of the log is a whole number"),
    ("position=x", "position: a position"),
    ("position=1.5", "position: a position"),
    ("position=1e3", "position: a position"),
    ("position=²", "position: a position"),
    ("position=2147483648", "up to nine digits"),
    ("position=%2B1", "position: a position"),
    ("valid=", "valid: '' is not a day"),
    ("valid=2024", "valid: '2024' is not a day"),
    ("valid=2024-02-30", "is not a day"),
    ("valid=2024-06-01T12:00:00Z", "is not a day"),
    ("valid=2024-06-01&valid=2024-06-01", "valid: it is given 2 times"),
    ("known=2024-06-01T12:00:00Z&known=2024-06-01T12:00:00Z", "known: it is given 2 times"),
    ("known=2024-06-01T12:00:00Z&position=3", "known and position both say what was known"),
]


@pytest.mark.parametrize(("parameters", "said"), BAD)
async def test_a_moment_that_cannot_be_is_refused_by_its_name(
    then: httpx2.AsyncClient, parameters: str, said: str
) -> None:
    query = {"query": "{ __typename }"}
    for answer in (
        await then.get(f"/graphql?{parameters}&query=%7B__typename%7D"),
        await then.post(f"/graphql?{parameters}", json=query),
    ):
        assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])
        assert said in answer.json()["errors"][0]["message"]
    for path in (LAW, f"{LAW}/1"):
        answer = await then.get(f"/r/{path}?{parameters}")
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert said in answer.json()["detail"]


SPAN = "which begins at 2024-03-01T09:30:00.250000Z and ends now"
BEYOND = [
    (f"known={written(MOMENTS[0] - MICROSECOND)}", f"known: {written(MOMENTS[0] - MICROSECOND)} lies outside"),
    ("known=0001-01-01T00:00:00Z", SPAN),
    ("known=9999-12-31T23:59:59.999999Z", SPAN),
    pytest.param(f"known={written(datetime.now(UTC) + timedelta(hours=1))}", SPAN, id="in an hour"),
    ("position=0", "position: there is no position 0; the log has positions 1 to 11."),
    ("position=-1", "there is no position -1; the log has positions 1 to 11."),
    ("position=12", "there is no position 12; the log has positions 1 to 11."),
    ("position=999999999", "the log has positions 1 to 11."),
]


@pytest.mark.parametrize(("parameters", "said"), BEYOND)
async def test_a_moment_that_the_record_does_not_have_is_refused_with_those_that_it_has(
    then: httpx2.AsyncClient, parameters: str, said: str
) -> None:
    for media_type, status in ((JSON, 200), (GRAPHQL, 400)):
        answer = await then.get(f"/graphql?{parameters}&query={quote(QUERY)}", headers={"accept": media_type})
        assert (answer.status_code, codes(answer)) == (status, ["CLOCK_OUT_OF_RANGE"])
        assert said in answer.json()["errors"][0]["message"]
        assert ("data" in answer.json(), "memento-datetime" in answer.headers) == (False, False)
    for path in (LAW, f"{LAW}/1"):
        answer = await then.get(f"/r/{path}?{parameters}")
        assert (answer.status_code, answer.json()["title"]) == (404, "No such moment")
        assert said in answer.json()["detail"]


async def test_an_empty_record_has_no_moments(empty_url: str) -> None:
    async with served(empty_url) as client:
        for position, headers in (("?position=1", {}), ("?", {"accept-datetime": dated(MOMENTS[0])})):
            answer = await client.get(f"/graphql{position}&query={quote(QUERY)}", headers=headers)
            assert (codes(answer), "there is nothing yet" in answer.text) == (["CLOCK_OUT_OF_RANGE"], True)
            assert (await client.get(f"/r/{LAW}{position}", headers=headers)).status_code == 404


@pytest.mark.parametrize(
    "parameter",
    ["known=2024-06-01T14:00:00.5+02:00", "known=2024-06-01t12:00:00.500z", "%6bnown=2024-06-01T12%3A00%3A00.5Z"],
)
async def test_a_moment_may_be_written_in_several_ways(then: httpx2.AsyncClient, parameter: str) -> None:
    """A plus sign as people type it, too, though addresses mean a space by it."""
    answer = await then.get(f"/graphql?query={quote(QUERY)}&{parameter}")
    assert answer.json()["data"] == told_at(1, MOMENTS[1])
    assert answer.headers["link"] == f'<{PUBLIC}/graphql?query={quote(QUERY)}>; rel="original timegate"'


# ── By Accept-Datetime ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("asked", SECONDS, ids=dated)
async def test_a_query_is_answered_as_of_a_header(then: httpx2.AsyncClient, asked: datetime) -> None:
    known = asked + SECOND - MICROSECOND
    number = at(MOMENTS, known)
    answer = await then.get("/graphql", params={"query": QUERY}, headers={"accept-datetime": dated(asked)})
    assert answer.json()["data"] == told_at(number, known)
    assert answer.headers["memento-datetime"] == dated(MOMENTS[number])
    assert answer.headers["vary"] == BY_FORM_AND_MOMENT
    original = str(answer.url).replace(str(then.base_url).rstrip("/"), PUBLIC)
    assert links(answer) == [f'<{original}>; rel="original timegate"']
    assert answer.headers["content-location"] == f"{original}&known={written(known)}"
    pinned = await then.get(answer.headers["content-location"].removeprefix(PUBLIC))
    assert (pinned.json(), pinned.headers["memento-datetime"]) == (answer.json(), answer.headers["memento-datetime"])
    assert pinned.headers["vary"] == BY_FORM


async def test_a_header_beyond_the_record_is_answered_from_its_nearest_end(then: httpx2.AsyncClient) -> None:
    for asked in ("Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", dated(MOMENTS[0] - SECOND)):
        answer = await then.get("/graphql", params={"query": QUERY}, headers={"accept-datetime": asked})
        assert answer.json()["data"] == told_at(0, MOMENTS[0])
        assert answer.headers["content-location"].endswith(f"&known={written(MOMENTS[0])}")
    before = datetime.now(UTC)
    for asked in ("Fri, 31 Dec 9999 23:59:59 GMT", dated(before + timedelta(days=1))):
        answer = await then.get("/graphql", params={"query": QUERY}, headers={"accept-datetime": asked})
        known = datetime.fromisoformat(answer.json()["data"]["clock"]["known"])
        assert before - SECOND <= known <= datetime.now(UTC) + SECOND
        assert answer.json()["data"] == told_at(len(TOLD) - 1, known)
        assert answer.headers["memento-datetime"] == dated(MOMENTS[-1])


async def test_a_header_leaves_the_day_to_valid(then: httpx2.AsyncClient) -> None:
    parameters = {"query": "{ clock { position valid } }", "valid": "2005-01-01"}
    answer = await then.get("/graphql", params=parameters, headers={"accept-datetime": dated(MOMENTS[2])})
    assert answer.json()["data"]["clock"] == {"position": POSITIONS[2], "valid": "2005-01-01"}
    assert "&valid=2005-01-01&known=2024-09-01T00:00:00.999999Z" in answer.headers["content-location"]


MALFORMED = [
    "",
    "yesterday",
    "2024-06-01T12:00:00Z",
    "Sat, 01 Jun 2024 12:00:00",
    "Sat, 01 Jun 2024 12:00:00 +0000",
    "Sat, 1 Jun 2024 12:00:00 GMT",
    "sat, 01 jun 2024 12:00:00 gmt",
    "Saturday, 01-Jun-24 12:00:00 GMT",
    "Sat Jun  1 12:00:00 2024",
    "Sat, 31 Jun 2024 12:00:00 GMT",
    "Sat, 01 Jun 2024 24:00:00 GMT",
    "Foo, 01 Jun 2024 12:00:00 GMT",
    "Sat, 01 Foo 2024 12:00:00 GMT",
    "Sat, 01 Jun 0000 12:00:00 GMT",
    "Sat, 01 Jun 2024 12:00:00 GMT; -P3MT5H",
]


@pytest.mark.parametrize("header", MALFORMED)
async def test_a_header_that_is_no_date_is_refused(then: httpx2.AsyncClient, header: str) -> None:
    said = 'Accept-Datetime: it is written "Tue, 24 Nov 2026 09:30:00 GMT".'
    answer = await then.get("/graphql", params={"query": QUERY}, headers={"accept-datetime": header})
    assert (answer.status_code, codes(answer)) == (400, ["BAD_USER_INPUT"])
    assert answer.json()["errors"][0]["message"] == said
    for address in (f"/r/{LAW}", "/v1/measures", "/v1/measures.csv", f"/graphql.json?query={quote(QUERY)}"):
        answer = await then.get(address, headers={"accept-datetime": header})
        assert (answer.status_code, answer.json()["detail"]) == (400, said)


@pytest.mark.parametrize("header", [dated(MOMENTS[3]), "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense"])
async def test_what_the_address_says_was_known_is_stronger_than_the_header(
    then: httpx2.AsyncClient, header: str
) -> None:
    for parameters in ({"known": written(MOMENTS[1])}, {"position": str(POSITIONS[1])}):
        told = {"params": {"query": QUERY, **parameters}, "headers": {"accept-datetime": header}}
        answer = await then.get("/graphql", **told)  # type: ignore[arg-type]
        assert answer.json()["data"] == told_at(1, MOMENTS[1])
        assert answer.headers["vary"] == BY_FORM
        answer = await then.get(f"/r/{LAW}", params=parameters, headers={"accept-datetime": header})
        assert answer.json()["revision"]["document"]["title"] == "A better law"
        assert answer.headers["vary"] == "Accept, Accept-Encoding"


async def test_the_present_says_that_it_has_a_past(then: httpx2.AsyncClient) -> None:
    answer = await then.get("/graphql", params={"query": QUERY})
    assert (answer.headers["vary"], "memento-datetime" in answer.headers) == (BY_FORM_AND_MOMENT, False)
    assert answer.json()["data"] == told_at(len(TOLD) - 1, MOMENTS[-1])


async def test_an_address_too_long_for_headers_is_not_repeated_in_them(then: httpx2.AsyncClient) -> None:
    parameters = {"query": QUERY + " " * 2_000}
    answer = await then.get("/graphql", params=parameters, headers={"accept-datetime": dated(MOMENTS[2])})
    assert answer.headers["memento-datetime"] == dated(MOMENTS[2])
    assert not {"link", "content-location"} & {*answer.headers}


async def test_nothing_in_an_address_breaks_out_of_its_link(then: httpx2.AsyncClient) -> None:
    """Not even as no client would send it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", then.base_url.port)
    address = b'/graphql?known=2024-06-01T12:00:00Z&query={__typename}&x=>;rel="x"'
    writer.write(b"GET " + address + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head = (await reader.read()).partition(b"\r\n\r\n")[0].decode()
    writer.close()
    assert re.search("^link: (.*?)\r?$", head, re.MULTILINE)[1] == (  # type: ignore[index]
        f'<{PUBLIC}/graphql?query=%7B__typename%7D&x=%3E;rel=%22x%22>; rel="original timegate"'
    )


async def test_pages_of_any_origin_may_ask_for_the_past(then: httpx2.AsyncClient) -> None:
    preflight = {
        "origin": "https://map.example",
        "access-control-request-method": "GET",
        "access-control-request-headers": "accept-datetime",
    }
    answer = await then.options(f"/r/{LAW}", headers=preflight)
    assert (answer.status_code, answer.headers["access-control-allow-headers"]) == (204, "accept-datetime")
    answer = await then.get(f"/r/{LAW}", headers={"accept-datetime": dated(MOMENTS[1])})
    assert answer.headers["access-control-expose-headers"] == EXPOSED.decode() == "*"
