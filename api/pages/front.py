"""/: for people, what this is, how much it holds, and where to go from here; for programs, the way to /graphql, as ever."""

from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.accept import negotiated
from api.faults import telling
from api.media_types import HTML
from api.pages.shell import page
from schema.answer import answer
from schema.document import document

FRONT = document((Path(__file__).parent / "front.graphql").read_text("utf-8"))


@telling
async def front(request: Request) -> Response:
    headers = {"Vary": "Accept"}
    if negotiated(request.headers.get("accept"), pages=True) != HTML:
        return RedirectResponse("/graphql", headers=headers)
    state = request.state
    found = await answer(state.pool, FRONT.operation(None), {}, state.settings.public_url)
    return page("front.html", headers=headers, **orjson.loads(found.data))
