"""The whole application on one page: which address is answered by what, and what lives as long as the process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.settings import Settings
from db.pool import open_pool


def create(settings: Settings | None = None) -> Starlette:
    """The application; without settings, from the environment (uvicorn's factory)."""
    settings = settings or Settings.from_environment()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with await open_pool(settings.database_url, size=settings.pool_size) as pool:
            yield {"settings": settings, "pool": pool}

    return Starlette(
        routes=[Route("/healthz", healthz)],
        lifespan=lifespan,
    )


async def healthz(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("ok\n")
