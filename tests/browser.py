"""Pages opened in a real browser, where there is one."""

import asyncio
import shutil
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=10000"),
)

PATIENCE = 90
"""Seconds."""

in_a_browser = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium on this machine: the page is not opened in a browser"
)


async def shown(address: str, profile: Path) -> str:
    """The page as HTML, once its scripts have run. profile: an empty folder."""
    assert BROWSER is not None
    browser = await asyncio.create_subprocess_exec(
        *(BROWSER, *QUIET, f"--user-data-dir={profile}", "--dump-dom", address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await asyncio.wait_for(browser.communicate(), PATIENCE)
    return output.decode()
