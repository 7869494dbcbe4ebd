"""Webhooks: a saved query's difference is delivered, in order, signed, again until it is received, and to nobody's own network."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import asyncpg
import httpx2
import pytest
from standardwebhooks import Webhook
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from api.app import create as application
from api.push.target import TargetRefused, Targets
from api.settings import FairUse, Settings
from db import accounts, webhooks
from db.embedded import Embedded
from db.saved_queries import Query, save, withdraw
from tests.conftest import cloned
from tests.record_documents import BEGINNING, amend, create, measure, published, redact, retract, source
from tests.served import PLENTY, listening, served

MEASURES = "query Laws { clock { position known } measures { nodes { id versionId title } } }"
PARTIES = "{ stateParties { nodes { id } } }"
LAW = "Measure:AAA-0001"

PATIENCE = 60
"""Seconds to wait for what comes at once, on a machine that has much else to do."""


@dataclass
class Receiver:
    """Somebody's server. answers: what it answers next, 204 when there is nothing in it; None: nothing, until the test is over."""

    url: str = ""
    answers: list[int | None] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    received: "asyncio.Queue[tuple[dict[str, str], bytes]]" = field(default_factory=asyncio.Queue)

    async def receive(self, request: Request) -> Response:
        self.received.put_nowait((dict(request.headers), await request.body()))
        status = self.answers.pop(0) if self.answers else 204
        if status is None:
            await self.left.wait()
        return Response(status_code=status or 204, headers={"Location": self.url} if status == 302 else None)

    async def next(self) -> tuple[dict[str, str], Any]:
        """The headers and the event of what comes next."""
        headers, body = await asyncio.wait_for(self.received.get(), PATIENCE)
        return headers, json.loads(body)


@dataclass
class Hooks:
    """A record that is served, its writers, and who has a token. serves: closed, it ends before the test does."""

    database: Embedded
    serves: AsyncExitStack
    client: httpx2.AsyncClient
    owner: asyncpg.Connection
    receiver: Receiver
    token: str
    other: str
    laws: str
    parties: str

    async def asks(self, method: str, path: str, token: str | None = "", **sent: Any) -> httpx2.Response:
        token = self.token if token == "" else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        content = json.dumps(sent) if sent else None
        return await self.client.request(method, f"/webhooks{path}", content=content, headers=headers)

    async def registers(self, query: str) -> Any:
        answer = await self.asks("POST", "", url=self.receiver.url, query=query)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def newest(self) -> int:
        newest: int = await self.owner.fetchval('select max("position") from revision')
        return newest

    async def settled(self, number: int) -> Any:
        """The webhook, once nothing is on its way and all that was published has been looked at."""
        async with asyncio.timeout(PATIENCE):
            while True:
                told = (await self.asks("GET", f"/{number}")).json()
                waits = any(one["state"] == "PENDING" for one in told["deliveries"])
                if told["disabledAt"] or (told["position"] == await self.newest() and not waits):
                    return told


@asynccontextmanager
async def serving(
    database: Embedded, *, private: bool = True, fair_use: FairUse = PLENTY
) -> AsyncGenerator[httpx2.AsyncClient]:
    settings = Settings(
        database.url, public_url="https://opsc.example", pool_size=2, private_webhooks=private, fair_use=fair_use
    )
    async with listening(application(settings)) as client:
        yield client


@pytest.fixture
async def hooks(administrator: asyncpg.Connection, server: Embedded, migrated_template: str) -> AsyncIterator[Hooks]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.receive, methods=["GET", "POST"])])
    async with cloned(administrator, server, migrated_template) as database, listening(app) as there:
        receiver.url = str(there.base_url.join("/hook"))
        owner = await asyncpg.connect(database.owner_url)
        tokens = []
        for name in ("ana", "ben"):
            await accounts.add(owner, name, "CONTRIBUTOR")
            tokens.append((await accounts.create_token(owner, name))[0])
        await published(owner, *BEGINNING)
        laws, parties = Query(MEASURES, {}), Query(PARTIES, {})
        for query in (laws, parties):
            assert await save(owner, query, None)
        async with AsyncExitStack() as serves:
            client = await serves.enter_async_context(serving(database))
            yield Hooks(database, serves, client, owner, receiver, tokens[0], tokens[1], laws.id, parties.id)
        receiver.left.set()
        await owner.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed attempts are made again at once."""
    monkeypatch.setattr(webhooks, "WAITS", [timedelta(0)] * 3)


def law(title: str) -> dict[str, Any]:
    return measure("AAA", title=title)


async def test_who_registers_is_told_the_secret_once_and_sees_their_own_webhooks_alone(hooks: Hooks) -> None:
    answer = await hooks.asks("POST", "", url=hooks.receiver.url, query=hooks.laws)
    assert (answer.status_code, answer.headers["location"]) == (201, "https://opsc.example/webhooks/1")
    made = answer.json()
    secret, created = made.pop("secret"), made.pop("createdAt")
    assert secret.startswith("whsec_")
    today = datetime.now(UTC).date().isoformat()
    assert created.startswith(today)
    assert made == {
        "id": 1,
        "url": hooks.receiver.url,
        "query": hooks.laws,
        "position": 7,
        "valid": today,
        "disabledAt": None,
        "disabledBecause": None,
        "links": {
            "self": "https://opsc.example/webhooks/1",
            "query": f"https://opsc.example/q/{hooks.laws}",
            "preview": "https://opsc.example/webhooks/1/preview",
        },
    }
    listed = await hooks.asks("GET", "")
    assert listed.json() == {"webhooks": [{**made, "createdAt": created}]}
    assert listed.headers["cache-control"] == "private, no-store"
    assert (await hooks.asks("GET", "", hooks.other)).json() == {"webhooks": []}
    for method, path in (
        ("GET", "/1"),
        ("DELETE", "/1"),
        ("POST", "/1/replay"),
        ("POST", "/1/secret"),
        ("GET", "/1/preview"),
    ):
        assert (await hooks.asks(method, path, hooks.other)).status_code == 404
        unknown = await hooks.asks(method, path, None)
        assert (unknown.status_code, unknown.headers["content-type"]) == (401, "application/problem+json")
    assert (await hooks.asks("DELETE", "/1")).status_code == 204
    assert (await hooks.asks("GET", "/1")).status_code == 404
    assert await hooks.owner.fetchval("select count(*) from webhook") == 0


async def test_what_cannot_be_registered_is_refused_in_words_and_nothing_is_kept(hooks: Hooks) -> None:
    frozen, gone = Query(MEASURES, {}, position=3), Query("{ __typename }", {})
    for query in (frozen, gone):
        assert await save(hooks.owner, query, None)
    await withdraw(hooks.owner, gone.id, "Invented for tests.")
    refused: list[tuple[dict[str, Any], str]] = [
        ({"url": hooks.receiver.url, "query": "0" * 20}, "There is no such saved query"),
        ({"url": hooks.receiver.url, "query": frozen.id}, "This saved query is frozen at a position"),
        ({"url": hooks.receiver.url, "query": gone.id}, "The saved query was withdrawn"),
        ({"url": hooks.receiver.url}, "Send where to, and which saved query"),
        ({"url": 3, "query": hooks.laws}, "url must be text"),
        ({"url": hooks.receiver.url, "query": hooks.laws, "colour": "red"}, "colour is nothing that can be said here"),
        ({"url": "ftp://example.org/", "query": hooks.laws}, "url begins https://"),
        ({"url": "https://ana:word@example.org/", "query": hooks.laws}, "url holds a name or a password"),
        ({"url": "https://[", "query": hooks.laws}, "url is no address"),
        ({"url": "https://nothing.invalid/", "query": hooks.laws}, "The name nothing.invalid leads nowhere"),
        ({"url": "https://an..example/", "query": hooks.laws}, "The name an..example leads nowhere"),
    ]
    for sent, why in refused:
        answer = await hooks.asks("POST", "", **sent)
        assert answer.status_code == 422, sent
        assert answer.json()["detail"].startswith(why), answer.text
    assert await hooks.owner.fetchval("select count(*) from webhook") == 0
    for _ in range(20):
        await hooks.registers(hooks.laws)
    answer = await hooks.asks("POST", "", url=hooks.receiver.url, query=hooks.laws)
    assert answer.json()["detail"] == "An account has 20 webhooks at most: delete one (DELETE /webhooks/ID) first."


async def test_the_difference_of_a_query_is_delivered_signed_and_what_does_not_touch_it_is_not(hooks: Hooks) -> None:
    made = await hooks.registers(hooks.laws)
    await published(hooks.owner, create("Source:S-2", source()))
    done = await published(
        hooks.owner, amend(LAW, law("A better law")), create("Measure:AAA-0002", law("“Another”, invented\n"))
    )
    headers, body = await asyncio.wait_for(hooks.receiver.received.get(), PATIENCE)
    event = Webhook(made["secret"]).verify(body, headers)
    assert headers["content-type"] == "application/json"
    today = datetime.now(UTC).date().isoformat()
    begins = event["data"]["fromPosition"]
    assert begins in (7, 8)  # as soon as the source was looked at
    assert event["timestamp"].startswith(today)
    link = f"https://opsc.example/q/{hooks.laws}"
    assert event == {
        "type": "query.changed",
        "timestamp": event["timestamp"],
        "data": {
            "webhook": 1,
            "query": hooks.laws,
            "fromPosition": begins,
            "toPosition": done.last,
            "fromValid": today,
            "toValid": today,
            "counts": {"appeared": 1, "disappeared": 0, "changed": 1},
            "whole": True,
            "appeared": [
                {
                    "id": "Measure:AAA-0002",
                    "versionId": f"Measure:AAA-0002@10@{today}",
                    "title": "“Another”, invented\n",
                }
            ],
            "disappeared": [],
            "changed": [
                {
                    "before": {"id": LAW, "versionId": f"{LAW}@{begins}@{today}", "title": "A law"},
                    "after": {"id": LAW, "versionId": f"{LAW}@10@{today}", "title": "A better law"},
                }
            ],
            "links": {
                "query": link,
                "before": f"{link}?position={begins}&valid={today}",
                "after": f"{link}?position=10&valid={today}",
                "changes": f"https://opsc.example/v1/changes?after={begins}",
            },
        },
    }
    await published(hooks.owner, create("Source:S-3", source()))
    assert (await hooks.settled(1))["position"] == 11
    await published(hooks.owner, retract(LAW, law("A better law")))
    _, event = await hooks.receiver.next()
    data = event["data"]
    assert (data["fromPosition"], data["toPosition"]) == (11, 12)
    assert [row["id"] for row in data["disappeared"]] == [LAW]
    (second, first) = (await hooks.settled(1))["deliveries"]
    assert (first["id"], first["state"], first["attempts"], first["outcome"]) == (
        headers["webhook-id"],
        "DELIVERED",
        1,
        "it answered 204",
    )
    assert second["toPosition"] == 12


@pytest.mark.usefixtures("at_once")
async def test_what_is_not_received_is_sent_again_under_its_id_and_what_follows_comes_after(
    hooks: Hooks,
) -> None:
    await hooks.registers(hooks.laws)
    hooks.receiver.answers = [500, 302]
    await published(hooks.owner, amend(LAW, law("Second")))
    attempts = [await hooks.receiver.next()]
    await published(hooks.owner, amend(LAW, law("Third")))
    attempts += [await hooks.receiver.next() for _ in range(2)]
    assert len({headers["webhook-id"] for headers, _ in attempts}) == 1
    assert [event for _, event in attempts] == [attempts[0][1]] * 3
    headers, event = await hooks.receiver.next()
    assert headers["webhook-id"] != attempts[0][0]["webhook-id"]
    assert (event["data"]["fromPosition"], event["data"]["toPosition"]) == (8, 9)
    assert [row["after"]["title"] for row in event["data"]["changed"]] == ["Third"]
    assert [one["attempts"] for one in (await hooks.settled(1))["deliveries"]] == [1, 3]
    assert hooks.receiver.received.empty()


@pytest.mark.usefixtures("at_once")
async def test_a_receiver_that_stays_away_is_given_up_with_a_reason_and_can_be_told_later(
    hooks: Hooks,
) -> None:
    await hooks.registers(hooks.laws)
    hooks.receiver.answers = [302, 500, 503, 404]
    await published(hooks.owner, amend(LAW, law("Second")))
    told = await hooks.settled(1)
    (delivery,) = told["deliveries"]
    assert (delivery["state"], delivery["attempts"], delivery["outcome"]) == ("GIVEN_UP", 4, "it answered 404")
    assert told["disabledBecause"] == f"4 attempts to deliver {delivery['id']} failed, the last: it answered 404."
    tried = [await hooks.receiver.next() for _ in range(4)]
    await published(hooks.owner, amend(LAW, law("Third")))
    answer = await hooks.asks("POST", "/1/replay")
    assert (answer.status_code, answer.json()["disabledBecause"]) == (202, None)
    headers, event = await hooks.receiver.next()
    assert (headers["webhook-id"], event) == (tried[0][0]["webhook-id"], tried[0][1])
    _, event = await hooks.receiver.next()
    assert [row["after"]["title"] for row in event["data"]["changed"]] == ["Third"]
    assert [one["state"] for one in (await hooks.settled(1))["deliveries"]] == ["DELIVERED", "DELIVERED"]


async def test_a_receiver_that_is_gone_is_sent_nothing_more(hooks: Hooks) -> None:
    await hooks.registers(hooks.laws)
    hooks.receiver.answers = [410]
    await published(hooks.owner, amend(LAW, law("Second")))
    assert (await hooks.settled(1))["disabledBecause"] == "Its receiver answered 410: it wants nothing more."


async def test_a_replay_tells_what_differs_since_any_position_as_its_preview_does(hooks: Hooks) -> None:
    await hooks.registers(hooks.laws)
    assert (await hooks.asks("GET", "/1/preview")).status_code == 204
    await published(hooks.owner, amend(LAW, law("Second")), create("Measure:AAA-0002", law("New")))
    await hooks.receiver.next()
    for begins, appeared, changed in ((0, [LAW, "Measure:AAA-0002"], []), (7, ["Measure:AAA-0002"], [LAW])):
        preview = (await hooks.asks("GET", f"/1/preview?fromPosition={begins}")).json()
        assert (await hooks.asks("POST", "/1/replay", fromPosition=begins)).status_code == 202
        _, event = await hooks.receiver.next()
        assert {**event, "timestamp": ""} == {**preview, "timestamp": ""}
        assert [row["id"] for row in event["data"]["appeared"]] == appeared
        assert [row["after"]["id"] for row in event["data"]["changed"]] == changed
        await hooks.settled(1)
    between = (await hooks.asks("GET", "/1/preview?fromPosition=7&toPosition=8")).json()["data"]
    assert between["counts"] == {"appeared": 0, "disappeared": 0, "changed": 1}
    for query in ("fromPosition=99", "fromPosition=x", "fromPosition=8&toPosition=7"):
        assert (await hooks.asks("GET", f"/1/preview?{query}")).status_code == 422
    assert (await hooks.asks("POST", "/1/replay", fromPosition=99)).status_code == 422
    assert (await hooks.asks("POST", "/1/replay", fromPosition=-1)).status_code == 422


async def test_a_preview_costs_what_its_query_reads_at_both_moments(hooks: Hooks) -> None:
    facts = Query("{ coverageSummary(by: []) { total } law: measures { totalCount } }", {})
    assert await save(hooks.owner, facts, None)
    for query in (hooks.laws, facts.id):
        await hooks.registers(query)
    await published(hooks.owner, amend(LAW, law("Second")), create("Measure:AAA-0002", law("New")))
    header = {"Authorization": f"Bearer {hooks.token}"}

    async def cost(client: httpx2.AsyncClient, method: str, path: str, **sent: Any) -> int:
        answer = await client.request(method, path, headers=header, **sent)
        assert answer.status_code in (200, 204), answer.text
        name, remaining, _ = answer.headers["RateLimit"].split(";")
        assert name == '"account"'
        left.append(int(remaining.removeprefix("r=")))
        return left[-2] - left[-1]

    left = [100_000]
    async with serving(hooks.database, fair_use=FairUse(allowance_with_token=left[0])) as client:
        assert await cost(client, "GET", "/webhooks/1") == 1
        of_facts = await cost(client, "POST", "/graphql", json={"query": facts.document})
        for begins, rows in ((7, 1 + 2), (8, 1 + 2), (9, 2 + 2), (0, 2)):
            assert await cost(client, "GET", f"/webhooks/1/preview?fromPosition={begins}") == rows
        assert await cost(client, "GET", "/webhooks/2/preview?fromPosition=7") == 2 * of_facts > 2


async def test_where_the_calendar_alone_moved_one_event_tells_it(hooks: Hooks) -> None:
    """BBB consented on 2010-06-01."""
    await hooks.registers(hooks.parties)
    await hooks.owner.execute("update webhook set valid = '2010-05-31'")
    assert (await hooks.asks("POST", "/1/replay")).status_code == 202
    _, event = await hooks.receiver.next()
    assert event["type"] == "query.day"
    data = event["data"]
    assert (data["fromPosition"], data["toPosition"], data["fromValid"]) == (7, 7, "2010-05-31")
    assert (data["appeared"], data["disappeared"], data["changed"]) == ([{"id": "StateParty:BBB"}], [], [])
    told = await hooks.settled(1)
    assert told["valid"] == datetime.now(UTC).date().isoformat()
    assert len(told["deliveries"]) == 1


async def test_a_new_secret_signs_beside_the_old_one_for_a_while(hooks: Hooks) -> None:
    old = (await hooks.registers(hooks.laws))["secret"]
    answer = (await hooks.asks("POST", "/1/secret")).json()
    for title, good, bad in (("Second", [old, answer["secret"]], []), ("Third", [answer["secret"]], [old])):
        await published(hooks.owner, amend(LAW, law(title)))
        headers, body = await asyncio.wait_for(hooks.receiver.received.get(), PATIENCE)
        for secret in good:
            Webhook(secret).verify(body, headers)
        for secret in bad:
            with pytest.raises(Exception, match="No matching signature"):
                Webhook(secret).verify(body, headers)
        await hooks.settled(1)
        await hooks.owner.execute("update webhook set secret_before_until = now()")


async def test_of_an_answer_that_is_no_list_each_part_is_told_that_differs(hooks: Hooks) -> None:
    facts = Query('{ measures { totalCount } law: measure(id: "Measure:AAA-0001") { title } clock { known } }', {})
    assert await save(hooks.owner, facts, None)
    await hooks.registers(facts.id)
    await published(hooks.owner, create("Measure:AAA-0002", law("New")))
    _, event = await hooks.receiver.next()
    counted = [{"measures": {"totalCount": number}} for number in (1, 2)]
    assert event["data"]["changed"] == [{"before": counted[0], "after": counted[1]}]
    assert event["data"]["counts"] == {"appeared": 0, "disappeared": 0, "changed": 1}


async def test_several_processes_deliver_each_difference_once_and_in_order(hooks: Hooks) -> None:
    await hooks.registers(hooks.laws)
    async with serving(hooks.database), serving(hooks.database):
        for number in range(15):
            await published(hooks.owner, amend(LAW, law(f"Title {number}")))
        await hooks.settled(1)
        spans = []
        while not hooks.receiver.received.empty():
            _, event = await hooks.receiver.next()
            spans.append((event["data"]["fromPosition"], event["data"]["toPosition"]))
    assert spans[0][0] == 7
    assert spans[-1][1] == 22
    assert all(before[1] == after[0] for before, after in pairwise(spans))


async def test_what_a_process_was_sending_when_it_ended_is_sent_again_by_another(hooks: Hooks) -> None:
    await hooks.registers(hooks.laws)
    hooks.receiver.answers = [None]
    await published(hooks.owner, amend(LAW, law("Second")))
    first = await hooks.receiver.next()
    await hooks.serves.aclose()
    await hooks.owner.execute("update webhook set leased_until = now()")  # a minute later
    async with serving(hooks.database):
        again = await hooks.receiver.next()
    assert (again[0]["webhook-id"], again[1]) == (first[0]["webhook-id"], first[1])


async def test_nothing_of_a_server_goes_on_once_it_has_ended(hooks: Hooks) -> None:
    await hooks.serves.aclose()
    before = asyncio.all_tasks()
    async with serving(hooks.database):
        pass
    assert asyncio.all_tasks() - before == set()


async def test_words_that_are_redacted_meanwhile_are_not_sent(hooks: Hooks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "WAITS", [timedelta(hours=1)])
    await hooks.registers(hooks.laws)
    hooks.receiver.answers = [500]
    done = await published(hooks.owner, amend(LAW, law("Words that must go")))
    await hooks.receiver.next()
    await published(hooks.owner, amend(LAW, law("A law")))
    await published(hooks.owner, redact(LAW, law("Withheld."), done.last))
    await hooks.owner.execute("update webhook set next_attempt_at = now()")
    await hooks.asks("POST", "/1/replay")
    _, event = await hooks.receiver.next()
    assert [row["after"]["title"] for row in event["data"]["changed"]] == ["Withheld."]


async def test_nothing_is_sent_for_an_account_that_is_disabled_and_nothing_is_left_of_one_that_is_erased(
    hooks: Hooks,
) -> None:
    await hooks.registers(hooks.laws)
    await accounts.disable(hooks.owner, "ana")
    await published(hooks.owner, amend(LAW, law("Second")))
    async with serving(hooks.database):  # it has looked whether there is anything to send
        assert await hooks.owner.fetchval("select leased_until from webhook") is None  # nobody has taken it
    assert hooks.receiver.received.empty()
    await accounts.erase(hooks.owner, "ana")
    assert await hooks.owner.fetchval("select count(*) from webhook") == 0


PRIVATE = (
    "127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1 255.255.255.255 localhost"
    " [::1] [::] [fe80::1] [fc00::1] [fec0::1] [ff02::1] [::ffff:10.0.0.1] [64:ff9b::a00:1] [2002:a00:1::]"
    " [2001:0:4136:e378:8000:63bf:f5ff:fffe] 2130706433 0x7f.1 192.0.0.8 [64:ff9b:1::a00:1] [3fff::1] [5f00::1]"
)


@pytest.mark.parametrize("host", PRIVATE.split())
async def test_what_leads_to_an_address_that_is_not_public_is_refused(host: str) -> None:
    with pytest.raises(TargetRefused):
        await Targets(private=False).check(f"https://{host}/hook")
    with pytest.raises(TargetRefused):
        await Targets(private=False).post(f"https://{host}/hook", [], b"")


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700:4700::1111]"])
async def test_what_leads_to_a_public_address_is_not(host: str) -> None:
    await Targets(private=False).check(f"https://{host}:8443/hook")
    with pytest.raises(TargetRefused, match="begins https"):
        await Targets(private=False).check(f"http://{host}/hook")


async def test_a_name_that_leads_home_later_is_refused_when_it_is_delivered(hooks: Hooks) -> None:
    """It was registered where private addresses are allowed; where they are not, nothing is connected to."""
    await hooks.registers(hooks.laws)
    await hooks.serves.aclose()
    await hooks.owner.execute("update webhook set url = replace(url, 'http:', 'https:')")
    await published(hooks.owner, amend(LAW, law("Second")))
    async with serving(hooks.database, private=False), asyncio.timeout(PATIENCE):
        while not await hooks.owner.fetchval("select exists (select from webhook_delivery where attempts > 0)"):
            pass
    outcome = await hooks.owner.fetchval("select outcome from webhook_delivery")
    assert outcome.startswith("127.0.0.1 leads to an address that is not public")
    assert hooks.receiver.received.empty()


async def test_a_server_that_only_reads_delivers_nothing_and_has_nothing_to_say_of_that(record_url: str) -> None:
    with capture_logs() as logged:
        async with served(record_url) as client:
            assert (await client.get("/readyz")).status_code == 200
    assert logged == []
