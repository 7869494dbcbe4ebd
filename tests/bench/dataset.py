"""What the whole record costs in one download: seconds, bytes, and by how much the server's memory grows meanwhile.

python -m tests.bench.dataset SCALE
"""

import asyncio
import sys
import threading
import time
from collections.abc import Sequence

import psutil  # type: ignore[import-untyped]
from starlette.types import ASGIApp

from api.app import create
from api.settings import Settings
from tests.bench.record import record
from tests.served import listening

FORMS = ("zip", "parquet.zip", "sqlite", "delta.jsonl?fromPosition=0")


class Watched:
    """The most memory that this process had, above what it had at first, and the longest that its event loop was held."""

    def __init__(self) -> None:
        self.process = psutil.Process()
        self.first = self.most = self.process.memory_info().rss
        self.held = 0.0
        self.over = threading.Event()

    def memory(self) -> None:
        while not self.over.wait(0.02):
            self.most = max(self.most, self.process.memory_info().rss)

    async def loop(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(0.01)
            self.held = max(self.held, time.perf_counter() - begun - 0.01)


async def measured(app: ASGIApp, forms: Sequence[str] = FORMS) -> None:
    async with listening(app) as client:
        await client.get("/v1/dataset.jsonld", timeout=600)  # plans are made, modules are imported
        for form in forms:
            watched, size, begun = Watched(), 0, time.perf_counter()
            thread = threading.Thread(target=watched.memory)
            thread.start()
            ticking = asyncio.create_task(watched.loop())
            async with client.stream("GET", f"/v1/dataset.{form}", timeout=600) as answer:
                async for piece in answer.aiter_raw():
                    size += len(piece)
            seconds = time.perf_counter() - begun
            ticking.cancel()
            watched.over.set()
            thread.join()
            print(
                f"dataset.{form:<28} {size / 1e6:8.1f} MB {seconds:7.2f} s  memory +{(watched.most - watched.first) / 1e6:5.1f} MB"
                f"  loop held {watched.held * 1000:5.0f} ms",
                flush=True,
            )


def main(scale: int, forms: Sequence[str]) -> None:
    with record(scale) as database:
        asyncio.run(measured(create(Settings(database.url, public_url="https://opsc.example")), forms))


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1, sys.argv[2:] or FORMS)
