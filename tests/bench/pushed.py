"""How soon a publication reaches a reader who waits at a stream, and the receiver of a webhook."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import httpx2

from db.accounts import add, create_token
from db.embedded import Embedded
from db.saved_queries import Query, save
from tests.bench import figures
from tests.bench.kept import PUBLICATIONS, SOONEST, publish_nothing
from tests.bench.servers import OURS, started

FOLLOWED = "subscription { changes { position recordId reason } }"
GROWING = Query("{ log { size } }\n", {})
"""A saved query whose answer differs after each publication."""

WAYS = {"stream": "reader of events", "webhook": "webhook's receiver"}


def measured(embedded: Embedded) -> dict[str, float]:
    """The longest of the seconds from a publication's end until it has reached each."""
    with started(OURS, embedded.url, OPSC_WEBHOOK_PRIVATE="allow") as ours:
        return asyncio.run(_reached(embedded, ours.port))


async def _reached(embedded: Embedded, port: int) -> dict[str, float]:
    owner = await asyncpg.connect(embedded.owner_url)
    received: asyncio.Queue[float] = asyncio.Queue()
    receiver = await asyncio.start_server(_receiving(received), "127.0.0.1", 0)
    token = await _token(owner)
    await save(owner, GROWING, None)
    async with receiver, httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        url = f"http://127.0.0.1:{receiver.sockets[0].getsockname()[1]}/hook"
        sent = json.dumps({"url": url, "query": GROWING.id})
        made = await client.post("/webhooks", content=sent, headers={"Authorization": f"Bearer {token}"})
        made.raise_for_status()
        asked = {"json": {"query": FOLLOWED}, "headers": {"Accept": "text/event-stream"}}
        async with client.stream("POST", "/graphql", **asked) as stream:  # type: ignore[arg-type]
            lines = stream.aiter_lines()
            await anext(lines)
            took: dict[str, float] = dict.fromkeys(WAYS, 0.0)
            for _ in range(PUBLICATIONS):
                last = await publish_nothing(owner)
                begun = time.perf_counter()
                while await anext(lines) != f"id: {last}":
                    pass
                took["stream"] = max(took["stream"], time.perf_counter() - begun)
                took["webhook"] = max(took["webhook"], await asyncio.wait_for(received.get(), 30) - begun)
    await owner.execute("delete from webhook")
    await owner.close()
    return took


async def _token(owner: asyncpg.Connection) -> str:
    name = f"bench-{time.time_ns()}"
    await add(owner, name, "CONTRIBUTOR")
    return (await create_token(owner, name))[0]


def _receiving(
    received: asyncio.Queue[float],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
        received.put_nowait(time.perf_counter())
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    return receive


def verdicts(told: Mapping[str, Any]) -> list[figures.Verdict]:
    return [
        figures.Verdict(
            f"a publication reaches a {what} within {SOONEST:.0f} s",
            f"{told[way] * 1000:.1f} ms",
            met=told[way] < SOONEST,
        )
        for way, what in WAYS.items()
        if way in told
    ]
