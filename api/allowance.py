"""How much of something one asker may have in a while: counted in the memory of this process, and forgotten after it."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from cachetools import TTLCache

ASKERS = 100_000
"""Remembered at once; when there are more, those who asked longest ago are forgotten."""


@dataclass
class _Had:
    """How much since when."""

    since: float
    count: int = 0


class Allowance:
    """The while begins with the first thing that an asker has, and ends for all of them together. seconds: how long it is."""

    def __init__(self, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self.timer = seconds, timer
        self._had: TTLCache[Hashable, _Had] = TTLCache(ASKERS, seconds, timer)

    def take(self, asker: Hashable, most: int, count: int = 1) -> float | None:
        """None, and so many are had; or the seconds to wait before they can be."""
        had = self._had.get(asker)
        if had is None:
            had = self._had[asker] = _Had(self.timer())
        if had.count + count > most:
            return max(0.0, had.since + self.seconds - self.timer())
        had.count += count
        return None
