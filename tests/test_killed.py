"""The server and PostgreSQL, killed in the midst of sixteen maintainers' work: what was acknowledged is there, the rest is there
whole or not at all, and sending it again settles it.

OPSC_KILLS asks for more kills. What they came to is printed.
"""

import asyncio
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import httpx2

from db.cluster import Cluster
from db.embedded import running
from tests.acknowledged import held, verified
from tests.crowd import Crowd, crowd
from tests.opsc import Serving, folder, opsc, until

KILLS = int(os.environ.get("OPSC_KILLS", "4"))
SEED = 156

WAYS = ("opsc", "PostgreSQL", "a process of PostgreSQL", "all")
"""opsc: serve and its workers. PostgreSQL: its first process, whose others find out by themselves. A process: one that serves a
connection, or writes; PostgreSQL ends the others and recovers by itself. all: as when the machine stops."""

WITHIN = 0.1
"""Seconds, in which several submissions are kept or published."""

COMMITTING = "select count(*) from pg_stat_activity where state = 'active' and query = 'COMMIT;'"


async def test_no_kill_loses_or_halves_or_repeats_anything() -> None:
    rng, counted, began = random.Random(SEED), Counter[str](), time.monotonic()
    with folder() as data, served(data) as serve:
        with running(data) as embedded:
            clients = await crowd(embedded)
        for number in range(KILLS):
            way, before = WAYS[number % len(WAYS)], clients.cut_off.total()
            await kill_in_the_midst(clients, way, serve, rng, as_it_commits=number // len(WAYS) % 2 == 0)
            assert clients.cut_off.total() > before, "it came too late"
            serve.again(way)
            with running(data) as embedded:
                counted.update(await held(embedded, clients))
                await clients.settle()
                assert await held(embedded, clients) == {}
            counted[f"kills of {way}"] += 1
        check = opsc("verify", "--data", data)
        assert (check.returncode, verified(clients, check.stdout)) == (0, True), check
    for two in clients.twos:
        assert {sum(work.positions is not None for work in pair) for pair in two.done} <= {two.may_publish}
    works = clients.works()
    published = sum(work.positions is not None for work in works)
    print(
        f"{len(works)} submissions, {published} published, {len(works) - published} conflicts; answers: {clients.heard}"
    )
    print(f"cut off: {dict(clients.cut_off)}; then: {dict(counted)}; {time.monotonic() - began:.0f} s")


async def kill_in_the_midst(
    clients: Crowd, way: str, serve: "Served", rng: random.Random, *, as_it_commits: bool
) -> None:
    """as_it_commits: while PostgreSQL is at a commit, of which nobody can say yet whether it will have been; else at any moment.
    Returns when no request is under way any more."""
    clients.address = serve.address
    rounds = asyncio.create_task(clients.rounds())
    await clients.hear(rng.randint(5, 40))
    with running(serve.data) as embedded:
        watching = await asyncpg.connect(embedded.superuser_url)
    doomed = await serve.processes(way, watching, rng)
    if as_it_commits:
        while not await watching.fetchval(COMMITTING):
            pass
    else:
        await asyncio.sleep(rng.uniform(0, WITHIN))  # else each would come at the same point of what follows an answer
    for process in doomed:
        with suppress(ProcessLookupError):  # it went with another
            os.kill(process, signal.SIGKILL)
    clients.ending = True
    await rounds
    watching.terminate()


class Served:
    """A record, served at one address by one `opsc serve` after the other."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.serving = Serving("--data", data, "--port", "0", "--workers", "2")
        self.address = self.serving.address()

    async def processes(self, way: str, superuser: asyncpg.Connection, rng: random.Random) -> list[int]:
        """What is to be killed this way."""
        server = Cluster(self.data).server()
        assert server
        self.postmaster = server.pid
        rows = await superuser.fetch(
            "select pid from pg_stat_activity where application_name = 'opsc' or backend_type in ('checkpointer',"
            " 'background writer', 'walwriter') order by backend_start, pid"
        )
        serve, others = self.serving.process.pid, [row["pid"] for row in rows]
        found = {
            "opsc": [serve, *children(serve)],
            "PostgreSQL": [server.pid],
            "a process of PostgreSQL": [rng.choice(others)],
        }
        return found[way] if way in found else [*found["opsc"], server.pid, *others]

    def again(self, way: str) -> None:
        """Waits for PostgreSQL to be back; serves anew, if that was killed, too."""
        if way in ("opsc", "all"):
            self.end()
            port = self.address.rpartition(":")[2]
            self.serving = Serving("--data", self.data, "--port", port, "--workers", "2")
            assert self.serving.address() == self.address
            return
        if way == "PostgreSQL":
            cluster = Cluster(self.data)
            until(lambda: (server := cluster.server()) and server.ready and server.pid != self.postmaster)
        until(lambda: httpx2.get(f"{self.address}/readyz").status_code == 200)

    def end(self) -> None:
        self.serving.ended(signal.SIGKILL)


@contextmanager
def served(data: Path) -> Iterator[Served]:
    one = Served(data)
    try:
        yield one
    finally:
        one.end()


def children(process: int) -> list[int]:
    told = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True)
    return [int(line) for line in told.stdout.split()]
