"""The GET twin of the past: what each address said when it was the newest, it says of that position for good."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import httpx2
import pytest

from api.v1.endpoints import ENDPOINTS
from db.embedded import Embedded
from db.log import Change
from tests.conftest import cloned
from tests.dated_log import LAW, POSITIONS, TOLD, dated_log
from tests.histories import History
from tests.lists import OTHERS, RECORDS
from tests.record_documents import BEGINNING, create, source
from tests.served import served

DAY = "2004-05-06"
LOOKED = 8
"""Publications after which everything is looked at."""

RECORDED = re.compile(r'"recordedAt":"([^"]+)"')


class Unredacted(History):
    """Nothing in it is redacted: what is, reads otherwise at every position."""

    def _redaction(self, _record_id: str) -> list[Change]:
        return []


@dataclass(frozen=True)
class Seen:
    """What every list said at a position while that was the newest, as lines of JSON; known: as the answers told it."""

    position: int
    known: str
    said: dict[str, str]


@dataclass(frozen=True)
class Past:
    client: httpx2.AsyncClient
    seen: list[Seen]
    merged: dict[str, str]


@pytest.fixture(scope="module")
async def past(administrator: asyncpg.Connection, server: Embedded, migrated_template: str) -> AsyncIterator[Past]:
    """A random history, looked at now and then while it was made."""
    async with cloned(administrator, server, migrated_template) as database, served(database.url) as client:
        log = await dated_log(database)
        history, seen, merged = Unredacted(7), list[Seen](), dict[str, str]()
        for number, (day, changes) in enumerate(history.submissions(80)):
            await log.publish(f"{day}T12:00:00Z", *changes)
            position = len(history.oracle.log)
            merged |= {change.record_id: change.merged_into for change in changes if change.merged_into}
            if number % (80 // LOOKED) == 9:
                seen.append(await look(client, position))
        yield Past(client, seen, merged)
        await log.owner.close()


async def look(client: httpx2.AsyncClient, position: int, then: str = "") -> Seen:
    said, known = dict[str, str](), ""
    for name in (*RECORDS, *OTHERS):
        answer = await client.get(f"/v1/{name}.jsonl?valid={DAY}{then}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["record-position"] == str(position)
        assert answer.headers["record-valid"] == DAY
        known = answer.headers["record-known"]
        said[name] = answer.text
    return Seen(position, known, said)


async def test_what_was_said_then_is_said_of_then(past: Past) -> None:
    assert len({one.position for one in past.seen}) >= LOOKED - 1
    for one in past.seen:
        assert (await look(past.client, one.position, f"&position={one.position}")) == one
        assert (await look(past.client, one.position, f"&known={one.known}")) == one


async def test_no_moment_in_an_answer_is_later_than_what_it_is_known_at(past: Past) -> None:
    for one in past.seen:
        moments = [moment for text in one.said.values() for moment in RECORDED.findall(text)]
        assert max(moments) == one.known


async def test_a_table_of_the_past_has_the_rows_of_its_lines(past: Past) -> None:
    for one in past.seen:
        table = (await past.client.get(f"/v1/measures.csv?valid={DAY}&position={one.position}")).text
        ids = [row["id"] for row in csv.DictReader(io.StringIO(table))]
        assert ids == re.findall(r'^{"id":"([^"]+)"', one.said["measures"], re.MULTILINE)


async def test_a_record_that_was_merged_is_found_at_its_survivor_s_address(past: Past) -> None:
    assert past.merged
    for record_id in past.merged:
        answer = await past.client.get(f"/v1/{name(record_id)}/{record_id}.json?valid={DAY}", follow_redirects=True)
        survivor = (await past.client.get(f"/r/{record_id}", follow_redirects=True)).json()
        assert (answer.history[0].status_code, answer.json()["record"]["id"]) == (308, survivor["id"])
        assert str(answer.url).endswith(f"/{survivor['id']}.json?valid={DAY}")


async def test_among_many_ids_what_was_merged_is_read_as_its_survivor(past: Past) -> None:
    """The plain way: what the address of one record leads to, at that moment."""
    looked = 0
    for at in ("", *(f"&position={one.position}" for one in past.seen[-3:])):
        for record_id in past.merged:
            one = await past.client.get(f"/r/{record_id}?{at.lstrip('&')}", follow_redirects=True)
            answer = await past.client.get(f"/v1/{name(record_id)}.csv?id={record_id}&valid={DAY}{at}")
            if one.status_code == 200:
                (row,) = csv.DictReader(io.StringIO(answer.text))
                assert row["id"] == one.json()["id"]
                looked += 1
            else:
                assert answer.status_code == 400
                detail = answer.json()["detail"]
                assert detail.startswith((f"id: {record_id} was ", f"id: there is no {record_id} "))
                assert "retracted" in detail if one.status_code == 410 else "retracted" not in detail
    assert looked >= len(past.merged)


async def test_a_record_that_was_retracted_is_gone_and_says_why(past: Past) -> None:
    types = {one.record_type for one in ENDPOINTS.values() if one.is_record}
    retracted = {one["recordId"] for one in await changes(past.client, "RETRACT")}
    ids = {one for one in retracted if one.partition(":")[0] in types}
    gone = 0
    for record_id in ids:
        answer = await past.client.get(f"/v1/{name(record_id)}/{record_id}.csv", follow_redirects=True)
        told = await past.client.get(f"/r/{record_id}", follow_redirects=True)
        assert answer.status_code == told.status_code
        if answer.status_code == 410:
            gone += 1
            assert answer.headers["content-type"] == "application/json"
            assert answer.json()["record"]["revision"]["operation"] == "RETRACT"
    assert gone


async def changes(client: httpx2.AsyncClient, operation: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await client.get(f"/v1/changes?operation={operation}&first=200")).json()["changes"][
        "nodes"
    ]
    return found


def name(record_id: str) -> str:
    """Of the address of a record's list."""
    type_ = record_id.partition(":")[0]
    return next(one.file for one in ENDPOINTS.values() if one.record_type == type_)


async def test_pages_do_not_shift_while_others_publish(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> None:
    async with cloned(administrator, server, migrated_template) as database, served(database.url) as client:
        log = await dated_log(database)
        await log.publish("2024-01-01T00:00:00Z", *BEGINNING)
        first = await client.get("/v1/sources?first=2")
        await log.publish("2024-01-02T00:00:00Z", create("Source:A-0", source()), create("Source:Z-9", source()))
        found, answer = [one["id"] for one in first.json()["sources"]["nodes"]], first
        while "next" in answer.links:
            answer = await client.get(answer.links["next"]["url"].removeprefix("https://opsc.example"))
            assert answer.headers["record-position"] == first.headers["record-position"]
            found += [one["id"] for one in answer.json()["sources"]["nodes"]]
        assert found == [
            one["id"] for one in (await client.get("/v1/sources?position=6&first=200")).json()["sources"]["nodes"]
        ]
        await log.owner.close()


async def test_of_many_ids_none_is_left_out_in_silence(empty_database: Embedded) -> None:
    log = await dated_log(empty_database)
    for moment, changes, _ in TOLD:
        await log.publish(moment, *changes)
    second = "Measure:AAA-0002"
    async with served(empty_database.url) as client:

        async def asked(ids: str, form: str = "jsonl", **at: str) -> list[str] | str:
            answer = await client.get(f"/v1/measures.{form}", params={"id": ids, **at})
            if answer.status_code == 400:
                detail: str = answer.json()["detail"]
                return detail
            if form == "json":
                return [node["id"] for node in answer.json()["measures"]["nodes"]]
            return [json.loads(line)["id"] for line in answer.text.splitlines()]

        for form in ("json", "jsonl"):
            assert await asked("AAA-0001,AAA-0002,Measure:AAA-0001", form) == [LAW, second]
            assert await asked(f"{LAW},Measure:AAA-0009", form) == (
                "id: there is no Measure:AAA-0009 in this record. /v1/measures.csv has all that there are."
            )
            assert (await asked(f"{LAW},{second}", form, position=str(POSITIONS[3]))) == (
                f"id: {second} was recorded at position {POSITIONS[4]}, after the moment that is asked for: leave it out,"
                " or ask of a later one."
            )
            assert (await asked(LAW, form, known=TOLD[2][0])) == (
                f"id: {LAW} was retracted; /r/{LAW} says when and why. Leave it out."
            )
            assert await asked("Source:S-1", form) == "id: Source:S-1 is no Measure: its list is another one, see /v1."
    await log.owner.close()
