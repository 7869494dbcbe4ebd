"""Lists in pages: the whole list sorted in memory, and a slice of it."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cmp_to_key
from typing import Any

from tests.oracle import days
from tests.oracle.coverage import Cell
from tests.oracle.filters import matches
from tests.oracle.guidelines import place
from tests.oracle.log import Reading, Row, Told

KeyOf = Callable[[Any], Any]
Key = tuple[KeyOf, bool]
"""What to compare, and whether the greatest comes first."""

UNKNOWN_LAST = (1, 0, 0)


def _state_code(row: Row) -> str:
    code: str = row.document["stateParty"]
    return code


def _span(row: Row, name: str) -> tuple[date, date] | None:
    dated = row.document[name]
    return (days.earliest(dated), days.latest(dated)) if dated else None


def _by_date(span: Callable[[Row], tuple[date, date] | None]) -> dict[str, Key]:
    """Earliest first and latest first; unknown dates last in both."""

    def of(row: Row, sign: int) -> tuple[int, int, int]:
        found = span(row)
        return (0, sign * found[0].toordinal(), sign * found[1].toordinal()) if found else UNKNOWN_LAST

    return {"ASC": (lambda row: of(row, 1), False), "DESC": (lambda row: of(row, -1), False)}


def _both(name: str, of: KeyOf) -> dict[str, Key]:
    return {f"{name}_ASC": (of, False), f"{name}_DESC": (of, True)}


def _dated(name: str, span: Callable[[Row], tuple[date, date] | None]) -> dict[str, Key]:
    return {f"{name}_{way}": key for way, key in _by_date(span).items()}


ORDERS: Mapping[str, Mapping[str, Key]] = {
    "StatePartyOrder": {
        **_both("NAME", lambda row: row.document["names"]["EN"]),
        **_both("CODE", lambda row: row.document["code"]),
        **_both("CONSENT_ON", lambda row: row.document["consentOn"]),
        **_both("MEASURE_COUNT", lambda row: len(row.reading.naming("Measure", "stateParty", row.document["code"]))),
    },
    "RecommendationOrder": {
        **_both("CODE", place),
        **_both(
            "MEASURE_COUNT", lambda row: len(row.reading.naming("Measure", "recommendations", row.document["code"]))
        ),
    },
    "MeasureOrder": {
        **_both("STATE_PARTY", _state_code),
        **_dated("DATE", lambda row: days.span_of_latest(row.document)),
        **_both("TITLE", lambda row: row.document["title"]),
        **_both("CHANGED_AT", lambda row: row.revision.position),
    },
    "AssessmentOrder": {
        **_dated("ASSESSED_ON", lambda row: _span(row, "assessedOn")),
        **_both("STATE_PARTY", _state_code),
    },
    "ReportingEventOrder": {
        **_dated("HAPPENED_ON", lambda row: _span(row, "happenedOn")),
        **_both("STATE_PARTY", _state_code),
    },
}
"""Order enum → its values → what each compares."""


def _id(row: Row | Cell | Told | dict[str, Any]) -> Any:
    """What ties, and lists without an order, go by."""
    if isinstance(row, dict):  # a difference
        return row["recordId"]
    if isinstance(row, Cell):
        return row.place
    return row.revision.position if isinstance(row, Told) else row.id


@dataclass(frozen=True)
class Cursor:
    """Where a page begins or ends: at which position and about which day the list is read, and the keys of the row."""

    position: int
    day: date
    keys: Sequence[Any]


@dataclass
class Cursors:
    """Every cursor given, by its text; those of another executor for the same places may be added."""

    known: dict[str, Cursor] = field(default_factory=dict)
    _numbers: Any = field(default_factory=itertools.count)

    def given(self, cursor: Cursor) -> str:
        text = f"place {next(self._numbers)}"
        self.known[text] = cursor
        return text


@dataclass(frozen=True)
class Listed:
    """What a connection lists: its rows in a reading, its filter's and its order's type, and its order when none is asked for."""

    rows: Callable[[Any, Reading], Sequence[Any]]
    filter: str | None = None
    orders: str | None = None
    default: Sequence[Key] = ()


def connection(
    listed: Listed, source: Any, reading: Reading, given: Mapping[str, Any], cursors: Cursors
) -> dict[str, Any]:
    """A page as graphql-core's default resolver reads it."""
    asked = {name: value for name, value in given.items() if value is not None}
    after, before = (cursors.known[asked[name]] if name in asked else None for name in ("after", "before"))
    if begun := after or before:  # at its first page's clock, but never later than what this one knows
        reading = reading.log.at(min(begun.position, reading.position), begun.day)
    orders = ORDERS.get(listed.orders or "", {})
    order = [*([orders[name] for name in asked.get("orderBy", ())] or listed.default), (_id, False)]
    rows = listed.rows(source, reading)
    if "filter" in asked:
        rows = [row for row in rows if matches(listed.filter or "", asked["filter"], row)]
    compare = _comparing([descending for _, descending in order])
    comparable = cmp_to_key(compare) if any(descending for _, descending in order) else list
    within = sorted((([of(row) for of, _ in order], row) for row in rows), key=lambda one: comparable(one[0]))
    if after:
        within = [(keys, row) for keys, row in within if compare(keys, after.keys) > 0]
    if before:
        within = [(keys, row) for keys, row in within if compare(keys, before.keys) < 0]
    backwards = "last" in asked
    size = asked["last"] if backwards else asked.get("first", 50)
    page = within[-size:] if backwards else within[:size]
    more = len(within) > size
    edges = [{"node": row, "cursor": cursors.given(Cursor(reading.position, reading.day, keys))} for keys, row in page]
    return {
        "edges": edges,
        "nodes": [row for _, row in page],
        "totalCount": len(rows),
        "pageInfo": {
            "hasNextPage": "before" in asked or (more and not backwards),
            "hasPreviousPage": "after" in asked or (more and backwards),
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
        },
    }


def _comparing(descending: Sequence[bool]) -> Callable[[Sequence[Any], Sequence[Any]], int]:
    def compare(left: Sequence[Any], right: Sequence[Any]) -> int:
        for mine, theirs, down in zip(left, right, descending, strict=True):
            if mine != theirs:
                return 1 if (mine > theirs) != down else -1
        return 0

    return compare
