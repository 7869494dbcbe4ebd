"""What a kept answer is measured against: Starlette, with the same bytes whatever is asked."""

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def create() -> Starlette:
    body = Path(os.environ["CONSTANT"]).read_bytes()

    async def constant(_request: Request) -> Response:
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/graphql", constant)])
