"""/webhooks: who has a token says where the differences of a saved query are sent, sees what became of them, has them sent again.

Plain HTTP, beside GraphQL: a preview runs a saved query at two clocks and compares, which is no field of one statement, and none of
this is of the record.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any

import asyncpg
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.fair_use.cost import charge
from api.faults import problem, telling
from api.identity.bearer import REALM, identified
from api.media_types import JSON
from api.moments import LONGEST_POSITION
from api.push.deliverer import Deliverer
from api.push.difference import difference, payload
from api.push.signature import written
from api.push.target import TargetRefused
from api.request import NotRead
from db import saved_queries, webhooks
from db.accounts import Account
from db.newest_position import newest_position
from db.saved_queries import SavedQuery
from db.webhooks import Span, WebhookRefused
from schema.refusals import ErrorCode, Refused

LARGEST = 10_000
"""Bytes of a request's body."""

TOLD = 50
"""Deliveries of one webhook."""

FOR_ONE = {"Cache-Control": "private, no-store", "Vary": "Authorization"}


class _Unfit(Exception):
    """What was sent cannot be: says what, and what to do."""


@dataclass(frozen=True)
class Asked:
    """A request by somebody with a token; hook: theirs, of the address."""

    request: Request
    account: Account
    deliverer: Deliverer
    hook: asyncpg.Record | None = None

    @property
    def public_url(self) -> str:
        url: str = self.request.state.settings.public_url
        return url

    @property
    def its(self) -> asyncpg.Record:
        assert self.hook is not None
        return self.hook


Does = Callable[[Asked], Awaitable[Response]]


def _answering(does: Does) -> Callable[[Request], Awaitable[Response]]:
    """What is done for somebody with a token; to others, and where it cannot be, a problem is told."""

    async def answered(request: Request) -> Response:
        try:
            account = await identified(request.scope, dict(request.scope["headers"]))
            if account is None:
                raise NotRead(
                    401,
                    "Webhooks need a token: send it as “Authorization: Bearer opsc_…”. Whoever keeps this record gives them.",
                    ErrorCode.UNAUTHENTICATED,
                    {"WWW-Authenticate": REALM},
                )
            return await does(await _asked(request, account))
        except NotRead as error:
            return problem(error.status, HTTPStatus(error.status).phrase.capitalize(), str(error), error.headers)
        except (_Unfit, WebhookRefused, TargetRefused) as error:
            return problem(422, "Not possible", str(error), FOR_ONE)
        except asyncpg.ReadOnlySQLTransactionError:
            return problem(
                503, "Unavailable", "This server only reads: ask the one that the record is kept on.", FOR_ONE
            )

    return telling(answered)


async def _asked(request: Request, account: Account) -> Asked:
    """Raises NotRead where the address names no webhook of theirs."""
    deliverer: Deliverer = request.state.deliverer
    number = request.path_params.get("number")
    if number is None:
        return Asked(request, account, deliverer)
    rows = await webhooks.of_account(deliverer.pool, account.id, number) if number < 2**31 else ()
    if not rows:
        raise NotRead(404, f"You have no webhook {number}: /webhooks lists yours.")
    return Asked(request, account, deliverer, rows[0])


async def _registered(asked: Asked) -> Response:
    given = await _body(asked.request, {"url": str, "query": str})
    url, query = given.get("url"), given.get("query")
    if not url or not query:
        raise _Unfit('Send where to, and which saved query: {"url": "https://example.org/hooks/opsc", "query": "ID"}.')
    await asked.deliverer.targets.check(url)
    today = datetime.now(UTC).date()
    number, secret = await webhooks.register(asked.deliverer.pool, asked.account.id, query, url, today)
    asked.deliverer.call()
    (row,) = await webhooks.of_account(asked.deliverer.pool, asked.account.id, number)
    told = {**_told(row, asked.public_url), "secret": written(secret)}
    return _json(told, 201, {"Location": f"{asked.public_url}/webhooks/{number}"})


async def _listed(asked: Asked) -> Response:
    rows = await webhooks.of_account(asked.deliverer.pool, asked.account.id)
    return _json({"webhooks": [_told(row, asked.public_url) for row in rows]})


async def _one(asked: Asked) -> Response:
    row, rows = await webhooks.with_deliveries(asked.deliverer.pool, asked.account.id, asked.its["id"], TOLD)
    return _json(
        {**_told(row or asked.its, asked.public_url), "deliveries": [_delivery(delivery) for delivery in rows]}
    )


async def _deleted(asked: Asked) -> Response:
    await webhooks.delete(asked.deliverer.pool, asked.its["id"])
    return Response(status_code=204, headers=FOR_ONE)


async def _rotated(asked: Asked) -> Response:
    secret, until = await webhooks.rotate(asked.deliverer.pool, asked.its["id"])
    return _json({"secret": written(secret), "secretBeforeSignsUntil": _moment(until)})


async def _replayed(asked: Asked) -> Response:
    given = await _body(asked.request, {"fromPosition": int})
    position = given.get("fromPosition")
    valid = None if position is None else await _day_of(asked, position)
    await webhooks.replay(asked.deliverer.pool, asked.its["id"], position, valid)
    asked.deliverer.call()
    now = await _asked(asked.request, asked.account)  # it may have been deleted meanwhile
    return _json(_told(now.its, asked.public_url), 202)


async def _previewed(asked: Asked) -> Response:
    """What would be sent, or would have been, between two positions; nothing (204) where nothing differs."""
    hook, pool, today = asked.its, asked.deliverer.pool, datetime.now(UTC).date()
    begins, ends = (_position(asked.request, name) for name in ("fromPosition", "toPosition"))
    newest = await newest_position(pool)
    span = Span(
        hook["position"] if begins is None else begins,
        newest if ends is None else ends,
        hook["valid"] if begins is None else await _day_of(asked, begins),
        today if ends is None else await _day_of(asked, ends),
    )
    if span.from_position > span.to_position:
        raise _Unfit("fromPosition is after toPosition: what differs goes from the earlier to the later. Swap them.")
    saved = await saved_queries.find(pool, hook["query_id"])
    if not isinstance(saved, SavedQuery):
        raise _Unfit(f"The saved query {hook['query_id']} was withdrawn: its address says why.")
    try:
        found = await difference(pool, saved.query, span, asked.public_url)
    except Refused as refused:
        charge(asked.request.scope, refused.cost)  # it was read, until it was too much
        raise
    charge(asked.request.scope, found.cost)
    if not found:
        return Response(status_code=204, headers=FOR_ONE)
    body = payload(asked.public_url, hook["id"], hook["query_id"], span, datetime.now(UTC), found)
    return Response(body, headers=FOR_ONE, media_type=JSON)


def _position(request: Request, name: str) -> int | None:
    given = request.query_params.get(name)
    if given is None:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > LONGEST_POSITION:
        raise _Unfit(f"{name} is a position of the log: write it as 4727; 0 is the beginning.")
    return int(given)


async def _day_of(asked: Asked, position: int) -> date:
    """The day (UTC) on which a position was recorded; of 0, that of the first."""
    found: date | None = await asked.deliverer.pool.fetchval(
        """select (recorded_at at time zone 'UTC')::date from revision where "position" = greatest($1::int, 1)""",
        position,
    )
    if found is None or position < 0:
        newest = await newest_position(asked.deliverer.pool)
        raise _Unfit(
            f"There is no position {position}; the log has positions 1 to {newest}, and 0 is before all of them."
        )
    return found


async def _body(request: Request, kinds: Mapping[str, type]) -> Mapping[str, Any]:
    """A JSON object with these fields, perhaps. Raises _Unfit."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise _Unfit(f"A request's body may have {LARGEST:,} bytes; this one has more.")
    try:
        given = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise _Unfit(f"The body is not JSON: {error}.") from None
    if not isinstance(given, dict):
        raise _Unfit('The body must be a JSON object: {"…": …}.')
    for name, value in given.items():
        if name not in kinds:
            raise _Unfit(f"{name[:60]} is nothing that can be said here: send {' and '.join(kinds)}.")
        fits = isinstance(value, kinds[name]) and not isinstance(value, bool) and "\0" not in str(value)
        if not fits or (isinstance(value, int) and not 0 <= value < 10**LONGEST_POSITION):
            what = {str: "text", int: "a position of the log, a whole number from 0"}[kinds[name]]
            raise _Unfit(f"{name} must be {what}.")
    return given


def _told(row: asyncpg.Record, public_url: str) -> dict[str, Any]:
    return {
        "id": row["id"],
        "url": row["url"],
        "query": row["query_id"],
        "createdAt": _moment(row["created_at"]),
        "position": row["position"],
        "valid": row["valid"].isoformat(),
        "disabledAt": _moment(row["disabled_at"]),
        "disabledBecause": row["disabled_because"],
        "links": {
            "self": f"{public_url}/webhooks/{row['id']}",
            "query": f"{public_url}/q/{row['query_id']}",
            "preview": f"{public_url}/webhooks/{row['id']}/preview",
        },
    }


def _delivery(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "fromPosition": row["from_position"],
        "toPosition": row["to_position"],
        "fromValid": row["from_valid"].isoformat(),
        "toValid": row["to_valid"].isoformat(),
        "madeAt": _moment(row["made_at"]),
        "state": row["state"],
        "attempts": row["attempts"],
        "attemptedAt": _moment(row["attempted_at"]),
        "outcome": row["outcome"],
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _json(told: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(orjson.dumps(told), status, {**FOR_ONE, **(headers or {})}, JSON)


ROUTES = [
    Route(f"/webhooks{rest}", _answering(does), methods=[method])
    for method, rest, does in (
        ("GET", "", _listed),
        ("POST", "", _registered),
        ("GET", "/{number:int}", _one),
        ("DELETE", "/{number:int}", _deleted),
        ("GET", "/{number:int}/preview", _previewed),
        ("POST", "/{number:int}/replay", _replayed),
        ("POST", "/{number:int}/secret", _rotated),
    )
]
"""Two routes of one address answer each other's method with 405."""
