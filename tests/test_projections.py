"""What the database keeps of the log: every version of every record, against a plain oracle, whatever the history."""

from datetime import date
from typing import Any

import asyncpg
import pytest

from db.embedded import Embedded
from db.tables import PROJECTIONS
from db.verify import verify
from tests.dated_log import dated_log
from tests.histories import History
from tests.record_oracle import Oracle

SEEDS = range(4)
CHAINED = {0, 1, 2}
"""Of these, the histories in which what survived a merge was itself merged later."""


async def entered(database: Embedded, seed: int, submissions: int = 25) -> Oracle:
    """A random history in the log, recorded on its own days."""
    log = await dated_log(database)
    history = History(seed)
    for day, changes in history.submissions(submissions):
        await log.publish(f"{day}T12:00:00Z", *changes)
    await log.owner.close()
    return history.oracle


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_version_of_every_record_is_kept(
    empty_database: Embedded, empty: asyncpg.Connection, seed: int
) -> None:
    oracle = await entered(empty_database, seed)
    told = sorted((version.record_id, version.known_from, version.known_to) for version in oracle.versions())
    kept: list[tuple[Any, ...]] = []
    for table in PROJECTIONS.values():
        kept += [tuple(row) for row in await empty.fetch(f"select id, known_from, known_to from {table.name}")]
    assert sorted(kept) == told
    titles = {(version.record_id, version.known_from): version.document.get("title") for version in oracle.versions()}
    for table in PROJECTIONS.values():
        if "title" in table.c:
            for row in await empty.fetch(f"select id, known_from, title from {table.name}"):
                assert row["title"] == titles[row["id"], row["known_from"]]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_measure_has_reached_what_its_dates_and_the_log_tell(
    empty_database: Embedded, empty: asyncpg.Connection, seed: int
) -> None:
    oracle = await entered(empty_database, seed)
    versions = [version for version in oracle.versions() if version.record_id.startswith("Measure:")]
    told = {(version.record_id, version.known_from): oracle.reached(version) for version in versions}
    kept: dict[tuple[str, int], dict[str, date]] = {}
    for row in await empty.fetch("select * from measure_version"):
        days = {stage: row[f"{stage.lower()}_by"] for stage in ("ANNOUNCED", "DRAFTED", "ADOPTED", "IN_FORCE", "ENDED")}
        kept[row["id"], row["known_from"]] = {stage: day for stage, day in days.items() if day}
    assert kept == told


@pytest.mark.parametrize("seed", SEEDS)
async def test_an_assessment_or_an_event_had_happened_when_the_record_first_told_of_it(
    empty_database: Embedded, empty: asyncpg.Connection, seed: int
) -> None:
    oracle = await entered(empty_database, seed)
    for record_type, name, query in (
        ("Assessment", "assessedOn", "select id, known_from, assessed_by from assessment_version"),
        ("ReportingEvent", "happenedOn", "select id, known_from, happened_by from reporting_event_version"),
    ):
        versions = [version for version in oracle.versions() if version.record_id.startswith(f"{record_type}:")]
        told = {(version.record_id, version.known_from): oracle.told_by(version, name) for version in versions}
        assert {(row[0], row[1]): row[2] for row in await empty.fetch(query)} == told


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_merged_record_leads_to_what_survives_at_each_position(
    empty_database: Embedded, empty: asyncpg.Connection, seed: int
) -> None:
    oracle = await entered(empty_database, seed, submissions=40)
    for position in range(1, len(oracle.log) + 1):
        rows = await empty.fetch(
            "select id, survivor_id from survivor_version where known_from <= $1 and known_to > $1", position
        )
        assert {row["id"]: row["survivor_id"] for row in rows} == oracle.survivors(position)
    led_on = await empty.fetchval("select count(*) from survivor_version where known_to < 2147483647")
    assert led_on or seed not in CHAINED


@pytest.mark.parametrize("seed", SEEDS)
async def test_small_submissions_give_what_one_replay_gives(
    empty_database: Embedded, empty: asyncpg.Connection, seed: int
) -> None:
    await entered(empty_database, seed, submissions=40)
    assert await verify(empty) == []


async def test_what_projections_tell_does_not_depend_on_how_often_they_are_built(
    empty_database: Embedded, empty: asyncpg.Connection
) -> None:
    await entered(empty_database, seed=7)
    tables = [table.name for table in PROJECTIONS.values()] + ["survivor_version", "coverage_version", "known_word"]
    tables += ["coverage_by_state_party", "coverage_by_recommendation"]
    before = {table: await empty.fetch(f"select t::text from {table} t order by 1") for table in tables}
    owner = await asyncpg.connect(empty_database.owner_url)
    await owner.execute("select reproject()")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="kept from the log"):
        await owner.execute("delete from coverage_version")  # its guards are back
    await owner.close()
    assert before == {table: await empty.fetch(f"select t::text from {table} t order by 1") for table in tables}
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await empty.execute("select reproject()")
