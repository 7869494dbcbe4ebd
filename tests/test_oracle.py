"""The planner's answers are those of a plain executor: random operations, on the seeded record and on a made-up history.

OPSC_ORACLE_OPERATIONS and OPSC_ORACLE_SEED ask for more of them, and for others.
"""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from random import Random

import asyncpg
import pytest

from db.embedded import Embedded
from db.pool import open_pool
from schema.query import sdl
from tests.conftest import cloned
from tests.operations import Cursors, Writer
from tests.oracle.agreement import Agreement, today
from tests.oracle.executor import Oracle
from tests.oracle.history import begun, connected
from tests.oracle.log import fetched
from tests.oracle.places import places
from tests.oracle.skeletons import Tree, skeletons
from tests.oracle.values import Values

OPERATIONS = int(os.environ.get("OPSC_ORACLE_OPERATIONS", "1000"))
SEED = int(os.environ.get("OPSC_ORACLE_SEED", "2019"))
MIDDLE = date(2015, 6, 30)
"""The valid day of cursors taken within the history."""

SKELETONS = 60
"""Of hypothesis-graphql's own: it needs 0.1 s for each."""


@dataclass
class Sides:
    """A database's pool, the plain executor over its log, and cursors that both know."""

    pool: asyncpg.Pool
    oracle: Oracle
    cursors: Cursors


@pytest.fixture(scope="session")
async def seeded_sides(record_url: str) -> AsyncIterator[Sides]:
    log = await fetched(record_url)
    async with await open_pool(record_url, size=1) as pool:
        oracle = Oracle(sdl(), log)
        known = await places(pool, len(log.revisions), today())
        yield Sides(pool, oracle, known.teach(oracle))


@pytest.fixture(scope="session")
async def history_sides(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[Sides]:
    """A history of two thirds; cursors taken, at the present and in its midst; and the last third, which the cursors do not see."""
    async with (
        cloned(administrator, server, migrated_template) as database,
        connected(database.url) as connection,
        await open_pool(database.url, size=1) as pool,
    ):
        history = await begun(database, connection, Random(SEED))
        await history.create(240)
        middle = (await history.amend(120)).last
        await history.go_on(20)
        published = await history.retract(40)
        known = await places(pool, published.last, today())
        within = await places(pool, middle, MIDDLE, within=f'at(position: {middle}, valid: "{MIDDLE}")')
        await history.restore(12)
        await history.create(60)
        await history.amend(60)
        await history.go_on(10)
        await history.amend_each_type(3)
        oracle = Oracle(sdl(), await fetched(database.url))
        cursors, more = known.teach(oracle), within.teach(oracle)
        yield Sides(pool, oracle, {place: [*cursors[place], *more.get(place, ())] for place in cursors})


@pytest.fixture(scope="session")
def trees(seeded_sides: Sides) -> list[Tree]:
    return skeletons(seeded_sides.oracle.schema, SKELETONS)


async def test_random_operations_on_the_seeded_record_answer_as_the_oracle_does(
    seeded_sides: Sides, trees: list[Tree], capsys: pytest.CaptureFixture[str]
) -> None:
    await _hold(seeded_sides, trees, capsys, OPERATIONS // 2, SEED)


async def test_random_operations_on_a_history_answer_as_the_oracle_does(
    history_sides: Sides, trees: list[Tree], capsys: pytest.CaptureFixture[str]
) -> None:
    await _hold(history_sides, trees, capsys, OPERATIONS // 2, SEED + 1)


async def _hold(sides: Sides, trees: list[Tree], capsys: pytest.CaptureFixture[str], count: int, seed: int) -> None:
    random = Random(seed)
    writer = Writer(sides.oracle.schema, Values(sides.oracle.log, random), random, sides.cursors)
    agreement = Agreement(sides.pool, sides.oracle)
    written = 0
    while agreement.agreed + len(agreement.differing) < count:
        await agreement.hold(writer.operation(trees[written % len(trees)] if written % 4 == 0 else None))
        written += 1
    with capsys.disabled():
        print(
            f"\n{agreement.agreed} operations agree, {agreement.answers} answers, {agreement.refusals} refusals; "
            f"left out: {dict(agreement.left_out)}"
        )
    assert not agreement.differing, "\n\n".join(agreement.differing[:3])
