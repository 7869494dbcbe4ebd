"""How much of something one asker may have in a while: counted in the memory of this process, and forgotten after it."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from cachetools import TLRUCache
from starlette.types import Scope

ASKERS = 100_000
"""Remembered at once; when there are more, those who asked longest ago are forgotten."""

PREFIX = 64
"""Bits of an IPv6 address that one asker holds."""


@dataclass(slots=True)
class Had:
    """How much, and when its while ends."""

    until: float
    count: int = 0


class Allowance:
    """The while begins with the first thing that an asker has, and ends for all of them together. seconds: how long it is."""

    def __init__(self, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self.timer = seconds, timer
        self._had: TLRUCache[Hashable, Had] = TLRUCache(ASKERS, lambda _, had, __: had.until, timer)

    def take(self, asker: Hashable, most: int, count: int = 1) -> float | None:
        """None, and so many are had; or the seconds to wait before they can be."""
        wait = self.wait(asker, most, count)
        if wait is None:
            self.spend(asker, count)
        return wait

    def of(self, asker: Hashable) -> Had:
        """What an asker has had in its while, which begins now if it has not."""
        try:
            return self._had[asker]  # get() would look twice
        except KeyError:
            had = self._had[asker] = Had(self.timer() + self.seconds)
            return had

    def spend(self, asker: Hashable, count: int, had: Had | None = None) -> Had:
        """So many are had, however many were; all that are had now. had: what of() has just answered."""
        had = had or self.of(asker)
        had.count += count
        return had

    def learn(self, asker: Hashable, count: int, seconds: float) -> None:
        """What an asker has had is told from elsewhere, and how long the while still is."""
        self._had[asker] = Had(self.timer() + seconds, count)

    def had(self, asker: Hashable) -> Had | None:
        """What an asker has had in this while; None where it has not begun."""
        try:
            return self._had[asker]  # get() would look twice
        except KeyError:
            return None

    def give_back(self, asker: Hashable, count: int) -> None:
        """So many of those taken came to nothing."""
        if had := self._had.get(asker):
            had.count = max(0, had.count - count)

    def wait(self, asker: Hashable, most: int, count: int = 1) -> float | None:
        """The seconds to wait before so many can be had; None when they can be now."""
        had = self._had.get(asker)
        return None if had is None or had.count + count <= most else self.left(had)

    def left(self, had: Had) -> float:
        """The seconds until the while ends."""
        return max(0.0, had.until - self.timer())


def asker(scope: Scope) -> str:
    """The address that a request comes from; of IPv6, the network that one household or office has."""
    return _network(scope["client"][0] if scope["client"] else "")


@lru_cache(10_000)
def _network(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        # a socket for both sees IPv4 so: all of it would be one network
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((address, PREFIX), strict=False))
    return host
