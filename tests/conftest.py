"""One PostgreSQL for the session; for each test that writes a database, cloned from one migrated, or seeded too."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx2
import pytest
from structlog.testing import capture_logs

from db.cluster import DATABASE, OWNER
from db.embedded import Embedded, running
from db.migrate import migrate
from seed.load import seed
from tests.dated_log import TOLD, dated_log
from tests.maintainers import Maintainers, introduced, maintainers
from tests.served import served

numbers = itertools.count(1)


SLOWEST = ("test_oracle.py", "test_paging.py")
"""Begun first, so that at the end no process waits for another."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in SLOWEST)


@pytest.fixture(scope="session")
def server() -> Iterator[Embedded]:
    """Not in pytest's own folder: the server's account could not enter it when root runs the tests."""
    data = Path(tempfile.mkdtemp(prefix="opsc-tests-"))
    data.chmod(0o711)
    try:
        with running(data) as embedded:
            yield embedded
    finally:
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
async def administrator(server: Embedded) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(server.superuser_url)
    await connection.execute("alter system set fsync = off")  # what the tests write need not outlive the machine
    await connection.execute("select pg_reload_conf()")
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def migrated_template(administrator: asyncpg.Connection, server: Embedded) -> str:
    await administrator.execute(f'create database "migrated" owner {OWNER}')
    await asyncio.to_thread(migrate, named(server, "migrated").owner_url)
    return "migrated"


@pytest.fixture(scope="session")
async def seeded_template(administrator: asyncpg.Connection, server: Embedded, migrated_template: str) -> str:
    await administrator.execute(f'create database "seeded" template "{migrated_template}" owner {OWNER}')
    connection = await asyncpg.connect(named(server, "seeded").url)
    await seed(connection)
    await connection.close()
    return "seeded"


@pytest.fixture(scope="session")
async def record(administrator: asyncpg.Connection, server: Embedded, seeded_template: str) -> AsyncIterator[Embedded]:
    """The seeded record that all reading tests share: nobody can write to it."""
    async with cloned(administrator, server, seeded_template) as database:
        name = database.url.partition("?")[0].rpartition("/")[2]
        await administrator.execute(f'alter database "{name}" set default_transaction_read_only = on')
        yield database


@pytest.fixture(scope="session")
def record_url(record: Embedded) -> str:
    return record.url


@pytest.fixture(scope="session")
async def client(record_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application, which serves the record that all reading tests share."""
    async with served(record_url) as client:
        yield client


@pytest.fixture(scope="session")
async def told_url(administrator: asyncpg.Connection, server: Embedded, migrated_template: str) -> AsyncIterator[str]:
    """The record that tests/dated_log.py tells, which tests that only read share."""
    async with cloned(administrator, server, migrated_template) as database:
        log = await dated_log(database)
        for moment, changes, _ in TOLD:
            await log.publish(moment, *changes)
        await log.owner.close()
        yield database.url


@pytest.fixture(scope="session")
async def then(told_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the application, which serves that record."""
    async with served(told_url) as client:
        yield client


@pytest.fixture(scope="module")
async def anybody(
    administrator: asyncpg.Connection, server: Embedded, seeded_template: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client, without an account, of a seeded record of the module's own, to which it may write what anybody may."""
    async with cloned(administrator, server, seeded_template) as database, served(database.url) as client:
        yield client


@pytest.fixture
async def empty_database(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[Embedded]:
    """A database of the test's own, migrated and empty, with its addresses for each role."""
    async with cloned(administrator, server, migrated_template) as database:
        yield database


@pytest.fixture
async def seeded_database(
    administrator: asyncpg.Connection, server: Embedded, seeded_template: str
) -> AsyncIterator[Embedded]:
    """The same, seeded."""
    async with cloned(administrator, server, seeded_template) as database:
        yield database


@pytest.fixture(scope="module")
async def people_of_the_module(
    administrator: asyncpg.Connection, server: Embedded, seeded_template: str
) -> AsyncIterator[Maintainers]:
    """Maintainers, and a seeded database of the module's own that its tests change one after another."""
    async with cloned(administrator, server, seeded_template) as database, maintainers(database) as made:
        await introduced(made)
        with capture_logs():  # what the server logs is not what a command prints
            yield made


@pytest.fixture
def empty_url(empty_database: Embedded) -> str:
    return empty_database.url


@pytest.fixture
def seeded_url(seeded_database: Embedded) -> str:
    return seeded_database.url


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the application has it: it reads, and writes through publish() alone."""
    connection = await asyncpg.connect(empty_url)
    yield connection
    await connection.close()


@pytest.fixture
async def seeded(seeded_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(seeded_url)
    yield connection
    await connection.close()


@asynccontextmanager
async def cloned(administrator: asyncpg.Connection, server: Embedded, template: str) -> AsyncIterator[Embedded]:
    name = f"test_{next(numbers)}"
    await administrator.execute(f'create database "{name}" template "{template}" owner {OWNER}')
    yield named(server, name)
    await administrator.execute(f'drop database "{name}" with (force)')


def named(server: Embedded, database: str) -> Embedded:
    """The addresses of another database on the same server."""
    here, there = f"/{DATABASE}?", f"/{database}?"
    return Embedded(
        server.url.replace(here, there, 1),
        server.owner_url.replace(here, there, 1),
        server.superuser_url.replace(here, there, 1),
    )
