"""The embedded PostgreSQL: runs while any opsc process uses it, and is shared by all that use one data folder.

Not on Windows yet: there is no socket file for it there, and nothing of this was tried; set DATABASE_URL.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import platformdirs

from db.cluster import APPLICATION, DATABASE, OWNER, SUPERUSER, CannotRunError, Cluster, Server, binaries, make
from db.keeper import PORT, stop
from db.locks import EXCLUSIVE, SHARED, opened, release, taken, wait_for

WATCH = 1.0
"""Seconds between two looks at a server that should run."""


@dataclass(frozen=True)
class Embedded:
    """Addresses of the record's database (postgresql://…), by role."""

    url: str  # the application's: reads, and publish()
    owner_url: str  # for migrations
    superuser_url: str


def default_data_folder() -> Path:
    """Where the record lies unless --data says otherwise; root's own home is closed to the server's account."""
    if sys.platform != "win32" and os.geteuid() == 0:
        return Path("/var/lib/opsc-tracker")
    return platformdirs.user_data_path("opsc-tracker", appauthor=False)


@contextmanager
def running(data: Path, *, new: bool = True) -> Iterator[Embedded]:
    """Starts the server on this folder, or joins those who use it; the last to leave stops it. Who is killed has left.

    The folder is made if need be, unless new is False. Raises CannotRunError.
    """
    if sys.platform == "win32":
        raise CannotRunError(
            "The embedded PostgreSQL does not run on Windows yet: set DATABASE_URL to a PostgreSQL server of yours."
        )
    cluster = Cluster(data.absolute())
    if not (new or cluster.folder.exists()):
        raise CannotRunError(f"There is no record in {data} yet: opsc serve makes one, and so does opsc migrate.")
    _make_folder(cluster.data)
    with opened(cluster.lock("users")) as users:
        wait_for(users, SHARED)
        _ensure_kept(cluster)
        try:
            yield _addresses(_ready(cluster), cluster.secrets())
        finally:
            if taken(users, EXCLUSIVE):
                stop(cluster)


def is_running(data: Path) -> bool:
    """Whether somebody uses the server on this folder already, and it answers. What is wrong with the folder is told elsewhere."""
    try:
        server = Cluster(data.absolute()).server()
    except OSError:
        return False
    return server is not None and server.ready


def watch(data: Path, killed: Callable[[], None], back: Callable[[], None]) -> None:
    """While we use the server: tells when it was killed and when it is back, and sees that somebody brings it back.

    Ends with the process: to be run in a thread of its own.
    """
    cluster = Cluster(data.absolute())
    known = cluster.server()
    while True:
        time.sleep(WATCH)
        server = cluster.server()
        if known and (server is None or server.pid != known.pid):
            killed()
            known = None
        with suppress(CannotRunError):  # the next look tries again
            _ensure_kept(cluster)
        if known is None and server and server.ready:
            back()
            known = server


def _make_folder(data: Path) -> None:
    missing = [folder for folder in (data, *data.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir()
            folder.chmod(0o711)
        with opened(Cluster(data).lock("users")):
            pass
    except OSError as error:
        raise CannotRunError(f"The data folder {data} cannot be written: {error.strerror}.") from None


def _ensure_kept(cluster: Cluster) -> None:
    """Sees to it that the files are there and that a keeper lives, which starts the server."""
    with opened(cluster.lock("start")) as start, opened(cluster.lock("keeper")) as keeper:
        wait_for(start, EXCLUSIVE)
        if not cluster.folder.exists():
            make(cluster)
        if not taken(keeper, EXCLUSIVE):
            return
        command: list[str | Path] = [sys.executable, "-S", "-m", "db.keeper", binaries(cluster.data), cluster.data]
        try:
            subprocess.run(
                [*command, str(keeper)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
                pass_fds=[keeper],  # the lock goes with it
                start_new_session=True,  # Ctrl-C is not for it
                check=True,
                **cluster.owner(),
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise CannotRunError(f"The process that keeps PostgreSQL does not start: {error}") from None


def _ready(cluster: Cluster) -> Server:
    """The server, once it takes connections, however long it has to recover before."""
    with opened(cluster.lock("keeper")) as keeper:
        while not ((server := cluster.server()) and server.ready):
            if taken(keeper, SHARED):
                release(keeper)
                log = cluster.log.read_text("utf-8", errors="replace").splitlines()
                raise CannotRunError(
                    "\n".join(["PostgreSQL does not start. Its log ends so:", *log[-6:], f"({cluster.log})"])
                )
            time.sleep(0.01)
    return server


def _addresses(server: Server, secrets: dict[str, str]) -> Embedded:
    url, owner_url, superuser_url = (
        f"postgresql://{role}:{secrets[role]}@/{DATABASE}?host={quote(str(server.sockets), safe='')}&port={PORT}"
        for role in (APPLICATION, OWNER, SUPERUSER)
    )
    return Embedded(url, owner_url, superuser_url)
