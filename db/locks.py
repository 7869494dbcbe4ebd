"""Locks between processes, as file locks: they go with the process, however it ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

    SHARED, EXCLUSIVE = fcntl.LOCK_SH, fcntl.LOCK_EX


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """The lock's file, unlocked; closing it gives the lock back."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield file
    finally:
        os.close(file)


def taken(file: int, how: int) -> bool:
    """Takes the lock if it is free, and says whether it was. Changing from one kind to the other is not atomic."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for(file: int, how: int) -> None:
    fcntl.flock(file, how)


def release(file: int) -> None:
    fcntl.flock(file, fcntl.LOCK_UN)
