"""How many streams may be open at once: from one address, and in all. Each process counts its own."""

from collections import Counter

from api.request import NotRead
from schema.refusals import ErrorCode

SEATS, SEATS_OF_ONE = 500, 10
"""Streams at once in this process, and of them from one address: a browser's tabs, or an office's programs."""

AGAIN = 30
"""Seconds after which it is worth another try."""


class Seats:
    """Who sits where. A seat that is taken must be left."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def take(self, asker: str) -> None:
        """A seat, until it is left. Raises NotRead where there is none."""
        if self._taken[asker] >= SEATS_OF_ONE:
            raise _none_left(f"From your address, {SEATS_OF_ONE} streams are open, which is the limit: close one")
        if self._taken.total() >= SEATS:
            raise _none_left(f"{SEATS} streams are open, which is all that this server holds at once: wait for a place")
        self._taken[asker] += 1

    def leave(self, asker: str) -> None:
        self._taken[asker] -= 1
        self._taken += Counter()  # forgets who has none left


def _none_left(why: str) -> NotRead:
    message = f"{why}, and try again in {AGAIN} seconds. Meanwhile changes(after: …) of Query tells the same."
    return NotRead(429, message, ErrorCode.RATE_LIMITED, {"Retry-After": str(AGAIN)})
