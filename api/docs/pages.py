"""/docs and /docs/NAME: a text in Markdown, with what is generated, as a page in the shell that all pages share."""

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from api.docs.contents import PAGES, text_of, title_of
from api.docs.generated import GENERATED
from api.faults import problem
from api.kept import PRESENT
from api.pages.shell import HEADERS, fragment, page
from api.unchanging import unchanging

HERE = "http://127.0.0.1:8000"
"""The address of the record in the texts: each server puts its own there."""

HTML = "text/html; charset=utf-8"

PLACE = re.compile(r"^\{([a-z]+)\}$", re.MULTILINE)

MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


async def contents(_request: Request) -> Response:
    """All pages, each with what it is about."""
    listed = [(name, title_of(name), about) for name, about in PAGES.items()]
    return page("contents.html", headers={"Cache-Control": PRESENT}, pages=listed)


async def text(request: Request) -> Response:
    """One of the pages."""
    name = request.path_params["name"]
    if name not in PAGES:
        return problem(404, "Not found", f"There is no page {name[:40]!r}. There are: {', '.join(PAGES)}.")
    shown = _page(name, request.state.settings.public_url)
    return await unchanging(request, shown, HTML, HEADERS)


@lru_cache(64)
def _page(name: str, public_url: str) -> bytes:
    """Our own texts: nothing that somebody sent is in them."""
    body = Markup(MARKDOWN.render(markdown(name, public_url)))
    return fragment("text.html", title=title_of(name), body=body).encode()


def markdown(name: str, public_url: str) -> str:
    """The text as this server says it."""
    return PLACE.sub(lambda found: GENERATED[found[1]](), text_of(name)).replace(HERE, public_url)
