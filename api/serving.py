"""Serving, by uvicorn: the port is taken first, and told of when requests are answered there."""

import errno
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

GRACE = 10
"""Seconds that requests under way are given to end."""

ADDRESS = re.compile(r"https?://[^/\s]+(/\S*)?")
"""Where readers find a record."""

HANDOVER = 1.0
"""Seconds that a port may stay busy: the workers of an `opsc serve` that was killed leave it within these."""

Announce = Callable[[], None]


class CannotListenError(Exception):
    """The address cannot be listened on: says why to the person at the terminal."""


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """The socket, with its port taken, on which nothing listens yet."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise CannotListenError(f"{host} is no address of this machine.") from None
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(listener, address, f"{host}, port {port}")
        listener.set_inheritable(True)
        yield listener


def _bind(listener: socket.socket, address: tuple[object, ...], told: str) -> None:
    deadline = time.monotonic() + HANDOVER
    while True:
        try:
            listener.bind(address)
            listener.listen()
            return
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise CannotListenError(f"Cannot listen on {told}: {error.strerror}.") from None
            time.sleep(0.05)


def address(listener: socket.socket) -> str:
    """http://…, for a browser on this machine, where the socket listens on all addresses."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(listener: socket.socket, workers: int, announce: Announce) -> None:
    """Until SIGINT or SIGTERM; these may come out as KeyboardInterrupt. A failed start exits with STARTUP_FAILURE."""
    config = Config(
        "api.worker:create",
        factory=True,
        workers=workers,
        http="api.protocol:Protocol",  # which only workers need
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # the application has them read, of the proxies that are trusted
        timeout_graceful_shutdown=GRACE,
    )
    if workers == 1:
        _One(config, announce).run([listener])
    else:
        _Many(config, listener, announce).run()


class _One(Server):
    def __init__(self, config: Config, announce: Announce) -> None:
        super().__init__(config)
        self.announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.announce()


class _Many(Multiprocess):
    def __init__(self, config: Config, listener: socket.socket, announce: Announce) -> None:
        super().__init__(config, [listener])
        self.announce = announce

    def init_processes(self) -> None:
        with _interrupts_withheld(), _without_main():
            super().init_processes()
        for worker in self.processes:
            while not worker.is_ready(timeout=1):
                self.handle_signals()
                if self.should_exit.is_set() or not worker.process.is_alive():
                    return
                time.sleep(0.05)  # each question costs the worker time that it starts with
        self.announce()

    def run(self) -> None:
        super().run()
        if any(worker.exitcode == STARTUP_FAILURE for worker in self.processes):
            sys.exit(STARTUP_FAILURE)


@contextmanager
def _interrupts_withheld() -> Iterator[None]:
    """From the processes started meanwhile: Ctrl-C reaches them too, but we end them, however far they are."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _without_main() -> Iterator[None]:
    """A new process would import the command line anew, of which a worker needs nothing."""
    main = sys.modules["__main__"]
    path, spec = main.__file__, main.__spec__
    main.__file__ = main.__spec__ = None
    try:
        yield
    finally:
        main.__file__, main.__spec__ = path, spec
