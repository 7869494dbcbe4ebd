"""A process that answers requests: the application, as uvicorn makes it in `opsc serve` or in each of its workers."""

import gc
import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess

from starlette.types import ASGIApp

from api import app, logs


def create() -> ASGIApp:
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=[parent], daemon=True).start()
        logs.configure()
    made = app.create()
    gc.collect()
    gc.freeze()  # what lives as long as the process: a look for garbage that went through all of it took 68 ms
    return made


def _end_with(parent: BaseProcess) -> None:
    """A worker whose `opsc serve` was killed would hold its port for ever."""
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
