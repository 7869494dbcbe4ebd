"""CSV of every measure: through our server, beside COPY of the same rows by hand-written SQL through asyncpg."""

import http.client
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import asyncpg

from db.pool import SETTINGS
from tests.bench.servers import Server

SQL = (Path(__file__).parent / "hand_written/measures_csv.sql").read_text("utf-8")
ADDRESS = "/v1/measures.csv"
PIECE = 1 << 16
"""Bytes that a reader takes at once."""

OFTEN = 0.01
"""Seconds between two looks at the server's memory."""


@dataclass(frozen=True)
class Export:
    """rows a second of each; growth: MB by which our server's memory grew meanwhile, at its highest."""

    rows: int
    ours: float
    copy: float
    growth: float


class DifferingRows(Exception):
    """Our rows are not those of the hand-written SQL."""


async def exported(server: Server, database_url: str) -> Export:
    """Once to compare and to warm up, then each measured. Raises DifferingRows."""
    connection = await asyncpg.connect(database_url, server_settings={**SETTINGS, "statement_timeout": "0"})
    try:
        ours = _read(server.port)
        public_url = ours[ours.rindex(b"http") :].partition(b"/r/")[0].decode()
        theirs = await _copied(connection, public_url)
        if ours.partition(b"\r\n")[2].replace(b"\r\n", b"\n") != theirs:
            raise DifferingRows(f"{ADDRESS} differs from hand_written/measures_csv.sql")
        del ours, theirs
        rows = int(await connection.fetchval("select count(*) from measure_version where known_to = 2147483647"))
        growth, seconds = _watched(server)
        begun = time.perf_counter()
        await _copied(connection, public_url, kept=False)
        copy_seconds = time.perf_counter() - begun
    finally:
        await connection.close()
    return Export(rows, rows / seconds, rows / copy_seconds, growth)


def _watched(server: Server) -> tuple[float, float]:
    before, highest, done = server.memory(), server.memory(), Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(OFTEN):
            highest = max(highest, server.memory())

    watching = Thread(target=watch)
    watching.start()
    begun = time.perf_counter()
    _read(server.port, kept=False)
    seconds = time.perf_counter() - begun
    done.set()
    watching.join()
    return highest - before, seconds


def _read(port: int, *, kept: bool = True) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    try:
        connection.request("GET", ADDRESS)
        answer = connection.getresponse()
        found = bytearray()
        while piece := answer.read(PIECE):
            if kept:
                found += piece
    finally:
        connection.close()
    return bytes(found)


async def _copied(connection: asyncpg.Connection, public_url: str, *, kept: bool = True) -> bytes:
    found = bytearray()

    async def taken(piece: bytes) -> None:
        if kept:
            found.extend(piece)

    today = datetime.now(UTC).date()
    await connection.copy_from_query(SQL, today, public_url, output=taken, format="csv", timeout=600)
    return bytes(found)
