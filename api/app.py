"""The whole application on one page: which address is answered by what, and what lives as long as the process."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from typing import Any, cast

from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from api import faults, graphql, health, permalinks, sheets, waiting
from api.apart.answered import AT_ONCE
from api.dataset import answers as dataset
from api.docs import pages as docs
from api.every_answer import EveryAnswer
from api.fair_use.allowance import Allowance
from api.fair_use.shared_allowance import SharedAllowance
from api.following import Following
from api.identity.bearer import WHILE
from api.identity.openid import Issuer
from api.kept import PRESENT, KeptAnswers
from api.openapi import document as openapi
from api.pages import front, graphiql, viewer
from api.push.deliverer import Deliverer
from api.push.stream import Streams
from api.push.target import Targets
from api.push.webhooks import ROUTES as WEBHOOKS
from api.queries import asked, saved, saving
from api.sending.ahead import Ahead
from api.settings import Settings
from api.v1 import twin
from api.v1.codes import Codes
from db.pool import Readers, open_pool
from db.verify_log import __file__ as verify_log

HOUR = 3_600
"""Seconds."""

CHECKER = FileResponse(verify_log, headers={"Cache-Control": PRESENT}, media_type="text/x-python")

WRITERS = 2
"""Connections that change the record: they wait for one another, and readers for none of them."""


EXPORTERS = AT_ONCE + 1
"""Connections that whole lists are read by: those beyond wait, and no reader of a page waits for them. One more than there are
files written at once, so that a plain table need not wait for these."""

COURIERS = 2
"""Connections that deliveries to webhooks are made of."""


ROUTES = [
    Route(graphql.PATH, graphql.GraphQL(), methods=graphql.METHODS),
    Route("/r/{id}", permalinks.record),
    Route("/r/{id}/timemap", permalinks.timemap),
    Route("/r/{id}/{number}", permalinks.revision),
    Route("/feeds/waiting/{token}.atom", waiting.waiting),
    Route("/sheets/{file}", sheets.sheet),
    *dataset.routes,
    *twin.routes,
    *WEBHOOKS,
    Route("/graphql.{suffix}", asked.asked, methods=["GET"]),
    Route("/q", saving.save, methods=["POST"]),
    Route("/q/{name}", saved.saved, methods=["GET"]),
    Route("/schema.graphql", graphql.schema_definition),
    Route("/openapi.json", openapi.document),
    Route("/docs", docs.contents),
    Route("/docs/api", viewer.viewer),
    Route("/docs/{name}", docs.text),
    Route("/verify_log.py", CHECKER, methods=["GET"]),
    Route("/healthz", health.alive),
    Route("/readyz", health.ready),
    Mount("/graphiql", routes=graphiql.files),
    Mount("/viewer", routes=viewer.files),
    Route("/", front.front),
]


@asynccontextmanager
async def living(settings: Settings) -> AsyncIterator[Mapping[str, Any]]:
    """What lives as long as the process: the state of every request."""
    valkey_url = settings.fair_use.valkey_url
    async with (
        SharedAllowance(HOUR).adding_up(valkey_url) if valkey_url else nullcontext(Allowance(HOUR)) as used,
        Readers(settings.database_url, size=settings.pool_size) as pool,
        await open_pool(settings.database_url, size=WRITERS, idle=True) as writers,
        await open_pool(settings.database_url, size=EXPORTERS, idle=True) as exporters,
        await open_pool(settings.database_url, size=COURIERS, idle=True) as couriers,
        Following(settings.database_url).running() as following,
        Deliverer(
            couriers, following, Targets(private=settings.private_webhooks), settings.public_url
        ).running() as deliverer,
    ):
        yield {
            "settings": settings,
            "pool": pool,
            "writers": writers,
            "exporters": exporters,
            "following": following,
            "streams": Streams(),
            "deliverer": deliverer,
            "kept": KeptAnswers(following, pool, settings.cache_bytes, settings.public_url),
            "codes": Codes(pool),
            "apart": asyncio.Semaphore(AT_ONCE),
            "ahead": Ahead(),
            "used": used,
            "guesses": Allowance(WHILE),
            "reports": Allowance(HOUR),
            "savings": Allowance(HOUR),
            "issuer": Issuer(settings.openid) if settings.openid else None,
        }


def create(settings: Settings | None = None) -> ASGIApp:
    """The application; without settings, from the environment (uvicorn's factory)."""
    settings = settings or Settings.from_environment()
    routed = Starlette(
        routes=ROUTES,
        exception_handlers={404: faults.not_found, 405: faults.not_allowed, Exception: faults.fault},
        lifespan=lambda _: living(settings),
    )
    app: Any = EveryAnswer(graphql.First(routed), {graphql.PATH: graphql.not_read})
    if proxies := settings.fair_use.trusted_proxies:
        app = ProxyHeadersMiddleware(app, list(proxies))
    return cast("ASGIApp", app)
