"""Pages at permalinks: what a record says in words, with its sources, its history and how to cite it; safe, and readable by all."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import html5lib
import httpx2
import pytest

from db.embedded import Embedded
from tests.conftest import cloned
from tests.dated_log import LAW, POSITIONS
from tests.maintainers import Maintainers, new_measure
from tests.record_documents import BEGINNING, amend, create, measure, merge, published, redact, source, state_party
from tests.served import served

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OTHER = "Measure:AAA-0002"
LIKE_A_BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
OF_EVERY_TYPE = (
    *("Measure:PHL-0007", "StateParty:PHL", "Source:S-0001", "Recommendation:IVC-05", "Section:III.A", "Article:3"),
    *("Instrument:ILO_C182", "Signatory:CMR", "Statement:ARG-S01", "ReportingEvent:AGO-E01", "Assessment:AGO-A001"),
)
XSS = "<script>alert(1)</script>\"'></title><img src=x onerror=alert(2)>"
"""As a title: what a page must show, and never run."""


class Elements(HTMLParser):
    """The elements of a page, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(page: str, tag: str) -> list[dict[str, str | None]]:
    parser = Elements()
    parser.feed(page)
    return [attributes for name, attributes in parser.found if name == tag]


def text(page: str) -> str:
    """What a reader reads, on one line."""
    return " ".join(unescape(re.sub(r"<(style|script).*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)).split())


async def got(client: httpx2.AsyncClient, address: str, status: int = 200) -> str:
    answer = await client.get(address, headers=LIKE_A_BROWSER)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8"), answer.text
    return answer.text


@pytest.mark.parametrize("record_id", OF_EVERY_TYPE)
async def test_a_record_of_every_type_has_a_page(client: httpx2.AsyncClient, record_id: str) -> None:
    for address in (f"/r/{record_id}", f"/r/{record_id}/1"):
        page = await got(client, address)
        html5lib.HTMLParser(strict=True).parse(page)  # raises what is no HTML
        assert elements(page, "html") == [{"lang": "en"}]
        assert len(elements(page, "h1")) == len(elements(page, "main")) == len(elements(page, "title")) == 1
        assert f"https://opsc.example/r/{record_id}/1 (SHA-256" in text(page)
        assert page == await got(client, f"{address}.html")


@pytest.mark.parametrize("record_id", OF_EVERY_TYPE)
async def test_every_address_that_a_page_leads_to_is_there(client: httpx2.AsyncClient, record_id: str) -> None:
    page = await got(client, f"/r/{record_id}")
    led = {one["href"] or "" for tag in ("a", "link") for one in elements(page, tag)}
    here = {one.removeprefix("https://opsc.example") for one in led if one[0] == "/" or "//opsc.example" in one}
    assert len(here) > 5
    for address in sorted(here)[:40]:
        if address.partition("?")[0].endswith((".xlsx", ".parquet")):
            continue  # each takes a process of its own: tests/test_files_apart.py
        assert (await client.get(address, headers=LIKE_A_BROWSER)).status_code == 200, address


async def test_a_page_is_only_for_those_who_ask_for_one(client: httpx2.AsyncClient) -> None:
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.9", "image/png"):
        answer = await client.get("/r/Measure:PHL-0007", headers={"Accept": accept})
        assert (answer.headers["content-type"], answer.json()["id"]) == ("application/json", "Measure:PHL-0007")
        assert answer.headers["vary"] == "Accept, Accept-Datetime, Accept-Encoding"
    named = await client.get("/r/Measure:PHL-0007.json", headers=LIKE_A_BROWSER)
    assert (named.json(), named.headers["vary"]) == (answer.json(), "Accept-Datetime, Accept-Encoding")
    numbered = await client.get("/r/Measure:PHL-0007/1.json", headers=LIKE_A_BROWSER)
    assert numbered.json() == (await client.get("/r/Measure:PHL-0007/1")).json()
    assert numbered.headers["vary"] == "Accept-Encoding"


async def test_a_read_endpoint_leads_to_the_page(client: httpx2.AsyncClient) -> None:
    for address, headers in (("/v1/measures/PHL-0007.html", {}), ("/v1/measures/PHL-0007", LIKE_A_BROWSER)):
        answer = await client.get(f"{address}?position=4000", headers=headers)
        assert (answer.status_code, answer.headers["location"]) == (303, "/r/Measure:PHL-0007.html?position=4000")
    assert (await client.get("/v1/measures.html")).status_code == 404


async def test_a_page_says_what_graphql_says(client: httpx2.AsyncClient) -> None:
    query = """{ measure(id: "Measure:PHL-0007") {
      title summary stateParty { name } recommendations { code title } citations { locator source { title url } }
      revision { reason author citation bibtex: citation(style: BIBTEX) csl: citation(style: CSL_JSON) } } }"""
    said = (await client.post("/graphql", json={"query": query})).json()["data"]["measure"]
    page = await got(client, "/r/Measure:PHL-0007")
    read, revision = text(page), said["revision"]
    told = [said["title"], said["summary"], said["stateParty"]["name"], revision["reason"], revision["author"]]
    told += [f"{one['code']}: {one['title']}" for one in said["recommendations"]]
    told += [one for cited in said["citations"] for one in (cited["locator"], cited["source"]["title"])]
    told += [" ".join(revision[style].split()) for style in ("citation", "bibtex", "csl")]
    for one in told:
        assert one in read
    assert said["citations"][0]["source"]["url"] in [one["href"] for one in elements(page, "a")]
    assert "Nothing is recorded under: Announced on, Adopted on," in read
    assert "Status Adopted (Adopted or ratified; entry into force not known by that day.)" in read


async def test_a_revision_s_page_says_in_words_what_its_document_said(client: httpx2.AsyncClient) -> None:
    page = await got(client, "/r/Measure:PHL-0007/1")
    said = text(page).partition("What the record then said")[2].partition("Cite this")[0]
    assert "State party Philippines (PHL) Kind " in said
    assert "Status Adopted (Adopted or ratified; entry into force not known by that day.)" in said
    query = """{ measure(id: "Measure:PHL-0007") {
      recommendations { code title } citations { locator source { id title } } } }"""
    measure = (await client.post("/graphql", json={"query": query})).json()["data"]["measure"]
    for one in measure["recommendations"]:
        assert f"{one['code']}: {one['title']}" in said
    for one in measure["citations"]:
        assert f"{one['source']['title']} ({one['source']['id'].partition(':')[2]}), {one['locator']}" in said
    led = [one["href"] for one in elements(page, "a")]
    assert {"/r/StateParty:PHL", f"/r/Recommendation:{measure['recommendations'][0]['code']}"} <= {*led}
    assert "ADOPTED" not in said


async def test_a_revision_s_page_names_sections_instruments_and_days(client: httpx2.AsyncClient) -> None:
    recommendation = text(await got(client, "/r/Recommendation:IVC-05/1"))
    assert "Section IV.C: " in recommendation
    query = '{ stateParty(code: "PHL") { consentOn } }'
    consent = (await client.post("/graphql", json={"query": query})).json()["data"]["stateParty"]["consentOn"]
    year, _, day = consent.split("-")
    state = text(await got(client, "/r/StateParty:PHL/1"))
    assert re.search(rf"Consent on {int(day)} [A-Z][a-z]+ {year} ", state)


async def test_a_state_s_coverage_is_counted_with_each_kind_of_silence(client: httpx2.AsyncClient) -> None:
    page = await got(client, "/r/StateParty:PHL?valid=2020-01-01")
    read = text(page)
    assert "Not yet coded Nobody has coded this cell in this record yet: it says nothing about the State." in read
    counted = re.findall(r'<a href="(/v1/coverage.csv[^"]+)">(\d+)</a>', page)
    assert len(counted) > 30
    for address, count in counted[::7]:
        address = unescape(address)
        assert "valid=2020-01-01" in address
        assert (await client.get(address)).headers["row-count"] == count, address


async def test_a_page_runs_and_loads_nothing(client: httpx2.AsyncClient) -> None:
    for address in ("/r/StateParty:PHL", "/r/StateParty:PHL/1", "/r/Measure:XXX-0001"):
        answer = await client.get(address, headers=LIKE_A_BROWSER)
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert all(one == {"type": "application/ld+json"} for one in elements(answer.text, "script"))
        assert not [one for tag in ("img", "iframe", "form", "object", "base") for one in elements(answer.text, tag)]
        relations = {"canonical", "cite-as", "timemap", "alternate", "collection"}
        assert {one["rel"] for one in elements(answer.text, "link")} <= relations


async def test_what_was_due_is_not_said_to_have_happened(client: httpx2.AsyncClient) -> None:
    due, submitted = "ReportingEvent:AGO-E01", "ReportingEvent:AGO-E02"
    for address in (f"/r/{due}", f"/r/{due}/1"):
        shown = text(await got(client, address))
        assert ("Due on" in shown, "Happened on" in shown) == (True, False)
    assert "Happened on" in text(await got(client, f"/r/{submitted}"))
    feed = (await client.get("/v1/reporting-events/AGO-E01/revisions.atom")).text
    assert ('Due on: set to "2007".' in feed, "Happened on" in feed) == (True, False)


async def test_what_is_not_there_is_told_on_a_page(client: httpx2.AsyncClient) -> None:
    for name in ("Measure:PHL-9999", "Coverage:PHL:IVC-05", "nonsense", "Measure:PHL-0007/9"):
        assert f'There is no "{name}" in this record.' in text(await got(client, f"/r/{name}", 404))


async def test_the_past_has_pages_with_its_moments_headers(then: httpx2.AsyncClient) -> None:
    answer = await then.get(f"/r/{LAW}?position={POSITIONS[0]}", headers=LIKE_A_BROWSER)
    as_json = await then.get(f"/r/{LAW}?position={POSITIONS[0]}")
    for header in ("memento-datetime", "link"):
        assert answer.headers[header] == as_json.headers[header]
    read = text(answer.text)
    assert "This is what the record said on 1 March 2024, 09:30:00 UTC" in read
    assert "A better law" not in read
    assert f"/r/StateParty:AAA?position={POSITIONS[0]}" in answer.text
    now = text(await got(then, f"/r/{LAW}"))
    assert "A law again" in now
    assert 'Title: changed from "A law" to "A better law".' in now
    assert "This is what the record said on" not in now
    accepted = {**LIKE_A_BROWSER, "Accept-Datetime": "Sat, 01 Jun 2024 12:00:00 GMT"}
    page = await then.get(f"/r/{LAW}", headers=accepted)
    assert page.headers["content-location"].endswith("known=2024-06-01T12:00:00.500000Z")
    assert "This is what the record said on 1 June 2024, 12:00:00 UTC" in text(page.text)


async def test_a_retracted_record_s_page_says_why_it_is_gone(then: httpx2.AsyncClient) -> None:
    page = await got(then, f"/r/{LAW}?position={POSITIONS[2]}", 410)
    read = text(page)
    assert "This record was retracted on 1 September 2024, 00:00:00 UTC" in read
    assert "Took it out of the record; its history stays." in read
    assert "A law" in read
    assert "Revision 3" in read


@pytest.fixture(scope="module")
async def decided(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a record with a merge, a redaction, and a source whose address is a script."""
    async with cloned(administrator, server, migrated_template) as database:
        connection = await asyncpg.connect(database.url)
        await published(connection, *BEGINNING, create("Source:S-9", source(url="javascript:alert(1)")))
        await published(connection, amend(LAW, measure("AAA", title="A zweifelhaft law", summary="Quatsch.")))
        said = await connection.fetchval('select max("position") from revision')
        await published(connection, amend(LAW, measure("AAA", title="A law again")))
        await published(connection, redact(LAW, measure("AAA", title="A law, withheld", summary="Withheld."), said))
        await published(connection, create(OTHER, measure("AAA")), merge(OTHER, LAW, measure("AAA")))
        await published(connection, amend("StateParty:AAA", state_party("AAA", names={"EN": "Republic of A"})))
        await connection.close()
        async with served(database.url) as client:
            yield client


async def test_redacted_words_are_on_no_page_and_that_they_are_gone_is_told(decided: httpx2.AsyncClient) -> None:
    gone = await got(decided, f"/r/{LAW}/2")
    assert "What this revision said was redacted: its words are gone for good." in text(gone)
    assert "https://opsc.example/r/Measure:AAA-0001/4" in [one["href"] for one in elements(gone, "a")]
    redaction = text(await got(decided, f"/r/{LAW}/4"))
    assert "Removed what an earlier revision said, because it must not be public" in redaction
    now, then = await got(decided, f"/r/{LAW}"), await got(decided, f"/r/{LAW}?position={len(BEGINNING) + 2}")
    assert "Revision 4" in text(now)
    assert "Removed what an earlier revision said" in text(now)
    assert "<h1>A law, withheld</h1>" in then
    for page in (gone, redaction, now, then):
        assert "zweifelhaft" not in page
        assert "Quatsch" not in page


async def test_a_merged_record_s_page_leads_to_the_one_that_it_went_into(decided: httpx2.AsyncClient) -> None:
    for address, headers in ((f"/r/{OTHER}", LIKE_A_BROWSER), (f"/r/{OTHER}.html", {})):
        answer = await decided.get(f"{address}?valid=2020-01-01", headers=headers)
        suffix = address.removeprefix(f"/r/{OTHER}")
        assert answer.headers["location"] == f"/r/{LAW}{suffix}?valid=2020-01-01"
        assert answer.status_code == 308
    assert "Merged it into another record" in text(await got(decided, f"/r/{OTHER}/2"))


async def test_a_record_s_page_names_what_was_merged_into_it_as_soon_as_that_was(decided: httpx2.AsyncClient) -> None:
    now = await got(decided, f"/r/{LAW}")
    assert f"{OTHER} was merged into this record on " in text(now)
    assert f"/r/{OTHER}/2" in [one["href"] for one in elements(now, "a")]
    before = await got(decided, f"/r/{LAW}?position={len(BEGINNING) + 5}")
    assert "was merged into" not in text(before)
    assert f"{OTHER} was merged" in text(await got(decided, f"/r/{LAW}?position={len(BEGINNING) + 6}"))


async def test_a_state_s_page_leads_to_the_feed_and_calendar_of_all_that_is_reported_of_it(
    client: httpx2.AsyncClient,
) -> None:
    page = await got(client, "/r/StateParty:PHL")
    found = {one["href"]: one["type"] for one in elements(page, "link") if one["rel"] == "alternate"}
    assert found["/v1/changes.atom?stateParty=PHL"] == "application/atom+xml"
    assert found["/v1/changes.feed.json?stateParty=PHL"] == "application/feed+json"
    assert found["/v1/reporting-events.ics?stateParty=PHL"] == "text/calendar"
    of_recommendation = await got(client, "/r/Recommendation:IVC-05")
    assert "/v1/changes.atom?recommendation=IVC-05" in [one["href"] for one in elements(of_recommendation, "a")]


async def test_a_revision_s_page_names_what_it_refers_to_as_that_was_called_then(decided: httpx2.AsyncClient) -> None:
    assert "State party Republic of A " in text(await got(decided, f"/r/{LAW}"))
    assert "State party State AAA (AAA) " in text(await got(decided, f"/r/{LAW}/1"))


async def test_an_address_that_is_a_script_is_shown_and_leads_nowhere(decided: httpx2.AsyncClient) -> None:
    for address in ("/r/Source:S-9", "/r/Source:S-9/1"):
        page = await got(decided, address)
        assert "javascript:alert(1)" in text(page)
        assert not [one for one in elements(page, "a") if (one["href"] or "").startswith("javascript")]


async def test_words_are_shown_and_never_run(people_of_the_module: Maintainers) -> None:
    people = people_of_the_module
    change = new_measure(title=XSS, summary=XSS, note="https://opsc.example/javascript:alert(3)")
    change["citations"][0] |= {"locator": XSS, "note": XSS}
    made = await people.ana.published(people.ben, change, reason=f"It was adopted. {XSS}", title=XSS)
    record_id = made["revisions"][0]["recordId"]
    client = people.anybody.client
    for address in (f"/r/{record_id}", f"/r/{record_id}/1"):
        page = await got(client, address)
        assert XSS in text(page) or " ".join(XSS.split()) in text(page)
        assert "<img" not in page
        assert "<script>" not in page
        assert all(one == {"type": "application/ld+json"} for one in elements(page, "script"))
        for data in re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL):
            assert json.loads(data)["name"] == XSS
    listed = await client.get(f"/r/{record_id}.html")
    for one in elements(listed.text, "a"):
        assert urlsplit(one["href"] or "").scheme in ("", "http", "https")


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: the page is not opened in a browser")
async def test_a_page_opens_in_a_browser_with_its_style(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    """The browser checks the style against the policy: a page whose style it refuses complains."""
    assert BROWSER is not None
    browser = await asyncio.create_subprocess_exec(
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync", "--enable-logging=stderr"),
        *("--disable-background-networking", f"--user-data-dir={tmp_path}", "--dump-dom"),
        str(client.base_url.join("/r/StateParty:PHL.html")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, said = await asyncio.wait_for(browser.communicate(), 60)
    assert "What the record has for each section of the Guidelines" in output.decode()
    assert "Content Security Policy" not in said.decode()


async def test_a_reader_finds_the_way_from_the_front_page_to_a_measure(client: httpx2.AsyncClient) -> None:
    front = await got(client, "/")
    state = unescape(re.search(r'<a href="([^"]+)">Philippines</a>', front)[1])  # type: ignore[index]
    page = await got(client, f"{state}?valid=2020-01-01")
    said = (await client.get("/v1/measures?stateParty=PHL&orderBy=DATE_DESC&valid=2020-01-01")).json()["measures"]
    led = [one["href"] for one in elements(page, "a")]
    for one in said["nodes"]:
        assert f"{one['permalink']}?valid=2020-01-01" in led
    assert f"Measures that are reported of it: {said['totalCount']}" in text(page)
    assert "/v1/measures.csv?stateParty=PHL&valid=2020-01-01" in led
    assert elements(page, "a")[1] == {"href": "/"}  # after what skips to the text
    assert "Group Asia-Pacific (Asia-Pacific States.)" in text(page)
    assert {"/v1/changes.atom"} <= {one["href"] for one in elements(front, "link")}


async def test_a_long_list_of_measures_says_that_it_is_cut(client: httpx2.AsyncClient) -> None:
    page = text(await got(client, "/r/Recommendation:IIIA-04"))
    total = (await client.get("/v1/measures?recommendation=IIIA-04&first=1")).json()["measures"]["totalCount"]
    assert f"Measures that bear on it: {total} The first 100 of them. All of them as a table Afghanistan: " in page
