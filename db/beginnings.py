"""What people said comes back as it began, and then as it was decided: by the rules that held when they said it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import asyncpg
import sqlalchemy as sa

from db.tables import account, error_report, proposal

BEGINNINGS: Mapping[sa.Table, Mapping[str, Any]] = {
    proposal: {"state": "WAITING", "submission_id": None, "decided_at": None},
    error_report: {"state": "OPEN", "answer": None, "answered_by": None, "answered_at": None, "proposal_id": None},
    account: {"role": "ADMIN", "disabled_at": None},
}
"""Table → what its rows begin with; in the order in which they are then decided. Accounts are admins, and
enabled, until all else is decided: whoever accepted was allowed to that day, and need not be now."""

NUMBERS = {
    "account": "select max(id) from account",
    "error_report": "select max(id) from error_report",
    "token": "select greatest((select max(token_id) from proposal_round), (select max(token_id) from review))",
}
"""Table whose ids the database counts → the last one that is known. Of tokens only those tell that something was done with: no new
one is to pass for one of them."""


class Beginnings:
    """Follows rows as they are entered, and keeps what became of them until all is there that the rules ask about."""

    def __init__(self) -> None:
        self._decided: dict[sa.Table, list[Sequence[Any]]] = {table: [] for table in BEGINNINGS}

    def begun(self, table: sa.Table, rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        """The rows as they began. In the order of the table's columns."""
        beginning = BEGINNINGS.get(table, {})
        for values in rows:
            told = dict(zip(table.c.keys(), values, strict=True))
            if any(told[name] != first for name, first in beginning.items()):
                self._decided[table].append([told["id"], *(told[name] for name in beginning)])
            yield [*{**told, **beginning}.values()]

    async def decide(self, connection: asyncpg.Connection) -> None:
        for table, rows in self._decided.items():
            names = ", ".join(f'"{name}" = ${place}' for place, name in enumerate(BEGINNINGS[table], 2))
            await connection.executemany(f'update "{table.name}" set {names} where id = $1', rows)


async def count_on(connection: asyncpg.Connection) -> None:
    """New ids come after all that were given. No transaction undoes it, so it comes last."""
    for table, last in NUMBERS.items():
        await connection.execute(
            f"select setval(pg_get_serial_sequence($1, 'id'), known) from ({last}) as last (known) where known is not null",
            table,
        )
