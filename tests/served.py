"""The application, served over a real socket to a real client."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from starlette.types import ASGIApp
from uvicorn import Config, Server

from api.app import create
from api.protocol import Protocol
from api.settings import FairUse, OpenID, Settings

PLENTY = FairUse(10**12, 10**12, trusted_proxies=("127.0.0.1",))
"""All tests ask from one address, more than one may in an hour; where they need others, they are the proxy that tells of them."""


@asynccontextmanager
async def served(
    database_url: str, openid: OpenID | None = None, fair_use: FairUse = PLENTY, *, cache_bytes: int = 0
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a server of its own, on a port that was free. cache_bytes: of kept answers; none, so that what a test publishes
    past the server, on a connection of its own, is read at once."""
    settings = Settings(
        database_url,
        public_url="https://opsc.example",
        pool_size=2,
        openid=openid,
        fair_use=fair_use,
        cache_bytes=cache_bytes,
    )
    app = create(settings)
    async with listening(app) as client:
        yield client


@asynccontextmanager
async def listening(app: ASGIApp, listener: socket.socket | None = None) -> AsyncIterator[httpx2.AsyncClient]:
    """The same for any application. listener: a socket whose port is taken already."""
    server = Server(
        Config(app, port=0, log_config=None, access_log=False, http=Protocol, lifespan="on", proxy_headers=False)
    )
    running = asyncio.create_task(server.serve([listener] if listener else None))
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
