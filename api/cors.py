"""Pages of any origin may read: headers that are the same on every answer, and the answer to browsers that ask beforehand.

Starlette's CORSMiddleware does the same and more, and took a quarter of a small answer's time.
"""

from starlette.types import Receive, Scope, Send

EXPOSED = b"*"
"""Headers that a page's script may read: all of them."""

OPEN = ((b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", EXPOSED))
"""Nothing here rests on cookies, so that is safe."""


def is_asked_beforehand(scope: Scope) -> bool:
    """Whether a browser asks what a page's script may send."""
    return scope["method"] == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


async def answer_beforehand(scope: Scope, _receive: Receive, send: Send) -> None:
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
