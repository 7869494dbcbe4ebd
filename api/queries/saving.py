"""POST /q: saves a query, so that it has an address. Nobody needs an account for it; the same query has the same address again."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import accept
from api.fair_use.allowance import asker
from api.fair_use.cost import charge
from api.faults import telling
from api.identity.bearer import identified
from api.indented import indented
from api.media_types import HTML, JSON
from api.moments import READERS, asked_in, says_what_was_known
from api.queries.described import described
from api.queries.written import alone, written
from api.request import NotRead, asked_by, posted
from api.trusted import trusted
from api.v1.listing import clock_of
from db.saved_queries import Query, QueryRefused, check
from db.saved_queries import save as keep
from schema.answer import answer
from schema.clock import Moment
from schema.refusals import BadValue, ErrorCode

SAVINGS, SAVINGS_OF_AN_ACCOUNT = 30, 300
"""New queries that may be saved in an hour from one address, and by one account."""

KNOWN = ("query", "documentId", "operationName", "variables", "extensions", "freeze", *READERS)


@telling
async def save(request: Request) -> Response:
    """201 for a query that was not saved before, 200 for one that was; to a browser's form, the way to its page."""
    headers = dict(request.headers.raw)
    viewer = await identified(request.scope, headers) if b"authorization" in headers else None
    given = await posted(headers, request.receive)
    state = request.state
    query = await _query(request, given)
    who = asker(request.scope) if viewer is None else viewer.id
    most = SAVINGS if viewer is None else SAVINGS_OF_AN_ACCOUNT
    wait = state.savings.take(who, most)
    if wait is not None:
        raise _too_many(most, wait)
    new = False
    try:
        new = await keep(state.writers, query, viewer.id if viewer else None)
    except QueryRefused as refused:
        raise BadValue(str(refused)) from None
    finally:  # what was refused, or saved before, does not use it up
        state.savings.give_back(who, 0 if new else 1)
    address = f"{state.settings.public_url}/q/{query.id}"
    if accept.preferred(request.headers.get("accept"), (JSON, HTML)) == HTML:
        return RedirectResponse(f"/q/{query.id}.html", 303)
    body = indented(await described(state, query))
    return Response(body, 201 if new else 200, {"Location": address}, JSON)


async def _query(request: Request, given: Mapping[str, Any]) -> Query:
    """What is to be saved; it has been answered once, so that what is saved can be. Raises NotRead, BadValue and Refused."""
    for name in given:
        if name not in KNOWN:
            raise BadValue(
                f"There is nothing called {name[:60]} in a query that is saved. There are: {', '.join(KNOWN)}."
            )
    state, asked = request.state, asked_by(given)
    moment = _frozen(given)
    if asked.document_id is not None:
        asked = await trusted(state.pool, replace(asked, moment=moment))
        moment = asked.moment or moment
    one = written(asked.query, asked.operation_name, asked.variables)
    query = Query(alone(asked.query, one.operation), one.given)
    try:
        check(query)
    except QueryRefused as refused:
        raise BadValue(str(refused)) from None
    public_url = state.settings.public_url
    found = await answer(state.pool, one.operation, one.given, public_url, moment)
    charge(request.scope, found.cost)
    if given.get("freeze") not in NOW and not says_what_was_known(moment):
        return replace(query, valid=str(moment.valid) if moment.valid else None)
    # Kept as a position: a moment of the last minute is not final.
    clock = await clock_of(state.pool, found.position, moment, public_url)
    return replace(query, position=clock["position"], valid=clock["valid"])


NOW = (True, "now", "true", "on")
"""What freeze says where it asks for the record as it stands; a form's words among them."""


def _frozen(given: Mapping[str, Any]) -> Moment:
    """The clocks that are asked for: `freeze` itself may hold them, or they stand beside it. Raises BadValue."""
    freeze = given.get("freeze")
    clocks = {name: given[name] for name in READERS if given.get(name) not in (None, "")}
    if isinstance(freeze, dict):
        clocks |= freeze
    elif freeze not in (*NOW, False, None, "", "false"):
        raise BadValue(
            'freeze: say true for the record as it stands, or {"position": 4727}, {"known": "…"}, {"valid": "…"}.'
        )
    for name, value in clocks.items():
        if name not in READERS or isinstance(value, bool) or not isinstance(value, str | int):
            raise BadValue(f"freeze: {str(name)[:60]} cannot be so. There are: {', '.join(READERS)}.")
    return asked_in(QueryParams([(name, str(value)) for name, value in clocks.items()]))


def _too_many(most: int, wait: float) -> NotRead:
    until = datetime.now(UTC) + timedelta(seconds=wait)
    message = (
        f"From here, {most} new queries can be saved in an hour, and this would be more: it was not saved. Send it again after"
        f" {until:%H:%M} UTC. Asking it needs no saving: send it to /graphql."
    )
    return NotRead(429, message, ErrorCode.RATE_LIMITED, {"Retry-After": str(math.ceil(wait))})
