"""The command `opsc` in processes of its own, as people run it; and waiting, with a deadline, for what they cause."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from db.cluster import Cluster

COMMAND = Path(sys.executable).with_name("opsc")
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("DATABASE_", "OPSC_", "OIDC_"))
}
PATIENCE = 60.0


def opsc(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMMAND, *arguments], capture_output=True, text=True, env=ENVIRONMENT | environment, timeout=PATIENCE
    )


class Serving:
    """An `opsc serve` that is under way: its lines so far, and the address that it told."""

    def __init__(self, *arguments: str | Path, **environment: str) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [COMMAND, "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT | environment,
        )
        self.out: list[str] = []
        self.errors: list[str] = []
        assert self.process.stdout
        assert self.process.stderr
        self._readers = [
            threading.Thread(target=into.extend, args=[stream])
            for stream, into in ((self.process.stdout, self.out), (self.process.stderr, self.errors))
        ]
        for reader in self._readers:
            reader.start()

    def address(self) -> str:
        """http://…, once it listens."""
        until(lambda: self.out or self.process.poll() is not None)
        assert self.out, self.errors
        return self.out[0].split()[2]

    def ended(self, how: signal.Signals) -> int:
        """Its exit code after this signal."""
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        for reader in self._readers:
            reader.join()
        assert self.process.stdout
        assert self.process.stderr
        self.process.stdout.close()
        self.process.stderr.close()
        return code


@contextmanager
def serving(*arguments: str | Path, **environment: str) -> Iterator[Serving]:
    one = Serving(*arguments, **environment)
    try:
        yield one
    finally:
        if one.process.poll() is None or not one.process.stdout or not one.process.stdout.closed:
            one.ended(signal.SIGKILL)


@contextmanager
def folder() -> Iterator[Path]:
    """A data folder's place. Not in pytest's own folder: the server's account could not enter it when root runs the tests."""
    new = Path(tempfile.mkdtemp(prefix="opsc-tests-"))
    new.chmod(0o711)
    try:
        yield new / "data"
    finally:
        until(lambda: not Cluster(new / "data").server())
        shutil.rmtree(new, ignore_errors=True)


def until(so: Callable[[], object]) -> None:
    """Waits for it to be so."""
    deadline = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
