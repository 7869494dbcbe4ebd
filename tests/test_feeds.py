"""The feed of what waits for review, as feed readers find it: by an address that reads this and nothing else."""

import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import feedparser
import httpx2
import pytest
from structlog.testing import capture_logs

from api.atom import Entry, feed
from db import accounts
from db.embedded import Embedded
from tests.maintainers import Maintainers, amended, maintainers, new_measure
from tests.opsc import opsc

REPORT = """
mutation {
  reportError(input: { record: "Measure:PHL-0001", text: "Not <b>in force</b>", onBehalfOf: "Ruritania" }) { report { id } }
}
"""


@pytest.fixture
async def people(seeded_database: Embedded) -> AsyncIterator[Maintainers]:
    async with maintainers(seeded_database) as made:
        yield made


@pytest.fixture
async def owner(seeded_database: Embedded) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(seeded_database.owner_url)
    yield connection
    await connection.close()


async def address(owner: asyncpg.Connection, name: str = "ben") -> str:
    return f"/feeds/waiting/{(await accounts.create_token(owner, name, reads='FEED'))[0]}.atom"


async def read(client: httpx2.AsyncClient, at: str) -> Any:
    answer = await client.get(at)
    assert answer.status_code == 200
    found = feedparser.parse(answer.content, response_headers=dict(answer.headers))
    assert found.bozo == 0
    assert found.version == "atom10"
    return found


async def test_what_waits_is_in_the_feed_and_leaves_it_when_it_is_decided(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    client, at = people.ana.client, await address(owner)
    nothing = await read(client, at)
    assert nothing.entries == []
    submitted = await people.ana.submits(
        new_measure(), title="An act & its “summary”", reason="It was adopted <today>."
    )
    name = submitted["submission"]["id"]
    await people.anybody.gets(REPORT)
    found = await read(client, at)
    assert found.feed.id == nothing.feed.id
    assert found.feed.title == "What waits for review at opsc.example"
    assert (
        found.feed.subtitle
        == "Submissions that wait: 1; error reports that are open: 1. The newest 50 of each are here."
    )
    report, submission = found.entries
    assert (submission.title, submission.author) == (f"{name}: An act & its “summary”", "ana")
    sentence = submitted["plan"]["differences"][0]["sentence"]
    assert submission.summary.splitlines()[:3] == [
        "It was adopted <today>.",
        sentence,
        "Needed: A review by somebody other than its author.",
    ]
    assert submission.link.startswith("https://opsc.example/graphql?query=")
    assert (report.title, report.author) == (
        "ErrorReport:1: an error in Measure:PHL-0001",
        "On behalf of Ruritania (not verified)",
    )
    assert report.summary.startswith("Not <b>in force</b>\n")
    assert found.feed.updated == report.updated > submission.updated >= submission.published > nothing.feed.updated
    await people.cara.reviews(name, "REJECT", "It is not so.")
    assert [entry.id for entry in (await read(client, at)).entries] == [report.id]


async def test_the_feed_of_a_contributor_is_without_error_reports(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    name = (await people.ana.submits(amended(note="A note, invented.")))["submission"]["id"]
    await people.anybody.gets(REPORT)
    found = await read(people.ana.client, await address(owner, "ana"))
    assert found.feed.subtitle == "Submissions that wait: 1. The newest 50 are here."
    assert [entry.title for entry in found.entries] == [f"{name}: A law"]


async def test_an_entry_stays_itself_and_is_told_as_new_when_something_is_said_or_it_is_submitted_again(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    client, at = people.ana.client, await address(owner)
    name = (await people.ana.submits(amended(note="A first note, invented.")))["submission"]["id"]
    [first] = (await read(client, at)).entries
    comment = f'mutation {{ comment(input: {{ submission: "{name}", text: "Is it?" }}) {{ refusals {{ code }} }} }}'
    await people.ben.gets(comment)
    [commented] = (await read(client, at)).entries
    await people.ben.reviews(name, "REQUEST_CHANGES", "Say where.")
    assert (await read(client, at)).entries == []
    await people.ana.submits(amended(note="A second note, invented."), submission=name)
    [again] = (await read(client, at)).entries
    assert first.id == commented.id == again.id
    assert first.published == commented.published == again.published
    assert first.updated < commented.updated < again.updated


async def test_the_links_of_entries_are_queries_that_tell_all_of_it_to_who_has_a_token(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    name = (await people.ana.submits(amended(note="A note, invented.")))["submission"]["id"]
    await people.anybody.gets(REPORT)
    told = []
    for entry in (await read(people.ana.client, await address(owner))).entries:
        link = entry.link.removeprefix("https://opsc.example")
        headers = {"Authorization": f"Bearer {people.ben.token}", "Accept": "application/json"}
        answer = (await people.ana.client.get(link, headers=headers)).json()
        assert "errors" not in answer
        told.append(answer["data"])
    assert told[0]["node"]["text"] == "Not <b>in force</b>"
    assert told[1]["submission"]["id"] == name


async def test_a_summary_tells_twenty_changes_and_how_many_more(people: Maintainers, owner: asyncpg.Connection) -> None:
    rows = await owner.fetch("select id from measure_version where known_to = 2147483647 order by id limit 23")
    submitted = await people.ana.submits(*(amended(row["id"], note="A note, invented.") for row in rows))
    assert submitted["refusals"] == []
    [entry] = (await read(people.ana.client, await address(owner))).entries
    lines = entry.summary.splitlines()
    assert lines[1:21] == [one["sentence"] for one in submitted["plan"]["differences"][:20]]
    assert lines[21] == "… and 3 more."


async def test_the_feed_is_kept_by_nobody_and_is_not_sent_again_while_it_is_the_same(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    client, at = people.ana.client, await address(owner)
    answer = await client.get(at)
    assert answer.headers["Content-Type"] == "application/atom+xml"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    again = await client.get(at, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    await people.anybody.gets(REPORT)
    later = await client.get(at, headers={"If-None-Match": answer.headers["ETag"]})
    assert (later.status_code, later.headers["ETag"] == answer.headers["ETag"]) == (200, False)


async def test_what_is_no_address_of_a_feed_is_answered_alike(people: Maintainers, owner: asyncpg.Connection) -> None:
    client, good = people.ana.client, await address(owner)
    revoked, expired, disabled = [await address(owner), await address(owner), await address(owner, "dora")]
    hashes = "select id from token where reads = 'FEED' order by id"
    _, first, second, _ = [row["id"] for row in await owner.fetch(hashes)]
    await accounts.revoke_token(owner, first)
    await owner.execute(
        "update token set created_at = now() - interval '2 days', expires_at = now() - interval '1 day' where id = $1",
        second,
    )
    await accounts.disable(owner, "dora")
    bearer = f"/feeds/waiting/{people.ben.token}.atom"
    answers = [
        await client.get(at)
        for at in (revoked, expired, disabled, bearer, "/feeds/waiting/opsc_a.atom", good[:-6] + "0.atom")
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.content for answer in answers} == {answers[0].content}
    changing = ("date", "ratelimit")
    headers = [{name: value for name, value in answer.headers.items() if name not in changing} for answer in answers]
    assert all(told == headers[0] for told in headers)
    assert headers[0]["cache-control"] == "private, no-store"
    assert (await client.get(good)).status_code == 200


async def test_the_token_of_a_feed_is_no_good_for_anything_else(people: Maintainers, owner: asyncpg.Connection) -> None:
    token = (await address(owner)).removeprefix("/feeds/waiting/").removesuffix(".atom")
    headers = {"Authorization": f"Bearer {token}"}
    answer = await people.ana.client.post("/graphql", json={"query": "{ viewer { name } }"}, headers=headers)
    assert answer.status_code == 401


async def test_a_fault_is_logged_without_the_address(people: Maintainers, owner: asyncpg.Connection) -> None:
    at = await address(owner)
    await owner.execute("drop function still_needed(int, int, text, text[])")
    with capture_logs() as logged:
        answer = await people.ana.client.get(at)
    assert answer.status_code == 500
    assert [(one["event"], one["path"]) for one in logged] == [("fault", "/feeds/waiting/….atom")]


def test_a_fault_is_logged_without_what_the_program_held_in_its_hands() -> None:
    program = """
import structlog
from api.logs import configure
configure()
def fails(token):
    raise ValueError("no luck")
try:
    fails("opsc_" + "secret")
except ValueError as error:
    structlog.get_logger().error("fault", exc_info=error)
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0
    assert "no luck" in ran.stderr
    assert "opsc_secret" not in ran.stderr


def test_what_xml_cannot_hold_is_replaced() -> None:
    entry = Entry(
        "urn:x",
        "A\x07B\ufffe",
        "\ud800",
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00Z",
        "https://opsc.example/",
        "]]>",
    )
    found = feedparser.parse(feed("urn:y", "T", "S", "2026-01-01T00:00:00Z", "A", [entry]))
    assert found.bozo == 0
    [one] = found.entries
    assert (one.title, one.author, one.summary) == ("A\ufffdB\ufffd", "\ufffd", "]]>")


async def test_the_command_prints_the_address_alone(
    seeded_database: Embedded, people: Maintainers, owner: asyncpg.Connection
) -> None:
    ran = opsc("feed", "ben", "--public-url", "https://opsc.example/", DATABASE_URL=seeded_database.owner_url)
    assert (ran.returncode, ran.stdout.count("\n")) == (0, 1)
    assert ran.stdout.startswith("https://opsc.example/feeds/waiting/opsc_")
    assert ran.stderr.startswith("It is good until ")
    await read(people.ana.client, ran.stdout.strip().removeprefix("https://opsc.example"))
    unknown = opsc("feed", "nobody", DATABASE_URL=seeded_database.owner_url)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "opsc: There is no account nobody: opsc account list tells those that there are.\n"
    assert await owner.fetchval("select count(*) from token where reads = 'FEED'") == 1
