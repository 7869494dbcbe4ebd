"""The command line, in real processes: what is served and said, how it ends, and that no kill loses anything."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from db.cluster import Cluster
from db.embedded import Embedded
from tests.opsc import folder, opsc, serving, until

QUERY = {"query": "{ stateParties(first: 1) { totalCount } }"}
AGREES = "The record says all that the files say already.\n"


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A record that was served once, the first time, and is used by each test as the ones before have left it."""
    with folder() as place:
        with serving("--data", place, "--port", "0") as first:
            assert answered(first.address()) == 178
            assert first.ended(signal.SIGINT) == 0
        assert first.out == [f"Listening on {first.address()} (queries at {first.address()}/graphql)\n"]
        assert first.errors[:4] == [
            "Starting PostgreSQL\n",
            "Migrating\n",
            "reading the files\n",
            "publishing (4,727)\n",
        ]
        assert not any("Traceback" in line for line in first.errors)
        assert Cluster(place).server() is None
        yield place


def answered(address: str) -> int:
    """How many States parties it says there are."""
    response = httpx2.post(f"{address}/graphql", json=QUERY)
    assert response.status_code == 200
    count: int = response.json()["data"]["stateParties"]["totalCount"]
    return count


def answers(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/readyz").status_code == 200
    except httpx2.TransportError:
        return False


# ── How it ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("workers", "how"), [("1", signal.SIGTERM), ("2", signal.SIGINT), ("2", signal.SIGTERM)])
def test_it_ends_cleanly(data: Path, workers: str, how: signal.Signals) -> None:
    with serving("--data", data, "--port", "0", "--workers", workers) as server:
        assert answered(server.address()) == 178
        assert server.ended(how) == 0
    assert not any("Traceback" in line for line in server.errors)
    assert len(server.out) == 1
    assert Cluster(data).server() is None


def test_killed_while_it_seeds_it_leaves_nothing_half_loaded() -> None:
    with folder() as place:
        with serving("--data", place, "--port", "0") as first:
            until(lambda: "publishing (4,727)\n" in first.errors)
            first.ended(signal.SIGKILL)
        told = opsc("seed", "--check", "--data", place)
        assert told.returncode == 1
        assert [line.split()[1:] for line in told.stdout.splitlines() if line.startswith("measures")] == [
            ["2151", "0", "2151", "0", "0", "0", "disagrees"]
        ]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_it_leaves_its_port_and_its_record_to_the_next(data: Path, workers: str) -> None:
    with serving("--data", data, "--port", "0", "--workers", workers) as first:
        port = first.address().rpartition(":")[2]
        first.ended(signal.SIGKILL)
    with serving("--data", data, "--port", port) as second:
        assert answered(second.address()) == 178
        assert second.ended(signal.SIGTERM) == 0


def test_when_postgresql_is_killed_it_says_so_and_goes_on(data: Path) -> None:
    with serving("--data", data, "--port", "0") as server:
        address = server.address()
        postgres = Cluster(data).server()
        assert postgres
        os.kill(postgres.pid, signal.SIGKILL)
        until(lambda: any("PostgreSQL is back" in line for line in server.errors))
        until(lambda: answers(address))
        assert answered(address) == 178
        assert server.ended(signal.SIGINT) == 0
    assert any('"PostgreSQL was killed;' in line for line in server.errors)


# ── Which record ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_other_commands_find_the_record_while_it_is_served_and_while_not(data: Path) -> None:
    with serving("--data", data, "--port", "0") as server:
        server.address()
        for command, last in (("seed", AGREES), ("verify", "4,727 records: all agree.\n")):
            told = opsc(command, "--data", data)
            assert (told.returncode, told.stdout.endswith(last)) == (0, True), told
            assert "Starting PostgreSQL" not in told.stderr
        assert answered(server.address()) == 178
        assert server.ended(signal.SIGTERM) == 0
    for arguments in (["seed", "--check"], ["migrate"]):
        told = opsc(*arguments, "--data", data)
        assert told.returncode == 0, told
    assert Cluster(data).server() is None


def test_two_can_serve_one_record_and_neither_needs_the_other(data: Path) -> None:
    with serving("--data", data, "--port", "0") as first, serving("--data", data, "--port", "0") as second:
        assert answered(first.address()) == answered(second.address()) == 178
        assert first.ended(signal.SIGTERM) == 0
        assert answered(second.address()) == 178
        assert second.ended(signal.SIGTERM) == 0
    assert Cluster(data).server() is None


def test_the_module_of_the_commands_is_the_command() -> None:
    told = subprocess.run([sys.executable, "-m", "api.command_line", "schema"], capture_output=True, text=True)
    assert (told.returncode, told.stderr, told.stdout) == (0, "", opsc("schema").stdout)


def test_a_folder_without_a_record_is_not_made_by_reading_it(tmp_path: Path) -> None:
    for command in (["verify"], ["seed", "--check"]):
        told = opsc(*command, "--data", tmp_path / "mistyped")
        assert told.returncode == 1
        assert f"opsc: There is no record in {tmp_path / 'mistyped'} yet" in told.stderr
    assert not (tmp_path / "mistyped").exists()


async def test_a_database_of_ones_own_is_migrated_by_command_and_then_served(
    administrator: asyncpg.Connection, seeded_database: Embedded, server: Embedded
) -> None:
    await administrator.execute("create database theirs owner opsc_owner")
    theirs = server.owner_url.replace("/opsc?", "/theirs?", 1)
    try:
        told = opsc("serve", DATABASE_URL=theirs)
        assert (told.returncode, told.stderr) == (1, "opsc: The database has no record yet: run opsc migrate.\n")
        told = opsc("migrate", DATABASE_URL=theirs)
        assert (told.returncode, told.stdout.startswith("The schema is ")) == (0, True), told
    finally:
        await administrator.execute("drop database theirs with (force)")
    told = opsc("seed", "--check", DATABASE_URL=seeded_database.owner_url)
    assert told.returncode == 0, told
    with serving("--port", "0", DATABASE_URL=seeded_database.url) as one:
        assert answered(one.address()) == 178
        assert one.ended(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://localhost/opsc", "DATABASE_URL does not name a PostgreSQL server: it begins postgresql://."),
        ("postgresql://127.0.0.1:1/opsc", "The server at DATABASE_URL cannot be used: "),
    ],
)
def test_a_database_that_is_none_is_told(url: str, sentence: str) -> None:
    told = opsc("verify", DATABASE_URL=url)
    assert told.returncode == 1
    assert told.stderr.startswith(f"opsc: {sentence}")
    assert "Traceback" not in told.stderr


def test_a_record_is_named_once(tmp_path: Path) -> None:
    told = opsc("serve", "--port", "0", "--data", tmp_path, DATABASE_URL="postgresql://127.0.0.1/opsc")
    assert (told.returncode, told.stderr) == (1, "opsc: Both --data and DATABASE_URL name a record: leave one out.\n")


# ── Bad input ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_busy_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        told = opsc("serve", "--data", tmp_path / "data", "--port", port)
    sentence = f"opsc: Cannot listen on 127.0.0.1, port {port}: Address already in use.\n"
    assert (told.returncode, told.stderr) == (1, sentence)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("address", ["nonsense", "ftp://opsc.example", "https://", "https://opsc example"])
def test_a_public_address_that_is_none_is_told(tmp_path: Path, address: str) -> None:
    told = opsc("serve", "--data", tmp_path / "data", "--port", "0", "--public-url", address)
    sentence = f"opsc: --public-url {address} is no address: write it as https://opsc.example.\n"
    assert (told.returncode, told.stderr) == (1, sentence)
    assert not (tmp_path / "data").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = opsc("verify", "--data", tmp_path / "file")
    assert (told.returncode, told.stderr.splitlines()[-1]) == (
        1,
        f"opsc: {tmp_path}/file is a file: --data takes a folder.",
    )


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = opsc("serve", "--port", "0", "--data", tmp_path / "file" / "data")
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].endswith("cannot be written: Not a directory.")
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(("option", "value"), [("--workers", "0"), ("--workers", "many"), ("--port", "65536")])
def test_an_option_out_of_range_is_told(option: str, value: str) -> None:
    told = opsc("serve", option, value)
    assert told.returncode == 2
    assert told.stderr.splitlines()[-1].startswith(f"Error: Invalid value for '{option}': ")


def test_the_schema_is_printed() -> None:
    told = opsc("schema")
    assert (told.returncode, "type StateParty " in told.stdout) == (0, True)
