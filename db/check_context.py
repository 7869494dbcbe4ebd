"""What the machine checks need of the record, looked up for a whole submission at once: three statements, however many changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import asyncpg

from db.documents import id_prefix, references
from db.likeness import TELLING, Alike, Likenesses, of_document
from db.proposed import Proposed
from db.tables import NOW, PROJECTIONS
from db.values import nearest

SUGGESTED = 20
"""Unknown codes of one submission for which the nearest known one is told: finding it takes a millisecond."""

CODED = ("STATE_PARTY", "SECTION", "INSTRUMENT", "RECOMMENDATION")
"""Types whose ids people spell. A source's is a number: what is near it means nothing."""


@dataclass(frozen=True)
class Context:
    """What was looked up. known: the ids that stand, of those that the changes refer to, once they are published; nearest: an
    unknown id → the known one probably meant; alike: what new records may be duplicates of."""

    known: frozenset[str]
    today: date  # UTC
    alike: Sequence[Alike] = ()
    nearest: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def likenesses(self) -> Likenesses:
        return Likenesses(self.alike)


async def context(connection: asyncpg.Connection, proposed: Sequence[Proposed]) -> Context:
    """Asks the record what the checks of these changes need: two statements, and one more where something is unknown."""
    saying = [change for change in proposed if change.says_something]
    referred = {record_id for change in saying for _, record_id in references(change.record_type, change.document)}
    rows = await connection.fetch(_STANDING, sorted(referred))
    going = {change.record_id for change in proposed if change.operation in ("RETRACT", "MERGE")}
    known = ({row["id"] for row in rows} | {change.record_id for change in saying}) - going
    alike = [
        found for change in saying if (found := of_document(change.record_id, change.record_type, change.document))
    ]
    today, standing = await _alike(connection, alike)
    ours = {one.record_id for one in alike}
    return Context(
        frozenset(known),
        today,
        [*alike, *(one for one in standing if one.record_id not in ours and one.record_id not in going)],
        await nearest_known(connection, referred - known),
    )


_STANDING = " union all ".join(
    f"select id from {table.name} where known_to = {NOW} and id = any ($1)" for table in PROJECTIONS.values()
)


async def _alike(connection: asyncpg.Connection, ours: Iterable[Alike]) -> tuple[date, list[Alike]]:
    """The record's candidates for being the same as one of ours, and the day."""
    ours = list(ours)
    rows = await connection.fetch(
        _CANDIDATES,
        sorted({one.type for one in ours}),
        sorted({one.state_party for one in ours if one.state_party}),
        sorted({one.title for one in ours if one.type == "SOURCE"}),
    )
    found: list[Alike] = []
    for row in rows:
        if row["type"] is None:
            today = row["today"]
            continue
        dates = frozenset(zip(TELLING[row["type"]].dates, row["dates"], strict=False))
        found.append(
            Alike(
                row["id"],
                row["state_party"],
                row["title"],
                frozenset((name, day) for name, day in dates if day),
                row["type"],
            )
        )
    return today, found


_CANDIDATES = f"""
select null as id, null as type, null as state_party, null as title, null::text[] as dates,
       (now() at time zone 'UTC')::date as today
union all
select id, 'MEASURE', state_party_code, title, array[announced_on, adopted_on, in_force_on, ended_on], null
from measure_version where known_to = {NOW} and 'MEASURE' = any ($1) and state_party_code = any ($2)
union all
select id, 'ASSESSMENT', state_party_code, verdict || ' ' || summary, array[assessed_on], null
from assessment_version
where known_to = {NOW} and 'ASSESSMENT' = any ($1) and state_party_code = any ($2) and summary is not null
union all
select id, 'STATEMENT', state_party_code, kind || ' ' || summary, array[made_on], null
from statement_version where known_to = {NOW} and 'STATEMENT' = any ($1) and state_party_code = any ($2)
union all
select id, 'REPORTING_EVENT', state_party_code, kind, array[happened_on], null
from reporting_event_version where known_to = {NOW} and 'REPORTING_EVENT' = any ($1) and state_party_code = any ($2)
union all
select id, 'SOURCE', null, url, '{{}}', null
from source_version where known_to = {NOW} and 'SOURCE' = any ($1) and url = any ($3)
"""


async def nearest_known(connection: asyncpg.Connection, unknown: Iterable[str]) -> dict[str, str]:
    """Of unknown ids those that are probably misspelt → the known one meant."""
    prefixes = {id_prefix(record_type): record_type for record_type in CODED}
    asked = [record_id for record_id in sorted(unknown) if record_id.partition(":")[0] in prefixes][:SUGGESTED]
    if not asked:
        return {}
    rows = await connection.fetch(_CODES, sorted({record_id.partition(":")[0] for record_id in asked}))
    found = {}
    for record_id in asked:
        prefix, _, code = record_id.partition(":")
        of_type = [row["id"].partition(":")[2] for row in rows if row["id"].startswith(f"{prefix}:")]
        if meant := nearest(code, of_type):
            found[record_id] = f"{prefix}:{meant}"
    return found


_CODES = " union all ".join(
    f"select id from {PROJECTIONS[record_type].name} where known_to = {NOW} and '{id_prefix(record_type)}' = any ($1)"
    for record_type in CODED
)
