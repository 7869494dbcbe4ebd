"""How much of something one asker may have in a while: counted in the memory of this process, and forgotten after it."""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from starlette.types import Scope

ASKERS = 100_000
"""Remembered at once; when there are more, those whose while began first are forgotten."""

PREFIX = 64
"""Bits of an IPv6 address that one asker holds."""


@dataclass(slots=True)
class Had:
    """How much, and when its while ends."""

    until: float
    count: int = 0


class Allowance:
    """The while begins with the first thing that an asker has, and ends for all of them together. seconds: how long it is.

    Askers stand in the order in which their whiles began, which is that in which they end: those that have ended are first.
    """

    def __init__(self, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self.timer = seconds, timer
        self._had: dict[Hashable, Had] = {}

    def take(self, asker: Hashable, most: int, count: int = 1) -> float | None:
        """None, and so many are had; or the seconds to wait before they can be."""
        wait = self.wait(asker, most, count)
        if wait is None:
            self.spend(asker, count)
        return wait

    def of(self, asker: Hashable) -> Had:
        """What an asker has had in its while, which begins now if it has not."""
        return self.had(asker) or self._begin(asker, self.seconds, 0)

    def spend(self, asker: Hashable, count: int, had: Had | None = None) -> Had:
        """So many are had, however many were; all that are had now. had: what of() has just answered."""
        had = had or self.of(asker)
        had.count += count
        return had

    def learn(self, asker: Hashable, count: int, seconds: float) -> None:
        """What an asker has had is told from elsewhere, and how long the while still is."""
        self._begin(asker, seconds, count)

    def had(self, asker: Hashable) -> Had | None:
        """What an asker has had in this while; None where it has not begun."""
        had = self._had.get(asker)
        return had if had and had.until > self.timer() else None

    def give_back(self, asker: Hashable, count: int) -> None:
        """So many of those taken came to nothing."""
        if had := self.had(asker):
            had.count = max(0, had.count - count)

    def wait(self, asker: Hashable, most: int, count: int = 1) -> float | None:
        """The seconds to wait before so many can be had; None when they can be now."""
        had = self.had(asker)
        return None if had is None or had.count + count <= most else self.left(had)

    def left(self, had: Had) -> float:
        """The seconds until the while ends."""
        return max(0.0, had.until - self.timer())

    def _begin(self, asker: Hashable, seconds: float, count: int) -> Had:
        self._had.pop(asker, None)
        now = self.timer()
        while self._had:
            first = next(iter(self._had))
            if len(self._had) < ASKERS and self._had[first].until > now:
                break
            del self._had[first]
        had = self._had[asker] = Had(now + seconds, count)
        return had


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
