"""/v1/dataset.FORM: the whole record in one download, at the moment that the address asks for."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, aclosing

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.dataset import about
from api.dataset.package import package
from api.dataset.snapshot import Snapshot, snapshot
from api.faults import problem, telling
from api.moments import READERS, asked_in
from schema.refusals import BadValue


@telling
async def dataset(request: Request) -> Response:
    """The record in one of its forms."""
    form = request.path_params["form"]
    if form not in about.MEDIA_TYPES:
        forms = ", ".join(f"/v1/dataset.{one}" for one in about.MEDIA_TYPES)
        return problem(404, "Not found", f"There is nothing at {request.url.path}. The whole record is at {forms}.")
    return await _answered(request, form)


async def _answered(request: Request, form: str) -> Response:
    for name in request.query_params:
        if name not in READERS:
            raise BadValue(f"There is no parameter {name}. There are: {', '.join(READERS)}.")
    moment, state = asked_in(request.query_params), request.state
    async with AsyncExitStack() as opened:
        connection = await opened.enter_async_context(state.exporters.acquire())
        found = await opened.enter_async_context(snapshot(connection, moment, state.settings.public_url))
        until_read = opened.pop_all()
    headers = {**_told(found), "Content-Disposition": f'attachment; filename="opsc-{found.position}.{form}"'}
    return StreamingResponse(_sent(until_read, package(found)), 200, headers, about.MEDIA_TYPES[form])


async def _sent(until_read: AsyncExitStack, content: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with until_read, aclosing(content):
        async for piece in content:
            yield piece


def _told(found: Snapshot) -> dict[str, str]:
    return {
        "Record-Position": str(found.position),
        "Record-Known": found.known,
        "Record-Valid": found.valid,
    }


routes = [Route("/v1/dataset.{form}", dataset)]
