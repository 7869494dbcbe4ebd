"""What stands now: each record of a type with its newest document, and the number by which a change of it says what it is based on."""

from collections.abc import Sequence

import asyncpg

from db.tables import NOW


async def standing(
    connection: asyncpg.Connection, record_type: str, state_parties: Sequence[str] | None = None
) -> Sequence[asyncpg.Record]:
    """Rows of record_id, number (of its newest revision that is no redaction) and document (as JSON), by id. state_parties: of these
    alone."""
    rows: Sequence[asyncpg.Record] = await connection.fetch(
        """
        select record_id, number, document from (
          select distinct on (record_id) record_id, number, operation, coalesce(document, left_of("position")) as document
          from revision where record_type = $1 and operation <> 'REDACT'
          order by record_id, "position" desc
        ) newest
        where operation not in ('RETRACT', 'MERGE') and ($2::text[] is null or document::json ->> 'stateParty' = any ($2))
        order by record_id
        """,
        record_type,
        state_parties,
    )
    return rows


async def strangers(connection: asyncpg.Connection, state_parties: Sequence[str]) -> Sequence[str]:
    """Those codes that are no State party's."""
    codes: Sequence[str] = await connection.fetchval(
        """
        select array(select code from unnest($1::text[]) code
                     where not exists (select from state_party_version s where s.id = 'StateParty:' || code and s.known_to = $2))
        """,
        state_parties,
        NOW,
    )
    return codes
