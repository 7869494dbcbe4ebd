"""Guessing at tokens: from whose address too many were no good lately, so that it waits before another is looked at.

In the memory of one process: each worker counts what it is asked itself.
"""

import time
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from cachetools import TTLCache
from starlette.types import Scope

MOST = 10
"""Tokens that are no good, from one address within a window."""

WINDOW = 60
"""Seconds, from the first of them."""

ADDRESSES = 10_000
"""Remembered at most; beyond, those asked for least recently are forgotten first."""

NETWORK = 64
"""Bits of an address of IPv6 that tell who asks: the others anybody chooses."""


@dataclass
class _Lately:
    ends: float
    count: int = 0


class Guesses:
    """How many tokens were no good, by address."""

    def __init__(self) -> None:
        self._lately: TTLCache[str, _Lately] = TTLCache(ADDRESSES, WINDOW)

    def wait(self, address: str) -> int:
        """Seconds to wait before a token from there is looked at; 0: none."""
        lately = self._lately.get(address)
        return max(1, round(lately.ends - time.monotonic())) if lately and lately.count >= MOST else 0

    def failed(self, address: str) -> None:
        lately = self._lately.get(address)
        if lately is None:
            lately = self._lately[address] = _Lately(time.monotonic() + WINDOW)
        lately.count += 1


def address(scope: Scope) -> str:
    """Whose request this is, as far as the network tells."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        told = ip_address(host)
    except ValueError:
        return str(host)
    return host if told.version == 4 else str(ip_network((int(told), NETWORK), strict=False))
