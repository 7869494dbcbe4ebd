"""Faults: what is no fault of the reader's is logged under an id and told without its details."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from http import HTTPStatus

import asyncpg
import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.accept import negotiated
from api.apart.refused import Busy, CannotWrite
from api.dataset.contents import MEDIA_TYPES as WHOLE
from api.fair_use.cost import charge
from api.media_types import HTML
from api.pages.shell import page
from api.request import NotRead
from api.v1.forms import FORMS, OTHERS
from schema.refusals import BadValue, ErrorCode, Refused

Endpoint = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()

PROBLEM = "application/problem+json"

SUFFIXES = {suffix.rpartition(".")[2] for suffix in (*OTHERS, *FORMS, *WHOLE)}
"""What an address ends in that asks for a form, whatever Accept says."""

UNREACHABLE = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection whose end PostgreSQL has told, and whose socket is not closed yet
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # a database that takes no connections
)
"""The database is away for a moment, or for longer: nothing that a reader did."""


def logged(error: BaseException, scope: Scope) -> str:
    """Logs a fault of ours; answers the id that it stands under in the log."""
    fault_id = uuid.uuid4().hex[:12]
    log.error("fault", fault=fault_id, method=scope["method"], path=scope["path"], exc_info=error)
    return fault_id


class Problem(Response):
    """What went wrong: as JSON (RFC 9457), or as a page for who prefers one and did not ask for another form by the address."""

    def __init__(self, status: int, title: str, detail: str, headers: Mapping[str, str]) -> None:
        self.title, self.detail, self.told = title, detail, {"Cache-Control": "no-store", **headers}
        body = orjson.dumps({"type": "about:blank", "status": status, "title": title, "detail": detail})
        super().__init__(body, status, self.told, PROBLEM)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, dot, suffix = scope["path"].removesuffix("/").rpartition("/")[2].rpartition(".")
        if dot and suffix in SUFFIXES:
            as_page = suffix == "html"
        else:
            as_page = _prefers_a_page(dict(scope["headers"]).get(b"accept", b"").decode("latin-1"))
            self.told = _varying_by_accept(self.told)
            self.headers["Vary"] = self.told["Vary"]
        if as_page:
            await page("problem.html", self.status_code, self.told, title=self.title, detail=self.detail)(
                scope, receive, send
            )
        else:
            await super().__call__(scope, receive, send)


def _prefers_a_page(accept: str) -> bool:
    return PROBLEM not in accept and negotiated(accept, pages=True) == HTML


def _varying_by_accept(told: Mapping[str, str]) -> dict[str, str]:
    names = [name.strip() for name in told.get("Vary", "").split(",") if name.strip()]
    return {**told, "Vary": ", ".join(names if "Accept" in names else ["Accept", *names])}


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """What went wrong, and what to do, in a sentence."""
    return Problem(status, title, detail, headers or {})


def told(error: Exception) -> Response:
    """The problem that a request's refusal is, or that the record is away; other errors are raised again."""
    if isinstance(error, BadValue):
        return problem(400, "Bad request", str(error))
    if isinstance(error, CannotWrite):
        return problem(422, "Cannot be written", str(error))
    if isinstance(error, Busy):
        return problem(503, "Busy", str(error), {"Retry-After": "10"})
    if isinstance(error, NotRead):
        return problem(error.status, HTTPStatus(error.status).phrase.capitalize(), str(error), error.headers)
    if isinstance(error, UNREACHABLE):
        detail = "The record cannot be reached at the moment: try again soon."
        return problem(503, "Unavailable", detail, {"Retry-After": "5"})
    if not isinstance(error, Refused):
        raise error
    first = error.errors[0]
    if (first.extensions or {}).get("code") == ErrorCode.CLOCK_OUT_OF_RANGE:
        return problem(404, "No such moment", first.message)
    if error.timed_out:
        return problem(503, "Unavailable", first.message, {"Retry-After": "5"})
    return problem(400, "Bad request", " ".join(dict.fromkeys(one.message for one in error.errors)))


def telling(endpoint: Endpoint) -> Endpoint:
    """The endpoint, telling as a problem what it cannot answer."""

    @wraps(endpoint)
    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Exception as error:  # noqa: BLE001 - raised again where it is a fault
            if isinstance(error, Refused) and error.timed_out:
                charge(request.scope, error.cost)
            return told(error)

    return answering


async def not_found(request: Request, _error: Exception) -> Response:
    detail = f"There is nothing at {request.url.path}. Queries go to /graphql; /docs says what else there is."
    return problem(404, "Not found", detail)


async def not_allowed(request: Request, error: Exception) -> Response:
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if "Allow" in headers:  # Starlette writes a set, each process in another order
        headers["Allow"] = ", ".join(sorted(headers["Allow"].split(", ")))
    detail = f"{request.method} is not possible at {request.url.path}; see the Allow header."
    return problem(405, "Method not allowed", detail, headers)


async def fault(request: Request, error: Exception) -> Response:
    return problem(500, "Fault", f"A fault of ours, logged as {logged(error, request.scope)}. Please tell us this id.")
