"""/graphql: GraphQL over HTTP. A request is read, refused or run; an answer is bytes that PostgreSQL made.

Spoken in ASGI's own messages: on small answers Starlette's request and response would cost as much as all the rest.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from graphql import GraphQLError, OperationType
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import graphiql, mementos
from api.accept import GRAPHQL, HTML, JSON, negotiated
from api.allowance import Allowance, asker
from api.checkpoints import signer
from api.errors import body_of_errors
from api.faults import UNREACHABLE, logged
from api.identity import REALM, identified
from api.moments import says_what_was_known
from api.push.events import MEDIA_TYPE as EVENTS
from api.push.events import accepted, told_at_once
from api.push.stream import subscribed
from api.request import LARGEST, LARGEST_SUBMISSION, Asked, NotRead, read
from api.trusted import trusted
from db.accounts import Account
from schema.answer import answer, asked_by
from schema.clock import PRESENT, Moment
from schema.document import Operation, document
from schema.mutated import Kept, Stopped, mutated, root_fields
from schema.query import sdl
from schema.refusals import ErrorCode, Refused, refusal

BY_FORM, BY_FORM_AND_MOMENT = "Accept, Authorization", "Accept, Accept-Datetime, Authorization"
"""What an answer depends on beside its address: that of a GET on Accept-Datetime too, unless its address says what was known."""

FOR_ONE = (b"cache-control", b"private, no-store")
"""Of an answer to somebody with a token: nobody else is to get it from a cache."""

REPORTS, REPORTS_OF_AN_ACCOUNT = 10, 100
"""Errors that may be pointed out in an hour from one address, and by one account."""

Headers = list[tuple[bytes, bytes]]

ANSWERED: dict[tuple[str, str], Headers] = {
    (media_type, vary): [(b"content-type", f"{media_type}; charset=utf-8".encode()), (b"vary", vary.encode())]
    for media_type in (JSON, GRAPHQL, EVENTS)
    for vary in (BY_FORM, BY_FORM_AND_MOMENT)
}
"""The headers of an answer, but for its length."""


class GraphQL:
    """What cannot be is answered as the specification of GraphQL over HTTP says."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        media_type = negotiated(accept, pages=scope["method"] != "POST") or (EVENTS if accepted(accept) else None)
        if media_type is None:
            message = f"This answers as {GRAPHQL} or {JSON}: accept one of these; and subscriptions as {EVENTS}."
            found: tuple[bytes, Headers] | ASGIApp = _refused(scope, JSON, 406, [refusal(message)], {})
        elif media_type == HTML:
            found = graphiql.page()
        else:
            try:
                found = await _answered(scope, headers, receive, media_type)
            except NotRead as error:
                media_type = JSON if media_type == EVENTS else media_type
                found = _refused(scope, media_type, error.status, [refusal(str(error), error.code)], error.headers)
        if not isinstance(found, tuple):
            await found(scope, receive, send)
            return
        body, told = found
        if media_type == EVENTS:
            body = told_at_once(body)
        length = (b"content-length", b"%d" % len(body))
        await send({"type": "http.response.start", "status": 200, "headers": [*told, length]})
        await send({"type": "http.response.body", "body": body})


async def _answered(
    scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, media_type: str
) -> tuple[bytes, Headers] | ASGIApp:
    state = scope["state"]
    pool, public_url = state["pool"], state["settings"].public_url
    try:
        viewer = await identified(scope, headers) if b"authorization" in headers else None
        asked = await read(scope, headers, receive, LARGEST_SUBMISSION if viewer else LARGEST)
        if asked.document_id is not None:
            asked = await trusted(pool, asked)
        operation = document(asked.query).operation(asked.operation_name)
        if operation.node.operation is OperationType.MUTATION:
            return await _mutated(scope, asked, operation, viewer), [*ANSWERED[media_type, BY_FORM], FOR_ONE]
        if operation.node.operation is OperationType.SUBSCRIPTION:
            return await subscribed(scope, headers, asked, operation, viewer)
        if asked.moment is not None or viewer:
            return await _at_its_moment(scope, asked, operation, media_type, viewer)
        return (await answer(pool, operation, asked.variables, public_url)).body(), ANSWERED[media_type, BY_FORM]
    except NotRead:
        raise
    except Refused as refused:
        return _refused(scope, media_type, _status(media_type, refused), refused.errors, {}, refused.cost)
    except Stopped as stopped:
        return _failed(scope, media_type, stopped.__cause__ or stopped, f" {stopped}")
    except Exception as error:  # noqa: BLE001 - masked, and logged with its traceback
        return _failed(scope, media_type, error)


async def _mutated(scope: Scope, asked: Asked, operation: Operation, viewer: Account | None) -> bytes:
    """Raises NotRead for what cannot be done this way, or by this reader."""
    if scope["method"] != "POST":
        raise NotRead(405, "What changes the record is sent by POST.", headers={"Allow": "POST"})
    public, others = root_fields(operation, asked.variables)
    if viewer is None and (others or not public):
        message = (
            "Changing the record needs a token: send it as “Authorization: Bearer opsc_…”. Whoever keeps this record gives"
            " them."
        )
        raise NotRead(401, message, ErrorCode.UNAUTHENTICATED, {"WWW-Authenticate": REALM})
    if asked.moment is not None and says_what_was_known(asked.moment):
        raise NotRead(400, "What changes the record does so now: leave known, position and valid out of the address.")
    state = scope["state"]
    who = asker(scope) if viewer is None else viewer.id
    if public:
        _within_allowance(state["reports"], who, viewer, public)
    kept: list[Kept] = []
    context = asked_by(viewer, state["settings"].public_url)
    try:
        return await mutated(
            state["writers"],
            operation,
            asked.variables,
            context,
            viewer,
            lambda log: signer(log, state["settings"].data),
            kept,
        )
    finally:  # what was refused, or said before, does not use it up
        state["reports"].give_back(who, public - sum(one.public for one in kept))


def _within_allowance(reports: Allowance, who: Hashable, viewer: Account | None, count: int) -> None:
    """Raises NotRead where somebody points out more errors in an hour than one may."""
    most = REPORTS_OF_AN_ACCOUNT if viewer else REPORTS
    wait = reports.take(who, most, count)
    if wait is not None:
        until = datetime.now(UTC) + timedelta(seconds=wait)
        message = (
            f"From here, {most} errors can be pointed out in an hour, and this would be more: nothing of it was kept. Send it again"
            f" after {until:%H:%M} UTC, in {math.ceil(wait / 60)} minutes."
        )
        raise NotRead(429, message, ErrorCode.RATE_LIMITED, {"Retry-After": str(math.ceil(wait))})


async def _at_its_moment(
    scope: Scope, asked: Asked, operation: Operation, media_type: str, viewer: Account | None
) -> tuple[bytes, Headers]:
    """The answer to a request whose address or header may ask for the past; told as RFC 7089 has it where one does. Or to somebody
    with a token."""
    pool, public_url = scope["state"]["pool"], scope["state"]["settings"].public_url
    moment = asked.moment or PRESENT
    told = ANSWERED[media_type, _vary(scope, moment)]
    if asked.accepted:
        moment = replace(moment, known=await pool.fetchval(mementos.NEAREST, asked.accepted))
    found = await answer(pool, operation, asked.variables, public_url, moment, viewer=viewer)
    if says_what_was_known(moment):
        recorded = await pool.fetchval(mementos.RECORDED, moment.known, moment.position)
        gets = scope["method"] != "POST"
        original = mementos.original(f"{public_url}/graphql", scope["query_string"]) if gets else None
        past = mementos.of_answer(original, recorded, moment.known if asked.accepted else None)
        told = [*told, *((name.lower().encode(), value.encode()) for name, value in past.items())]
    return found.body(), [*told, FOR_ONE] if viewer else told


def _vary(scope: Scope, moment: Moment = PRESENT) -> str:
    return BY_FORM if scope["method"] == "POST" or says_what_was_known(moment) else BY_FORM_AND_MOMENT


def _status(media_type: str, refused: Refused) -> int:
    if media_type == JSON:
        return 200
    timed_out = any((error.extensions or {}).get("code") == ErrorCode.TIMEOUT for error in refused.errors)
    return 504 if timed_out else 400


def _failed(scope: Scope, media_type: str, error: BaseException, done: str = "") -> Response:
    """done: what was done before, in sentences."""
    media_type = JSON if media_type == EVENTS else media_type
    fault_id = logged(error, scope)
    if not isinstance(error, UNREACHABLE):
        message = f"A fault of ours, logged as {fault_id}.{done} Please tell us this id."
        return _refused(scope, media_type, 500, [refusal(message, ErrorCode.INTERNAL)], {})
    away = f"The record cannot be reached at the moment (logged as {fault_id})"
    message = f"{away}.{done}" if done else f"{away}: try again soon."
    headers = {} if done else {"Retry-After": "5"}  # what was done is not to be sent again by a program
    return _refused(scope, media_type, 503, [refusal(message, ErrorCode.INTERNAL)], headers)


def _refused(
    scope: Scope,
    media_type: str,
    status: int,
    errors: Sequence[GraphQLError],
    headers: Mapping[str, str],
    cost: int = 0,
) -> Response:
    body = body_of_errors(errors, cost)
    if media_type == EVENTS:
        status, body = 200, told_at_once(body)
    return Response(body, status, {"Vary": _vary(scope), **headers}, f"{media_type}; charset=utf-8")


async def schema_definition(_request: Request) -> Response:
    """The schema in GraphQL's schema definition language."""
    return PlainTextResponse(sdl())
