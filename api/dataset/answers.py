"""/v1/dataset.FORM: the whole record in one download, at the moment that the address asks for."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.apart.answered import in_turn
from api.codings import IDENTITY
from api.dataset import contents
from api.dataset.apart import made
from api.dataset.json_ld import json_ld
from api.dataset.log_folder import log_lines
from api.dataset.package import package
from api.dataset.snapshot import Snapshot, moment_of, snapshot
from api.fair_use.cost import charge
from api.faults import problem, telling
from api.indented import indented
from api.kept import Begun, KeptAnswers, key_of, raw
from api.kept import made as final
from api.moments import READERS
from api.sending.reader import GONE, Left, while_there
from api.sending.sent import Sent
from api.stands_for import told_clock
from api.timegate import Then, TimeGate
from api.v1.copying import exporting
from api.v1.parameters import refuse_unknown
from schema.answer import Basis
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
    asked = await _Asked.of(request, form)
    async with AsyncExitStack() as opened:
        found = await _opened(request, asked.moment, opened)
        return await asked.sent(found.about, found.rows, package(found), opened)


async def _as_file(request: Request, form: str) -> Response:
    """As a file that another process makes, in turn, for as long as its reader is there."""
    refuse_unknown(request.query_params, READERS)
    state, asked = request.state, await _Asked.of(request, form)
    moment, url, public_url = asked.moment, state.settings.database_url, state.settings.public_url
    ready = await asked.ready(await moment_of(state.pool, moment, public_url))
    if ready.status_code != 200 or request.method == "HEAD":
        return ready
    async with AsyncExitStack() as opened:
        async with in_turn(state.apart):
            try:
                making = opened.enter_async_context(made(form, moment, url, public_url))
                file, told = await while_there(request, making)
            except Left:
                return Response(status_code=GONE)
        size = {"Content-Length": str(file.stat().st_size)}
        return await asked.sent(told, told["rows"], _pieces(file), opened, size)


async def _delta(request: Request, form: str) -> Response:
    """The revisions after a position, up to another."""
    refuse_unknown(request.query_params, (FROM, TO))
    given = request.query_params
    if FROM not in given:
        raise BadValue(f"{FROM}: say which position you have, as in ?{FROM}=4727; 0 gives the whole log.")
    since = _position(FROM, given[FROM])
    until = Moment(position=_position(TO, given[TO])) if TO in given else Moment()
    asked = _Asked(request, form, await request.state.kept.begun(), until)
    async with AsyncExitStack() as opened:
        found = await _opened(request, asked.moment, opened)
        if not 0 <= since <= found.position:
            raise BadValue(f"{FROM}: {since} is no position from 0 to {found.position}.")
        count = found.position - since
        return await asked.sent(found.about, count, log_lines(found, since), opened, {"Row-Count": str(count)})


async def _described(request: Request, form: str) -> Response:
    refuse_unknown(request.query_params, READERS)
    asked = await _Asked.of(request, form)
    async with AsyncExitStack() as opened:
        found = await _opened(request, asked.moment, opened)
        charge(request.scope, found.rows)
        body = indented(json_ld(found))
        ready = await asked.ready(found.about)
        if ready.status_code != 200:
            return ready
        response = Response(body, 200, media_type=contents.MEDIA_TYPES[form])
        response.raw_headers += [
            pair for pair in ready.raw_headers if pair[0] not in (b"content-disposition", b"content-type")
        ]
        return response


@dataclass(frozen=True)
class _Asked:
    """A request for a form; begun: where the log ended before it was answered; moment: what it is read at; then: the same, of
    an address that answers for its own past."""

    request: Request
    form: str
    begun: Begun
    moment: Moment
    then: Then | None = None

    @classmethod
    async def of(cls, request: Request, form: str) -> "_Asked":
        gate = TimeGate.of(request, by_form=())
        begun = await request.state.kept.begun()
        then = await gate.then(request.state.pool)
        return cls(request, form, begun, then.moment, then)

    async def ready(self, told: Mapping[str, Any]) -> Response:
        """The headers, with validators; or that the reader has it. told: what Snapshot.about tells."""
        request, then, position = self.request, self.then, told["position"]
        headers = {
            **told_clock(told),
            **(await then.told(request.state.pool) if then else {}),
            "Content-Disposition": f'attachment; filename="opsc-{position}.{self.form}"',
            "Content-Type": contents.MEDIA_TYPES[self.form],
        }
        asked_with, answers = dict(request.headers.raw), cast("KeptAnswers", request.state.kept)
        key = (*key_of(request.scope, asked_with, contents.MEDIA_TYPES[self.form]), told["signed"])
        of_it = await final(request.state.pool, b"", headers, self.moment, Basis(told["newest"], True, True))
        vary = then.gate.vary if then else ""
        return await answers.streamed(asked_with, key, vary, then.kept(of_it) if then else of_it, self.begun, IDENTITY)

    async def sent(
        self,
        told: Mapping[str, Any],
        cost: int,
        content: AsyncGenerator[bytes],
        opened: AsyncExitStack,
        beside: Mapping[str, str] | None = None,
    ) -> Response:
        """The content, unless the reader has it, or wants to know but its headers. beside: further headers."""
        ready = await self.ready(told)
        if ready.status_code != 200:
            return ready
        ready.raw_headers += raw(beside or {})
        charge(self.request.scope, cost)
        if self.request.method == "HEAD":
            return ready
        until_sent = opened.pop_all()
        ahead = self.request.state.ahead.of(content, until_sent)
        response = Sent(ahead, 200, until_sent)
        response.raw_headers += ready.raw_headers
        return response


ANSWERS: Mapping[str, Callable[[Request, str], Awaitable[Response]]] = {
    "zip": _streamed,
    "parquet.zip": _as_file,
    "sqlite": _as_file,
    "jsonld": _described,
    "delta.jsonl": _delta,
}


async def _opened(request: Request, moment: Moment, opened: AsyncExitStack) -> Snapshot:
    connection = await opened.enter_async_context(exporting(request.state.exporters))
    public_url = request.state.settings.public_url
    return await opened.enter_async_context(snapshot(connection, moment, public_url))


async def _pieces(file: Path) -> AsyncGenerator[bytes]:
    with file.open("rb") as opened:
        while piece := await asyncio.to_thread(opened.read, PIECE):
            yield piece


def _position(name: str, text: str) -> int:
    try:
        return int(READERS["position"](text))
    except BadValue as bad:
        raise BadValue(f"{name}: {bad}") from None


routes = [
    Route("/v1/dataset", RedirectResponse("/v1/dataset.jsonld", 303), methods=["GET"]),
    Route("/v1/dataset.{form}", dataset),
]
