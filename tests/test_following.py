"""The follower of the log: what it knows, when it admits that it knows nothing, and how it comes back."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from api.following import NAMED, Following
from db.embedded import Embedded
from db.log import PublicationRefused
from tests.record_documents import BEGINNING, amend, measure, published, redact

END_LISTENERS = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and application_name = $1"""


@pytest.fixture
async def following(empty_url: str) -> AsyncIterator[Following]:
    async with Following(empty_url).running() as following:
        yield following


async def test_it_knows_where_an_empty_log_ends_before_anything_is_published(following: Following) -> None:
    assert following.position == 0


async def test_whoever_waits_for_a_position_is_told_as_soon_as_it_is_published(
    following: Following, empty: asyncpg.Connection
) -> None:
    waiting = asyncio.create_task(following.beyond(0))
    await published(empty, *BEGINNING)
    assert await asyncio.wait_for(waiting, 1) == len(BEGINNING)
    assert following.position == len(BEGINNING)


async def test_whoever_is_behind_does_not_wait(following: Following, empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING)
    await following.beyond(0)
    assert await asyncio.wait_for(following.beyond(3), 0.1) == len(BEGINNING)


async def test_what_is_refused_tells_nobody(following: Following, empty: asyncpg.Connection) -> None:
    with pytest.raises(PublicationRefused):
        await published(empty, *BEGINNING, BEGINNING[0])
    await published(empty, *BEGINNING[:2])
    assert await asyncio.wait_for(following.beyond(0), 1) == 2


async def test_after_its_connection_was_killed_it_knows_nothing_until_it_has_read_the_log_again(
    following: Following, empty: asyncpg.Connection, empty_database: Embedded
) -> None:
    await published(empty, *BEGINNING)
    await following.beyond(0)
    superuser = await asyncpg.connect(empty_database.superuser_url)
    assert await superuser.fetchval(END_LISTENERS, NAMED["application_name"]) == 1
    await published(empty, amend("Measure:AAA-0001", measure("AAA", title="Changed")))  # nobody listens
    await superuser.close()
    assert await asyncio.wait_for(following.beyond(len(BEGINNING)), 1) == len(BEGINNING) + 1
    waiting = asyncio.create_task(following.beyond(len(BEGINNING) + 1))
    await published(empty, amend("Measure:AAA-0001", measure("AAA", title="Changed again")))  # it listens again
    assert await asyncio.wait_for(waiting, 1) == len(BEGINNING) + 2


async def test_a_server_that_cannot_be_reached_leaves_it_without_a_position(empty_database: Embedded) -> None:
    async with Following(empty_database.url.replace("opsc:", "nobody:", 1)).running() as following:
        assert following.position is None


async def test_it_knows_the_newest_redaction(following: Following, empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING)
    await following.beyond(0)
    assert following.head
    assert following.head.redaction == 0
    await published(empty, redact("Measure:AAA-0001", measure("AAA", title=""), 7))
    await following.beyond(7)
    assert following.head.redaction == 8
