"""The page to write queries in: in a real browser where there is one; its examples run; it loads nothing from elsewhere."""

import re
from pathlib import Path

import httpx2
import pytest

from api.pages.graphiql import files
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


async def test_other_files_are_not_served(client: httpx2.AsyncClient) -> None:
    assert len(files.routes) == 2
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
