"""The process that keeps the embedded server up while any opsc process uses it: starts, restarts and stops it.

Who uses the server holds a shared lock; when the keeper can have that lock alone, no user is left, however the last one
ended. Started as `python -m db.keeper PROGRAMS DATA LOCK`: LOCK is the open file of its own lock, which says that a
keeper lives.
It imports nothing but the standard library: it must start quickly and stay small.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from db.cluster import Cluster, account, environment
from db.locks import EXCLUSIVE, SHARED, opened, release, taken

PORT = 5432
"""Nothing listens there: the socket file is named after it."""

PAUSE = 0.1
"""Seconds between two looks at the lock and at the server."""

ORPHANS = 60.0
"""Seconds that a new server waits for what a killed one has left running."""

LONGEST = 85
"""Bytes of the socket folder's path: a socket's own may have 103 on macOS, 107 on Linux, and ends /.s.PGSQL.5432."""

SETTINGS = """\
# Written anew by each start. Settings of yours: ALTER SYSTEM, as the role postgres.
listen_addresses = ''
max_connections = 200               # workers times their pool, and the commands
shared_buffers = 128MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
random_page_cost = 1.1              # no disk that spins
fsync = on
synchronous_commit = on
password_encryption = scram-sha-256
dynamic_shared_memory_type = mmap   # /dev/shm is 64 MB in containers, and is emptied when its user logs out
max_parallel_workers_per_gather = 0 # many small reads share the processors better
jit = off
timezone = UTC
log_timezone = UTC
log_min_error_statement = fatal     # what people submit is not for the log:
log_error_verbosity = terse         # neither the statement nor the row that was refused
"""

RULES = """\
# type  database     user  method
local   all          all   scram-sha-256
local   replication  all   scram-sha-256
"""


def main(programs: Path, data: Path, lock: int) -> int:
    if os.fork():  # nobody's child: whoever starts a keeper need not live to bury it
        os._exit(0)
    cluster = Cluster(data)
    with opened(cluster.lock("users")) as users, _sockets(cluster) as sockets:
        kept = keep(cluster, programs, sockets, users)
        os.close(lock)  # before the users' lock: the next user must not take this keeper for a living one
    return 0 if kept else 1


def keep(cluster: Cluster, programs: Path, sockets: Path, users: int) -> bool:
    """Until no user is left. False when the server will not start."""
    child: subprocess.Popen[bytes] | None = None
    ready, gave_up = False, time.monotonic() + ORPHANS
    while not taken(users, EXCLUSIVE):
        ended = child is None or child.poll() is not None
        server = cluster.server()
        if server:
            ready = ready or server.ready
        elif ended and _in_use(users):
            if ready:
                _tell(cluster, "the server was killed, and is started again")
                ready, gave_up = False, time.monotonic() + ORPHANS
            elif child and (not cluster.pid_file.exists() or time.monotonic() > gave_up):
                return False  # it failed for a reason of its own, not for what a killed server has left
            child = start(cluster, programs, sockets)
        time.sleep(PAUSE)
    stop(cluster)
    if child:
        child.wait()
    return True


def start(cluster: Cluster, programs: Path, sockets: Path) -> subprocess.Popen[bytes]:
    _write(cluster.folder / "postgresql.conf", SETTINGS)
    _write(cluster.folder / "pg_hba.conf", RULES)
    own = environment()
    if left := cluster.written_pid():
        own["PG_GRANDPARENT_PID"] = str(left)  # another program's by now: not to be taken for a server
    command: list[str | Path] = [programs / "postgres", "-D", cluster.pgdata]
    for name, value in (
        ("config_file", cluster.folder / "postgresql.conf"),
        ("hba_file", cluster.folder / "pg_hba.conf"),
        ("unix_socket_directories", sockets),
        ("port", PORT),
    ):
        command += ["-c", f"{name}={value}"]
    with cluster.log.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=own,
            start_new_session=True,
            **account(),
        )


def stop(cluster: Cluster) -> None:
    """Stops the server: its clients are cut off, what was committed is kept. Returns when it has ended."""
    while server := cluster.server():
        with contextlib.suppress(ProcessLookupError):
            os.kill(server.pid, signal.SIGINT)
        time.sleep(0.02)


@contextlib.contextmanager
def _sockets(cluster: Cluster) -> Iterator[Path]:
    """The socket's folder: beside the cluster, or a temporary one if that path is too long or strange to address."""
    own = cluster.folder / "socket"
    if len(os.fsencode(own)) <= LONGEST and re.fullmatch(r"[\w./-]+", str(own), re.ASCII):
        yield own
        return
    elsewhere = Path(tempfile.mkdtemp(prefix="opsc-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(elsewhere, group=account()["extra_groups"][0])
            elsewhere.chmod(0o770)
        yield elsewhere
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)


def _in_use(users: int) -> bool:
    """False while the last user, alone with the lock, is stopping the server."""
    if not taken(users, SHARED):
        return False
    release(users)
    return True


def _write(path: Path, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as new:
        new.write(text)
        os.fchmod(new.fileno(), 0o644)
    Path(new.name).replace(path)


def _tell(cluster: Cluster, what: str) -> None:
    with cluster.log.open("a", encoding="utf-8") as log:
        print(time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()), "opsc:", what, file=log)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
