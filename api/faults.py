"""Faults: what is no fault of the reader's is logged under an id and told without its details."""

import uuid
from collections.abc import Mapping

import asyncpg
import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

log = structlog.get_logger()

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


def problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """RFC 9457: what went wrong, as JSON."""
    body = orjson.dumps({"type": "about:blank", "status": status, "title": title, "detail": detail})
    return Response(body, status, headers, "application/problem+json")


async def not_found(request: Request, _error: Exception) -> Response:
    return problem(404, "Not found", f"There is nothing at {request.url.path}. Queries go to /graphql.")


async def not_allowed(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None
    detail = f"{request.method} is not possible at {request.url.path}; see the Allow header."
    return problem(405, "Method not allowed", detail, headers)


async def fault(request: Request, error: Exception) -> Response:
    return problem(500, "Fault", f"A fault of ours, logged as {logged(error, request.scope)}. Please tell us this id.")
