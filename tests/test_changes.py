"""The feed of revisions, followed while others publish: every position exactly once, in order, none skipped (RISKS 11)."""

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest

from db.pool import open_pool
from schema.answer import answer
from schema.clock import PRESENT, Moment
from schema.document import document
from schema.refusals import Refused
from tests.oracle.resolvers import PUBLIC_URL
from tests.record_documents import amend, create, published, source

WRITERS, TURNS = 8, 12
FOLLOWED = """query ($after: Int, $filter: ChangeFilter) { changes(after: $after, first: 7, filter: $filter) {
    nodes { position recordId number } lastPosition hasMore } }"""


async def test_a_follower_sees_every_position_once_and_in_order_while_eight_publish(empty_url: str) -> None:
    """The writers' transactions begin early and lock late, and one in four is undone."""
    writers = [await asyncpg.connect(empty_url) for _ in range(WRITERS)]
    done = asyncio.Event()

    async def write(number: int, connection: asyncpg.Connection) -> int:
        entered = 0
        for turn in range(TURNS):
            transaction = connection.transaction()
            await transaction.start()
            await connection.fetchval("select count(*) from revision")
            await asyncio.sleep(0)  # the others begin, too
            name = f"Source:W{number}-{turn}"
            changes = [create(f"{name}-{one}", source()) for one in range(1 + (number + turn) % 4)]
            changes.append(amend(f"{name}-0", source(title="B")))
            await published(connection, *changes)
            if turn % 4 == number % 4:
                await transaction.rollback()
            else:
                await transaction.commit()
                entered += len(changes)
        return entered

    async def follow(filtered: dict[str, Any] | None) -> tuple[list[int], int]:
        """The positions told, in the order they were, and on how many pages there were any."""
        told: list[int] = []
        pages, after = 0, 0
        async with await open_pool(empty_url, size=1) as pool:
            while True:
                finished = done.is_set()
                variables = {"after": after, "filter": filtered}
                found = await answer(pool, document(FOLLOWED).operation(None), variables, PUBLIC_URL)
                page = orjson.loads(found.data)["changes"]
                told += [node["position"] for node in page["nodes"]]
                pages += bool(page["nodes"])
                assert after <= page["lastPosition"] <= found.position
                after = page["lastPosition"]
                if finished and not page["hasMore"]:
                    return told, pages

    following = [asyncio.create_task(follow(filtered)) for filtered in (None, {"operation": ["AMEND"]})]
    entered = await asyncio.gather(*(write(number, connection) for number, connection in enumerate(writers)))
    done.set()
    (told, pages), (amended, _) = await asyncio.gather(*following)
    rows = await writers[0].fetch('select "position" from revision where operation = \'AMEND\' order by "position"')
    for connection in writers:
        await connection.close()

    assert told == list(range(1, sum(entered) + 1))
    assert amended == [row["position"] for row in rows]
    assert pages > sum(entered) / 7  # it was followed, not read when all was over


async def test_what_lies_beyond_the_newest_position_is_refused_whatever_is_asked_of_the_page(
    empty: asyncpg.Connection, empty_url: str
) -> None:
    """Answered with nothing, a follower would go on from an earlier position than the one that he has reached."""
    feed = "query ($after: Int) { feed: changes(after: $after) { %s } }"

    async def asked(after: int, of: str = "lastPosition", moment: Moment = PRESENT) -> Any:
        found = await answer(pool, document(feed % of).operation(None), {"after": after}, PUBLIC_URL, moment)
        return orjson.loads(found.data)["feed"]

    async with await open_pool(empty_url, size=1) as pool:
        assert await asked(0) == {"lastPosition": 0}
        await published(empty, create("Source:S-1", source()), create("Source:S-2", source()))
        assert await asked(2, "nodes { position } lastPosition hasMore") == {
            "nodes": [],
            "lastPosition": 2,
            "hasMore": False,
        }
        for moment, newest in ((PRESENT, 2), (Moment(position=1), 1)):
            assert await asked(newest, moment=moment) == {"lastPosition": newest}
            for after in (newest + 1, 2_147_483_647, -1):
                for of in ("lastPosition", "nodes { position }", "hasMore", "__typename"):
                    with pytest.raises(Refused) as refused:
                        await asked(after, of, moment)
                    (error,) = refused.value.errors
                    assert ((error.extensions or {})["code"], error.path) == ("CLOCK_OUT_OF_RANGE", ["feed"])
                    assert error.message == (
                        f"after: {after:,} is out of range; it can be from 0 to {newest}, the newest position at this clock."
                    )
