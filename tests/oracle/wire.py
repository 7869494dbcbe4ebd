"""Listens between the pool and PostgreSQL: counts what really goes over the wire (RISKS 9)."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

SOCKET = ".s.PGSQL.5432"


@dataclass
class Wire:
    """url: the database's, by way of here. Messages of PostgreSQL's protocol that clients sent are counted by their letter."""

    url: str
    messages: Counter[str] = field(default_factory=Counter)

    @property
    def parsed(self) -> int:
        """Statements that PostgreSQL was given to parse."""
        return self.messages["P"] + self.messages["Q"]

    @property
    def executed(self) -> int:
        return self.messages["E"] + self.messages["Q"]


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Wire]:
    """A way to the database at `url` (…?host=FOLDER) that counts."""
    (there,) = parse_qs(urlsplit(url).query)["host"]
    with tempfile.TemporaryDirectory(prefix="opsc-wire-") as here:
        wire = Wire(url.replace(quote(there, safe=""), quote(here, safe="")))
        assert wire.url != url

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            from_server, to_server = await asyncio.open_unix_connection(Path(there) / SOCKET)
            await asyncio.gather(_pass_on(from_server, writer), _count(reader, to_server, wire.messages))

        server = await asyncio.start_unix_server(connected, Path(here) / SOCKET)
        try:
            yield wire
        finally:
            server.close()
            await server.wait_closed()


async def _count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, messages: Counter[str]) -> None:
    """The first message has no letter: it is the startup's."""
    letter = b""
    try:
        while True:
            length = await reader.readexactly(4)
            rest = await reader.readexactly(int.from_bytes(length) - 4)
            messages[letter.decode() or "startup"] += 1
            writer.write(letter + length + rest)
            await writer.drain()
            letter = await reader.readexactly(1)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while some := await reader.read(65536):
            writer.write(some)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()  # the client waits for this after its goodbye
