"""The log: positions without gaps in the order of commits, moments that never go back (RISKS 11, 12)."""

import asyncio

import asyncpg
import pytest

from db.embedded import Embedded
from tests.record_documents import (
    BEGINNING,
    create,
    published,
    size,
    source,
)


async def test_writers_that_begin_early_and_lock_late_get_positions_in_commit_order(
    empty_url: str,
) -> None:
    writers = [await asyncpg.connect(empty_url) for _ in range(8)]
    reader = await asyncpg.connect(empty_url)
    begun, done = asyncio.Barrier(len(writers)), asyncio.Event()
    seen: list[tuple[int, int]] = []

    async def write(number: int, connection: asyncpg.Connection) -> None:
        for turn in range(6):
            async with connection.transaction():
                await connection.fetchval("select now(), count(*) from revision")  # its clock is old now
                await begun.wait()
                changes = [create(f"Source:W{number}-{turn}-{one}", source()) for one in range(1 + (number + turn) % 3)]
                await published(connection, *changes)

    async def read() -> None:
        while not done.is_set():
            rows = await reader.fetch('select coalesce(max("position"), 0) as highest, count(*) from revision')
            seen.append((rows[0]["highest"], rows[0]["count"]))

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(number, connection) for number, connection in enumerate(writers)))
    done.set()
    await reading

    rows = await reader.fetch('select "position", recorded_at, submission_id from revision order by "position"')
    assert [row["position"] for row in rows] == list(range(1, 97))
    moments = [row["recorded_at"] for row in rows]
    assert moments == sorted(moments)
    assert len(set(moments)) == len({row["submission_id"] for row in rows}) == 48
    assert all(highest == count for highest, count in seen)  # who sees position n sees all n
    assert len({highest for highest, _ in seen}) > 1
    for connection in [*writers, reader]:
        await connection.close()


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_publishing_is_refused_where_the_newest_position_could_not_be_seen(
    empty: asyncpg.Connection, isolation: str
) -> None:
    with pytest.raises(asyncpg.InvalidTransactionStateError) as refusal:
        async with empty.transaction(isolation=isolation):  # type: ignore[arg-type]
            await empty.execute("select publish('t', 'r', 'maria', 'jo', '{}', '{}', '{}', '{}', '{}', '{}')")
    assert refusal.value.constraint_name == "publishing_reads_committed"
    assert await size(empty) == (0, 0)


async def test_a_publication_waits_no_longer_than_its_bound(empty: asyncpg.Connection, empty_url: str) -> None:
    other = await asyncpg.connect(empty_url)
    async with other.transaction():
        await published(other, create("Source:S-1", source()))
        with pytest.raises(asyncpg.QueryCanceledError):
            await published(empty, create("Source:S-2", source()), timeout=0.1)
    await other.close()
    assert await size(empty) == (1, 1)


async def test_a_publication_left_idle_is_ended_by_the_server(empty: asyncpg.Connection) -> None:
    before = await empty.fetchval("show idle_in_transaction_session_timeout")
    async with empty.transaction():
        await published(empty, create("Source:S-1", source()))
        assert await empty.fetchval("show idle_in_transaction_session_timeout") == "10s"
    assert await empty.fetchval("show idle_in_transaction_session_timeout") == before


async def test_a_moment_is_never_before_the_last_one_whatever_the_servers_clock_says(
    empty: asyncpg.Connection, empty_database: Embedded
) -> None:
    await published(empty, create("Source:S-1", source()))
    superuser = await asyncpg.connect(empty_database.superuser_url)
    async with superuser.transaction():
        await superuser.execute("set local session_replication_role = replica")
        await superuser.execute("update revision set recorded_at = '2099-01-01T00:00:00Z'")
    await superuser.close()
    await published(empty, create("Source:S-2", source()))
    assert await empty.fetchval('select moment(recorded_at) from revision where "position" = 2') == (
        "2099-01-01T00:00:00.000001Z"
    )


async def test_listeners_are_told_the_last_position(empty: asyncpg.Connection) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    await empty.add_listener("published", lambda *said: told.put_nowait(said[3]))
    await published(empty, *BEGINNING)
    assert await asyncio.wait_for(told.get(), 5) == str(len(BEGINNING))
