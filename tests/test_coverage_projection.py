"""Coverage as the database keeps it, against a plain oracle, at random clocks (RISKS 22, 24)."""

import random
from datetime import date, timedelta

import asyncpg
import pytest

from db.embedded import Embedded
from tests.test_projections import entered


@pytest.mark.parametrize("seed", range(10, 20))
async def test_each_cell_has_one_state_at_any_two_clocks(
    empty_database: Embedded, empty: asyncpg.Connection, seed: int
) -> None:
    oracle = await entered(empty_database, seed, submissions=40)
    chance = random.Random(seed)
    states = set()
    for position in range(1, len(oracle.log) + 1):
        day = date(1999, 1, 1) + timedelta(days=chance.randint(0, 5500))
        rows = await empty.fetch(
            "select state_party_code, recommendation_code, state, since from coverage_version"
            " where known_from <= $1 and known_to > $1 and valid_from <= $2 and valid_to > $2",
            position,
            day,
        )
        kept = {(row[0], row[1]): (row[2], row[3]) for row in rows}
        told = oracle.coverage(position, day)
        assert (position, day, kept) == (position, day, told)
        parties = await empty.fetchval(
            "select count(*) from state_party_version where known_from <= $1 and known_to > $1 and consent_on <= $2",
            position,
            day,
        )
        recommendations = await empty.fetchval(
            "select count(*) from recommendation_version where known_from <= $1 and known_to > $1", position
        )
        assert len(rows) == parties * recommendations
        states |= {state for state, _ in told.values()}
    assert len(states) >= 6


async def test_neighbouring_steps_of_a_timeline_differ(empty_database: Embedded, empty: asyncpg.Connection) -> None:
    await entered(empty_database, seed=3, submissions=40)
    wrong = await empty.fetchval(
        """
        select count(*) from coverage_version a join coverage_version b
          using (state_party_code, recommendation_code, known_from)
        where a.valid_to = b.valid_from and (a.state, a.since) is not distinct from (b.state, b.since)
          or a.valid_from < b.valid_from and a.valid_to > b.valid_from or a.known_to <> b.known_to
        """
    )
    assert wrong == 0
