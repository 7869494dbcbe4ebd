"""The application, served over a real socket to a real client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from starlette.applications import Starlette
from uvicorn import Config, Server

from api.app import create
from api.serving import Protocol
from api.settings import OpenID, Settings


@asynccontextmanager
async def served(database_url: str, openid: OpenID | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a server of its own, on a port that was free."""
    app = create(Settings(database_url, public_url="https://opsc.example", pool_size=2, openid=openid))
    async with listening(app) as client:
        yield client


@asynccontextmanager
async def listening(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """The same for any application."""
    server = Server(Config(app, port=0, log_config=None, access_log=False, http=Protocol, lifespan="on"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        assert not running.done(), "the server did not start"
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        await running
