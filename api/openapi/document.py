"""/openapi.json: the whole description, put together once for a public address."""

from functools import lru_cache
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.about import LICENCE, LICENCE_NAME, NAME
from api.openapi.addresses import addresses
from api.openapi.answers import Answers
from api.openapi.endpoints import Endpoints
from api.openapi.posted import BY_POST, SAVING
from api.openapi.responses import HEADERS, PROBLEM, problem_responses
from api.openapi.values import leaves
from api.openapi.webhooks import WEBHOOKS
from api.unchanging import unchanging

MEDIA_TYPE = "application/vnd.oai.openapi+json"

INFO = {
    "title": NAME,
    "version": "1",
    "summary": "What States parties to the OPSC reported about its 2019 Guidelines.",
    "description": (
        "An open record of what each State party to the Optional Protocol on the sale of children, child prostitution and child "
        "pornography has reported doing about the Committee’s Guidelines of 2019 (CRC/C/156). Anyone may read it; no key is needed."
        "\n\nEach list comes in several forms, with the filters, orders and clocks of GraphQL as parameters. In words: /docs."
    ),
    "license": {"name": LICENCE_NAME, "identifier": LICENCE},
}


def described(public_url: str) -> dict[str, Any]:
    """The document."""
    answers = Answers()
    endpoints = Endpoints(answers)
    paths: dict[str, Any] = {**endpoints.paths, "/q": {"post": SAVING}, **WEBHOOKS}
    for address in addresses(answers):
        paths[address.path] = {"get": address.operation()}
    paths["/graphql"]["post"] = BY_POST
    return {
        "openapi": "3.1.0",
        "info": INFO,
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM, **leaves(), **answers.components},
            "parameters": endpoints.parameters,
            "headers": HEADERS,
            "responses": problem_responses(),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "For those who change the record."}
            },
        },
    }


@lru_cache(1)
def _written(public_url: str) -> bytes:
    return orjson.dumps(described(public_url))


async def document(request: Request) -> Response:
    return await unchanging(request, _written(request.state.settings.public_url), MEDIA_TYPE)
