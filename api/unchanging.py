"""What only another program or another public address changes (descriptions, documentation, scripts): told by its tag that it is
the same, and sent in the coding that the client likes.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from api.codings import CODINGS, IDENTITY, LONG, SMALLEST, wanted
from api.kept import PRESENT, tags


async def unchanging(
    request: Request, body: bytes, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer, or that the client has it. It may be kept for as long as one about the present, where the headers say no other:
    it is told anew soon after the program is."""
    accepted = request.headers.get("accept-encoding", "").encode("latin-1")
    coding = wanted(accepted) if len(body) >= SMALLEST else IDENTITY
    coded, tag = await asyncio.to_thread(_coded, body, coding) if len(body) >= LONG else _coded(body, coding)
    told = {"Cache-Control": PRESENT, **(headers or {}), "ETag": tag, "Vary": "Accept-Encoding"}
    if tag.encode() in tags(request.headers.get("if-none-match", "").encode("latin-1")):
        return Response(status_code=304, headers=told)
    if coding != IDENTITY:
        told["Content-Encoding"] = coding
    return Response(coded, 200, told, media_type)


@lru_cache(128)
def _coded(body: bytes, coding: str) -> tuple[bytes, str]:
    """In a coding, and its tag there."""
    tag = f'"{hashlib.blake2b(coding.encode() + body, digest_size=12).hexdigest()}"'
    return (body if coding == IDENTITY else CODINGS[coding](body)), tag
