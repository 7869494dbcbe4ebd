"""The page to write queries in: in a real browser where there is one; its examples run; it loads nothing from elsewhere."""

import gzip
import re
from pathlib import Path

import brotli
import httpx2
import pytest
import zstandard

from api.pages.scripted import OURS
from tests.browser import in_a_browser, shown

EXAMPLES = re.findall(r"^  `(.+?)`,$", (OURS / "graphiql.js").read_text("utf-8"), re.MULTILINE | re.DOTALL)


async def test_a_browser_is_given_the_page_with_nothing_from_elsewhere(client: httpx2.AsyncClient) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = await client.get("/graphql", headers={"accept": accept})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 7
    for address in addresses:
        assert address.startswith("/")
        assert (await client.get(address)).status_code == 200, address


@pytest.mark.parametrize(
    ("address", "cache_control"),
    [
        ("/graphiql/graphiql.min.js", "public, max-age=86400"),
        ("/graphiql/graphiql.min.css", "public, max-age=86400"),
        ("/viewer/javascripts/swagger-ui-bundle.js", "public, max-age=86400"),
        ("/viewer/stylesheets/swagger-ui.css", "public, max-age=86400"),
        ("/graphiql/ours/graphiql.js", "public, max-age=60, stale-while-revalidate=60"),
    ],
)
async def test_scripts_come_compressed_and_are_sent_once(
    client: httpx2.AsyncClient, address: str, cache_control: str
) -> None:
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"].partition(";")[0] in ("text/javascript", "text/css")
    tags = {plain.headers["etag"]}
    for coding, read in (("zstd", zstandard.decompress), ("br", brotli.decompress), ("gzip", gzip.decompress)):
        headers = {"Accept-Encoding": coding}
        async with client.stream("GET", address, headers=headers) as answer:
            sent = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert (answer.headers["content-encoding"], read(sent)) == (coding, plain.content)
        assert len(sent) * 5 < len(plain.content) * 4  # one holds fonts, which are compressed already
        assert (answer.headers["cache-control"], answer.headers["vary"]) == (cache_control, "Accept-Encoding")
        again = await client.get(address, headers={**headers, "If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content, again.headers["cache-control"]) == (304, b"", cache_control)
        tags.add(answer.headers["etag"])
    assert len(tags) == 4


async def test_what_a_coding_would_make_longer_comes_as_it_is(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/graphiql/ours/graphiql.css", headers={"Accept-Encoding": "br"})
    assert (answer.status_code, "content-encoding" in answer.headers) == (200, False)


async def test_other_files_are_not_served(client: httpx2.AsyncClient) -> None:
    for path in ("ours/../settings.py", "ours/%2e%2e/settings.py", "nothing.js", "../../views.py"):
        assert (await client.get(f"/graphiql/{path}")).status_code == 404


@pytest.mark.parametrize(
    "query", EXAMPLES, ids=lambda query: query.partition("query ")[2].partition(" ")[0].partition("(")[0]
)
async def test_an_example_is_answered(client: httpx2.AsyncClient, query: str) -> None:
    answer = (await client.post("/graphql", json={"query": query})).json()
    assert "errors" not in answer
    assert all(answer["data"].values())


def test_there_are_five_examples() -> None:
    assert len(EXAMPLES) == 5


@in_a_browser
async def test_the_page_opens_in_a_browser_with_its_examples(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    page = await shown(str(client.base_url.join("/graphql")), tmp_path)
    for text in ("OneState", "OnlineMeasures", "Coverage", "Search", "Changes", "graphiql-execute-button"):
        assert text in page
