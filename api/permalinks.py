"""/r/ID and /r/ID/NUMBER: a record and a revision at addresses of their own, as JSON. Each is a GraphQL document."""

from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.faults import UNREACHABLE, problem
from schema.answer import answer
from schema.document import document
from schema.identity import WELL_FORMED
from schema.refusals import Refused

HERE = Path(__file__).parent / "documents"
RECORD = document((HERE / "record.graphql").read_text("utf-8"))
REVISION = document((HERE / "revision.graphql").read_text("utf-8"))

POSITION = 'select "position" from revision where record_id = $1 and number = $2'


async def record(request: Request) -> Response:
    """The record as it stands: its newest revision, with its document."""
    record_id = request.path_params["id"]
    if not WELL_FORMED.fullmatch(record_id):
        return _nothing(record_id)
    found = await _asked(request, RECORD, {"id": record_id})
    if isinstance(found, Response):
        return found
    node = found["node"]
    return _json(node) if node and "revision" in node else _nothing(record_id)


async def revision(request: Request) -> Response:
    """One revision: its envelope's exact text, its document, its hashes."""
    record_id, number = request.path_params["id"], request.path_params["number"]
    if not WELL_FORMED.fullmatch(record_id) or not (number.isascii() and number.isdigit() and len(number) < 10):
        return _nothing(f"{record_id}/{number}")
    try:
        position = await request.state.pool.fetchval(POSITION, record_id, int(number))
    except UNREACHABLE:
        return _unreachable()
    if position is None:
        return _nothing(f"{record_id}/{number}")
    found = await _asked(request, REVISION, {"position": position})
    return found if isinstance(found, Response) else _json(found["revision"])


async def _asked(request: Request, kept: Any, variables: dict[str, Any]) -> Any:
    state = request.state
    try:
        found = await answer(state.pool, kept.operation(None), variables, state.settings.public_url)
    except (*UNREACHABLE, Refused):  # refused: the database took too long
        return _unreachable()
    return orjson.loads(found.data)


def _json(value: Any) -> Response:
    return Response(
        orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE), media_type="application/json"
    )


def _nothing(name: str) -> Response:
    return problem(404, "Not found", f'There is no "{name}" in this record. Ids look like Measure:PHL-0007.')


def _unreachable() -> Response:
    return problem(
        503, "Unavailable", "The record cannot be reached at the moment: try again soon.", {"Retry-After": "5"}
    )
