"""Whether the process lives, and whether it can answer: database and schema as they must be."""

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from api.faults import UNREACHABLE
from db.newest import newest

STATE = 'select (select version_num from alembic_version), (select coalesce(max("position"), 0) from revision)'


async def alive(_request: Request) -> Response:
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


async def ready(request: Request) -> Response:
    """200 with the log's position, or 503."""
    try:
        version, position = await request.state.pool.fetchrow(STATE)
    except UNREACHABLE:
        return _state(503, ready=False, database=False, schema=None, position=None)
    fits = version == newest()
    return _state(200 if fits else 503, ready=fits, database=True, schema=version, position=position)


def _state(status: int, **state: object) -> Response:
    return Response(orjson.dumps(state), status, {"Cache-Control": "no-store"}, "application/json")
