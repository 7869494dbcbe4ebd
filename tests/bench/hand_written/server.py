"""Takes the same requests as everybody, looks up the SQL of the operation's name and sends what PostgreSQL answers.

Over asyncpg's own pool, as whoever writes such a thing by hand would.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.settings import Settings
from db.pool import open_pool

Arguments = Callable[[dict[str, Any], date], tuple[Any, ...]]

ARGUMENTS: dict[str, Arguments] = {
    "one_state": lambda variables, today: (variables["code"], today),
    "all_states": lambda _, today: (today,),
    "history": lambda *_: (),
    "coverage": lambda _, today: (today,),
    "next_page": lambda variables, today: (*_after(variables["after"]), today),
}
STATEMENTS = {name: (Path(__file__).parent / f"{name}.sql").read_text("utf-8") for name in ARGUMENTS}


def create() -> Starlette:
    settings = Settings.from_environment()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with await open_pool(settings.database_url, size=settings.pool_size) as pool:
            yield {"pool": pool}

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])], lifespan=lifespan)


async def answer(request: Request) -> Response:
    asked = orjson.loads(await request.body())
    name = asked["operationName"]
    arguments = ARGUMENTS[name](asked["variables"], datetime.now(UTC).date())
    body: bytes = await request.state.pool.fetchval(STATEMENTS[name], *arguments)
    return Response(body, media_type="application/json")


def _after(cursor: str) -> tuple[date, date, str]:
    earliest, latest, measure_id = cursor.split(" ")
    return date.fromisoformat(earliest), date.fromisoformat(latest), measure_id
