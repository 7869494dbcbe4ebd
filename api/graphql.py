"""/graphql: GraphQL over HTTP. A request is read, refused or run; an answer is bytes that PostgreSQL made.

Spoken in ASGI's own messages: on small answers Starlette's request and response would cost as much as all the rest.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from graphql import GraphQLError, OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import mementos
from api.accept import negotiated
from api.deprecation import telling_of
from api.errors import body_of_errors
from api.fair_use.allowance import Allowance, asker
from api.fair_use.cost import charge
from api.fair_use.counted import CHANGING
from api.faults import UNREACHABLE, logged
from api.identity.bearer import REALM, identified
from api.kept import KeptAnswers, Made, Ready, is_settled, key_of, raw
from api.media_types import GRAPHQL, HTML, JSON
from api.moments import says_what_was_known
from api.pages import graphiql
from api.push.events import MEDIA_TYPE as EVENTS
from api.push.events import accepted, told_at_once
from api.push.stream import subscribed
from api.request import LARGEST, LARGEST_SUBMISSION, Asked, NotRead, body_of, read
from api.signing import signer
from api.stands_for import KNOWN, POSITION, VALID, in_json
from api.trusted import documents, trusted
from api.unchanging import unchanging
from api.v1.forms import FORMS, accepted_form, media_type_of
from db.accounts import Account
from schema.answer import answer, asked_by
from schema.clock import PRESENT, Moment
from schema.document import Operation, document
from schema.mutated import Kept, Stopped, mutated, root_fields
from schema.query import sdl
from schema.refusals import ErrorCode, Refused, refusal

BY_FORM, BY_FORM_AND_MOMENT = "Accept, Authorization", "Accept, Accept-Datetime, Authorization"
"""What an answer depends on beside its address: that of a GET on Accept-Datetime too, unless its address says what was known."""

PATH, METHODS = "/graphql", ("GET", "HEAD", "POST")

REPORTS, REPORTS_OF_AN_ACCOUNT = 10, 100
"""Errors that may be pointed out in an hour from one address, and by one account."""


class GraphQL:
    """What cannot be is answered as the specification of GraphQL over HTTP says."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        accept = headers.get(b"accept", b"").decode("latin-1")
        media_type = negotiated(accept, pages=scope["method"] != "POST") or (EVENTS if accepted(accept) else None)
        if media_type is None:
            beside = accepted_form(accept, FORMS) or "csv"
            message = (
                f"This answers as {GRAPHQL} or {JSON}, and subscriptions as {EVENTS}: accept one of these. Other forms have"
                f" addresses of their own: ask by GET at {PATH}.{beside} for {media_type_of(beside)}, and so on."
            )
            found: Response = _refused(scope, JSON, 406, [refusal(message)], {})
        elif media_type == HTML:
            found = graphiql.page()
        else:
            try:
                found = await _answered(scope, headers, receive, media_type)
            except NotRead as error:
                media_type = JSON if media_type == EVENTS else media_type
                found = _refused(scope, media_type, error.status, [refusal(str(error), error.code)], error.headers)
        await found(scope, receive, send)


class First:
    """The application, before whose routes /graphql is answered: to look for the route, and to stand ready for its faults, takes a
    tenth of a small answer's time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.graphql = app, GraphQL()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        first = scope["type"] == "http" and scope["path"] == PATH and scope["method"] in METHODS
        await (self.graphql if first else self.app)(scope, receive, send)


async def _answered(scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, media_type: str) -> Response:
    """To the public what is kept, where it was asked so before; to somebody with a token always what is made now."""
    try:
        viewer = await identified(scope, headers) if b"authorization" in headers else None
        largest = LARGEST_SUBMISSION if viewer else LARGEST
        body = await body_of(headers, receive, largest) if scope["method"] == "POST" else b""

        async def make() -> Made | Response:
            return await _made(scope, headers, body, media_type, viewer)

        if viewer:
            made = await make()
            return _for_one(made.body, made.headers) if isinstance(made, Made) else made
        answers: KeptAnswers = scope["state"]["kept"]
        return await answers.answered(headers, key_of(scope, headers, media_type, body), _vary(scope), make)
    except NotRead:
        raise
    except Refused as refused:
        if refused.timed_out:
            charge(scope, refused.cost)
        return _refused(scope, media_type, _status(media_type, refused), refused.errors, {}, refused.cost)
    except Stopped as stopped:
        return _failed(scope, media_type, stopped.__cause__ or stopped, f" {stopped}")
    except Exception as error:  # noqa: BLE001 - masked, and logged with its traceback
        return _failed(scope, media_type, error)


async def _made(
    scope: Scope, headers: Mapping[bytes, bytes], body: bytes, media_type: str, viewer: Account | None
) -> Made | Response:
    """An answer, read from the database; or what a mutation did, which is for whoever sent it."""
    public_url, asked, lasts = scope["state"]["settings"].public_url, read(scope, headers, body), True
    if asked.document_id is not None:
        lasts = asked.document_id.removeprefix("sha256:") in documents()  # what was saved may be withdrawn
        asked = await trusted(scope["state"]["pool"], asked)
    operation = document(asked.query).operation(asked.operation_name)
    used = operation.deprecated.of(asked.variables)
    told = {"Content-Type": f"{media_type}; charset=utf-8", "Vary": _vary(scope, asked.moment or PRESENT)}
    if operation.node.operation is OperationType.SUBSCRIPTION:
        return await subscribed(scope, headers, asked, operation, viewer)
    if operation.node.operation is OperationType.QUERY:
        made = await _at_its_moment(scope, asked, operation, told, viewer)
        told = telling_of(used, made.headers, public_url)
        position = made.position if lasts else None
        return Made(_formed(media_type, made.body), told, position, made.recorded_at)
    charge(scope, CHANGING)
    try:
        done = _formed(media_type, await _mutated(scope, asked, operation, viewer))
        return _for_one(done, telling_of(used, told, public_url))
    finally:
        scope["state"]["following"].doubt()  # who published reads it next


def _formed(media_type: str, body: bytes) -> bytes:
    return told_at_once(body) if media_type == EVENTS else body


def _for_one(body: bytes, headers: Mapping[str, str]) -> Ready:
    told = {**headers, "Cache-Control": "private, no-store", "Content-Length": str(len(body))}
    return Ready(200, raw(told), body)


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
    scope: Scope, asked: Asked, operation: Operation, told: Mapping[str, str], viewer: Account | None
) -> Made:
    """The answer to a request whose address or header may ask for the past; told as RFC 7089 has it where one does. Final is what
    cannot change any more: all of it of one moment, over which everything is published."""
    pool, public_url = scope["state"]["pool"], scope["state"]["settings"].public_url
    moment = asked.moment or PRESENT
    if asked.accepted:
        moment = replace(moment, known=await pool.fetchval(mementos.NEAREST, asked.accepted))
    found = await answer(pool, operation, asked.variables, public_url, moment, viewer=viewer)
    charge(scope, found.cost)
    position = found.position if found.of_the_log else None
    valid = {VALID: str(moment.valid)} if moment.valid else {}
    if not says_what_was_known(moment):
        clock = await scope["state"]["kept"].stands_for(found.position)
        return Made(found.body(in_json({**clock, **valid})), {**told, **valid}, position)
    recorded = await pool.fetchrow(mementos.RECORDED, moment.known, moment.position)
    known = moment.known or recorded["recorded_at"]
    gets = scope["method"] != "POST"
    original = mementos.original(f"{public_url}/graphql", scope["query_string"]) if gets else None
    headers = {
        **told,
        **mementos.of_answer(original, recorded["recorded_at"], moment.known if asked.accepted else None),
        POSITION: str(recorded["position"]),
        KNOWN: mementos.written(known),
        VALID: str(known.astimezone(UTC).date()),
        **valid,
    }
    final = found.at_one_clock and (moment.position is not None or is_settled(known))
    if asked.accepted and not is_settled(asked.accepted):
        position = None  # what is asked of a moment to come is told of the moment of the asking
    return Made(found.body(in_json(headers)), headers, position, recorded["recorded_at"] if final else None)


def _vary(scope: Scope, moment: Moment = PRESENT) -> str:
    return BY_FORM if scope["method"] == "POST" or says_what_was_known(moment) else BY_FORM_AND_MOMENT


def _status(media_type: str, refused: Refused) -> int:
    if media_type == JSON:
        return 200
    return 504 if refused.timed_out else 400


def not_read(scope: Scope, error: NotRead) -> Response:
    """What is said before a request is read, in GraphQL's form."""
    accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
    media_type = negotiated(accept, pages=False) or JSON
    return _refused(scope, media_type, error.status, [refusal(str(error), error.code)], error.headers)


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
    body = _formed(media_type, body_of_errors(errors, cost))
    status = 200 if media_type == EVENTS else status
    told = {"Cache-Control": "no-store", "Vary": _vary(scope), **headers}
    return Response(body, status, told, f"{media_type}; charset=utf-8")


async def schema_definition(request: Request) -> Response:
    """The schema in GraphQL's schema definition language."""
    return await unchanging(request, sdl().encode(), "text/plain; charset=utf-8")
