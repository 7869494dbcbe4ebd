"""What is under way, on standard error: a moving display on a terminal, else a line for each step."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

Step = Callable[[str, int, int], None]
"""Told what is under way, and how much of how much is done."""


@contextmanager
def shown() -> Iterator[Step]:
    if not sys.stderr.isatty():
        yield _lines()
        return
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as display:
        yield _bars(display)


def _lines() -> Step:
    """A step is told when it begins, and its size when that is worth telling."""
    begun: set[str] = set()

    def step(what: str, _done: int, of: int) -> None:
        if what not in begun:
            begun.add(what)
            print(what + (f" ({of:,})" if of > 1 else ""), file=sys.stderr, flush=True)

    return step


def _bars(display: Progress) -> Step:
    """A step that has not told of any part done moves until it is done; the ones before it are done by then."""
    tasks: dict[str, TaskID] = {}

    def step(what: str, done: int, of: int) -> None:
        if what not in tasks:
            for task in display.tasks:
                display.update(task.id, total=1, completed=1)
            tasks[what] = display.add_task(what + (f" ({of:,})" if of > 1 else ""), total=None)
        if done:
            display.update(tasks[what], completed=done, total=of)

    return step
