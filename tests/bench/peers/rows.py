"""What the peers in Python ask the database, many keys at a time as their DataLoaders want it, and their cursors."""

import base64
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

import asyncpg
import orjson

Row = dict[str, Any]

MEASURES = {
    "STATE_PARTY_ASC": ("true", "state_party_code, id"),
    "DATE_DESC": (
        "(dated_earliest, dated_latest) <= ($2::date, $3::date)"
        " and ((dated_earliest, dated_latest) < ($2::date, $3::date) or id > $4)",
        "dated_earliest desc, dated_latest desc, id",
    ),
}
"""Order → what lies after a cursor, and the order itself."""


async def states(pool: asyncpg.Pool, first: int) -> list[Row]:
    return _rows(await pool.fetch("select * from peer.state_party order by code limit $1", first))


async def states_by_code(pool: asyncpg.Pool, codes: Sequence[str]) -> list[Row | None]:
    found = await pool.fetch("select * from peer.state_party where code = any($1)", list(codes))
    by_code = {row["code"]: dict(row) for row in found}
    return [by_code.get(code) for code in codes]


async def measures(pool: asyncpg.Pool, order: str, after: str | None, first: int) -> tuple[list[Row], bool]:
    """A page, and whether more lies behind it."""
    beyond, by = MEASURES[order]
    if after is None:
        found = await pool.fetch(f"select * from peer.measure order by {by} limit $1", first + 1)
    else:
        found = await pool.fetch(
            f"select * from peer.measure where {beyond} order by {by} limit $1", first + 1, *_position(after)
        )
    return _rows(found[:first]), len(found) > first


async def measures_by_state(pool: asyncpg.Pool, keys: Sequence[tuple[str, int]]) -> list[list[Row]]:
    """keys: a State's code and how many of its measures."""
    found = await pool.fetch(
        """
        select m.* from unnest($1::text[]) as s(code) cross join lateral (
          select * from peer.measure where state_party_code = s.code order by id limit $2
        ) m
        """,
        [code for code, _ in keys],
        max(first for _, first in keys),
    )
    by_state = _grouped(found, "state_party_code")
    return [by_state[code][:first] for code, first in keys]


async def recommendations_by_measure(pool: asyncpg.Pool, ids: Sequence[str]) -> list[list[Row]]:
    found = await pool.fetch(
        """
        select mr.measure_id, r.code, r.title
        from peer.measure_recommendation mr join peer.recommendation r on r.code = mr.recommendation_code
        where mr.measure_id = any($1) order by r.code
        """,
        list(ids),
    )
    by_measure = _grouped(found, "measure_id")
    return [by_measure[measure_id] for measure_id in ids]


async def revisions_by_measure(pool: asyncpg.Pool, keys: Sequence[tuple[str, int]]) -> list[list[Row]]:
    """keys: a measure's id and how many of its last revisions."""
    found = await pool.fetch(
        """
        select r.* from unnest($1::text[]) as m(id) cross join lateral (
          select * from peer.revision where measure_id = m.id order by number desc limit $2
        ) r
        """,
        [measure_id for measure_id, _ in keys],
        max(last for _, last in keys),
    )
    by_measure = _grouped(found, "measure_id")
    return [by_measure[measure_id][:last][::-1] for measure_id, last in keys]


async def coverage_by_region(pool: asyncpg.Pool) -> list[Row]:
    found = await pool.fetch(
        """
        select s.region, c.state, count(*) as count
        from peer.coverage c join peer.state_party s on s.code = c.state_party_code
        group by s.region, c.state order by s.region, c.state
        """
    )
    groups = []
    for region, rows in _grouped(found, "region").items():
        counts = [{"state": row["state"], "count": row["count"]} for row in rows]
        total = sum(row["count"] for row in rows)
        groups.append({"key": [region], "label": [region], "total": total, "counts": counts})
    return groups


def cursor(measure: Row) -> str:
    key = [measure["dated_earliest"], measure["dated_latest"], measure["id"]]
    return base64.b64encode(orjson.dumps(key)).decode()


def _position(after: str) -> tuple[date, date, str]:
    earliest, latest, measure_id = orjson.loads(base64.b64decode(after))
    return date.fromisoformat(earliest), date.fromisoformat(latest), measure_id


def _rows(found: Sequence[asyncpg.Record]) -> list[Row]:
    return [dict(row) for row in found]


def _grouped(found: Sequence[asyncpg.Record], by: str) -> defaultdict[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in found:
        groups[row[by]].append(dict(row))
    return groups
