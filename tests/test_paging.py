"""Pages put together are the list: in every order, of every size, both ways, at the position of the first page (RISKS 6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import parse

from db.embedded import Embedded
from db.log import Change
from db.migrate import migrate
from db.pool import open_pool
from schema.answer import answer
from schema.document import document
from schema.query import sdl
from seed.load import seed
from tests.conftest import cloned
from tests.oracle.agreement import today
from tests.oracle.executor import Oracle
from tests.oracle.history import History, connected
from tests.oracle.lists import List, connections_of, lists
from tests.oracle.log import fetched
from tests.oracle.resolvers import PUBLIC_URL
from tests.test_oldest_postgresql import oldest  # noqa: F401 - a fixture

SIZES = range(1, 8)
WAYS = (("first", "after", "hasNextPage", "endCursor"), ("last", "before", "hasPreviousPage", "startCursor"))
OF_ANOTHER_COLLATION = """
    create database "collated" owner owner template template0 locale_provider icu icu_locale 'sv' locale 'C'"""


@dataclass
class Record:
    """A database with a history, and the plain executor over its log."""

    database: Embedded
    pool: asyncpg.Pool
    oracle: Oracle

    async def page(self, text: str, **variables: Any) -> dict[str, Any]:
        found = await answer(self.pool, document(text).operation(None), variables, PUBLIC_URL)
        return _page(orjson.loads(found.data))

    def whole(self, text: str, variables: dict[str, Any]) -> list[str]:
        """The ids of the whole list, sorted plainly."""
        data = self.oracle.data(parse(text), {**variables, "first": 200}, today(), mask=False)
        return [node["id"] for node in _page(data)["nodes"]]


def _page(data: Any) -> dict[str, Any]:
    while "page" not in data:
        (data,) = data.values()
    found: dict[str, Any] = data["page"]
    return found


@asynccontextmanager
async def told(database: Embedded) -> AsyncIterator[Record]:
    """The seeded record, with a history on top."""
    async with connected(database.url) as connection, await open_pool(database.url, size=1) as pool:
        history = History(connection, Random(156))
        await history.begin()
        await history.create(220)
        await history.amend(160)
        await history.retract(12)
        await history.amend_each_type(4)
        yield Record(database, pool, Oracle(sdl(), await fetched(database.url)))


@pytest.fixture(scope="module")
async def history(administrator: asyncpg.Connection, server: Embedded, seeded_template: str) -> AsyncIterator[Record]:
    async with cloned(administrator, server, seeded_template) as database, told(database) as record:
        yield record


@pytest.fixture
async def collated(oldest: str) -> AsyncIterator[Record]:  # noqa: F811 - that is how a fixture is asked for
    """The same where text sorts as in Swedish unless a query says otherwise. The embedded PostgreSQL has no such collation."""
    superuser = oldest.format("postgres")
    async with connected(superuser) as connection:
        await connection.execute(OF_ANOTHER_COLLATION)
    database = Embedded(
        *(oldest.format(role).replace("/record?", "/collated?") for role in ("opsc", "owner", "postgres"))
    )
    await asyncio.to_thread(migrate, database.owner_url)
    async with connected(database.url) as connection:
        await seed(connection)
    async with told(database) as record:
        yield record


def test_every_connection_of_the_schema_is_paged_here(history: Record) -> None:
    assert {one.name for one in lists(history.oracle.schema)} == connections_of(history.oracle.schema)


async def test_pages_of_every_size_in_every_order_both_ways_make_the_list(
    history: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = 0
    for one in lists(history.oracle.schema):
        pages += await _read_through(history, one, SIZES)
    with capsys.disabled():
        print(f"\n{pages} pages make their lists")


async def test_pages_make_the_list_where_the_server_sorts_otherwise(collated: Record) -> None:
    async with connected(collated.database.url) as connection:
        assert await connection.fetchval("select array(select x from unnest(array['Z', 'a', 'É']) x order by x)") != [
            "Z",
            "a",
            "É",
        ]
    for one in lists(collated.oracle.schema):
        await _read_through(collated, one, (1, 4))


async def _read_through(record: Record, one: List, sizes: Any) -> int:
    """Reads a list in pages, forwards and backwards, and holds them against the whole list."""
    variables = _record_with_revisions(record, one)
    whole = record.whole(one.text, variables) if not one.name.endswith(".search") else await _found(record, one)
    assert len(whole) > 1, f"{one} is too short to be paged"
    read = 0
    for size in sizes:
        for way, there, more, end in WAYS:
            pages: list[list[str]] = []
            cursor = None
            while cursor is not None or not pages:
                page = await record.page(one.text, **variables, **{way: size, there: cursor})
                _holds_together(page, len(whole), backwards=way == "last", first=cursor is None)
                pages.append([node["id"] for node in page["nodes"]])
                cursor = page["pageInfo"][end] if page["pageInfo"][more] else None
            read += len(pages)
            if way == "last":
                pages.reverse()
            assert [name for ids in pages for name in ids] == whole, f"{one}, {way} {size}"
            assert all(len(ids) == size for ids in (pages[:-1] if way == "first" else pages[1:])), (
                f"{one}, {way} {size}"
            )
    return read


def _record_with_revisions(record: Record, one: List) -> dict[str, Any]:
    """Of the lists of revisions: the id of the record of that type that has the most; a Tombstone's is a record's."""
    typename, _, field = one.name.partition(".")
    if field != "revisions":
        return {}
    log = record.oracle.log
    newest = log.at(len(log.revisions), today())
    named = (
        newest.tombstones
        if typename == "Tombstone"
        else [one for one in log.of_record if one.startswith(f"{typename}:")]
    )
    return {"id": max(named, key=lambda name: len(log.of_record[name]))}


async def _found(record: Record, one: List) -> list[str]:
    """What search finds, on one page: its order is PostgreSQL's."""
    page = await record.page(one.text, first=200)
    ids = [node["id"] for node in page["nodes"]]
    assert len(set(ids)) == len(ids) == page["totalCount"]
    return ids


def _holds_together(page: dict[str, Any], total: int, *, backwards: bool, first: bool) -> None:
    edges, told = page["edges"], page["pageInfo"]
    assert page["totalCount"] == total
    assert [edge["node"] for edge in edges] == page["nodes"]
    assert (told["startCursor"], told["endCursor"]) == (edges[0]["cursor"], edges[-1]["cursor"])
    assert told["hasNextPage" if backwards else "hasPreviousPage"] is not first


async def test_what_is_published_between_pages_does_not_shift_the_list(
    administrator: asyncpg.Connection, server: Embedded, seeded_template: str
) -> None:
    async with cloned(administrator, server, seeded_template) as database, told(database) as record:
        before, begun = {}, {}
        for one in lists(record.oracle.schema):
            variables = _record_with_revisions(record, one)
            whole = record.whole(one.text, variables) if not one.name.endswith(".search") else await _found(record, one)
            before[str(one)] = (one, variables, whole)
            begun[str(one)] = await record.page(one.text, **variables, first=1)
        async with connected(database.url) as connection:
            history = History(connection, Random(12))
            await history.begin()
            await history.create(120)
            await history.amend(300)
            await history.retract(150)
        shifted = 0
        for name, (one, variables, whole) in before.items():
            rest = await record.page(one.text, **variables, first=200, after=begun[name]["pageInfo"]["endCursor"])
            assert [node["id"] for node in rest["nodes"]] == whole[1:], name
            assert rest["totalCount"] == len(whole), name
            anew = await record.page(one.text, **variables, first=200)
            shifted += [node["id"] for node in anew["nodes"]] != whole
        assert shifted > len(before) // 2  # there was something to keep still


async def test_a_later_page_tells_of_its_rows_what_the_first_one_told(
    administrator: asyncpg.Connection, server: Embedded, seeded_template: str
) -> None:
    text = """query ($after: String) { measures(first: 2, after: $after, filter: {stateParty: ["PHL"]}) {
        nodes { id title versionId stateParty { measures(first: 1) { totalCount } } } pageInfo { endCursor } } }"""
    async with (
        cloned(administrator, server, seeded_template) as database,
        await open_pool(database.url, size=1) as pool,
    ):
        read = document(text).operation(None)
        first = orjson.loads((await answer(pool, read, {}, PUBLIC_URL)).data)["measures"]
        cursor = {"after": first["pageInfo"]["endCursor"]}
        second = orjson.loads((await answer(pool, read, cursor, PUBLIC_URL)).data)
        async with connected(database.url) as connection:
            history = History(connection, Random(5))
            await history.begin()
            await _retitle(history, [node["id"] for node in second["measures"]["nodes"]])
        assert orjson.loads((await answer(pool, read, cursor, PUBLIC_URL)).data) == second


async def _retitle(history: History, ids: list[str]) -> None:
    await history.publish(
        "New titles", [Change("AMEND", one, "CORRECTED", history.standing[one] | {"title": "A"}) for one in ids]
    )
