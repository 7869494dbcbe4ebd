"""Documents that a request names instead of sending them: those of the read endpoints, and those that were saved.

documentId is "sha256:" and the hash of a document's text in hex, as the appendix “Persisted Documents” of GraphQL over HTTP has
it; or the id of a saved query, which stands for its variables and its clock, too.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import asyncpg
from starlette.datastructures import QueryParams

from api.moments import asked_in
from api.request import Asked, NotRead
from api.v1.endpoints import HERE
from db.saved_queries import Query, Withdrawn, find, find_document
from schema.clock import PRESENT, Moment
from schema.refusals import BadValue, ErrorCode

HASHED = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)


async def trusted(pool: asyncpg.Pool, asked: Asked) -> Asked:
    """What is asked, with the document that its id names. Raises NotRead where there is none such."""
    name = asked.document_id or ""
    hashed = HASHED.fullmatch(name)
    if hashed:
        text = documents().get(hashed[1]) or await find_document(pool, hashed[1])
        if text is not None:
            return replace(asked, query=text, document_id=None)
    elif found := await find(pool, name):
        if isinstance(found, Withdrawn):
            raise NotRead(410, f"This query was withdrawn: {found.because}", ErrorCode.UNKNOWN_DOCUMENT)
        return _as_saved(asked, found.query)
    message = (
        f"There is no document {name[:80]!r} here. A documentId is “sha256:” and the hash, in hex, of a document that was saved,"
        " or a saved query's id: save it first, by POST to /q, or send the query itself."
    )
    raise NotRead(404, message, ErrorCode.UNKNOWN_DOCUMENT)


def _as_saved(asked: Asked, query: Query) -> Asked:
    """The request's own variables come before those that were saved."""
    try:
        moment = moment_of(query, asked.moment or PRESENT)
    except BadValue as error:
        raise NotRead(400, str(error)) from None
    return replace(
        asked,
        query=query.document,
        variables={**query.variables, **asked.variables},
        moment=moment if moment != PRESENT else asked.moment,
        accepted=None if query.frozen else asked.accepted,
        document_id=None,
    )


def moment_of(query: Query, asked: Moment) -> Moment:
    """The clocks of a saved query, where a request asks for these. Raises BadValue where it is frozen at others."""
    own = asked_in(QueryParams([(name, str(value)) for name, value in query.clocks.items()]))
    if query.frozen and asked != PRESENT:
        told = ", ".join(f"{name} {value}" for name, value in query.clocks.items())
        raise BadValue(f"This query is frozen at {told}: leave known, position and valid out of the address.")
    if query.frozen or asked == PRESENT:
        return own
    return asked if asked.valid else replace(asked, valid=own.valid)


@cache
def documents() -> Mapping[str, str]:
    """Those of the read endpoints, by their SHA-256 in hex."""
    return dict(_hashed())


def _hashed() -> Iterator[tuple[str, str]]:
    for file in sorted(HERE.glob("*.graphql")):
        text = file.read_text("utf-8")
        yield hashlib.sha256(text.encode()).hexdigest(), text
