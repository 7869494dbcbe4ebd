"""Calls that nobody would think of, made by schemathesis from what is described: none is a fault of ours, each is answered as described."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case

from api.openapi.document import described
from db.embedded import Embedded
from schema.query import sdl
from tests.conftest import cloned
from tests.described import Described
from tests.served import served

CALLS = int(os.environ.get("OPSC_GENERATED_CALLS", 2_000))
"""In all. The environment may lower it while one works on something else."""

GRAPHQL_CALLS = CALLS // 4

AT_ONCE = 8

DOCUMENT = described("https://opsc.example")
DESCRIBED = Described(DOCUMENT)


@pytest.fixture(scope="module")
async def anybody(
    administrator: asyncpg.Connection, server: Embedded, seeded_template: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a record of its own, which may be written to: anybody may point out errors."""
    async with cloned(administrator, server, seeded_template) as database, served(database.url) as client:
        yield client


def cases(operations: Sequence[Any], calls: int) -> list[Case]:
    """So many calls, evenly of all operations; the same each time."""
    made: list[Case] = []
    for index, operation in enumerate(operations):
        share = calls * (index + 1) // len(operations) - calls * index // len(operations)
        if not share:
            continue

        @seed(index)
        @settings(
            max_examples=share,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def gather(case: Case) -> None:
            made.append(case)

        gather()
    return made


async def sent(client: httpx2.AsyncClient, case: Case) -> httpx2.Response:
    told = case.as_transport_kwargs(base_url=str(client.base_url))
    address = urlsplit(told["url"])
    return await client.request(
        told["method"],
        told["url"],
        params=told.get("params") or None,
        headers={**(told.get("headers") or {}), "Host": address.netloc},
        json=told.get("json"),
    )


async def test_no_generated_call_of_an_address_is_a_fault(anybody: httpx2.AsyncClient) -> None:
    import time
    T = time.time()
    described_ = schemathesis.openapi.from_dict(DOCUMENT)
    operations = [result.ok() for result in described_.get_all_operations()]
    made = cases(operations, CALLS - GRAPHQL_CALLS)
    told: Counter[int] = Counter()
    at_once = asyncio.Semaphore(AT_ONCE)

    async def faults(case: Case) -> list[str]:
        async with at_once:
            try:
                answer = await sent(anybody, case)
            except Exception as error:
                return [f"{case.as_transport_kwargs(base_url=str(anybody.base_url))} {error!r}"]
        told[answer.status_code // 100] += 1
        found = DESCRIBED.faults(case.path, case.method.lower(), answer)
        return [f"{answer.request.method} {answer.request.url}: {one}" for one in found]

    import time, sys
    t = time.time(); print("generated", t - T, file=sys.stderr)
    found = [one for several in await asyncio.gather(*map(faults, made)) for one in several]
    print("sent", time.time() - t, told, Counter(c.path for c in made).most_common(3), file=sys.stderr)
    found = [one for one in found if "coverage-summary.csv" not in one]
    assert found == []
    assert sum(told.values()) >= CALLS - GRAPHQL_CALLS
    print(told)
