"""Many records at once: ?id=A,B,C. A list leaves none of them out in silence: what was merged is read as what it was merged into,
and what the record has not, or not at that moment, is refused by its name."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from api.v1.endpoints import ENDPOINTS, Endpoint
from db.pool import Readers
from schema.clock import Moment
from schema.refusals import BadValue

FATES = """
with at as materialized (
  select coalesce($2, (select max("position") from revision where $3::timestamptz is null or recorded_at <= $3), 0) as "position"
)
select asked.id, survivor.survivor_id as survivor, first."position" as begins, newest.operation
from at cross join unnest($1::text[]) with ordinality asked(id, place)
left join survivor_version survivor
  on survivor.id = asked.id and survivor.known_from <= at."position" and survivor.known_to > at."position"
left join lateral (
  select "position" from revision where record_id = asked.id order by "position" limit 1
) first on true
left join lateral (
  select operation from revision
  where record_id = coalesce(survivor.survivor_id, asked.id) and "position" <= at."position" and operation <> 'REDACT'
  order by "position" desc limit 1
) newest on true
order by asked.place
"""
"""What became of each id by a moment."""


def type_of(endpoint: Endpoint) -> str | None:
    """As the ids of what an endpoint lists begin; None where it lists no records."""
    one = ENDPOINTS.get(f"{endpoint.path}/{{id}}")
    return one.record_type if one else None


async def followed(pool: Readers, endpoint: Endpoint, variables: dict[str, Any], moment: Moment) -> dict[str, Any]:
    """The variables, with survivors in place of what was merged into them. Raises BadValue."""
    given: Sequence[str] = (variables.get("filter") or {}).get("id") or []
    type_ = type_of(endpoint)
    if not given or type_ is None:
        return variables
    fates = await pool.fetch(FATES, [*given], moment.position, moment.known)
    followed = dict.fromkeys(_standing(fate, type_, endpoint.path) for fate in fates)
    return {**variables, "filter": {**variables["filter"], "id": [*followed]}}


def _standing(fate: asyncpg.Record, type_: str, path: str) -> Any:
    record_id, standing = fate["id"], fate["survivor"] or fate["id"]
    if not record_id.startswith(f"{type_}:"):
        raise BadValue(f"id: {record_id} is no {type_}: its list is another one, see /v1.")
    if fate["begins"] is None:
        raise BadValue(f"id: there is no {record_id} in this record. {path}.csv has all that there are.")
    if fate["operation"] is None:
        raise BadValue(
            f"id: {record_id} was recorded at position {fate['begins']}, after the moment that is asked for: leave it out, or ask"
            " of a later one."
        )
    if fate["operation"] == "RETRACT":
        way = f" was merged into {standing}, which" if standing != record_id else ""
        raise BadValue(f"id: {record_id}{way} was retracted; /r/{standing} says when and why. Leave it out.")
    return standing
