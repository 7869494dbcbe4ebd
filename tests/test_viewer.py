"""The page to try all addresses in: in a real browser where there is one; it loads nothing from elsewhere."""

import asyncio
import re
from pathlib import Path

import httpx2
import pytest

from api.pages.viewer import files
from tests.test_graphiql import BROWSER, QUIET


async def test_the_page_loads_nothing_from_elsewhere(client: httpx2.AsyncClient) -> None:
    page = await client.get("/docs/api")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe-eval" not in policy
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 5
    for address in addresses:
        assert address.startswith("/")
        assert (await client.get(address)).status_code == 200, address


async def test_other_files_are_not_served(client: httpx2.AsyncClient) -> None:
    assert len(files.routes) == 2
    for path in ("ours/../settings.py", "ours/%2e%2e/settings.py", "nothing.js", "../main.py"):
        assert (await client.get(f"/viewer/{path}")).status_code == 404


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: the page is not opened in a browser")
async def test_the_page_opens_in_a_browser_with_all_addresses(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    assert BROWSER is not None
    address = str(client.base_url.join("/docs/api"))
    browser = await asyncio.create_subprocess_exec(
        *(BROWSER, *QUIET, f"--user-data-dir={tmp_path}", "--dump-dom", address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await asyncio.wait_for(browser.communicate(), 90)
    page = output.decode()
    for shown in ('data-path="/v1/measures"', 'data-path="/graphql"', "What is reported that States did."):
        assert shown in page
    assert f'<option value="{str(client.base_url).rstrip("/")}"' in page  # asked from here, not from the public address
