"""The embedded server, in real processes: who may use it, who keeps it, and what is lost when somebody is killed (nothing)."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.cluster import CannotRunError, Cluster, account, binaries
from db.embedded import Embedded, running
from tests.opsc import folder, until

ROOT = os.geteuid() == 0
USE = """
import sys
from pathlib import Path
from db.embedded import running
with running(Path(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""
"""A program that uses the server until its input ends."""

User = Callable[[Path], subprocess.Popen[str]]


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A folder whose server has run once, to be copied."""
    with folder() as data:
        with running(data):
            pass
        yield data


@pytest.fixture
def data(made: Path) -> Iterator[Path]:
    with folder() as place:
        copy(made, place)
        yield place


def copy(made: Path, to: Path) -> None:
    subprocess.run(["cp", "-a", made, to], check=True)


@pytest.fixture
def using() -> Iterator[User]:
    """Makes another process that uses the server on a folder, or is about to."""
    processes: list[subprocess.Popen[str]] = []

    def begin(data: Path) -> subprocess.Popen[str]:
        processes.append(
            subprocess.Popen(
                [sys.executable, "-c", USE, data], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        return processes[-1]

    yield begin
    for process in processes:
        if process.returncode is None:
            killed(process)


@pytest.fixture
def user(using: User) -> User:
    """Makes another process that uses the server, which is up."""

    def begin(data: Path) -> subprocess.Popen[str]:
        process = using(data)
        assert process.stdout
        assert process.stdout.readline() == "up\n"
        return process

    return begin


def sleeping() -> subprocess.Popen[bytes]:
    """A program that is no server, of the account that runs servers."""
    return subprocess.Popen(["sleep", "600"], cwd="/", **account())


def leave(process: subprocess.Popen[str]) -> None:
    process.communicate()
    assert process.returncode == 0


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


async def ask(url: str, statement: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def note(embedded: Embedded) -> None:
    await ask(embedded.owner_url, "create table noted ()")


async def noted(embedded: Embedded) -> object:
    return await ask(embedded.owner_url, "select to_regclass('noted') is not null")


def keeper_of(data: Path) -> int | None:
    """Its process id, from what runs on this machine."""
    told = subprocess.run(["pgrep", "-f", f"db.keeper .* {data} "], capture_output=True, text=True)
    return int(told.stdout) if told.stdout else None


def kill_keeper(data: Path) -> None:
    keeper = keeper_of(data)
    assert keeper
    os.kill(keeper, signal.SIGKILL)
    until(lambda: not keeper_of(data))


# ── Who may use it ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_application_is_neither_owner_nor_superuser(data: Path) -> None:
    with running(data) as embedded:
        for url, expected in (
            (embedded.url, ("opsc", False, False)),
            (embedded.owner_url, ("opsc_owner", False, True)),
            (embedded.superuser_url, ("postgres", True, False)),
        ):
            connection = await asyncpg.connect(url)
            row = await connection.fetchrow(
                "select current_user::text, usesuper, datdba = usesysid from pg_user, pg_database"
                " where usename = current_user and datname = current_database()"
            )
            assert row
            assert tuple(row) == expected
            await connection.close()
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(embedded.url, "create table mine ()")


async def test_a_connection_needs_the_secret_and_the_secret_is_ours(data: Path) -> None:
    with running(data) as embedded:
        for password in (None, "guessed"):
            with pytest.raises((asyncpg.InvalidPasswordError, asyncpg.InternalClientError, asyncpg.InterfaceError)):
                await asyncpg.connect(embedded.url, user="opsc", password=password or "")
    secrets = data / "postgres" / "secrets.json"
    assert (secrets.stat().st_mode & 0o777, secrets.stat().st_uid) == (0o600, os.geteuid())


@pytest.mark.skipif(not ROOT, reason="only root's server runs as nobody")
def test_another_process_of_nobody_cannot_connect(data: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    with running(data):
        sockets = data / "postgres" / "socket"
        command: list[str | Path] = [
            binaries(data) / "psql",
            "-w",
            "-h",
            sockets,
            "-U",
            "opsc",
            "-d",
            "opsc",
            "-c",
            "select 1",
        ]
        among_us: list[int] = account()["extra_groups"]
        for groups in ([], among_us):  # as it is; and if it got into the folder
            told = subprocess.run(
                command,
                capture_output=True,
                text=True,
                cwd="/",
                user=nobody.pw_uid,
                group=nobody.pw_gid,
                extra_groups=groups,
            )
            assert told.returncode == 2, told
            assert ("Permission denied" if not groups else "no password supplied") in told.stderr


@pytest.mark.skipif(not ROOT, reason="only root's server runs as nobody")
def test_a_folder_that_nobody_cannot_enter_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(CannotRunError, match=r"cannot enter .*chmod o\+x"), running(tmp_path / "data"):
        pass
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotRunError, match="cannot be written: Not a directory"), running(tmp_path / "file" / "data"):
        pass


def test_a_plain_user_can_run_it(user: User) -> None:
    if not ROOT:
        pytest.skip("all other tests show it when they are run by a plain user")
    somebody = next(one for one in pwd.getpwall() if one.pw_uid != 0 and one.pw_name != "nobody")
    plain: dict[str, Any] = {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", "import db.embedded"], check=True, capture_output=True, cwd="/", **plain)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a plain user cannot run this Python, which lies in a folder of root's")
    with folder() as data:
        data.mkdir()
        os.chown(data, somebody.pw_uid, somebody.pw_gid)
        for _ in range(2):
            subprocess.run([sys.executable, "-c", USE, data], check=True, input="", text=True, cwd="/", **plain)
        assert (data / "postgres" / "cluster").stat().st_uid == somebody.pw_uid
        leave(user(data))  # root, on a plain user's folder
        subprocess.run([sys.executable, "-c", USE, data], check=True, input="", text=True, cwd="/", **plain)


# ── Where its socket lies ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["long" * 50, "with, commas: and 'quotes' ü"])
async def test_a_path_that_is_no_address_is_no_hindrance(made: Path, name: str) -> None:
    with folder() as place:
        place.mkdir()
        copy(made, place / name)
        with running(place / name) as embedded:
            sockets = Cluster(place / name).server()
            assert sockets
            assert await ask(embedded.url, "select 1") == 1
        until(lambda: not sockets.sockets.exists())


# ── Who keeps it ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_last_to_leave_stops_it_whoever_started_it(data: Path, user: User) -> None:
    first = user(data)
    server = Cluster(data).server()
    with running(data) as embedded:
        await note(embedded)
        assert Cluster(data).server() == server
        leave(first)
        assert Cluster(data).server() == server
        assert await noted(embedded)
    assert Cluster(data).server() is None


async def test_it_stops_when_the_only_process_that_uses_it_is_killed(data: Path, user: User) -> None:
    killed(user(data))
    until(lambda: not Cluster(data).server())
    assert "database system is shut down" in Cluster(data).log.read_text("utf-8")


async def test_killed_it_is_started_again_and_what_was_committed_is_there(data: Path) -> None:
    cluster = Cluster(data)
    with running(data) as embedded:
        await note(embedded)
        server = cluster.server()
        assert server
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: (again := cluster.server()) and again.ready and again.pid != server.pid)
        assert await noted(embedded)


async def test_killed_with_all_who_knew_it_it_starts_again(data: Path, user: User) -> None:
    cluster = Cluster(data)
    process = user(data)
    with running(data) as embedded:
        await note(embedded)
    server = cluster.server()
    assert server
    kill_keeper(data)
    os.kill(server.pid, signal.SIGKILL)
    killed(process)
    with running(data) as embedded:
        assert await noted(embedded)


async def test_without_its_keeper_it_is_kept_again_by_the_next_who_uses_it(data: Path, user: User) -> None:
    process = user(data)
    server = Cluster(data).server()
    kill_keeper(data)
    killed(process)
    with running(data) as embedded:
        assert Cluster(data).server() == server
        assert await ask(embedded.url, "select 1") == 1
        assert keeper_of(data)
    until(lambda: not Cluster(data).server())


async def test_a_pid_file_whose_number_is_another_programs_is_no_server(data: Path) -> None:
    cluster = Cluster(data)
    other = sleeping()
    try:
        with running(data):
            lines = cluster.pid_file.read_text("utf-8").splitlines()
        cluster.pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n", "utf-8")
        shutil.copystat(cluster.pgdata / "PG_VERSION", cluster.pid_file)
        if ROOT:
            shutil.chown(cluster.pid_file, account()["user"], account()["group"])
        with running(data) as embedded:
            assert await ask(embedded.url, "select 1") == 1
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


async def test_killed_while_it_is_made_it_leaves_no_half_of_it(using: User) -> None:
    with folder() as data:
        process = using(data)
        until(lambda: list(data.glob("starting-*/postgres/cluster/base")))
        killed(process)
        assert not (data / "postgres").exists()
        with running(data) as embedded:
            assert await ask(embedded.url, "select 1") == 1
        assert not list(data.glob("starting-*"))
