"""Content codings (RFC 9110): in which of them a client wants its answer, and the answer written so."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import lru_cache

import brotli
import zstandard

IDENTITY = "identity"

Coder = tuple[Callable[[bytes], bytes], Callable[[], bytes]]
"""What codes one more chunk, and what ends the body."""

CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.compress(body, 9),
    "br": lambda body: bytes(brotli.compress(body, quality=5)),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
"""Those that we write, best first; as hard as an answer that is kept and read many times deserves."""

SMALLEST = 1_000
"""Bytes below which an answer gains nothing: it goes in one packet anyway."""

LONG = 50_000
"""Bytes that take so long to write that other readers would notice."""


@lru_cache(256)
def wanted(accept_encoding: bytes) -> str:
    """The coding that a client likes best, of equals the one that we like best; as it is, where it wants none that we have."""
    weights = dict(_weighed(part) for part in accept_encoding.decode("latin-1").lower().split(",") if part.strip())
    others = weights.get("*", 0.0)
    liked = {name: weights.get(name, weights.get("x-gzip", others) if name == "gzip" else others) for name in CODINGS}
    best = max(liked, key=liked.__getitem__)
    return best if liked[best] > 0 and liked[best] >= weights.get(IDENTITY, 0.0) else IDENTITY


def _weighed(part: str) -> tuple[str, float]:
    """A coding and its weight; one that cannot be read counts for nothing."""
    name, *parameters = [piece.strip() for piece in part.split(";")]
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, float(parameter[2:])
            except ValueError:
                return name, 0.0
    return name, 1.0


async def written(body: bytes, coding: str) -> bytes:
    """The body in a coding."""
    if coding == IDENTITY:
        return body
    if len(body) < LONG:
        return CODINGS[coding](body)
    return await asyncio.to_thread(CODINGS[coding], body)


async def written_as_it_comes(chunks: AsyncGenerator[bytes], coding: str) -> AsyncGenerator[bytes]:
    """A long body in a coding, without ever being held as a whole. One that breaks off is not ended, so that a reader sees it."""
    async with aclosing(chunks):
        if coding == IDENTITY:
            async for chunk in chunks:
                yield chunk
            return
        add, end = STREAMED[coding]()
        async for chunk in chunks:
            if coded := await asyncio.to_thread(add, chunk) if len(chunk) > LONG else add(chunk):
                yield coded
        yield end()


def _zstd() -> Coder:
    coder = zstandard.ZstdCompressor(level=3).compressobj()
    return coder.compress, coder.flush


def _br() -> Coder:
    coder = brotli.Compressor(quality=2)
    return coder.process, coder.finish


def _gzip() -> Coder:
    coder = zlib.compressobj(1, wbits=31)
    return coder.compress, coder.flush


STREAMED: Mapping[str, Callable[[], Coder]] = {"zstd": _zstd, "br": _br, "gzip": _gzip}
"""As fast as the rows come: what is written once, for one reader, deserves no more."""
