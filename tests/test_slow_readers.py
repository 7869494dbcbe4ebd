"""Readers who take a whole list slowly, or not at all: they keep nobody waiting, and get all of it, or know that they did not."""

import asyncio
import gc
import logging
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest

from api.app import EXPORTERS
from api.sending import ahead, sent
from api.sending.ahead import Ahead
from tests.served import served

LONG = "/v1/changes.jsonl"
"""Megabytes: more than sockets hold."""

SOON = 10
"""Seconds."""


@asynccontextmanager
async def reader(
    client: httpx2.AsyncClient, address: str
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """One who has asked, and reads nothing yet; to be read to the end of the connection."""
    asking = socket.socket()
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    asking.setblocking(False)
    await asyncio.get_running_loop().sock_connect(asking, (client.base_url.host, client.base_url.port))
    read, write = await asyncio.open_connection(sock=asking, limit=4_096)
    write.write(f"GET {address} HTTP/1.1\r\nHost: opsc.example\r\nConnection: close\r\n\r\n".encode())
    try:
        yield read, write
    finally:
        write.close()


async def test_readers_who_do_not_read_keep_nobody_from_a_list(client: httpx2.AsyncClient) -> None:
    async with AsyncExitStack() as readers:
        slow = [await readers.enter_async_context(reader(client, LONG)) for _ in range(EXPORTERS + 1)]
        for read, _ in slow:
            assert await read.readline() == b"HTTP/1.1 200 OK\r\n"
        answer = await asyncio.wait_for(client.get("/v1/measures.csv"), SOON)
        assert answer.status_code == 200
        got = await slow[0][0].read()
    assert unchunked(got.partition(b"\r\n\r\n")[2]) == (await client.get(LONG)).content


def unchunked(body: bytes) -> bytes:
    """What chunks hold (RFC 9112); nothing comes after the last."""
    found, size = b"", 1
    while size:
        line, _, body = body.partition(b"\r\n")
        size = int(line, 16)
        found, body = found + body[:size], body[size:].removeprefix(b"\r\n")
    assert not body
    return found


async def test_who_reads_nothing_at_all_is_left_and_knows_that_it_was_not_all(
    record_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent, "PATIENCE", 0.2)
    ended = asyncio.Event()
    monkeypatch.setattr(logging.getLogger("uvicorn.error"), "error", lambda *_: ended.set())  # that it was not all
    async with served(record_url) as client, reader(client, LONG) as (read, _):
        assert await read.readline() == b"HTTP/1.1 200 OK\r\n"
        await asyncio.wait_for(ended.wait(), SOON)
        got = await asyncio.wait_for(read.read(), SOON)
    assert not got.endswith(b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("address", ["/v1/coverage.csv", LONG, "/v1/dataset.zip", "/v1/coverage.xlsx"])
async def test_who_leaves_early_ends_what_was_read_for_them_and_nothing_is_told_as_wrong(
    client: httpx2.AsyncClient, record_url: str, address: str
) -> None:
    gc.collect()  # what others left
    wrong = list[dict[str, Any]]()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: wrong.append(context))
    watching = await asyncpg.connect(record_url)
    try:
        for _ in range(EXPORTERS + 1):
            async with reader(client, address) as (read, write):
                if address.endswith("xlsx"):  # nothing comes before it is whole
                    await _until(lambda: _under_way(watching))
                else:
                    await read.readuntil(b"\r\n\r\n")
                write.transport.abort()
            await _until(lambda: _all_ended(watching))
    finally:
        loop.set_exception_handler(None)
        await watching.close()
    assert wrong == []


UNDER_WAY = """
select count(*) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null
"""


async def _under_way(watching: asyncpg.Connection) -> bool:
    return bool(await watching.fetchval(UNDER_WAY))


async def _all_ended(watching: asyncpg.Connection) -> bool:
    return not await _under_way(watching)


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SOON):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.005)


async def pieces(count: int, released: list[int]) -> AsyncGenerator[bytes]:
    for number in range(count):
        yield bytes([number]) * 100_000
        released.append(number)


@pytest.mark.parametrize("room", [0, 250_000, 100_000_000])
async def test_what_is_written_ahead_comes_whole_and_in_order(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    monkeypatch.setattr(ahead, "IN_MEMORY", 300_000)
    monkeypatch.setattr(ahead, "PATIENCE", 0.01)
    written, all_of_them, let_go = list[int](), Ahead(room), asyncio.Event()
    async with AsyncExitStack() as until_written:
        until_written.callback(let_go.set)
        content = all_of_them.of(pieces(20, written), until_written.pop_all())
    got = [await anext(content)]
    if room > 2_000_000:  # nothing of it waits for the reader
        await asyncio.wait_for(let_go.wait(), SOON)
        assert written == [*range(20)]
    else:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(let_go.wait(), 0.1)
        assert len(written) < 10
    got += [piece async for piece in content]
    assert b"".join(got) == b"".join(bytes([number]) * 100_000 for number in range(20))
    assert let_go.is_set()
    assert all_of_them.left == room


async def test_what_goes_wrong_in_the_writing_is_told_after_what_was_written() -> None:
    async def broken() -> AsyncGenerator[bytes]:
        yield b"some"
        raise ConnectionError("the record is away")

    content = Ahead().of(broken(), AsyncExitStack())
    assert await anext(content) == b"some"
    with pytest.raises(ConnectionError):
        await anext(content)


async def test_a_reader_who_leaves_as_there_is_room_again_ends_the_writing() -> None:
    """Both at once: the writing that waited is woken and cancelled in the same turn."""
    let_go = asyncio.Event()
    async with AsyncExitStack() as until_written:
        until_written.callback(let_go.set)
        content = Ahead(0).of(pieces(1_000, []), until_written.pop_all())
    async with asyncio.timeout(SOON):
        for _ in range(2):
            await anext(content)
        await asyncio.sleep(0)  # the writing is as far ahead as it may be
        await anext(content)
        await content.aclose()
    assert let_go.is_set()
