"""The page to try all addresses in: in a real browser where there is one; it loads nothing from elsewhere."""

import re
from pathlib import Path

import httpx2

from tests.browser import in_a_browser, shown


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
    for path in ("ours/../settings.py", "ours/%2e%2e/settings.py", "nothing.js", "../main.py"):
        assert (await client.get(f"/viewer/{path}")).status_code == 404


@in_a_browser
async def test_the_page_opens_in_a_browser_with_all_addresses(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    page = await shown(str(client.base_url.join("/docs/api")), tmp_path)
    for text in ('data-path="/v1/measures"', 'data-path="/graphql"', "What is reported that States did."):
        assert text in page
    assert f'<option value="{str(client.base_url).rstrip("/")}"' in page  # asked from here, not from the public address
