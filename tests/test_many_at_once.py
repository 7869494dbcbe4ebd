"""Sixteen maintainers at once on a real server, whose PostgreSQL writes to the disk before it answers: what was acknowledged is
there, each once and whole, and of two that cannot both be one is a conflict."""

import signal

import asyncpg

from db.embedded import running
from tests.acknowledged import held, verified
from tests.crowd import CLIENTS, crowd
from tests.opsc import folder, opsc, serving

ROUNDS = 3
"""Enough for first submissions, which need two reviewers, and for others, which need one."""


async def test_sixteen_at_once_are_each_published_once_and_whole() -> None:
    with folder() as data, serving("--data", data, "--port", "0", "--workers", "2") as server:
        address = server.address()
        with running(data) as embedded:
            connection = await asyncpg.connect(embedded.url)
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                assert await connection.fetchval("select current_setting($1)", setting) == "on"
            await connection.close()
            clients = await crowd(embedded)
            clients.address = address
            await clients.rounds(ROUNDS)
            assert (clients.cut_off, await held(embedded, clients)) == ({}, {})
        check = opsc("verify", "--data", data)
        assert (check.returncode, verified(clients, check.stdout)) == (0, True), check
        assert server.ended(signal.SIGTERM) == 0
    assert not any("Traceback" in line for line in server.errors)
    works, introduced = clients.works(), set[str]()
    assert len(works) == CLIENTS * ROUNDS
    for two in clients.twos:
        for pair in two.done:
            assert sum(work.positions is not None for work in pair) == two.may_publish
            for work in pair:  # two reviewers accepted it at once
                first = work.author not in introduced
                if work.positions:
                    introduced.add(work.author)
                    expected = ["NEEDS_SECOND_REVIEW" if first else "ALREADY_DECIDED", "PUBLISHED"]
                else:
                    expected = ["CONFLICT", "NEEDS_SECOND_REVIEW" if first else "CONFLICT"]
                assert sorted(work.told) == expected
