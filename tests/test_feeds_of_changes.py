"""Feeds of changes, as feed readers read them: every kind of change is in them, the newest first, and nothing is cut silently."""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import asyncpg
import feedparser
import httpx2
import pytest

from db.embedded import Embedded
from tests.conftest import cloned
from tests.record_documents import BEGINNING, amend, create, measure, merge, published, redact, restore, retract
from tests.served import served

LAW, OTHER = "Measure:AAA-0001", "Measure:AAA-0002"
SAID = (len(BEGINNING) + 1, len(BEGINNING) + 2)
"""Where it did."""

SAYS = measure("AAA", title="A zweifelhaft law", note="zweifelhaft")
MARKED = "A <b>better</b> law & more"
TOLD = [
    "Measure “A law” of State AAA (Measure:AAA-0001): new in the record.",
    'Measure (Measure:AAA-0001): Title: changed from "A law" to "A known law".',
    "Measure (Measure:AAA-0001): retracted from the record.",
    f"Measure “{MARKED}” of State AAA (Measure:AAA-0001): restored to the record.",
    "Measure “A law” of State AAA (Measure:AAA-0002): new in the record.",
    "Measure “A law” of State AAA (Measure:AAA-0002): merged into Measure:AAA-0001.",
    "Measure (Measure:AAA-0001): redacted, so that some of what it said is no longer shown.",
]
"""What the feed says of the changes from the law's first on, by its titles: two revisions said what is redacted since."""


@pytest.fixture(scope="module")
async def changed(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a record to which everything was done that can be done to one."""
    async with cloned(administrator, server, migrated_template) as database:
        connection = await asyncpg.connect(database.url)
        await published(connection, *BEGINNING)
        await published(connection, amend(LAW, SAYS))
        await published(connection, retract(LAW, SAYS))
        await published(connection, restore(LAW, measure("AAA", title=MARKED)))
        await published(connection, create(OTHER, measure("AAA")))
        await published(connection, merge(OTHER, LAW, measure("AAA")))
        await published(connection, redact(LAW, measure("AAA", title="A known law"), *SAID))
        await connection.close()
        async with served(database.url) as client:
            yield client


async def atom(client: httpx2.AsyncClient, address: str) -> Any:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml; charset=utf-8")
    read = feedparser.parse(answer.content)
    assert read.bozo is False, read.bozo_exception
    assert [link.href for link in read.feed.links if link.rel == "self"] == [f"https://opsc.example{address}"]
    return read


async def json_feed(client: httpx2.AsyncClient, address: str) -> Any:
    """The feed, held against what JSON Feed 1.1 asks for."""
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/feed+json; charset=utf-8")
    read = answer.json()
    assert (read["version"], read["feed_url"]) == ("https://jsonfeed.org/version/1.1", f"https://opsc.example{address}")
    known = {"version", "title", "description", "home_page_url", "feed_url", "next_url", "language", "authors", "items"}
    assert {"version", "title", "items"} <= read.keys() <= known
    of_items = {
        "id",
        "url",
        "title",
        "content_html",
        "content_text",
        "date_published",
        "date_modified",
        "authors",
        "tags",
    }
    for item in read["items"]:
        assert item.keys() - {"_opsc"} == of_items
        assert all(isinstance(item[name], str) and item[name] for name in of_items - {"authors", "tags"})
        assert datetime.fromisoformat(item["date_published"]).tzinfo is not None
        assert all(one["name"] for one in item["authors"])
    assert len({item["id"] for item in read["items"]}) == len(read["items"])
    return read


async def test_everything_that_changes_the_record_is_an_entry(changed: httpx2.AsyncClient) -> None:
    read = await atom(changed, "/v1/changes.atom")
    whole = (await changed.get("/v1/changes.jsonl")).text.splitlines()
    assert len(read.entries) == len(whole) == len(BEGINNING) + 6
    operations = [entry.tags[0].term for entry in reversed(read.entries)][len(BEGINNING) - 1 :]
    assert operations == ["CREATE", "AMEND", "RETRACT", "RESTORE", "CREATE", "MERGE", "REDACT"]
    assert [entry.title for entry in reversed(read.entries)][len(BEGINNING) - 1 :] == TOLD
    assert read.feed.subtitle == f"All {len(whole)} changes, the newest first."


async def test_redacted_words_are_in_no_feed(changed: httpx2.AsyncClient) -> None:
    for suffix in ("atom", "feed.json"):
        assert "zweifelhaft" not in (await changed.get(f"/v1/measures/AAA-0001/revisions.{suffix}?last=200")).text


async def test_an_entry_tells_what_its_revision_does(changed: httpx2.AsyncClient) -> None:
    entry = (await atom(changed, "/v1/measures/AAA-0001/revisions.atom")).entries[1]
    revision = (await changed.get("/r/Measure:AAA-0001/4")).json()
    assert (entry.id, entry.link) == (revision["permalink"], revision["permalink"])
    assert (entry.author, entry.published) == (revision["author"], revision["recordedAt"])
    assert entry.updated == entry.published
    tags = [(tag.term, tag.label) for tag in entry.tags]
    assert tags == [("RESTORE", "Restore"), ("CORRECTED", "Corrected"), ("MEASURE", "Measure")]
    assert f"Reason: {revision['reason']}" in entry.summary
    assert all(change["sentence"] in entry.summary for change in revision["fieldChanges"])


async def test_words_are_escaped_in_every_form(changed: httpx2.AsyncClient) -> None:
    entry = (await atom(changed, "/v1/measures/AAA-0001/revisions.atom")).entries[1]
    assert entry.title == TOLD[3]
    item = (await json_feed(changed, "/v1/measures/AAA-0001/revisions.feed.json"))["items"][1]
    assert item["title"] == TOLD[3]
    for said in (entry.content[0].value, item["content_html"]):
        assert "<b>" not in said


async def test_both_feeds_say_the_same(client: httpx2.AsyncClient) -> None:
    read, same = await atom(client, "/v1/changes.atom"), await json_feed(client, "/v1/changes.feed.json")
    assert [(entry.id, entry.title) for entry in read.entries] == [
        (item["id"], item["title"]) for item in same["items"]
    ]
    assert [item["_opsc"]["position"] for item in same["items"]] == list(range(4727, 4677, -1))
    told = "The newest 50 of 4,727 changes; the older ones are on the pages that follow."
    assert (read.feed.subtitle, same["description"]) == (told, told)
    assert read.feed.updated == read.entries[0].updated


@pytest.mark.parametrize(
    ("feed", "list_"),
    [
        ("/v1/changes{}?stateParty=PHL&last=20", "/v1/changes.jsonl?stateParty=PHL"),
        ("/v1/changes{}?recommendation=IVC-05&last=7", "/v1/changes.jsonl?recommendation=IVC-05"),
        ("/v1/measures/PHL-0001/revisions{}", "/v1/measures/PHL-0001/revisions.jsonl"),
    ],
)
async def test_the_pages_of_a_feed_are_the_whole_list(client: httpx2.AsyncClient, feed: str, list_: str) -> None:
    whole = [json.loads(line)["permalink"] for line in (await client.get(list_)).text.splitlines()]
    found, address, pages = list[str](), feed.format(".atom"), 0
    while address:
        read = await atom(client, address)
        found += [entry.id for entry in read.entries]
        linked = {link.rel: link.href.removeprefix("https://opsc.example") for link in read.feed.links}
        assert linked.get("first", feed.format(".atom")) == feed.format(".atom")
        same = await json_feed(client, address.replace(".atom", ".feed.json"))
        assert [item["id"] for item in same["items"]] == [entry.id for entry in read.entries]
        assert same.get("next_url", "").replace(".feed.json", ".atom").endswith(linked.get("next", ""))
        address, pages = linked.get("next", ""), pages + 1
        assert pages < 20
    assert found == whole[::-1]
    assert len({*found}) == len(found)


async def test_a_page_s_address_is_its_feed_s_with_a_position(client: httpx2.AsyncClient) -> None:
    read = await atom(client, "/v1/changes.atom?stateParty=PHL&last=9")
    older = next(link.href for link in read.feed.links if link.rel == "next")
    assert urlsplit(older).query.startswith("stateParty=PHL&last=9&before=")
    page = await atom(client, older.removeprefix("https://opsc.example"))
    assert (page.feed.id, page.feed.title) == (read.feed.id, "Changes in the OPSC Tracker (State party: Philippines)")
    assert " before position " in page.feed.subtitle


async def test_a_feed_of_nothing_is_a_feed(client: httpx2.AsyncClient) -> None:
    read = await atom(client, "/v1/changes.atom?stateParty=CMR&operation=RETRACT")
    assert (read.entries, read.feed.subtitle) == ([], "All 0 changes, the newest first.")
    assert (await json_feed(client, "/v1/changes.feed.json?stateParty=CMR&operation=RETRACT"))["items"] == []


async def test_a_feed_of_the_past_is_as_it_was(client: httpx2.AsyncClient) -> None:
    read = await json_feed(client, "/v1/changes.feed.json?position=100&last=2")
    assert [item["_opsc"]["position"] for item in read["items"]] == [100, 99]


async def test_changes_before_a_position_can_be_asked_for(client: httpx2.AsyncClient) -> None:
    for query, positions, last in (
        ("before=10&last=3", [7, 8, 9], 9),
        ("after=5&before=8", [6, 7], 7),
        ("before=0", [], 0),
    ):
        page = (await client.get(f"/v1/changes?{query}")).json()["changes"]
        assert [one["position"] for one in page["nodes"]] == positions
        assert (page["lastPosition"], page["hasMore"]) == (last, False)
    page = await client.get("/v1/changes?after=0&before=10&first=5")
    assert page.links["next"]["url"] == "https://opsc.example/v1/changes?before=10&first=5&after=5"


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/v1/measures.atom", 404, "does not come as .atom"),
        ("/v1/changes.atom?last=201", 400, "a feed shows up to 200 changes"),
        ("/v1/changes.feed.json?first=999", 400, "a feed shows up to 200 changes"),
        ("/v1/changes.atom?statePart=PHL", 400, "Did you mean stateParty?"),
        ("/v1/measures/PHL-9999/revisions.atom", 404, 'no "Measure:PHL-9999"'),
    ],
)
async def test_what_is_no_feed_is_told_as_a_problem(
    client: httpx2.AsyncClient, address: str, status: int, told: str
) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


async def test_a_query_s_changes_are_a_feed_whatever_it_asks_of_them(client: httpx2.AsyncClient) -> None:
    """Which changes there are is the query's to say; what is told of each, the feed's."""
    query = "query ($of: [String!]) { clock { valid } some: changes(filter: { stateParty: $of }) { nodes { ...P } } }"
    query += " fragment P on Revision { position }"
    address = f"/graphql.atom?{urlencode({'query': query, 'variables': json.dumps({'of': ['PHL'], 'more': 1})})}"
    read = feedparser.parse((await client.get(address)).content)
    assert read.bozo is False
    same = await atom(client, "/v1/changes.atom?stateParty=PHL")
    assert [(entry.id, entry.title) for entry in read.entries] == [(entry.id, entry.title) for entry in same.entries]
    assert read.feed.title == "Changes in the OPSC Tracker: A query"
    assert " of Philippines (" in read.entries[0].title
    for form, field, listed in (("bib", "measures", "measures"), ("ics", "reportingEvents", "reporting-events")):
        query = f'{{ {field}(filter: {{ stateParty: ["AGO"] }}) {{ totalCount nodes {{ id }} }} }}'
        answer = await client.get(f"/graphql.{form}?{urlencode({'query': query})}")
        whole = await client.get(f"/v1/{listed}.{form}?stateParty=AGO")
        assert answer.headers["row-count"] == whole.headers["row-count"]
        assert answer.content.splitlines()[-20:] == whole.content.splitlines()[-20:]


@pytest.mark.parametrize(
    ("feed", "page"),
    [
        ("/v1/changes{}?last=1", "/"),
        ("/v1/changes{}?stateParty=PHL&last=1", "/r/StateParty:PHL"),
        ("/v1/changes{}?stateParty=PHL,AUT&last=1", "/"),
        ("/v1/changes{}?recommendation=IVC-05&last=1", "/r/Recommendation:IVC-05"),
        ("/v1/measures/PHL-0001/revisions{}", "/r/Measure:PHL-0001"),
    ],
)
async def test_a_feed_leads_to_the_page_on_what_it_is_about(client: httpx2.AsyncClient, feed: str, page: str) -> None:
    read = await atom(client, feed.format(".atom"))
    assert read.feed.link == f"https://opsc.example{page}"
    assert (await json_feed(client, feed.format(".feed.json")))["home_page_url"] == f"https://opsc.example{page}"
    assert (await client.get(page, headers={"Accept": "text/html"})).status_code == 200


async def test_a_query_of_two_lists_is_no_feed_of_the_first(client: httpx2.AsyncClient) -> None:
    two = "{ clock { position } changes { nodes { id } } older: changes(after: 7) { nodes { id } } }"
    answer = await client.get("/graphql.atom", params={"query": two})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["detail"].startswith("This form shows one list, and the query asks for changes, changes")
    one = "{ clock { position } changes { nodes { id } } }"
    assert (await client.get("/graphql.atom", params={"query": one})).status_code == 200


async def test_a_subscription_is_followed_elsewhere(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/graphql.jsonl", params={"query": "subscription { changes { id } }"})
    assert answer.status_code == 400
    assert "A subscription is followed at /graphql" in answer.json()["detail"]
