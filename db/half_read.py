"""A sheet some of whose rows cannot be read: what the record finds wrong with the others, and with what is read of such a row.

So a person corrects a file in one go. Nothing is guessed: a row that cannot be read is not planned; but an id that the log has
never heard of is wrong, whatever else the row says.
"""

from collections.abc import Iterator, Sequence

import asyncpg

from db.check_context import nearest_known
from db.checks import unknown_records
from db.documents import references
from db.log import alone
from db.offers import OfferedChange
from db.planning import planned
from db.refusals import Refusal
from db.wrong_changes import not_there, placed


async def wrong_beside(
    connection: asyncpg.Connection, read: Sequence[OfferedChange], half_read: Sequence[OfferedChange], *, rebase: bool
) -> Sequence[Refusal]:
    """read: the changes of rows without faults; half_read: of the others, with what could be read of them."""
    if not read and not half_read:
        return []
    await alone(connection)
    plan = await planned(connection, read, rebase=rebase, first_by_author=False)
    return [*plan.refusals, *await _never_heard_of(connection, half_read)]


async def _never_heard_of(connection: asyncpg.Connection, half_read: Sequence[OfferedChange]) -> Sequence[Refusal]:
    named = {one.record_id for one in half_read if one.record_id}
    named |= {record_id for one in half_read for _, record_id in references(one.record_type, one.document or {})}
    rows = await connection.fetch("select distinct record_id from revision where record_id = any ($1)", sorted(named))
    known = frozenset(row["record_id"] for row in rows)
    nearest = await nearest_known(connection, named - known)

    def wrong(one: OfferedChange) -> Iterator[Refusal]:
        if one.record_id and one.record_id not in known:
            yield not_there(one.record_id)
        for found in unknown_records(one.record_type, one.record_id, one.document or {}, known, nearest):
            yield Refusal(found.code, found.message, found.record, found.field, found.expected, found.found)

    return [placed(refusal, place, one) for place, one in enumerate(half_read) for refusal in wrong(one)]
