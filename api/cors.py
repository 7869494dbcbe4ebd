"""Pages of any origin may read: headers that are the same on every answer, and the answer to browsers that ask beforehand.

Starlette's CORSMiddleware does the same and more, and took a quarter of a small answer's time.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

EXPOSED = b"*"
"""Headers that a page's script may read: all of them."""

OPEN = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED))


class ReadableByAll:
    """The application, whose answers pages of any origin may read. Nothing here rests on cookies, so that is safe."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def opened(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *OPEN]
            await send(message)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and any(
            name == b"access-control-request-method" for name, _ in scope["headers"]
        ):
            await _asked_beforehand(scope, opened)
        else:
            await self.app(scope, receive, opened)


async def _asked_beforehand(scope: Scope, send: Send) -> None:
    """Any header may be sent; which methods there are, the address itself says."""
    asked = [
        (b"access-control-allow-headers", value)
        for name, value in scope["headers"]
        if name == b"access-control-request-headers"
    ]
    headers = [
        (b"access-control-allow-methods", b"GET, HEAD, POST, DELETE"),
        *asked,
        (b"access-control-max-age", b"86400"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body"})
