"""Kept answers: true while they are given, told with validators, in every coding, in bounded memory."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import brotli
import httpx2
import pytest
import zstandard
from starlette.responses import Response

from api.codings import wanted
from api.following import NAMED, Following, read_head
from api.kept import PAST, PRESENT, UNKEPT, KeptAnswers, Made, Ready, key_of, made
from db import accounts
from db.embedded import Embedded
from db.pool import open_pool
from schema.answer import answer
from schema.clock import Moment
from schema.document import document
from tests.dated_log import LAW, MOMENTS, POSITIONS, TOLD, Dated, dated, dated_log, written
from tests.record_documents import amend, measure, redact
from tests.served import served

TITLE = f'{{ clock {{ position }} measure(id: "{LAW}") {{ title }} }}'
LONG = "{ __schema { types { name description } } }"
MEGABYTE = 1_000_000
NEXT = "2025-02-01T00:00:00.000000Z"
CHANGED = amend(LAW, measure("AAA", title="Changed"))


@pytest.fixture
async def log(empty_database: Embedded) -> AsyncIterator[Dated]:
    """A log of the test's own, as tests/dated_log.py tells it."""
    log = await dated_log(empty_database)
    for moment, changes, _ in TOLD:
        await log.publish(moment, *changes)
    yield log
    await log.owner.close()


@pytest.fixture
async def client(log: Dated, empty_url: str) -> AsyncIterator[httpx2.AsyncClient]:  # noqa: ARG001 - told before it is served
    async with served(empty_url, cache_bytes=MEGABYTE) as client:
        yield client


@asynccontextmanager
async def unreadable(log: Dated) -> AsyncIterator[None]:
    """Whatever reads the log or a measure meanwhile waits until PostgreSQL gives it up."""
    async with log.owner.transaction():
        await log.owner.execute("lock table revision, measure_version in access exclusive mode")
        yield


async def asked(client: httpx2.AsyncClient, query: str = TITLE, **told: str) -> httpx2.Response:
    """told: headers, and with a name in lower case, parameters."""
    parameters = {name: value for name, value in told.items() if name.islower()}
    headers = {name.replace("_", "-"): value for name, value in told.items() if not name.islower()}
    return await client.get("/graphql", params={"query": query, **parameters}, headers=headers)


async def until_changed(client: httpx2.AsyncClient) -> None:
    async with asyncio.timeout(1):
        while (await asked(client)).json()["data"]["measure"] != {"title": "Changed"}:
            pass


async def test_what_was_asked_before_is_answered_without_the_database(client: httpx2.AsyncClient, log: Dated) -> None:
    first = await asked(client)
    posted = await client.post("/graphql", json={"query": TITLE})
    past = await asked(client, position=str(POSITIONS[1]))
    async with unreadable(log):
        again = await asked(client)
        assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
        assert (await client.post("/graphql", json={"query": TITLE})).content == posted.content == first.content
        assert (await asked(client, position=str(POSITIONS[1]))).content == past.content != first.content


async def test_a_publication_is_read_within_a_second(client: httpx2.AsyncClient, log: Dated) -> None:
    first = await asked(client)
    await log.publish(NEXT, CHANGED)
    await until_changed(client)
    assert (await asked(client, If_None_Match=first.headers["etag"])).status_code == 200


async def test_a_publication_is_read_within_a_second_though_nobody_listens(
    client: httpx2.AsyncClient, log: Dated, empty_database: Embedded
) -> None:
    await asked(client)
    superuser = await asyncpg.connect(empty_database.superuser_url)
    ended = """select count(pg_terminate_backend(pid)) from pg_stat_activity
               where datname = current_database() and application_name = $1"""
    assert await superuser.fetchval(ended, NAMED["application_name"]) == 1
    await log.publish(NEXT, CHANGED)
    await until_changed(client)
    await superuser.close()


async def test_redacted_words_are_in_no_kept_answer(client: httpx2.AsyncClient, log: Dated) -> None:
    then = await asked(client, position=str(POSITIONS[1]))
    assert then.json()["data"]["measure"] == {"title": "A better law"}
    named = [POSITIONS[1], POSITIONS[2]]
    await log.publish(NEXT, redact(LAW, measure("AAA", title="…"), *named), CHANGED)
    await until_changed(client)
    after = await asked(client, position=str(POSITIONS[1]), If_None_Match=then.headers["etag"])
    assert (after.status_code, after.json()["data"]["measure"]) == (200, {"title": "…"})
    assert after.headers["etag"] != then.headers["etag"]


async def test_a_client_that_has_it_is_told_so_without_the_database(
    client: httpx2.AsyncClient, log: Dated, empty_url: str
) -> None:
    """By another process, too, which never answered it."""
    answers = [await asked(client), await asked(client, known=written(MOMENTS[1])), await asked(client, LONG)]
    async with served(empty_url, cache_bytes=MEGABYTE) as other, unreadable(log):
        for one in (client, other):
            for answer in answers:
                headers = {"If-None-Match": f'"x", W/{answer.headers["etag"]}'}
                again = await one.get(answer.url, headers=headers)
                assert (again.status_code, again.content) == (304, b"")
                for name in ("etag", "cache-control"):
                    assert again.headers[name] == answer.headers[name]


async def test_a_client_that_has_another_answer_gets_this_one(client: httpx2.AsyncClient) -> None:
    other = await asked(client, "{ clock { position } }")
    answer = await asked(client, If_None_Match=other.headers["etag"])
    assert (answer.status_code, answer.json()["data"]["measure"]) == (200, {"title": TOLD[-1][2]})
    assert (await asked(client, If_None_Match="*")).status_code == 304


async def test_last_modified_is_when_what_it_stands_for_was_recorded(client: httpx2.AsyncClient, log: Dated) -> None:
    then = await asked(client, known=written(MOMENTS[1] + timedelta(days=3)))
    assert then.headers["last-modified"] == dated(MOMENTS[1])
    async with unreadable(log):
        again = await asked(client, known=written(MOMENTS[1] + timedelta(days=3)), If_Modified_Since=dated(MOMENTS[1]))
        assert (again.status_code, again.headers["etag"]) == (304, then.headers["etag"])
    since = {"If_Modified_Since": dated(MOMENTS[0])}
    assert (await asked(client, known=written(MOMENTS[1] + timedelta(days=3)), **since)).status_code == 200


async def test_of_two_publications_in_one_second_the_earlier_is_not_taken_for_the_later(
    client: httpx2.AsyncClient, log: Dated
) -> None:
    second = datetime.now(UTC).replace(microsecond=100_000)
    await log.publish(second.isoformat(), amend(LAW, measure("AAA", title="Changing")))
    async with asyncio.timeout(1):
        while (first := await asked(client)).json()["data"]["measure"] != {"title": "Changing"}:
            pass
    since = {"If_Modified_Since": first.headers["last-modified"]}
    assert (await asked(client, **since)).status_code == 304
    await log.publish((second + timedelta(milliseconds=1)).isoformat(), CHANGED)
    await until_changed(client)
    again = await asked(client, **since)
    assert (again.status_code, again.headers["last-modified"]) == (200, first.headers["last-modified"])


CHECKPOINT = "{ log { checkpoint } }"
SIZE = "{ log { size } }"
BOTH = f'{{ at(position: 8) {{ measure(id: "{LAW}") {{ title }} }} clock {{ position }} }}'


@pytest.mark.parametrize(
    ("query", "parameters", "told", "tagged"),
    [
        (TITLE, {}, PRESENT, True),
        (TITLE, {"valid": "2020-01-01"}, PRESENT, True),
        (TITLE, {"known": written(MOMENTS[1])}, PAST, True),
        (TITLE, {"position": "3"}, PAST, True),
        (BOTH, {}, PRESENT, True),
        (f"{{ at {TITLE} }}", {"position": "3"}, PRESENT, True),
        (SIZE, {}, PRESENT, True),
        (CHECKPOINT, {}, UNKEPT, False),
        (CHECKPOINT, {"position": "3"}, UNKEPT, False),
        ("{ viewer { name } }", {}, UNKEPT, False),
        ("{ submissions { totalCount } }", {}, PRESENT, True),
        ("{ submissions { nodes { reviews { text } } } }", {}, UNKEPT, False),
        ('{ node(id: "Submission:1") { id } }', {"position": "8"}, PAST, True),
        ('{ node(id: "Submission:1") { ... on Submission { plan { hash } } } }', {}, UNKEPT, False),
        ("{ revision(position: 3) { submission { comments { text } } } }", {}, UNKEPT, False),
        ("{ errorReports { totalCount } }", {}, UNKEPT, False),
        ("{ nothing }", {}, "no-store", False),
        (TITLE, {"position": "300"}, "no-store", False),
    ],
)
async def test_how_long_others_may_keep_an_answer(
    then_kept: httpx2.AsyncClient, query: str, parameters: dict[str, str], told: str, *, tagged: bool
) -> None:
    answer = await asked(then_kept, query, **parameters)
    assert (answer.headers["cache-control"], "etag" in answer.headers) == (told, tagged)


@pytest.fixture(scope="module")
async def then_kept(told_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """The same log, its answers kept."""
    async with served(told_url, cache_bytes=MEGABYTE) as client:
        yield client


async def test_answers_about_the_last_minute_are_not_final(client: httpx2.AsyncClient, log: Dated) -> None:
    now = datetime.now(UTC)
    for ago, told in ((50, PRESENT), (70, PAST)):
        answer = await asked(client, known=written(now - timedelta(seconds=ago)))
        assert answer.headers["cache-control"] == told
    await log.publish((now - timedelta(seconds=55)).isoformat(), CHANGED)  # it was under way
    await until_changed(client)
    later = await asked(client, known=written(now - timedelta(seconds=50)))
    assert later.json()["data"]["measure"] == {"title": "Changed"}


async def test_an_answer_says_which_clocks_and_position_it_stands_for(then_kept: httpx2.AsyncClient) -> None:
    def told(answer: httpx2.Response) -> list[str]:
        return [answer.headers[f"record-{name}"] for name in ("position", "known", "valid")]

    today = str(datetime.now(UTC).date())
    assert told(await asked(then_kept)) == [str(POSITIONS[-1]), written(MOMENTS[-1]), today]
    assert told(await asked(then_kept, valid="2020-01-01"))[2] == "2020-01-01"
    assert told(await asked(then_kept, position=str(POSITIONS[1]))) == ["8", written(MOMENTS[1]), "2024-06-01"]
    later = written(MOMENTS[1] + timedelta(days=3))
    assert told(await asked(then_kept, known=later)) == ["8", later, "2024-06-04"]


async def test_what_an_account_reads_is_its_own(empty_database: Embedded, client: httpx2.AsyncClient) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    await accounts.add(owner, "maria", "REVIEWER")
    token, _ = await accounts.create_token(owner, "maria")
    await owner.close()
    for _ in range(2):
        assert (await asked(client, "{ viewer { name } }")).json()["data"] == {"viewer": None}
        mine = await asked(client, "{ viewer { name } }", Authorization=f"Bearer {token}")
        assert mine.json()["data"] == {"viewer": {"name": "maria"}}
    public = await asked(client)
    mine = await asked(client, Authorization=f"Bearer {token}", If_None_Match=public.headers["etag"])
    assert (mine.status_code, mine.headers["cache-control"], "etag" in mine.headers) == (
        200,
        "private, no-store",
        False,
    )


async def test_a_refused_token_is_not_answered_from_what_is_kept(then_kept: httpx2.AsyncClient) -> None:
    await asked(then_kept)
    assert (await asked(then_kept, Authorization="Bearer nobody")).status_code == 401


READ = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstandard.decompress,
}


@pytest.mark.parametrize("coding", READ)
async def test_every_coding_holds_the_same_bytes(then_kept: httpx2.AsyncClient, coding: str) -> None:
    plain = await asked(then_kept, LONG, Accept_Encoding="identity")
    for _ in range(2):
        parameters, headers = {"query": LONG}, {"Accept-Encoding": coding}
        async with then_kept.stream("GET", "/graphql", params=parameters, headers=headers) as coded:
            raw = b"".join([chunk async for chunk in coded.aiter_raw()])
        assert READ[coding](raw) == plain.content
        assert coded.headers.get("content-encoding", "identity") == coding
        assert "Accept-Encoding" in coded.headers["vary"]
        assert (coded.headers["etag"] == plain.headers["etag"]) == (coding == "identity")
        assert int(coded.headers["content-length"]) == len(raw)
        has = {"If_None_Match": coded.headers["etag"], "Accept_Encoding": coding}
        assert (await asked(then_kept, LONG, **has)).status_code == 304


async def test_a_small_answer_goes_as_it_is(then_kept: httpx2.AsyncClient) -> None:
    assert "content-encoding" not in (await asked(then_kept, SIZE, Accept_Encoding="gzip, br, zstd")).headers


@pytest.mark.parametrize(
    ("accept_encoding", "coding"),
    [
        (b"", "identity"),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"gzip, deflate, br", "br"),
        (b"GZIP", "gzip"),
        (b"x-gzip", "gzip"),
        (b"gzip;q=1.0, br;q=0.5", "gzip"),
        (b"gzip;q=0", "identity"),
        (b"*", "zstd"),
        (b"*;q=0.5, zstd;q=0", "br"),
        (b"identity, gzip;q=0.5", "identity"),
        (b"identity;q=0.5, gzip", "gzip"),
        (b"deflate", "identity"),
        (b"br;q=nonsense, gzip;q=0.1", "gzip"),
        (b"br;q=nan", "identity"),
    ],
)
def test_the_coding_is_the_one_that_a_client_likes_best(accept_encoding: bytes, coding: str) -> None:
    assert wanted(accept_encoding) == coding


CHANGING = {"date": "", "ratelimit": ""}


async def test_head_tells_what_get_would(then_kept: httpx2.AsyncClient) -> None:
    for told in ({}, {"Accept_Encoding": "br"}):
        got = await asked(then_kept, LONG, **told)
        headers = {name.replace("_", "-"): value for name, value in told.items()}
        head = await then_kept.head("/graphql", params={"query": LONG}, headers=headers)
        assert (head.status_code, head.content) == (200, b"")
        assert {**head.headers, **CHANGING} == {**got.headers, **CHANGING}
        headers["If-None-Match"] = got.headers["etag"]
        assert (await then_kept.head("/graphql", params={"query": LONG}, headers=headers)).status_code == 304


async def test_a_post_is_told_nothing_of_caches(then_kept: httpx2.AsyncClient) -> None:
    for _ in range(2):
        answer = await then_kept.post("/graphql", json={"query": TITLE}, headers={"If-None-Match": "*"})
        assert answer.status_code == 200
        assert not {"etag", "last-modified", "cache-control"} & {*answer.headers}


ANSWERED = document(TITLE).operation(None)
Make = Callable[[], Awaitable[Made]]


def header(ready: Response, name: bytes) -> bytes:
    return dict(ready.raw_headers)[name]


def reads(source: Any) -> Make:
    """Makes an answer by a pool or a connection."""

    async def make() -> Made:
        found = await answer(source, ANSWERED, {}, "")
        return Made(found.data, {}, found.position)

    return make


async def test_what_a_statement_read_is_kept_under_the_position_that_it_read_at(log: Dated, empty_url: str) -> None:
    """Not under the one that was believed: a standby, or a snapshot, may be behind."""
    scope = {"method": "GET", "path": "/", "query_string": b""}
    key = key_of(scope, {}, "")
    behind = await asyncpg.connect(empty_url)
    async with (
        Following(empty_url).running() as following,
        await open_pool(empty_url, size=1) as pool,
        behind.transaction(isolation="repeatable_read"),
    ):
        kept = KeptAnswers(following, pool, MEGABYTE, "")
        await behind.execute("select from revision limit 1")  # what it sees from now on
        await log.publish(NEXT, CHANGED)
        assert await following.beyond(POSITIONS[-1]) == POSITIONS[-1] + 1
        old, again, new, kept_new = [
            await kept.answered({}, key, "", reads(source)) for source in (behind, behind, pool, behind)
        ]
    await behind.close()
    told = [header(one, b"record-position") for one in (old, again, new, kept_new)]
    assert told == [b"11", b"11", b"12", b"12"]
    assert b"A law again" in old.body
    assert b"Changed" in new.body
    assert kept_new is new


async def test_a_past_answer_stays_when_something_is_published_and_goes_when_something_is_redacted(
    log: Dated, empty_url: str
) -> None:
    scope = {"method": "GET", "path": "/", "query_string": b"position=8"}
    key = key_of(scope, {}, "")
    async with Following(empty_url).running() as following, await open_pool(empty_url, size=1) as pool:
        kept = KeptAnswers(following, pool, MEGABYTE, "")

        async def make() -> Made:
            moment = Moment(position=POSITIONS[1])
            found = await answer(pool, ANSWERED, {}, "", moment)
            return await made(pool, found.data, {}, moment, found)

        then = await kept.answered({}, key, "", make)
        await log.publish(NEXT, CHANGED)
        await following.beyond(POSITIONS[-1])
        later = await kept.answered({}, key, "", make)
        await log.publish(NEXT, redact(LAW, measure("AAA", title="…"), POSITIONS[1], POSITIONS[2]))
        await following.beyond(POSITIONS[-1] + 1)
        assert (kept.given({}, key), kept.size) == (None, 0)
        redacted = await kept.answered({}, key, "", make)
    assert later is then
    assert b"A better law" in then.body
    assert "…".encode() in redacted.body
    assert header(then, b"cache-control") == PAST.encode()
    assert header(then, b"etag") != header(redacted, b"etag")


async def test_what_a_log_said_that_came_back_another_way_is_in_memory_no_more(log: Dated, empty_url: str) -> None:  # noqa: ARG001
    """A backup was restored, and as much was published since as had been lost, before anybody looked."""
    key, following = key_of({"method": "GET", "path": "/", "query_string": b""}, {}, ""), Following(empty_url)
    async with await open_pool(empty_url, size=1) as pool:
        following.head = head = await read_head(pool)
        kept = KeptAnswers(following, pool, MEGABYTE, "")
        for later in (0, 1):
            await kept.answered({}, key, "", reads(pool))
            assert kept.given({}, key) is not None
            following.head = replace(
                head, position=head.position + later, recorded_at=head.recorded_at - timedelta(seconds=1)
            )
            assert (kept.given({}, key), kept.size) == (None, 0)
            following.head = head


@pytest.mark.parametrize("form", ["", "text/html"])
async def test_what_is_kept_is_given_at_once_to_all_who_accept_it(log: Dated, empty_url: str, form: str) -> None:  # noqa: ARG001
    """By what they accept, once somebody who accepts the same had it; never to who sends a token, nor to another method."""
    path = {"method": "GET", "path": "/", "query_string": b"a=1"}

    def scope(**said: str) -> dict[str, Any]:
        headers = [(name.encode(), value.encode()) for name, value in said.items()]
        return {**path, "headers": headers}

    async with Following(empty_url).running() as following, await open_pool(empty_url, size=1) as pool:
        kept = KeptAnswers(following, pool, MEGABYTE, "")
        for accept in ("*/*", "application/json"):
            asked = scope(accept=accept)
            assert kept.given_at_once(asked) is None
            headers = dict(asked["headers"])
            made = await kept.answered(headers, key_of(asked, headers, form), "Accept", reads(pool))
            given = kept.given_at_once(asked)
            assert given is not None
            assert isinstance(made, Ready)
            assert (given.body, given.raw_headers) == (made.body, made.raw_headers)
        for other in (
            scope(accept="text/csv"),
            scope(accept="*/*", authorization="Bearer x"),
            {**scope(accept="*/*"), "method": "POST"},
            {**scope(accept="*/*"), "query_string": b"a=2"},
        ):
            assert kept.given_at_once(other) is None


async def test_at_midnight_an_answer_is_made_anew(log: Dated, empty_url: str) -> None:  # noqa: ARG001 - told before
    scope = {"method": "GET", "path": "/", "query_string": b""}
    key, now, count = key_of(scope, {}, ""), datetime(2026, 11, 27, 23, 59, 59, tzinfo=UTC), 0
    async with Following(empty_url).running() as following, await open_pool(empty_url, size=1) as pool:
        kept = KeptAnswers(following, pool, MEGABYTE, "", lambda: now.timestamp())

        async def make() -> Made:
            nonlocal count
            count += 1
            return await reads(pool)()

        evening = [await kept.answered({}, key, "", make) for _ in range(2)]
        now += timedelta(seconds=1)
        morning = [await kept.answered({}, key, "", make) for _ in range(2)]
        has = {b"if-none-match": b",".join(header(one, b"etag") for one in evening)}
        again = await kept.answered(has, key, "", make)
    assert count == 2
    assert evening[0] is evening[1]
    assert morning[0] is morning[1] is again
    assert header(morning[0], b"etag") != header(evening[0], b"etag")


async def test_what_is_kept_stays_within_its_bytes(log: Dated, empty_url: str) -> None:  # noqa: ARG001 - told before
    async with Following(empty_url).running() as following, await open_pool(empty_url, size=1) as pool:
        kept = KeptAnswers(following, pool, 200_000, "")

        async def make() -> Made:
            return Made(bytes(size), {}, following.position)

        for size in (10_000, 30_000):  # the second is more than one answer may take
            for number in range(40):
                for headers in ({}, {b"accept-encoding": b"gzip"}):
                    scope = {"method": "GET", "path": f"/{size}/{number}", "query_string": b""}
                    await kept.answered(headers, key_of(scope, {}, ""), "", make)
                    assert kept.size <= 200_000
            assert kept.size > 170_000


ADDRESSES = ["/v1/measures.json", "/v1/measures/AAA-0001.json", "/v1/measures.csv", "/v1/changes.jsonl", f"/r/{LAW}"]


async def test_every_endpoint_tells_who_has_its_answer_without_the_database(
    client: httpx2.AsyncClient, log: Dated
) -> None:
    for moment, told in (("", PRESENT), (f"?known={written(MOMENTS[1])}", PAST)):
        answers = [await client.get(f"{address}{moment}") for address in ADDRESSES]
        assert [(one.status_code, one.headers["cache-control"]) for one in answers] == [(200, told)] * len(ADDRESSES)
        async with unreadable(log):
            for one in answers:
                again = await client.get(one.url, headers={"If-None-Match": one.headers["etag"]})
                assert (again.status_code, again.content) == (304, b"")


async def test_a_publication_changes_the_tags_of_the_present(client: httpx2.AsyncClient, log: Dated) -> None:
    addresses = [*ADDRESSES, f"{ADDRESSES[0]}?position=8", f"/r/{LAW}/1"]
    before = [await client.get(address) for address in addresses]
    await log.publish(NEXT, CHANGED)
    await until_changed(client)
    after = [await client.get(one.url, headers={"If-None-Match": one.headers["etag"]}) for one in before]
    assert [one.status_code for one in after] == [200] * len(ADDRESSES) + [304, 304]


async def test_a_record_and_a_page_are_kept(client: httpx2.AsyncClient, log: Dated) -> None:
    addresses = [ADDRESSES[0], ADDRESSES[1], f"/r/{LAW}", f"/r/{LAW}/1", f"{ADDRESSES[0]}?position=8"]
    before = [await client.get(address) for address in addresses]
    async with unreadable(log):
        assert [(await client.get(one.url)).content for one in before] == [one.content for one in before]
    assert before[-1].json() != before[0].json()


async def test_what_is_gone_or_has_moved_is_asked_for_again(then_kept: httpx2.AsyncClient) -> None:
    gone = await then_kept.get(f"/r/{LAW}", params={"position": str(POSITIONS[2])})
    assert (gone.status_code, gone.headers["cache-control"]) == (410, UNKEPT)
    assert (await then_kept.get("/v1/nothing")).headers["cache-control"] == "no-store"
