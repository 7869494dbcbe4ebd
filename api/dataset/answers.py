"""/v1/dataset.FORM: the whole record in one download, at the moment that the address asks for."""

import asyncio
import difflib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from api.dataset import about
from api.dataset.apart import made
from api.dataset.json_ld import json_ld
from api.dataset.log_folder import log_lines
from api.dataset.package import package
from api.dataset.snapshot import Snapshot, require_moment, snapshot
from api.fair_use import charge
from api.faults import problem, telling
from api.kept import PAST, PRESENT, is_settled
from api.moments import READERS, asked_in, says_what_was_known
from api.v1.apart.answered import in_turn
from schema.clock import Moment
from schema.refusals import BadValue
from schema.scalars import DateTime

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
        forms = ", ".join(f"/v1/dataset.{one}" for one in about.MEDIA_TYPES)
        return problem(404, "Not found", f"There is nothing at {request.url.path}. The whole record is at {forms}.")
    return await answer(request, form)


async def _streamed(request: Request, form: str) -> Response:
    """As it is read: it is whole, or breaks off before its directory."""
    _only(request, READERS)
    async with AsyncExitStack() as opened:
        moment = asked_in(request.query_params)
        found = await _opened(request, moment, opened)
        charge(request.scope, found.rows)
        return _sending(request, form, _told(found, form, moment), package(found), opened.pop_all())


async def _as_file(request: Request, form: str) -> Response:
    """As a file that another process makes, in turn."""
    _only(request, READERS)
    state, moment = request.state, asked_in(request.query_params)
    await require_moment(state.pool, moment, state.settings.public_url)
    async with AsyncExitStack() as opened:
        async with in_turn(state.apart):
            url, public_url = state.settings.database_url, state.settings.public_url
            file, told = await opened.enter_async_context(made(form, moment, url, public_url))
        charge(request.scope, told["rows"])
        headers = _clocks(told, form, moment) | {"Content-Length": str(file.stat().st_size)}
        return _sending(request, form, headers, _pieces(file), opened.pop_all())


async def _delta(request: Request, form: str) -> Response:
    """The revisions after a position, up to another."""
    _only(request, (FROM, TO))
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
        headers = _told(found, form, moment) | {"Row-Count": str(found.position - since)}
        return _sending(request, form, headers, log_lines(found, since), opened.pop_all())


async def _described(request: Request, form: str) -> Response:
    _only(request, READERS)
    async with AsyncExitStack() as opened:
        moment = asked_in(request.query_params)
        found = await _opened(request, moment, opened)
        headers = {name: value for name, value in _told(found, form, moment).items() if name != "Content-Disposition"}
        body = orjson.dumps(json_ld(found), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        return Response(body, 200, headers, about.MEDIA_TYPES[form])


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
    sent = _head(until_read) if request.method == "HEAD" else _sent(until_read, content)
    return StreamingResponse(sent, 200, headers, about.MEDIA_TYPES[form])


async def _sent(until_read: AsyncExitStack, content: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with until_read, aclosing(content):
        async for piece in content:
            yield piece


async def _head(until_read: AsyncExitStack) -> AsyncIterator[bytes]:
    await until_read.aclose()
    yield b""


async def _pieces(file: Path) -> AsyncGenerator[bytes]:
    with file.open("rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE):
            yield piece


def _only(request: Request, known: Collection[str]) -> None:
    for name in request.query_params:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.6)
            told = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(known)}."
            raise BadValue(f"There is no parameter {name[:60]}.{told}")


def _position(name: str, text: str) -> int:
    try:
        return int(READERS["position"](text))
    except BadValue as bad:
        raise BadValue(f"{name}: {bad}") from None


def _told(found: Snapshot, form: str, moment: Moment) -> dict[str, str]:
    return _clocks({"position": found.position, "known": found.known, "valid": found.valid}, form, moment)


def _clocks(told: Mapping[str, object], form: str, moment: Moment) -> dict[str, str]:
    final = says_what_was_known(moment) and is_settled(DateTime.read(str(told["known"])))
    return {
        "Cache-Control": PAST if final else PRESENT,
        "Record-Position": str(told["position"]),
        "Record-Known": str(told["known"]),
        "Record-Valid": str(told["valid"]),
        "Content-Disposition": f'attachment; filename="opsc-{told["position"]}.{form}"',
    }


routes = [
    Route("/v1/dataset", RedirectResponse("/v1/dataset.jsonld", 303), methods=["GET"]),
    Route("/v1/dataset.{form}", dataset),
]
