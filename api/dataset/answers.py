"""/v1/dataset.FORM: the whole record in one download, at the moment that the address asks for."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from api.apart.answered import in_turn
from api.apart.reader import GONE, while_there
from api.apart.refused import Left
from api.dataset import contents
from api.dataset.apart import made
from api.dataset.json_ld import json_ld
from api.dataset.log_folder import log_lines
from api.dataset.package import package
from api.dataset.snapshot import Snapshot, require_moment, snapshot
from api.fair_use.counted import charge
from api.faults import problem, telling
from api.indented import indented
from api.moments import READERS, asked_in
from api.sending import sent
from api.stands_for import told_clock
from api.v1.parameters import refuse_unknown
from schema.clock import Moment
from schema.refusals import BadValue

FROM, TO = "fromPosition", "toPosition"
"""The two positions that a difference is between, as Query.diff names them."""

PIECE = 262_144
"""Bytes of a file sent at once."""


@telling
async def dataset(request: Request) -> Response:
    """The record in one of its forms."""
    form = request.path_params["form"]
    answer = ANSWERS.get(form)
    if answer is None:
        forms = ", ".join(f"/v1/dataset.{one}" for one in contents.MEDIA_TYPES)
        return problem(404, "Not found", f"There is nothing at {request.url.path}. The whole record is at {forms}.")
    return await answer(request, form)


async def _streamed(request: Request, form: str) -> Response:
    """As it is read: it is whole, or breaks off before its directory."""
    refuse_unknown(request.query_params, READERS)
    async with AsyncExitStack() as opened:
        found = await _opened(request, asked_in(request.query_params), opened)
        charge(request.scope, found.rows)
        return _sending(request, form, _told(vars(found), form), package(found), opened.pop_all())


async def _as_file(request: Request, form: str) -> Response:
    """As a file that another process makes, in turn."""
    refuse_unknown(request.query_params, READERS)
    state, moment = request.state, asked_in(request.query_params)
    await require_moment(state.pool, moment, state.settings.public_url)
    async with AsyncExitStack() as opened:
        async with in_turn(state.apart):
            url, public_url = state.settings.database_url, state.settings.public_url
            making = made(form, moment, url, public_url)
            try:
                file, told = await while_there(request, opened.enter_async_context(making))
            except Left:
                return Response(status_code=GONE)
        charge(request.scope, told["rows"])
        headers = _told(told, form) | {"Content-Length": str(file.stat().st_size)}
        return _sending(request, form, headers, _pieces(file), opened.pop_all())


async def _delta(request: Request, form: str) -> Response:
    """The revisions after a position, up to another."""
    refuse_unknown(request.query_params, (FROM, TO))
    given = request.query_params
    if FROM not in given:
        raise BadValue(f"{FROM}: say which position you have, as in ?{FROM}=4727; 0 gives the whole log.")
    since = _position(FROM, given[FROM])
    moment = Moment(position=_position(TO, given[TO])) if TO in given else Moment()
    async with AsyncExitStack() as opened:
        found = await _opened(request, moment, opened)
        if not 0 <= since <= found.position:
            raise BadValue(f"{FROM}: {since} is no position from 0 to {found.position}.")
        charge(request.scope, found.position - since)
        headers = _told(vars(found), form) | {"Row-Count": str(found.position - since)}
        return _sending(request, form, headers, log_lines(found, since), opened.pop_all())


async def _described(request: Request, form: str) -> Response:
    refuse_unknown(request.query_params, READERS)
    async with AsyncExitStack() as opened:
        found = await _opened(request, asked_in(request.query_params), opened)
        headers = {name: value for name, value in _told(vars(found), form).items() if name != "Content-Disposition"}
        body = indented(json_ld(found))
        return Response(body, 200, headers, contents.MEDIA_TYPES[form])


ANSWERS: Mapping[str, Callable[[Request, str], Awaitable[Response]]] = {
    "zip": _streamed,
    "parquet.zip": _as_file,
    "sqlite": _as_file,
    "jsonld": _described,
    "delta.jsonl": _delta,
}


async def _opened(request: Request, moment: Moment, opened: AsyncExitStack) -> Snapshot:
    connection = await opened.enter_async_context(request.state.exporters.acquire())
    public_url = request.state.settings.public_url
    return await opened.enter_async_context(snapshot(connection, moment, public_url))


def _sending(
    request: Request, form: str, headers: Mapping[str, str], content: AsyncGenerator[bytes], until_read: AsyncExitStack
) -> Response:
    body = _head(until_read) if request.method == "HEAD" else sent(content, until_read)
    return StreamingResponse(body, 200, headers, contents.MEDIA_TYPES[form])


async def _head(until_read: AsyncExitStack) -> AsyncIterator[bytes]:
    await until_read.aclose()
    yield b""


async def _pieces(file: Path) -> AsyncGenerator[bytes]:
    with file.open("rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE):
            yield piece


def _position(name: str, text: str) -> int:
    try:
        return int(READERS["position"](text))
    except BadValue as bad:
        raise BadValue(f"{name}: {bad}") from None


def _told(told: Mapping[str, object], form: str) -> dict[str, str]:
    return {
        **told_clock(told),
        "Content-Disposition": f'attachment; filename="opsc-{told["position"]}.{form}"',
    }


routes = [
    Route("/v1/dataset", RedirectResponse("/v1/dataset.jsonld", 303), methods=["GET"]),
    Route("/v1/dataset.{form}", dataset),
]
