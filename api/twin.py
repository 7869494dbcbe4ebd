"""/v1/…: whatever a query can say, by a plain GET. A list is a page in JSON; in every other form it is whole, unless
`first` asks for
less; and it is read at one position, which the answer's headers tell with the count of its rows.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing
from typing import Any
from urllib.parse import urlencode

import asyncpg
import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.endpoints import ENDPOINTS, Endpoint
from api.fair_use import charge
from api.faults import UNREACHABLE, problem
from api.moments import asked_in
from api.parameters import variables_of
from api.streams import TIMEOUT, chunks, header
from schema.answer import answer, asked_by, told
from schema.refusals import BadValue, ErrorCode, Refused
from schema.rows import counted, rows_of

JSON = "application/json"
FORMS = {
    "json": JSON,
    "jsonl": "application/jsonl; charset=utf-8",
    "csv": "text/csv; charset=utf-8; header=present",
}
"""Suffix of an address → media type. Without a suffix, as Accept says; JSON where it does not."""


async def listed(request: Request) -> Response:
    """One of the lists, in one of the forms."""
    name, form = _named(request)
    endpoint = ENDPOINTS.get(name)
    if endpoint is None or form not in FORMS:
        there, forms = ", ".join(f"/v1/{one}" for one in ENDPOINTS), ", ".join(f".{one}" for one in FORMS)
        detail = f"There is nothing at {request.url.path}. Lists are at {there}; each also as {forms}."
        return problem(404, "Not found", detail)
    try:
        if form == "json":
            return await _page(request, endpoint)
        return await _whole(request, endpoint, form)
    except BadValue as error:
        return problem(400, "Bad request", str(error))
    except Refused as refused:
        return _refused(refused)
    except UNREACHABLE:
        detail = "The record cannot be reached at the moment: try again soon."
        return problem(503, "Unavailable", detail, {"Retry-After": "5"})


def _named(request: Request) -> tuple[str, str]:
    """The list's name, and the form."""
    name, dot, suffix = request.path_params["name"].partition(".")
    if dot:
        return name, suffix
    accept = request.headers.get("accept", "")
    wanted = [form for form, media_type in FORMS.items() if media_type.partition(";")[0] in accept]
    return name, wanted[0] if wanted else "json"


async def _page(request: Request, endpoint: Endpoint) -> Response:
    moment, state = asked_in(request.query_params), request.state
    variables = variables_of(endpoint.operation, request.query_params)
    found = await answer(state.pool, endpoint.operation, variables, state.settings.public_url, moment)
    charge(request.scope, found.cost)
    data = orjson.loads(found.data)
    headers = {**_told(data["clock"]), "Vary": "Accept"}
    page = data[endpoint.list]["pageInfo"]
    if page["hasNextPage"]:
        following = [
            (name, value)
            for name, value in request.query_params.multi_items()
            if name not in ("after", "before", "last")
        ]
        query = urlencode([*following, ("after", page["endCursor"])])
        headers["Link"] = f'<{state.settings.public_url}{request.url.path}?{query}>; rel="next"'
    return Response(found.data, 200, headers, JSON)


async def _whole(request: Request, endpoint: Endpoint, form: str) -> Response:
    """All of it at one snapshot: first its clock and count, then its rows."""
    moment, state, operation = asked_in(request.query_params), request.state, endpoint.operation
    variables = operation.variables(variables_of(operation, request.query_params))
    rows = rows_of(operation, variables, moment.shape, as_cells=form == "csv")
    assert rows is not None, f"{endpoint.name} lists nothing"
    context = {**asked_by(None, state.settings.public_url), **vars(moment)}
    async with AsyncExitStack() as opened:
        connection = await opened.enter_async_context(state.exporters.acquire())
        transaction = connection.transaction(isolation="repeatable_read", readonly=True)
        await opened.enter_async_context(transaction)
        await connection.execute(f"set local statement_timeout = {TIMEOUT * 1000}")
        total, clock = await _counted(connection, endpoint, variables, moment.shape, context)
        until_read = opened.pop_all()
    charge(request.scope, total)
    headers = {
        **_told(clock),
        "Vary": "Accept",
        "Row-Count": str(total),
        "Content-Disposition": f'attachment; filename="{endpoint.name}.{form}"',
    }
    parameters = rows.plan.parameters(variables, context)
    first = header(rows) if form == "csv" else b""
    return StreamingResponse(_sent(until_read, first, chunks(connection, rows, parameters)), 200, headers, FORMS[form])


async def _counted(
    connection: asyncpg.Connection,
    endpoint: Endpoint,
    variables: Mapping[str, Any],
    clocks: Any,
    context: Mapping[str, Any],
) -> tuple[int, Mapping[str, Any]]:
    plan = counted(endpoint.operation, variables, clocks)
    row = await told(connection, plan, variables, context)
    return row["total"], {"position": row["position"], "known": row["known"], "valid": row["valid"]}


async def _sent(until_read: AsyncExitStack, first: bytes, following: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    async with until_read, aclosing(following):
        if first:
            yield first
        async for chunk in following:
            yield chunk


def _told(clock: Mapping[str, Any]) -> dict[str, str]:
    """Which clocks and which position an answer stands for."""
    return {
        "Record-Position": str(clock["position"]),
        "Record-Known": str(clock["known"]),
        "Record-Valid": str(clock["valid"]),
    }


def _refused(refused: Refused) -> Response:
    error = refused.errors[0]
    code = (error.extensions or {}).get("code")
    if code == ErrorCode.CLOCK_OUT_OF_RANGE:
        return problem(404, "No such moment", error.message)
    if code == ErrorCode.TIMEOUT:
        return problem(503, "Unavailable", error.message, {"Retry-After": "5"})
    return problem(400, "Bad request", " ".join(one.message for one in refused.errors))
