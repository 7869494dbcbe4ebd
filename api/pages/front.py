"""/: for people, what this is, how much it holds, and where to go from here; for programs, the way to /graphql, as ever."""

from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api.accept import negotiated
from api.faults import telling
from api.kept import KeptAnswers, Made, key_of
from api.media_types import HTML
from api.pages.shell import HEADERS, fragment
from schema.answer import answer
from schema.document import document

FRONT = document((Path(__file__).parent / "front.graphql").read_text("utf-8"))


@telling
async def front(request: Request) -> Response:
    if negotiated(request.headers.get("accept"), pages=True) != HTML:
        return RedirectResponse("/graphql", headers={"Vary": "Accept"})
    state, headers = request.state, dict(request.headers.raw)
    answers: KeptAnswers = state.kept

    async def make() -> Made:
        found = await answer(state.pool, FRONT.operation(None), {}, state.settings.public_url)
        shown = fragment("front.html", **orjson.loads(found.data)).encode()
        return Made(shown, {**HEADERS, "Content-Type": f"{HTML}; charset=utf-8"}, found.position)

    return await answers.answered(headers, key_of(request.scope, headers, HTML), "Accept", make)
