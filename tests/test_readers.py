"""Connections that answers are read over: never more than there may be, in turn, and none is lost, whatever ends."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.pool import Readers

NAP = "select pg_sleep($1::float)"
WHO = "select pg_backend_pid()"


@pytest.fixture
async def two(record_url: str) -> AsyncIterator[Readers]:
    async with Readers(record_url, size=2) as readers:
        yield readers


async def pids(readers: Readers, count: int) -> set[int]:
    """Of the connections that so many statements at once went over."""

    async def one() -> int:
        async with readers.acquire() as connection:
            await connection.execute(NAP.replace("$1", "0.05"))
            pid: int = await connection.fetchval(WHO)
            return pid

    return set(await asyncio.gather(*(one() for _ in range(count))))


async def test_there_are_no_more_than_there_may_be(two: Readers) -> None:
    assert len(await pids(two, 1)) == 1
    assert len(await pids(two, 20)) == 2


async def test_who_asks_first_is_answered_first(two: Readers) -> None:
    had: list[int] = []

    async def ask(number: int) -> None:
        async with two.acquire():
            had.append(number)

    async with two.acquire(), two.acquire():
        waiting = [asyncio.create_task(ask(number)) for number in range(10)]
        await asyncio.sleep(0)
    newcomer = asyncio.create_task(ask(10))  # two are free, and promised
    await asyncio.gather(*waiting, newcomer)
    assert had == list(range(11))


async def test_every_way_of_asking_answers_and_gives_back(two: Readers) -> None:
    for _ in range(3):
        assert await two.fetchval("select $1::int", 7) == 7
        assert [row["n"] for row in await two.fetch("select n from generate_series(1, $1::int) n", 3)] == [1, 2, 3]
        assert await two.execute("select 1") == "SELECT 1"
        with pytest.raises(asyncpg.UndefinedTableError):
            await two.fetchrow("select from nothing")


async def test_a_connection_that_ended_is_replaced(two: Readers, administrator: asyncpg.Connection) -> None:
    before = await pids(two, 2)
    for pid in before:
        await administrator.execute("select pg_terminate_backend($1, 5000)", pid)
    await asyncio.sleep(0.05)
    after = await pids(two, 4)
    assert (len(after), after & before) == (2, set())


async def test_who_waits_for_one_that_ends_has_another(two: Readers, administrator: asyncpg.Connection) -> None:
    async with two.acquire() as first, two.acquire() as second:
        waiting = [asyncio.create_task(two.fetchval(WHO)) for _ in range(5)]
        await asyncio.sleep(0)
        before = [await one.fetchval(WHO) for one in (first, second)]
        for pid in before:
            await administrator.execute("select pg_terminate_backend($1, 5000)", pid)
        for one in (first, second):
            with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
                await one.fetchval(WHO)
    after = set(await asyncio.wait_for(asyncio.gather(*waiting), 10))
    assert (len(after) in (1, 2), after & {*before}) == (True, set())


async def test_who_waits_no_longer_takes_nothing(two: Readers) -> None:
    async with two.acquire(), two.acquire():
        leaves = [asyncio.create_task(two.fetchval(WHO)) for _ in range(3)]
        await asyncio.sleep(0.01)
        stays = asyncio.create_task(two.fetchval(WHO))
        await asyncio.sleep(0.01)
        for task in leaves[:2]:
            task.cancel()
    leaves[2].cancel()  # a connection has been handed to it already
    assert isinstance(await asyncio.wait_for(stays, 10), int)
    assert len(await asyncio.wait_for(pids(two, 10), 10)) == 2


async def test_a_statement_that_is_given_up_leaves_its_connection_good(two: Readers) -> None:
    before = await pids(two, 2)
    for _ in range(4):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(two.fetchval(NAP, 30.0), 0.05)
    assert await asyncio.wait_for(pids(two, 4), 10) == before


async def test_where_none_can_be_made_there_is_room_again(two: Readers) -> None:
    good, two.url = two.url, "postgresql://127.0.0.1:1/nowhere"
    async with two.acquire():
        failing = [asyncio.create_task(two.fetchval(WHO)) for _ in range(3)]
        done, _ = await asyncio.wait(failing[:1], timeout=10)
        assert isinstance(done.pop().exception(), OSError)
        two.url = good
    answers = await asyncio.wait_for(asyncio.gather(*failing, return_exceptions=True), 10)
    assert {type(answer) for answer in answers} <= {int, ConnectionRefusedError}
    assert len(await asyncio.wait_for(pids(two, 10), 10)) == 2


async def test_one_that_cannot_begin_says_so() -> None:
    with pytest.raises(ConnectionRefusedError):
        async with Readers("postgresql://127.0.0.1:1/nowhere", size=1):
            pass
