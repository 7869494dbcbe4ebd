"""How much of something one asker may have in a while: counted in the memory of this process, and forgotten after it."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from cachetools import TTLCache
from starlette.types import Scope

ASKERS = 100_000
"""Remembered at once; when there are more, those who asked longest ago are forgotten."""

PREFIX = 64
"""Bits of an IPv6 address that one asker holds."""


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
        wait = self.wait(asker, most, count)
        if wait is None:
            self._had.setdefault(asker, _Had(self.timer())).count += count
        return wait

    def give_back(self, asker: Hashable, count: int) -> None:
        """So many of those taken came to nothing."""
        if had := self._had.get(asker):
            had.count = max(0, had.count - count)

    def wait(self, asker: Hashable, most: int, count: int = 1) -> float | None:
        """The seconds to wait before so many can be had; None when they can be now."""
        had = self._had.get(asker)
        if had is None or had.count + count <= most:
            return None
        return max(0.0, had.since + self.seconds - self.timer())


def asker(scope: Scope) -> str:
    """The address that a request comes from; of IPv6, the network that one household or office has."""
    host = scope["client"][0] if scope["client"] else ""
    try:
        address = ip_address(host)
    except ValueError:
        return str(host)
    return str(ip_network((address, PREFIX), strict=False)) if isinstance(address, IPv6Address) else host
