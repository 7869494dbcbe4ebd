"""The servers: how each is started, what it is asked in its own words, and the cursors that it gives."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
import psutil  # type: ignore[import-untyped]
from graphql import OperationDefinitionNode, parse, print_ast

from tests.bench.cursors import Ask, Key, by_offset, by_walking, of_rows, plain_key
from tests.npm import Unavailable, installed, node

HERE = Path(__file__).parent
POOL = 4
"""Connections to the database, of each server."""

PATIENCE = 60.0
"""Seconds that a server may take to start."""


class WrongAnswer(Exception):
    """Another status than 200, or errors."""


@dataclass(frozen=True)
class Kind:
    """command: given a port. cursors: given ask() and the keys of the rows that the cursors stand at."""

    name: str
    title: str
    command: Callable[[int], list[str]]
    cursors: Callable[[Ask, list[Key]], list[str]]
    queries: tuple[str, ...] = ("queries.graphql",)


@dataclass(frozen=True)
class Server:
    """One that runs. Its queries by name."""

    kind: Kind
    port: int
    process: psutil.Process
    queries: dict[str, str]

    def body(self, name: str, variables: Mapping[str, Any]) -> str:
        return orjson.dumps({"query": self.queries[name], "operationName": name, "variables": variables}).decode()

    def ask(self, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        return post(self.port, self.body(name, variables))

    def cursors(self, keys: list[Key]) -> list[str]:
        def ask(text: str, variables: Mapping[str, Any]) -> dict[str, Any]:
            return post(self.port, orjson.dumps({"query": text, "variables": variables}).decode())

        return self.kind.cursors(ask, keys)

    def memory(self) -> float:
        """Resident, in MB, with its children's."""
        processes = (self.process, *self.process.children(recursive=True))
        return float(sum(one.memory_info().rss for one in processes)) / 1e6


def post(port: int, body: str) -> dict[str, Any]:
    """The answer's data. Raises WrongAnswer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", "/graphql", body.encode(), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise WrongAnswer(f"{answer.status}: {content[:500]!r}")
    told = orjson.loads(content)
    if "errors" in told:
        raise WrongAnswer(told["errors"])
    data: dict[str, Any] = told["data"]
    return data


@contextmanager
def started(kind: Kind, database_url: str, **environment: str) -> Iterator[Server]:
    """environment: what it has beside what all have. Raises Unavailable."""
    port = _free_port()
    command = kind.command(port)
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            env={**_environment(database_url, port), **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _wait_for(port, process, log)
            yield Server(kind, port, psutil.Process(process.pid), _queries(kind))
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Any) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    log.seek(0)
    raise Unavailable(f"it does not start:\n{log.read().decode(errors='replace')[-2000:]}")


def _queries(kind: Kind) -> dict[str, str]:
    operations = parse("".join((HERE / file).read_text("utf-8") for file in kind.queries)).definitions
    return {
        one.name.value: print_ast(one) for one in operations if isinstance(one, OperationDefinitionNode) and one.name
    }


def _environment(database_url: str, port: int) -> dict[str, str]:
    url = urlsplit(database_url)
    words = {name: values[0] for name, values in parse_qs(url.query).items()}
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "DATABASE_HOST": url.hostname or words["host"],
        "DATABASE_PORT": str(url.port or words["port"]),
        "DATABASE_USER": unquote(url.username or ""),
        "DATABASE_PASSWORD": unquote(url.password or ""),
        "DATABASE_NAME": url.path[1:],
        "OPSC_POOL_SIZE": str(POOL),
        "OPSC_WEBHOOK_PRIVATE": "allow",  # several of ours share what is to be sent, and none is to refuse it
        "OPSC_CACHE_BYTES": "0",  # else nothing would be measured of ours but the cache: it is, apart (kept.py)
        "OPSC_ALLOWANCE": str(10**12),  # counted, as for everybody, and not used up
        "NODE_ENV": "production",
        "PORT": str(port),
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def uvicorn(factory: str) -> Callable[[int], list[str]]:
    def command(port: int) -> list[str]:
        options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
        return [sys.executable, "-m", "uvicorn", factory, "--factory", "--port", str(port), *options]

    return command


def _node(file: str) -> Callable[[int], list[str]]:
    def command(_port: int) -> list[str]:
        packages = installed(HERE / "peers", "opsc-bench")
        shutil.copy(HERE / "peers" / file, packages / file)
        return [str(node(22, packages)), str(packages / file)]

    return command


OURS = Kind("ours", "OPSC Tracker", uvicorn("api.worker:create"), by_walking, ("queries.graphql", "past.graphql"))
HAND_WRITTEN = Kind("hand_written", "hand-written SQL", uvicorn("tests.bench.hand_written.server:create"), plain_key)
KINDS = {
    kind.name: kind
    for kind in (
        OURS,
        HAND_WRITTEN,
        Kind("postgraphile", "PostGraphile", _node("postgraphile.mjs"), by_offset, ("peers/postgraphile.graphql",)),
        Kind("mercurius", "Mercurius, JIT", _node("mercurius.mjs"), of_rows),
        Kind("graphene", "graphene, DataLoader", uvicorn("tests.bench.peers.graphene_dataloader:create"), of_rows),
        Kind(
            "strawberry", "Strawberry, DataLoader", uvicorn("tests.bench.peers.strawberry_dataloader:create"), of_rows
        ),
    )
}
