"""Cursors that the planner gave, to be given to both sides: each is known by its place in the same list on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import asyncpg
import orjson
from graphql import parse

from schema.answer import answer
from schema.document import document
from tests.oracle.executor import Oracle
from tests.oracle.resolvers import PUBLIC_URL

Lists = Mapping[str, Sequence[tuple[str, ...]]]

LISTS: Lists = {
    "stateParties": ((), ("NAME_DESC",), ("MEASURE_COUNT_DESC", "CONSENT_ON_ASC")),
    "recommendations": ((), ("MEASURE_COUNT_ASC",)),
    "measures": ((), ("DATE_DESC",), ("TITLE_ASC", "DATE_ASC"), ("STATE_PARTY_DESC", "CHANGED_AT_ASC")),
    "assessments": ((), ("ASSESSED_ON_ASC", "STATE_PARTY_DESC")),
    "reportingEvents": ((), ("HAPPENED_ON_DESC",)),
    "statements": ((),),
    "sources": ((),),
    "coverage": ((),),
    "submissions": ((),),
    "diff": ((),),
}
"""Connections of Query → the orders whose cursors are taken."""

OF_THE_LOG = {"submissions", "diff"}
"""Which Query has, and Reading does not."""


@dataclass
class Places:
    """Pages as the planner gave them at a position, about a day."""

    position: int
    day: date
    pages: list[tuple[str, tuple[str, ...], str, list[str]]] = field(default_factory=list)

    def teach(self, oracle: Oracle) -> dict[tuple[str, tuple[str, ...]], list[str]]:
        """Lets the plain executor know them by the places of its own; answers the cursors by connection and order."""
        found = {}
        clocks = {"position": self.position, "valid": str(self.day)}
        for name, order, text, cursors in self.pages:
            page = oracle.data(parse(text), {}, self.day, clocks=clocks, mask=False)[name]
            own = [edge["cursor"] for edge in page["edges"]]
            oracle.cursors.known |= {
                theirs: oracle.cursors.known[mine] for theirs, mine in zip(cursors, own, strict=True)
            }
            found[name, order] = cursors
        return found


async def places(
    pool: asyncpg.Pool, position: int, day: date, lists: Lists = LISTS, *, within: str | None = None
) -> Places:
    """The cursors of the first page of each list, in each order. within: the field at whose clocks these are, if any."""
    found = Places(position, day)
    for name, orders in lists.items():
        for order in orders if not (within and name in OF_THE_LOG) else ():
            ordered = f", orderBy: [{', '.join(order)}]" if order else ""
            text = f"{{ {name}(first: 60{ordered}) {{ edges {{ cursor }} }} }}"
            asked = document(f"{{ at: {within} {text} }}" if within else text).operation(None)
            data: Any = orjson.loads((await answer(pool, asked, {}, PUBLIC_URL)).data)
            edges = (data["at"] if within else data)[name]["edges"]
            found.pages.append((name, order, text, [edge["cursor"] for edge in edges]))
    return found
