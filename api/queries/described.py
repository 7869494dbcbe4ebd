"""A saved query told: its document, variables and clock, its address in every form, and how to cite it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api.queries.answered import forms_of
from api.queries.citation import citation
from api.queries.written import Written, written
from api.trusted import moment_of
from api.v1.listing import clock_of
from db.newest_position import newest_position
from db.saved_queries import Query
from schema.clock import PRESENT, Moment


async def described(state: Any, query: Query, moment: Moment = PRESENT) -> Mapping[str, Any]:
    """As JSON. moment: what the request asks for beside. Raises BadValue and Refused for what it cannot be read at."""
    public_url = state.settings.public_url
    one, address = written_in(query), f"{public_url}/q/{query.id}"
    newest = await newest_position(state.pool)
    clock = await clock_of(state.pool, newest, moment_of(query, moment), public_url)
    cited = citation(one.title, address, clock, frozen=query.frozen, accessed=datetime.now(UTC).date())
    return {
        "id": query.id,
        "address": address,
        "title": one.title,
        "frozen": query.frozen,
        **{name: query.clocks.get(name) for name in ("position", "valid")},
        "query": query.document,
        "variables": query.variables,
        "documentId": f"sha256:{query.document_hash}",
        "forms": {suffix: f"{address}.{suffix}" for suffix in (*forms_of(one.field), "graphql", "html")},
        "citation": cited.told,
    }


def written_in(query: Query) -> Written:
    """The query, ready to be answered. Raises Refused where it no longer fits the schema."""
    return written(query.document, None, query.variables)
