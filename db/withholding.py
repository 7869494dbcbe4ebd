"""Words of a submission that never enter the log, and must not be public: withheld, with who did so and why in their place."""

import re
from collections.abc import Iterable

import asyncpg

from db.log import PublicationRefused, alone

FIELD = re.compile(r"(internalNote)|(comments|reviews)\[(\d{1,6})\]")
"""internalNote, comments[0], reviews[2]: counted from 0, as they are listed."""


async def withhold(connection: asyncpg.Connection, proposal: int, fields: Iterable[str], instead: str) -> None:
    """As the owner, all of the fields or none; the internal note of every round. Raises PublicationRefused."""
    name = f"Submission:P{proposal}"
    async with connection.transaction(isolation="read_committed"):
        await alone(connection)
        if not await connection.fetchval("select exists (select from proposal where id = $1)", proposal):
            raise PublicationRefused(
                f"There is no {name}: opsc submission list tells those that there are.", None, name
            )
        for field in fields:
            found = FIELD.fullmatch(field)
            if not found:
                message = (
                    f"{field} is nothing of {name} that can be withheld: internalNote, comments[0] and reviews[0] can."
                )
                raise PublicationRefused(f"{message} Its title and reason stand in the log, for good.", None, name)
            found_in, withheld = STATEMENTS[found[1] or found[2]]
            place = [int(found[3])] if found[3] else []
            rows = await connection.fetch(found_in, proposal, instead, *place)
            if not rows:
                raise PublicationRefused(f"{name} has no {field}, or it is withheld already.", None, name)
            await connection.executemany(withheld, [(proposal, instead, *row) for row in rows])


STATEMENTS = {
    "internalNote": (
        "select number from proposal_round where proposal_id = $1 and internal_note <> $2",
        "update proposal_round set internal_note = $2 where proposal_id = $1 and number = $3",
    ),
    "comments": (
        """
        select number from (select *, row_number() over (order by number) - 1 as place from comment where proposal_id = $1) listed
        where text <> $2 and place = $3::int
        """,
        "update comment set text = $2 where proposal_id = $1 and number = $3",
    ),
    "reviews": (
        """
        select round, number
        from (select *, row_number() over (order by round, number) - 1 as place from review where proposal_id = $1) listed
        where text <> $2 and place = $3::int
        """,
        "update review set text = $2 where proposal_id = $1 and round = $3 and number = $4",
    ),
}
"""Which rows they are, in the order in which schema/submission.py lists them; and what is done to each."""
