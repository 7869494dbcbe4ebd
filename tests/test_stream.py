"""Subscription.changes over server-sent events: each position once and in order, however a reader comes, goes and comes back."""

import asyncio
import json
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from api.push import stream
from api.push.seats import SEATS_OF_ONE
from api.sending import sent
from api.settings import FairUse
from db import accounts
from db.embedded import Embedded
from schema.followed import BATCH
from tests.conftest import cloned
from tests.npm import Unavailable, installed, node
from tests.oracle.wire import listening
from tests.record_documents import BEGINNING, create, measure, published, source
from tests.served import served

HERE = Path(__file__).parent
EVENTS = {"Accept": "text/event-stream"}
QUERY = """subscription ($after: Int, $filter: ChangeFilter) {
    changes(after: $after, filter: $filter) { position recordId operation } }"""
names = count(1)


@dataclass(frozen=True)
class Event:
    """name: next, complete, or "" of what only says how far the record has been told. retry: when to come back, in milliseconds."""

    name: str
    id: int | None
    data: Any
    retry: str = ""


@dataclass(frozen=True)
class Record:
    """A record that is served and written."""

    client: httpx2.AsyncClient
    writer: asyncpg.Connection
    database: Embedded

    async def newest(self) -> int:
        newest: int = await self.writer.fetchval('select max("position") from revision')
        return newest

    async def publish(self, number: int = 1, **fields: Any) -> list[int]:
        """Positions of new sources."""
        made = [create(f"Source:N-{next(names)}", source(**fields)) for _ in range(number)]
        done = await published(self.writer, *made)
        return list(range(done.first, done.last + 1))


@pytest.fixture(scope="module")
async def record(administrator: asyncpg.Connection, server: Embedded, migrated_template: str) -> AsyncIterator[Record]:
    async with cloned(administrator, server, migrated_template) as database, served(database.url) as client:
        writer = await asyncpg.connect(database.url)
        await published(writer, *BEGINNING)
        yield Record(client, writer, database)
        await writer.close()


@asynccontextmanager
async def opened(
    client: httpx2.AsyncClient, query: str = QUERY, headers: Mapping[str, str] = EVENTS, **variables: Any
) -> AsyncIterator[AsyncGenerator[Event]]:
    """A stream, once its first sign of life is there."""
    asked = {"query": query, "variables": variables}
    async with client.stream("POST", "/graphql", json=asked, headers={**EVENTS, **headers}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        async with aclosing(events(answer)) as found:
            yield found


async def events(answer: httpx2.Response) -> AsyncGenerator[Event]:
    """As the HTML standard reads them."""
    lines: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(":")
            lines[name] = value.removeprefix(" ")
            continue
        data = lines.get("data") or "null"
        yield Event(
            lines.get("event", ""),
            int(lines["id"]) if "id" in lines else None,
            json.loads(data),
            lines.get("retry", ""),
        )
        lines = {}


async def told(found: AsyncIterator[Event], number: int) -> list[int]:
    """The positions of the next results: each event's id is its position."""
    positions: list[int] = []
    while len(positions) < number:
        event = await anext(found)
        if event.name:
            assert event.name == "next", event
            positions.append(event.data["data"]["changes"]["position"])
            assert event.id == positions[-1]
    return positions


async def whole(client: httpx2.AsyncClient, query: str, **headers: str) -> list[Event]:
    """The events of a stream that ends."""
    async with opened(client, query, headers) as found:
        return [event async for event in found]


async def test_what_is_published_is_told_at_once_and_what_was_is_told_from_where_one_likes(record: Record) -> None:
    begun = await record.newest()
    async with opened(record.client) as present, opened(record.client, after=begun - 2) as past:
        assert await anext(present) == Event("", begun, None)
        assert await anext(past) == Event("", begun - 2, None)
        assert await told(past, 2) == [begun - 1, begun]
        positions = await record.publish(3)
        assert await told(present, 3) == await told(past, 3) == positions


async def test_a_reader_who_comes_back_is_told_what_followed_whatever_its_query_says(record: Record) -> None:
    positions = await record.publish(5)
    async with opened(record.client, headers={"Last-Event-ID": f"{positions[1]}"}, after=0) as found:
        assert await told(found, 3) == positions[2:]


async def test_every_position_is_told_once_and_in_order_while_others_publish_and_readers_come_and_go(
    record: Record,
) -> None:
    writers = [await asyncpg.connect(record.database.url) for _ in range(4)]
    begun, done = await record.newest(), asyncio.Event()

    async def write(number: int, connection: asyncpg.Connection) -> int:
        entered = 0
        for turn in range(8):
            transaction = connection.transaction()
            await transaction.start()
            changes = [create(f"Source:N-{next(names)}", source()) for _ in range(1 + 9 * (turn % 4))]
            await published(connection, *changes)
            if turn % 4 == number:
                await transaction.rollback()
            else:
                await transaction.commit()
                entered += len(changes)
        return entered

    async def follow(stays: Callable[[], int]) -> list[int]:
        positions: list[int] = []
        while True:
            headers = {"Last-Event-ID": f"{positions[-1]}"} if positions else {}
            async with opened(record.client, headers=headers, after=begun) as found:
                for _ in range(stays()):
                    event = await anext(found)
                    if event.name:
                        positions.append(event.data["data"]["changes"]["position"])
                    if done.is_set() and positions[-1] > newest:
                        return positions

    newest = 0
    turns = count(1)
    following = [asyncio.create_task(follow(stays)) for stays in (lambda: 10_000, lambda: 1 + next(turns) % 7)]
    entered = sum(await asyncio.gather(*(write(number, one) for number, one in enumerate(writers))))
    newest = await record.newest()
    done.set()
    await record.publish()  # whoever waits looks again
    everything = list(range(begun + 1, newest + 2))
    found = await asyncio.gather(*following)
    for connection in writers:
        await connection.close()
    assert len(everything) == entered + 1
    assert found == [everything, everything]


async def test_a_filter_leaves_out_the_rest_and_signs_of_life_say_how_far_the_record_was_told(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "BEATS", 0.05)
    async with opened(record.client, filter={"stateParty": ["AAA"]}) as found:
        left_out = await record.publish(2)
        while (beat := await anext(found)).id != left_out[-1]:
            assert beat.name == ""
        law = await published(record.writer, create(f"Measure:AAA-1{next(names):03}", measure("AAA")))
        assert await told(found, 1) == [law.last]


async def test_a_stream_outlives_the_connection_by_which_the_process_hears_of_publications(record: Record) -> None:
    superuser = await asyncpg.connect(record.database.superuser_url)
    async with opened(record.client) as found:
        await anext(found)
        ended = (
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'opsc following'"
        )
        assert await superuser.fetchval(f"{ended} and datname = current_database()") == 1
        positions = await record.publish(2)
        assert await told(found, 2) == positions
    await superuser.close()


async def test_a_result_is_what_a_query_of_the_same_fields_answers(record: Record) -> None:
    fields = "position reason document fieldChanges { field after } record { id ... on Source { title } }"
    (position,) = await record.publish(title="“Two”\nlines: \\ and a tab\t")
    asked = {"query": f"{{ revision(position: {position}) {{ {fields} }} }}"}
    answer = (await record.client.post("/graphql", json=asked)).json()["data"]["revision"]
    query = f"subscription {{ told: changes(after: {position - 1}) {{ {fields} }} }}"
    async with opened(record.client, query) as found:
        await anext(found)
        assert (await anext(found)).data == {"data": {"told": answer}}


async def test_what_cannot_be_followed_is_told_as_the_protocol_has_it(record: Record) -> None:
    newest = await record.newest()
    refused = {
        "subscription { changes { nothing } }": "GRAPHQL_VALIDATION_FAILED",
        "subscription { changes { position } more: changes { position } }": "GRAPHQL_VALIDATION_FAILED",
        "subscription {": "GRAPHQL_PARSE_FAILED",
        "subscription { changes @skip(if: true) { position } }": "BAD_USER_INPUT",
        'subscription { changes(filter: {recordId: ["x"]}) { position } }': "BAD_USER_INPUT",
        f"subscription {{ changes(after: {newest + 1}) {{ position }} }}": "CLOCK_OUT_OF_RANGE",
        "subscription { changes(after: -1) { position } }": "CLOCK_OUT_OF_RANGE",
    }
    for query, code in refused.items():
        told_of, complete = await whole(record.client, query)
        assert (told_of.name, complete) == ("next", Event("complete", None, None))
        assert [error["extensions"]["code"] for error in told_of.data["errors"]] == [code], query


async def test_who_asks_in_a_way_that_no_stream_can_answer_is_told_so_in_plain_http(record: Record) -> None:
    query = {"query": "subscription { changes { position } }"}

    async def asked(address: str = "/graphql", **headers: str) -> tuple[int, str]:
        answer = await record.client.post(address, json=query, headers=headers)
        return answer.status_code, answer.json()["errors"][0]["message"]

    for accept in ("application/json", "*/*", "text/event-stream;q=0, application/json"):
        status, message = await asked(Accept=accept)
        assert (status, message) == (406, "A subscription is told as a stream of events: accept text/event-stream.")
    assert (await asked("/graphql?position=3", **EVENTS))[0] == 400
    assert (await asked(**EVENTS, **{"Last-Event-ID": "yesterday"}))[0] == 400
    assert (await asked(**EVENTS, Authorization="Bearer opsc_not_good"))[0] == 401
    answer = await record.client.get("/v1/measures", headers=EVENTS)
    assert answer.headers["content-type"].startswith("application/")


async def test_a_query_is_answered_by_a_stream_that_ends_where_nothing_else_is_accepted(record: Record) -> None:
    answer, complete = await whole(record.client, '{ node(id: "Source:S-1") { id } }')
    assert answer.data["data"] == {"node": {"id": "Source:S-1"}}
    assert complete == Event("complete", None, None)
    either = {"Accept": "text/event-stream, application/json"}
    both = await record.client.post("/graphql", json={"query": "{ __typename }"}, headers=either)
    assert both.headers["content-type"] == "application/json; charset=utf-8"
    parameters = {"query": "subscription { changes(after: 0) { position } }"}
    async with record.client.stream("GET", "/graphql", params=parameters, headers=either) as stream_of_get:
        assert [event.data async for event in _first(events(stream_of_get), 2)][1] == {
            "data": {"changes": {"position": 1}}
        }
    head = await record.client.head("/graphql", params=parameters, headers=EVENTS)
    assert (head.status_code, head.content) == (200, b"")


async def _first(found: AsyncIterator[Event], number: int) -> AsyncIterator[Event]:
    for _ in range(number):
        yield await anext(found)


async def test_one_address_has_so_many_streams_and_each_is_free_again_when_its_reader_goes(record: Record) -> None:
    """Nothing of the database is held meanwhile: the pool has two connections."""
    query = {"query": QUERY}
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(opened(record.client)) for _ in range(SEATS_OF_ONE)]
        for one in found:
            await anext(one)
        refused = await record.client.post("/graphql", json=query, headers=EVENTS)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        (error,) = refused.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["message"].startswith(
            "From your address, 10 streams are open, which is the limit: close one, and try"
        )
        (position,) = await record.publish()
        assert await asyncio.gather(*(told(one, 1) for one in found)) == [[position]] * SEATS_OF_ONE
    status = 429
    while status != 200:  # they are being closed
        async with record.client.stream("POST", "/graphql", json=query, headers=EVENTS) as answer:
            status = answer.status_code


async def test_what_a_slow_reader_has_not_taken_is_not_read_from_the_database(record: Record) -> None:
    """300 revisions of 100 kB wait; the sockets hold some megabytes."""
    for _ in range(3):
        await record.publish(100, licence="x" * 100_000)
    newest = await record.newest()
    async with listening(record.database.url) as wire, served(wire.url) as client:
        query = "subscription ($after: Int) { changes(after: $after) { position document } }"
        async with opened(client, query, after=newest - 300) as found:
            await anext(found)
            before, settled = -1, 0
            while settled < 20:  # until nothing more is read for a while
                settled = settled + 1 if wire.executed == before else 0
                before = wire.executed
                await asyncio.sleep(0.02)
            read = wire.executed
            assert await told(found, 300) == list(range(newest - 299, newest + 1))
            assert wire.executed >= read + 5


async def test_a_reader_who_takes_nothing_any_more_loses_the_stream_and_its_seat(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent, "PATIENCE", 0.2)
    query = "subscription { changes(after: 0) { position document } }"
    async with opened(record.client, query) as found:
        await anext(found)
        await asyncio.sleep(0.5)
        with pytest.raises(httpx2.RemoteProtocolError):
            async for _ in found:
                pass


async def test_each_revision_costs_and_a_stream_whose_reader_has_used_up_all_ends_with_when_to_come_back(
    record: Record,
) -> None:
    """Opening it pays for the first batch."""
    query = "subscription ($after: Int) { changes(after: $after) { position } }"
    positions = await record.publish(5 * BATCH)

    async def left(client: httpx2.AsyncClient) -> int:
        answer = await client.get("/schema.graphql")
        return int(answer.headers["RateLimit"].split(";")[1].removeprefix("r="))

    async with served(record.database.url, fair_use=FairUse(allowance=100_000)) as client:
        async with opened(client, query, after=positions[-1]) as found:
            await anext(found)
            opening = 100_000 - 1 - await left(client)
        async with opened(client, query, after=positions[0] - 1) as found:
            assert await told(found, len(positions)) == positions
            assert await left(client) == 100_000 - 2 - opening - 5 * opening
            (position,) = await record.publish()
            assert await told(found, 1) == [position]
            assert await left(client) == 100_000 - 3 - opening - 5 * opening - opening // BATCH
    assert opening % BATCH == 0
    async with served(record.database.url, fair_use=FairUse(allowance=3 * opening - 1)) as client:
        async with opened(client, query, after=positions[0] - 1) as found:
            assert await told(found, 3 * BATCH) == positions[: 3 * BATCH]
            refused, complete = [event async for event in found]
        again = await client.post("/graphql", json={"query": query}, headers=EVENTS)
    (error,) = refused.data["errors"]
    last = positions[3 * BATCH - 1]
    assert error["extensions"] == {"code": "RATE_LIMITED"}
    assert error["message"].startswith(
        f"From your address, requests may cost {3 * opening - 1} in an hour, and that is"
    )
    assert error["message"].endswith(f"All was told up to position {last}: Last-Event-ID: {last} goes on from there.")
    assert 3_000 * 1_000 < int(refused.retry) <= 3_600 * 1_000
    assert (complete.name, again.status_code) == ("complete", 429)


async def test_a_token_that_is_good_no_longer_ends_its_stream(record: Record) -> None:
    owner = await asyncpg.connect(record.database.owner_url)
    await accounts.add(owner, "eve", "CONTRIBUTOR")
    token, _ = await accounts.create_token(owner, "eve")
    async with opened(record.client, headers={"Authorization": f"Bearer {token}"}) as found:
        await anext(found)
        (position,) = await record.publish()
        assert await told(found, 1) == [position]
        await accounts.disable(owner, "eve")
        await record.publish()
        refused, complete = [event async for event in found]
    await owner.close()
    assert [error["extensions"]["code"] for error in refused.data["errors"]] == ["UNAUTHENTICATED"]
    assert complete.name == "complete"


async def test_streams_end_without_complete_when_the_server_ends_and_go_on_at_the_next(record: Record) -> None:
    newest = await record.newest()
    async with AsyncExitStack() as stack:
        async with served(record.database.url) as client:
            reader = await stack.enter_async_context(httpx2.AsyncClient(base_url=client.base_url))
            found = await stack.enter_async_context(opened(reader, after=newest - 2))
            assert await told(found, 2) == [newest - 1, newest]
        assert [event async for event in found] == []
    (position,) = await record.publish()
    async with opened(record.client, headers={"Last-Event-ID": f"{newest}"}) as again:
        assert await told(again, 1) == [position]


async def test_a_client_of_graphql_over_sse_follows(record: Record) -> None:
    """The package graphql-sse, on Node."""
    try:
        binary, packages = node(20), await asyncio.to_thread(installed, HERE / "graphql_sse", "opsc-graphql-sse")
    except Unavailable as reason:
        pytest.skip(str(reason))
    shutil.copy(HERE / "graphql_sse/client.mjs", packages)
    begun = await record.newest()

    async def followed(query: str, wanted: int) -> AsyncGenerator[Any]:
        url = str(record.client.base_url.join("/graphql"))
        given = {"url": url, "query": query, "variables": {"after": begun}, "wanted": wanted}
        process = await asyncio.create_subprocess_exec(
            binary, packages / "client.mjs", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(given).encode() + b"\n")
        async for line in process.stdout:
            yield json.loads(line)
        assert await process.wait() == 0

    async with aclosing(followed(QUERY, 3)) as following:
        assert await anext(following) == "connected"
        positions = await record.publish(3)
        results = [result async for result in following]
    assert [result["data"]["changes"]["position"] for result in results] == positions
    (_, refused) = [one async for one in followed("subscription { changes { nothing } }", 3)]
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
    (_, answer) = [one async for one in followed("{ __typename }", 3)]
    assert answer["data"] == {"__typename": "Query"}
