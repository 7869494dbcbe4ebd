"""How many streams may be open at once: from one address, and in all. Each process counts its own."""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from api.request import NotRead
from schema.refusals import ErrorCode

SEATS, SEATS_OF_ONE = 500, 10
"""Streams at once in this process, and of them from one address: a browser's tabs, or an office's programs."""

AGAIN = 30
"""Seconds after which it is worth another try."""


class Seats:
    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken(self, asker: str) -> Iterator[None]:
        """A seat, for as long as it is used. Raises NotRead where there is none."""
        if self._taken[asker] >= SEATS_OF_ONE:
            raise _none_left(f"From your address, {SEATS_OF_ONE} streams are open, which is the limit: close one")
        if self._taken.total() >= SEATS:
            raise _none_left(f"{SEATS} streams are open, which is all that this server holds")
        self._taken[asker] += 1
        try:
            yield
        finally:
            self._taken[asker] -= 1
            if not self._taken[asker]:
                del self._taken[asker]


def _none_left(why: str) -> NotRead:
    seconds = math.ceil(AGAIN)
    message = f"{why}, or try again in {seconds} seconds. Until then, ask for changes(after: …): it tells the same."
    return NotRead(429, message, ErrorCode.RATE_LIMITED, {"Retry-After": str(seconds)})
