"""The documentation: complete, and each example in it runs as it says, where its language is on this machine."""

import asyncio
import gzip
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import asyncpg
import httpx2
import pytest
from markdown_it import MarkdownIt

from api.app import create
from api.docs.contents import PAGES, TEXTS, text_of
from api.docs.pages import HERE, markdown
from api.openapi.addresses import addresses
from api.openapi.answers import Answers
from api.openapi.endpoints import example_of
from api.settings import Settings
from api.v1.endpoints import ENDPOINTS
from api.v1.forms import FORMS
from db.embedded import Embedded
from db.vocabulary import CoverageState
from schema.refusals import ErrorCode
from tests.conftest import cloned
from tests.served import PLENTY, listening

ROOT = Path(__file__).parent.parent
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

RUNS: Mapping[str, Sequence[str | None]] = {
    "sh": [shutil.which("bash"), "-eu", "-c"],
    "python": [sys.executable, "-c"],
    "js": [shutil.which("node"), "--input-type=module", "-e"],
    "r": [shutil.which("Rscript"), "-e"],
}
"""Language → what runs it; the first is None where it is not on this machine."""

SHOWN = {"output", "text", "json", "graphql"}
"""What is shown, and does not run."""

Block = tuple[str, str, str | None]


def blocks(name: str) -> list[Block]:
    """The language and text of each example of a page, with the output that it shows."""
    fences = [(one.info.strip(), one.content) for one in MarkdownIt().parse(text_of(name)) if one.type == "fence"]
    return [
        (language, text, shown if kind == "output" else None)
        for (language, text), (kind, shown) in pairwise([*fences, ("", "")])
        if language not in SHOWN
    ]


EXAMPLES = [
    pytest.param(*block, id=f"{name}-{number}-{block[0]}")
    for name in PAGES
    for number, block in enumerate(blocks(name), 1)
]


@pytest.fixture(scope="module")
async def address(administrator: asyncpg.Connection, server: Embedded, seeded_template: str) -> AsyncIterator[str]:
    """Of a server, of a record of the module's own, whose public address is the one that it listens at, as links lead there."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    here = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with cloned(administrator, server, seeded_template) as database:
        app = create(Settings(database.url, public_url=here, pool_size=2, fair_use=PLENTY))
        async with listening(app, listener):
            yield here


@pytest.mark.parametrize(("language", "text", "shown"), EXAMPLES)
async def test_an_example_does_what_it_shows(
    address: str, tmp_path: Path, language: str, text: str, shown: str | None
) -> None:
    program, *options = RUNS[language]
    if program is None:
        pytest.skip(f"{language} is not on this machine")
    ran = await asyncio.create_subprocess_exec(
        *(program, *map(str, options), text.replace(HERE, address)),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(ran.communicate(), 60)
    assert ran.returncode == 0, errors.decode()
    if shown is None:
        assert output or language != "sh" or "-O" in text
        assert b"about:blank" not in output
    else:
        assert output.decode().rstrip("\n") == shown.rstrip("\n")


async def test_every_page_is_linked_and_served(client: httpx2.AsyncClient) -> None:
    contents = (await client.get("/docs")).text
    for name in PAGES:
        assert f'href="/docs/{name}"' in contents
        page = await client.get(f"/docs/{name}")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert HERE not in page.text
        assert not re.search(r"\{[a-z]+\}$", page.text, re.MULTILINE)
    assert {file.stem for file in TEXTS.glob("*.md")} == set(PAGES)


async def test_links_of_the_documentation_lead_somewhere(client: httpx2.AsyncClient) -> None:
    pages = [(await client.get(path)).text for path in ("/docs", *(f"/docs/{name}" for name in PAGES))]
    links = {link for page in pages for link in re.findall(r'href="(/[^"#]*)', page)}
    assert len(links) > 20
    for link in sorted(links):
        async with client.stream("GET", link.replace("&amp;", "&"), headers=HTML) as answer:
            assert answer.status_code == 200, link


async def test_a_page_that_there_is_not_is_told_so(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/docs/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def everything() -> str:
    return "\n".join(markdown(name, "https://opsc.example") for name in PAGES)


def test_every_address_is_documented() -> None:
    written = everything()
    assert [path for path in ENDPOINTS if f"`{path}`" not in written] == []
    assert [one.path for one in addresses(Answers()) if f"`{one.path}`" not in written] == []
    lists = [example_of(one) for one in ENDPOINTS.values() if not one.record_type]
    assert [one for one in lists if one not in written] == []


def test_every_error_form_and_silence_is_documented() -> None:
    written = everything()
    names = [*map(str, ErrorCode), *map(str, CoverageState), *(f".{suffix}" for suffix in FORMS)]
    assert [name for name in names if f"`{name}`" not in written] == []


def test_every_setting_is_documented() -> None:
    code = "\n".join(file.read_text("utf-8") for room in ("api", "db") for file in (ROOT / room).rglob("*.py"))
    settings = set(re.findall(r'"((?:OPSC|OIDC)_[A-Z_]+|DATABASE_URL)"', code))
    assert len(settings) > 8
    text = (ROOT / "KEEPING.md").read_text("utf-8")
    assert [name for name in sorted(settings) if name not in text] == []


@pytest.mark.parametrize("address", ["/docs/addresses", "/openapi.json", "/schema.graphql"])
async def test_what_only_another_program_changes_is_compressed_and_not_sent_twice(
    client: httpx2.AsyncClient, address: str
) -> None:
    plain = await client.get(address, headers={"Accept-Encoding": "identity"})
    async with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as coded:
        sent = b"".join([chunk async for chunk in coded.aiter_raw()])
    assert (gzip.decompress(sent), coded.headers["content-type"]) == (plain.content, plain.headers["content-type"])
    assert len({coded.headers["etag"], plain.headers["etag"]}) == 2
    has = {"Accept-Encoding": "gzip", "If-None-Match": coded.headers["etag"]}
    assert (await client.get(address, headers=has)).status_code == 304
    other = {**has, "If-None-Match": plain.headers["etag"]}
    assert (await client.get(address, headers=other)).status_code == 200
