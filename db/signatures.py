"""What was signed of the log's first revisions: their checkpoints, and the keys that signed them."""

import hashlib
from dataclasses import dataclass

import asyncpg


@dataclass(frozen=True)
class Signatures:
    """origin: None where nobody has signed; checkpoints: size → note, by size; keys: the public ones; successions: size → the
    checkpoint by which a key signs for the next."""

    origin: str | None
    checkpoints: dict[int, str]
    keys: list[str]
    successions: dict[int, str]

    @property
    def newest(self) -> str | None:
        """The checkpoint of most revisions."""
        return next(reversed(self.checkpoints.values()), None)

    @property
    def digest(self) -> bytes:
        """Of all of it: what was signed may grow though nothing is published."""
        return hashlib.sha256(repr(self).encode()).digest()


async def signatures(connection: asyncpg.Connection, size: int) -> Signatures:
    """Of the log's first `size` revisions; the keys are those that had signed by then."""
    notes = await connection.fetch("select size, note from checkpoint where size <= $1 order by size", size)
    keys = await connection.fetch(
        "select public_key, since, note from log_key where since <= $1 or number = 1 order by number", size
    )
    return Signatures(
        keys[0]["public_key"].partition("+")[0] if keys else None,
        {row["size"]: row["note"] for row in notes},
        [row["public_key"] for row in keys],
        {row["since"]: row["note"] for row in keys if row["note"] is not None},
    )
