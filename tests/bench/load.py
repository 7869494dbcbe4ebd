"""The load, in a process of its own: connections that each send a request when the one before is answered.

Reads a Job as JSON from standard input, writes a Load as JSON. It does no more per request than find where the answer ends, at
some 30 µs: far below what any server takes.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, cast

import orjson
import uvloop

CONNECTIONS = 16


@dataclass(frozen=True)
class Job:
    """requests: as they go over the wire, sent in turn; status: what each is to be answered with."""

    port: int
    requests: list[str]
    seconds: float
    status: int = 200


@dataclass(frozen=True)
class Load:
    """latencies: microseconds of each answered request. errors: those of them with another status or with errors."""

    seconds: float
    errors: int
    latencies: list[int]


def loaded(job: Job) -> dict[str, Any]:
    """The Load, from a process of its own, by a file: some that were longer than a pipe holds at once came cut short."""
    command = [sys.executable, "-m", "tests.bench.load"]
    with tempfile.TemporaryFile() as written:
        subprocess.run(command, input=orjson.dumps(asdict(job)), stdout=written, check=True, timeout=job.seconds + 60)
        written.seek(0)
        told: dict[str, Any] = orjson.loads(written.read())
    return told


async def load(job: Job) -> Load:
    requests = cycle([request.encode() for request in job.requests])
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    connections = []
    for _ in range(CONNECTIONS):
        _, connection = await loop.create_connection(
            lambda: _Connection(requests, begun + job.seconds, b"%d" % job.status), "127.0.0.1", job.port
        )
        connections.append(connection)
    await asyncio.gather(*(connection.done for connection in connections))
    return Load(
        time.perf_counter() - begun,
        sum(connection.errors for connection in connections),
        [latency for connection in connections for latency in connection.latencies],
    )


def post(port: int, body: str) -> str:
    """A query, as JSON."""
    return (
        f"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n{body}"
    )


def get(port: int, target: str, **headers: str) -> str:
    """headers: by their names, with underscores."""
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n{told}\r\n"


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], until: float, status: bytes) -> None:
        self.requests, self.until, self.status = requests, until, status
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
        if self.received[9:12] == b"304":
            return head + 4
        length = self.received[:head].lower().find(b"content-length:")
        if length < 0:  # sent in chunks
            return len(self.received) if self.received.endswith(b"0\r\n\r\n") else None
        return head + 4 + int(self.received[length + 15 : self.received.find(b"\r", length)])

    def _answered(self) -> None:
        now = time.perf_counter()
        self.latencies.append(int((now - self.sent) * 1_000_000))
        if (
            self.received[9:12] != self.status
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
