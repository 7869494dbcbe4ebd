"""What cannot be answered, told to people by a page, and to programs as a problem: the same status, the same sentence."""

import html

import httpx2
import pytest

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PAGE, PROBLEM = "text/html; charset=utf-8", "application/problem+json"

ADDRESSES = {
    "/nowhere": 404,
    "/docs/foo": 404,
    "/v1/foo": 404,
    "/v1/measures?fist=1": 400,
    "/v1/measures?position=99999999": 404,
    "/v1/measures/PHL-9999/revisions": 404,
    "/v1/dataset.exe": 404,
    "/q/xxxx": 404,
    "/r/Measure:PHL-9999": 404,
    "/r/Measure:PHL-0001?known=foo": 400,
    "/r/Measure:PHL-0001/99": 404,
    "/r/nonsense/timemap": 404,
    "/webhooks": 401,
    "/schema": 404,
}


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_problem_is_a_page_for_people(client: httpx2.AsyncClient, address: str) -> None:
    told = await client.get(address)
    assert (told.status_code, told.headers["content-type"]) == (ADDRESSES[address], PROBLEM)
    shown = await client.get(address, headers={"Accept": BROWSER})
    assert (shown.status_code, shown.headers["content-type"]) == (ADDRESSES[address], PAGE)
    problem = told.json()
    assert f"<p>{html.escape(problem['detail'], quote=False)}</p>" in html.unescape(shown.text).replace("&", "&amp;")
    assert f"<h1>{problem['title']}</h1>" in shown.text
    assert '<a href="/docs">' in shown.text
    for answer in (told, shown):
        assert "Accept" in answer.headers["vary"].split(", ")
        assert answer.headers["cache-control"].endswith("no-store")
    beside = {
        "content-type",
        "content-length",
        "content-security-policy",
        "x-content-type-options",
        "date",
        "ratelimit",
    }
    assert {*told.headers} - beside == {*shown.headers} - beside


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/problem+json, text/html;q=0.9", "text/csv"])
async def test_a_problem_stays_one_for_programs(client: httpx2.AsyncClient, accept: str) -> None:
    answer = await client.get("/q/xxxx", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, PROBLEM)


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/v1/measures.csv?fist=1", PROBLEM),
        ("/v1/measures/PHL-9999.json", PROBLEM),
        ("/v1/measures/PHL-9999/revisions.feed.json", PROBLEM),
        ("/v1/dataset.zip?fist=1", PROBLEM),
        ("/r/Measure:PHL-9999.json", PROBLEM),
        ("/sheets/nothing.xlsx", PROBLEM),
        ("/q/xxxx.csv", PROBLEM),
        ("/v1/measures.html", PAGE),
        ("/r/Measure:PHL-9999.html", PAGE),
        ("/q/xxxx.html", PAGE),
    ],
)
async def test_a_suffix_says_in_which_form_a_problem_is_told(
    client: httpx2.AsyncClient, address: str, form: str
) -> None:
    for accept in (BROWSER, "*/*"):
        answer = await client.get(address, headers={"Accept": accept})
        assert (answer.status_code in (400, 404), answer.headers["content-type"]) == (True, form)
        assert "Accept" not in answer.headers.get("vary", "").split(", ")


async def test_a_method_that_there_is_none_of_is_told_people_by_a_page(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/docs", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["content-type"], answer.headers["allow"]) == (405, PAGE, "GET, HEAD")
    assert "POST is not possible at /docs" in answer.text


async def test_a_page_of_a_problem_runs_nothing_that_an_address_says(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/<script>alert(1)</script>", headers={"Accept": BROWSER})
    assert (answer.status_code, "<script" in answer.text, "&lt;script&gt;" in answer.text) == (404, False, True)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
