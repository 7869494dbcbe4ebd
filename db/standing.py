"""What stands now: each record of a type with its newest document, and the revision that a change of it is based on."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from db.offers import Document
from db.tables import NOW


@dataclass(frozen=True)
class Standing:
    """What a record says now. number: of its newest revision that is no redaction; revisions: how many it has of all."""

    number: int
    revisions: int
    position: int
    operation: str
    document: Document
    merged_into: str | None


async def standing(
    connection: asyncpg.Connection, record_type: str, state_parties: Sequence[str] | None = None
) -> Sequence[asyncpg.Record]:
    """Rows of record_id, number (its newest revision's, redactions apart) and document (JSON), by id. state_parties: of these."""
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
        select array(
          select code from unnest($1::text[]) given (code)
          where not exists (select from state_party_version s where s.id = 'StateParty:' || given.code and s.known_to = $2)
        )
        """,
        state_parties,
        NOW,
    )
    return codes
