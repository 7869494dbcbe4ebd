"""The log's newest position, where nothing else is asked of the database; 0 of an empty log."""

from typing import Any

NEWEST_POSITION = 'select coalesce(max("position"), 0) from revision'


async def newest_position(source: Any) -> int:
    """source: a connection or a pool."""
    position: int = await source.fetchval(NEWEST_POSITION)
    return position
