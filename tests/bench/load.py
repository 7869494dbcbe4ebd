"""The load, in a process of its own: connections that each send a request when the one before is answered.

Reads a Job as JSON from standard input, writes a Load as JSON. It does no more per request than find where the answer ends, at
some 30 µs: far below what any server takes.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import cast

import orjson
import uvloop

CONNECTIONS = 16


@dataclass(frozen=True)
class Job:
    """bodies: the requests' bodies, JSON, sent in turn."""

    port: int
    bodies: list[str]
    seconds: float


@dataclass(frozen=True)
class Load:
    """latencies: microseconds of each answered request. errors: those of them with another status than 200 or with errors."""

    seconds: float
    errors: int
    latencies: list[int]


async def load(job: Job) -> Load:
    requests = cycle([_request(job.port, body.encode()) for body in job.bodies])
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    connections = []
    for _ in range(CONNECTIONS):
        _, connection = await loop.create_connection(
            lambda: _Connection(requests, begun + job.seconds), "127.0.0.1", job.port
        )
        connections.append(connection)
    await asyncio.gather(*(connection.done for connection in connections))
    return Load(
        time.perf_counter() - begun,
        sum(connection.errors for connection in connections),
        [latency for connection in connections for latency in connection.latencies],
    )


def _request(port: int, body: bytes) -> bytes:
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self.requests, self.until = requests, until
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.errors, self.latencies = 0, list[int]()
        self.received = bytearray()
        self.ends_at: int | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's do not say that they are
        self._send()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.ends_at is None:
            self.ends_at = self._end()
        if self.ends_at is not None and len(self.received) >= self.ends_at:
            self._answered()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.errors += 1
            self.done.set_result(None)

    def _send(self) -> None:
        self.received.clear()
        self.ends_at = None
        self.sent = time.perf_counter()
        self.transport.write(next(self.requests))

    def _end(self) -> int | None:
        """How long the answer is, once that is known."""
        head = self.received.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = self.received[:head].lower().find(b"content-length:")
        if length < 0:  # sent in chunks
            return len(self.received) if self.received.endswith(b"0\r\n\r\n") else None
        return head + 4 + int(self.received[length + 15 : self.received.find(b"\r", length)])

    def _answered(self) -> None:
        now = time.perf_counter()
        self.latencies.append(int((now - self.sent) * 1_000_000))
        if (
            self.received[9:12] != b"200"
            or b'"errors":[' in self.received[:500]
            or b'"errors":[' in self.received[-500:]
        ):
            self.errors += 1
        if now < self.until:
            self._send()
        else:
            self.done.set_result(None)
            self.transport.close()


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(asdict(uvloop.run(load(Job(**orjson.loads(sys.stdin.buffer.read())))))))
