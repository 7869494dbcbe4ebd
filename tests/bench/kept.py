"""Kept answers: how many a second, beside Starlette with the same bytes; and how soon a publication is read in one."""

import asyncio
import tempfile
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx2
import orjson

from db.embedded import Embedded
from db.log import Change, publish
from tests.bench import figures
from tests.bench.load import Job, get, loaded
from tests.bench.servers import OURS, Kind, Server, started, uvicorn

ROUNDS = 6
"""They take turns, short ones, so that a slow spell hits all of them."""

LEAST = 0.8
"""Of the constant's requests a second."""

SOONEST = 1.0
"""Seconds within which a publication is read."""

PUBLICATIONS = 5

CONSTANT = Kind("constant", "Starlette, constant", uvicorn("tests.bench.constant:create"), lambda *_: [])

SAYS = "{ clock { position } }"

SOURCE = """select record_id, document from revision where record_type = 'SOURCE' order by "position" desc limit 1"""


def measured(embedded: Embedded, seconds: float) -> dict[str, Any]:
    """Figures of a kept answer, of 304s and of the constant, and the seconds that publications took to be read."""
    with started(OURS, embedded.url, OPSC_CACHE_BYTES="67108864") as ours, tempfile.NamedTemporaryFile() as body:
        asked = {"query": ours.queries["one_state"], "variables": '{"code":"PHL"}', "operationName": "one_state"}
        target = f"/graphql?{urlencode(asked)}"
        answer = httpx2.get(f"http://127.0.0.1:{ours.port}{target}", headers={"Accept-Encoding": "identity"})
        body.write(answer.content)
        body.flush()
        with started(CONSTANT, embedded.url, CONSTANT=body.name) as constant:
            seconds /= 2
            jobs = {
                "kept": Job(ours.port, [get(ours.port, target)], seconds),
                "unchanged": Job(
                    ours.port, [get(ours.port, target, If_None_Match=answer.headers["etag"])], seconds, 304
                ),
                "constant": Job(constant.port, [get(constant.port, target)], seconds),
            }
            rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in jobs}
            for _ in range(ROUNDS):
                for name, job in jobs.items():
                    rounds[name].append(loaded(job))
        told: dict[str, Any] = {name: figures.figure(of)._asdict() for name, of in rounds.items()}
        told["bytes"] = len(answer.content)
        told["published"] = asyncio.run(_published(embedded, ours))
    return told


async def _published(embedded: Embedded, ours: Server) -> float:
    """The longest of the seconds from a publication's end until its position is in a kept answer."""
    connection = await asyncpg.connect(embedded.url)
    took = []
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{ours.port}") as client:
        await client.get("/graphql", params={"query": SAYS})
        for _ in range(PUBLICATIONS):
            last = await publish_nothing(connection)
            begun = time.perf_counter()
            while (await client.get("/graphql", params={"query": SAYS})).json()["data"]["clock"]["position"] < last:
                pass
            took.append(time.perf_counter() - begun)
    await connection.close()
    return max(took)


async def publish_nothing(connection: asyncpg.Connection) -> int:
    """A source is amended to what it says already: no query that is measured tells of it. Answers the position."""
    row = await connection.fetchrow(SOURCE)
    assert row is not None
    change = Change("AMEND", row["record_id"], "CORRECTED", orjson.loads(row["document"]))
    published = await publish(
        connection, title="Nothing", reason="To be read", author="amina", reviewer="emre", changes=[change]
    )
    return published.last


def verdicts(told: Mapping[str, Any]) -> list[figures.Verdict]:
    if not told:
        return []
    constant = told["constant"]["per_second"]
    found = []
    for name, what in (("kept", "a kept answer"), ("unchanged", "a 304")):
        ratio, errors = told[name]["per_second"] / constant, told[name]["errors"]
        reached = (
            f"{ratio:.2f} × ({told[name]['per_second']:,.0f} against {constant:,.0f} a second, {told['bytes']:,} bytes)"
        )
        found.append(figures.Verdict(f"{what}: {LEAST} × of a constant", reached, met=ratio >= LEAST and not errors))
    name = f"a publication is read in a kept answer within {SOONEST:.0f} s"
    return [*found, figures.Verdict(name, f"{told['published'] * 1000:.1f} ms", met=told["published"] < SOONEST)]
