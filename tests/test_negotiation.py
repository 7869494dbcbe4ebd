"""What is had by Accept as by a suffix: forms under all their names, addresses that lead to them, and what says where they are."""

from urllib.parse import quote

import feedparser
import httpx2
import pytest

PUBLIC = "https://opsc.example"
LAW = "Measure:PHL-0001"
QUERY = quote("{ measures(first: 1) { nodes { id } } }")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_a_feed_names_its_addresses_with_their_suffix(client: httpx2.AsyncClient) -> None:
    for path in ("/v1/changes", "/v1/changes/", "/v1/measures/PHL-0001/revisions"):
        asked, there = f"{path}?last=1", path.removesuffix("/")
        feed = (await client.get(asked, headers={"Accept": "application/feed+json"})).json()
        assert feed["feed_url"] == f"{PUBLIC}{there}.feed.json?last=1"
        atom = feedparser.parse((await client.get(asked, headers={"Accept": "application/atom+xml"})).content)
        named = {link.rel: link.href for link in atom.feed.links}
        assert (named["self"], atom.feed.id) == (f"{PUBLIC}{there}.atom?last=1", f"{PUBLIC}{there}.atom")
        if "changes" in path:
            assert feed["next_url"].startswith(f"{PUBLIC}{there}.feed.json?last=1&before=")
            assert named["next"].startswith(f"{PUBLIC}{there}.atom?last=1&before=")


@pytest.mark.parametrize("accept", ["application/x-ndjson", "application/ndjson", "application/jsonl"])
async def test_lines_of_json_come_by_each_of_their_names(client: httpx2.AsyncClient, accept: str) -> None:
    answer = await client.get("/v1/statements?first=2", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jsonl; charset=utf-8")
    assert answer.content == (await client.get("/v1/statements.jsonl?first=2")).content


async def test_what_is_not_acceptable_names_each_form_once(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/sections", headers={"Accept": "image/png"})
    assert answer.status_code == 404
    answer = await client.get("/v1/sources", headers={"Accept": "image/png"})
    assert answer.json()["detail"] == (
        "This answers as one of: application/json, text/csv, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet,"
        " application/vnd.apache.parquet, application/jsonl, application/x-bibtex,"
        " application/vnd.citationstyles.csl+json."
    )


@pytest.mark.parametrize(
    ("accept", "address"),
    [("text/csv", "/graphql.csv"), ("application/x-ndjson", "/graphql.jsonl"), ("image/png", "/graphql.csv")],
)
async def test_graphql_names_the_address_of_a_form(client: httpx2.AsyncClient, accept: str, address: str) -> None:
    answer = await client.get(f"/graphql?query={QUERY}", headers={"Accept": accept})
    assert answer.status_code == 406
    assert f"ask by GET at {address} for " in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("record_id", "suffix", "accept"),
    [
        (LAW, "bib", "application/x-bibtex"),
        (LAW, "csv", "text/csv"),
        (LAW, "csl.json", "application/vnd.citationstyles.csl+json"),
        ("StateParty:PHL", "ics", "text/calendar"),
        ("StateParty:PHL", "jsonl", "application/x-ndjson"),
    ],
)
async def test_a_permalink_leads_to_the_forms_of_its_record(
    client: httpx2.AsyncClient, record_id: str, suffix: str, accept: str
) -> None:
    lists = {"Measure": "measures", "StateParty": "state-parties"}
    type_, _, name = record_id.partition(":")
    location = f"/v1/{lists[type_]}/{name}.{suffix}?position=4727&valid=2020-01-01"
    for address, headers, vary in (
        (f"/r/{record_id}.{suffix}", {}, None),
        (f"/r/{record_id}.{suffix}", {"Accept": BROWSER}, None),
        (f"/r/{record_id}", {"Accept": accept}, "Accept"),
    ):
        led = await client.get(f"{address}?position=4727&valid=2020-01-01", headers=headers)
        assert (led.status_code, led.headers["location"], led.headers.get("vary")) == (303, location, vary)
    followed = await client.get(location)
    assert (followed.status_code, followed.headers["content-type"].partition(";")[0]) == (
        200,
        {"application/x-ndjson": "application/jsonl"}.get(accept, accept),
    )


@pytest.mark.parametrize(
    "address", ["/r/Measure:PHL-0001.atom", "/r/Nothing:1.csv", "/r/nonsense.bib", "/r/Measure:.csv"]
)
async def test_a_permalink_leads_to_no_form_that_there_is_not(client: httpx2.AsyncClient, address: str) -> None:
    assert (await client.get(address)).status_code == 404


async def test_who_does_not_ask_for_a_form_has_the_record(client: httpx2.AsyncClient) -> None:
    for accept, form in (("*/*", "application/json"), ("image/png", "application/json"), (BROWSER, "text/html")):
        answer = await client.get(f"/r/{LAW}", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, form)
