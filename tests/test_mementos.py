"""A record's address and its past: by ?known and ?position, by Accept-Datetime, and what stays of what no longer stands."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx2
import pytest

from db.embedded import Embedded
from db.log import Change
from tests.dated_log import (
    BESIDE,
    LAW,
    MICROSECOND,
    MOMENTS,
    OF_LAW,
    POSITIONS,
    PUBLIC,
    SECOND,
    SECONDS,
    TOLD,
    at,
    dated,
    dated_log,
    links,
    written,
)
from tests.record_documents import BEGINNING, amend, create, measure
from tests.served import served

ADDRESS = f"{PUBLIC}/r/{LAW}"
TO_ITS_PAST = [
    f'<{ADDRESS}>; rel="original timegate"',
    f'{ADDRESS}/timemap>; rel="timemap"; type="application/link-format"',
]

CHANGING = {"date": "", "ratelimit": ""}
"""Headers that differ from one answer to the next."""


def mementos(shown: int) -> list[str]:
    """The links of an answer that shows the law's state of this number, as RFC 7089 names them."""
    relations = {0: {"first"}, len(OF_LAW) - 1: {"last"}}
    for name, number in (("prev", shown - 1), ("next", shown + 1)):
        relations[number] = relations.get(number, set()) | {name}
    relations.setdefault(shown, set())
    order = ("first", "prev", "next", "last")
    return [
        f'{ADDRESS}?known={written(OF_LAW[number])}>; rel="'
        f'{" ".join([*(name for name in order if name in relations[number]), "memento"])}"; '
        f'datetime="{dated(OF_LAW[number])}"'
        for number in sorted(relations)
        if 0 <= number < len(OF_LAW)
    ]


def shows(answer: httpx2.Response, number: int) -> bool:
    """Whether the answer is that of the law's state of this number: its fields, and a status that says whether it stood."""
    found, title = answer.json(), TOLD[number][2]
    revision = found["revision"]
    common = found["id"] == LAW and found["permalink"] == ADDRESS and revision["number"] == number + 1
    if title is None:
        gone = (answer.status_code, found["type"], revision["operation"]) == (410, "Tombstone", "RETRACT")
        return common and gone and found["recordType"] == "MEASURE" and "document" not in revision
    return common and (answer.status_code, found["type"], revision["document"]["title"]) == (200, "Measure", title)


@pytest.mark.parametrize("known", BESIDE, ids=written)
async def test_a_record_is_shown_as_it_was_known(then: httpx2.AsyncClient, known: datetime) -> None:
    number = at(OF_LAW, known)
    answer = await then.get(f"/r/{LAW}?known={written(known)}")
    assert shows(answer, number)
    assert answer.json()["clock"] == {
        "known": written(known),
        "valid": str(known.date()),
        "position": POSITIONS[at(MOMENTS, known)],
    }
    assert answer.headers["memento-datetime"] == dated(OF_LAW[number])
    assert links(answer) == [*TO_ITS_PAST, *mementos(number)]
    assert answer.headers["vary"] == f"Accept{', Accept-Encoding' if answer.status_code == 200 else ''}"
    assert "content-location" not in answer.headers


@pytest.mark.parametrize("position", range(7, POSITIONS[-1] + 1))
async def test_a_record_is_shown_as_of_a_position(then: httpx2.AsyncClient, position: int) -> None:
    answer = await then.get(f"/r/{LAW}?position={position}")
    assert shows(answer, min(position - 7, 3))
    assert answer.json()["clock"]["position"] == position
    assert links(answer) == [*TO_ITS_PAST, *mementos(min(position - 7, 3))]


@pytest.mark.parametrize("asked", [datetime(1970, 1, 1, tzinfo=UTC), *SECONDS, datetime(9999, 12, 31, tzinfo=UTC)])
async def test_a_record_is_shown_as_of_a_header(then: httpx2.AsyncClient, asked: datetime) -> None:
    """At the nearest of its own moments: the last by then, or the first one of all."""
    known = asked + SECOND - MICROSECOND
    number = at(OF_LAW, known) if known >= OF_LAW[0] else 0
    answer = await then.get(f"/r/{LAW}", headers={"accept-datetime": dated(asked)})
    assert shows(answer, number)
    assert (
        answer.headers["vary"] == f"Accept, Accept-Datetime{', Accept-Encoding' if answer.status_code == 200 else ''}"
    )
    assert answer.headers["memento-datetime"] == dated(OF_LAW[number])
    assert links(answer) == [*TO_ITS_PAST, *mementos(number)]
    assert answer.headers["content-location"] == f"{ADDRESS}?known={written(OF_LAW[number])}"
    pinned = await then.get(answer.headers["content-location"].removeprefix(PUBLIC))
    assert (pinned.status_code, pinned.json()) == (answer.status_code, answer.json())
    again = {"accept-datetime": answer.headers["memento-datetime"]}
    assert (await then.get(f"/r/{LAW}", headers=again)).json() == answer.json()


async def test_a_record_at_present_says_of_which_moment_it_is_and_that_it_has_a_past(then: httpx2.AsyncClient) -> None:
    today = datetime.now(UTC).date()
    answer = await then.get(f"/r/{LAW}")
    assert shows(answer, 3)
    assert answer.json()["clock"]["known"] == written(MOMENTS[-1])
    assert answer.json()["clock"]["position"] == POSITIONS[-1]
    assert answer.json()["clock"]["valid"] in (str(today), str(datetime.now(UTC).date()))
    assert (answer.headers["vary"], links(answer)) == ("Accept, Accept-Datetime, Accept-Encoding", TO_ITS_PAST)
    assert not {"memento-datetime", "content-location"} & {*answer.headers}


async def test_a_record_of_a_day_keeps_that_day_in_its_addresses(then: httpx2.AsyncClient) -> None:
    answer = await then.get(f"/r/{LAW}?valid=2005-01-01&x=1", headers={"accept-datetime": dated(MOMENTS[0])})
    assert answer.headers["content-location"] == f"{ADDRESS}?valid=2005-01-01&known={written(MOMENTS[0])}"
    assert links(answer)[0] == f'<{ADDRESS}?valid=2005-01-01>; rel="original timegate"'
    assert answer.json()["clock"] == {"known": written(MOMENTS[0]), "valid": "2005-01-01", "position": 7}


async def test_what_was_not_there_yet_is_told(then: httpx2.AsyncClient) -> None:
    answer = await then.get(f"/r/Measure:AAA-0002?known={written(MOMENTS[3])}")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith('There is no "Measure:AAA-0002" in this record at that moment.')
    answer = await then.get(f"/r/{LAW}/2?position=7")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith(f'There is no "{LAW}/2" in this record at that moment.')
    answer = await then.get("/r/Measure:AAA-0003", headers={"accept-datetime": dated(MOMENTS[3])})
    assert (answer.status_code, answer.headers["vary"]) == (404, "Accept, Accept-Datetime")
    assert "at that moment" not in answer.text


async def test_a_revision_stays_whatever_becomes_of_its_record(then: httpx2.AsyncClient) -> None:
    for number in range(1, 5):
        answer = await then.get(f"/r/{LAW}/{number}")
        assert (answer.status_code, answer.json()["number"]) == (200, number)
        for position in range(6 + number, POSITIONS[-1] + 1):
            assert (await then.get(f"/r/{LAW}/{number}?position={position}")).json() == answer.json()


async def test_a_timemap_lists_every_state_of_a_record(then: httpx2.AsyncClient) -> None:
    answer = await then.get(f"/r/{LAW}/timemap")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/link-format")
    original, itself, *listed = answer.text.removesuffix("\n").split(",\n")
    assert original == f'<{ADDRESS}>; rel="original timegate"'
    assert itself == (
        f'<{ADDRESS}/timemap>; rel="self"; type="application/link-format"; '
        f'from="{dated(OF_LAW[0])}"; until="{dated(OF_LAW[-1])}"'
    )
    assert [re.findall('rel="(.*?)"', line)[0] for line in listed] == [
        "first memento",
        "memento",
        "memento",
        "last memento",
    ]
    for number, line in enumerate(listed):
        address, moment = re.fullmatch('<(.+)>; rel=".+"; datetime="(.+)"', line).groups()  # type: ignore[union-attr]
        assert parsedate_to_datetime(moment) == OF_LAW[number].replace(microsecond=0)
        shown = await then.get(address.removeprefix(PUBLIC))
        assert shows(shown, number)
        assert shown.headers["memento-datetime"] == moment
    only = (await then.get("/r/Measure:AAA-0002/timemap")).text
    assert only.count('rel="first last memento"') == only.count("; datetime=") == 1


@pytest.mark.parametrize("record_id", ["Measure:AAA-0003", "nonsense", "%00", "Revision:1"])
async def test_what_is_not_there_has_no_timemap(then: httpx2.AsyncClient, record_id: str) -> None:
    assert (await then.get(f"/r/{record_id}/timemap")).status_code == 404


async def test_head_says_what_get_says(then: httpx2.AsyncClient) -> None:
    for path in (f"/r/{LAW}", f"/r/{LAW}/timemap", "/graphql?query=%7B__typename%7D"):
        asked = {"accept-datetime": dated(MOMENTS[2])}
        get, head = await then.get(path, headers=asked), await then.head(path, headers=asked)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert {**head.headers, **CHANGING} == {**get.headers, **CHANGING}


# ── Records that went elsewhere, documents that had to go ───────────────────────────────────────────────────────────────


async def test_a_merged_record_leads_to_the_one_that_it_went_into(empty_database: Embedded) -> None:
    log = await dated_log(empty_database)
    await log.publish(TOLD[0][0], *BEGINNING, create("Measure:AAA-0002", measure("AAA")))
    merge = Change("MERGE", LAW, "CORRECTED", measure("AAA"), merged_into="Measure:AAA-0002")
    await log.publish(TOLD[1][0], merge)
    await log.owner.close()
    async with served(empty_database.url) as client:
        for query in ("", f"?known={written(MOMENTS[1])}&x=1", "?position=9&valid=2005-01-01"):
            answer = await client.get(f"/r/{LAW}{query}")
            assert (answer.status_code, answer.headers["location"]) == (308, f"/r/Measure:AAA-0002{query}")
            followed = await client.get(f"/r/{LAW}{query}", follow_redirects=True)
            assert followed.json()["id"] == "Measure:AAA-0002"
        assert (await client.get(f"/r/{LAW}?position=8")).json()["id"] == LAW
        asked = {"accept-datetime": dated(MOMENTS[0])}
        assert (await client.get(f"/r/{LAW}", headers=asked)).json()["id"] == LAW
        answer = await client.get(f"/r/{LAW}", headers={"accept-datetime": dated(MOMENTS[1])})
        assert (answer.status_code, answer.headers["vary"]) == (308, "Accept, Accept-Datetime")
        assert answer.headers["memento-datetime"] == dated(MOMENTS[1])
        assert [(await client.get(f"/r/{LAW}/{number}")).status_code for number in (1, 2)] == [200, 200]


async def test_a_redacted_revision_keeps_its_address_and_names_what_redacted_it(empty_database: Embedded) -> None:
    log = await dated_log(empty_database)
    await log.publish(TOLD[0][0], *BEGINNING)
    await log.publish(TOLD[1][0], amend(LAW, measure("AAA", title="A better law")))
    redact = Change("REDACT", LAW, "CORRECTED", measure("AAA", title="A better law"), redacts=(7,))
    await log.publish(TOLD[2][0], redact)
    await log.owner.close()
    async with served(empty_database.url) as client:
        answer = await client.get(f"/r/{LAW}/1")
        found = answer.json()
        assert (answer.status_code, found["document"], found["salt"]) == (200, None, None)
        assert found["redaction"] == f"{ADDRESS}/3"
        assert (await client.get(f"/r/{LAW}/3")).json()["operation"] == "REDACT"
        assert "redaction" not in (await client.get(f"/r/{LAW}/2")).json()
        for before in (7, 8):  # the words are gone at every clock, so what took them is told at every clock
            assert (await client.get(f"/r/{LAW}/1?position={before}")).json() == found
        assert (await client.get(f"/r/{LAW}/1?position=6")).status_code == 404
