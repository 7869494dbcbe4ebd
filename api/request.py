"""Reads what a request asks: query, operationName and variables, from a GET's address or a POST's JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from schema.refusals import ErrorCode

LARGEST = 100_000
"""Bytes of a request's body, or of a GET's query string."""


class NotRead(Exception):
    """The request is not one that can be answered: the status says of what kind, the message what to do."""

    def __init__(
        self,
        status: int,
        message: str,
        code: ErrorCode = ErrorCode.BAD_USER_INPUT,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers or {}


@dataclass(frozen=True)
class Asked:
    """What is to be run."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


async def read(request: Request) -> Asked:
    """Raises NotRead."""
    if request.method == "POST":
        return _asked(_json_body(request.headers.get("content-type"), await _body(request)))
    if len(request.scope["query_string"]) > LARGEST:
        raise _too_large("query string")
    return _asked(_parameters(request))


async def _body(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > LARGEST:
        raise _too_large("body")
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > LARGEST:
                raise _too_large("body")
            chunks.append(chunk)
    except ClientDisconnect:
        raise NotRead(400, "The request ended before its body did.") from None
    return b"".join(chunks)


def _too_large(part: str) -> NotRead:
    return NotRead(413, f"The {part} of a request may have {LARGEST:,} bytes; this one has more.", ErrorCode.TOO_LARGE)


def _json_body(content_type: str | None, body: bytes) -> Mapping[str, Any]:
    media_type, *parameters = [part.strip().lower() for part in (content_type or "").split(";")]
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
    if media_type != "application/json" or any(charset not in ("utf-8", "utf8") for charset in charsets):
        raise NotRead(415, 'Send the query as JSON in UTF-8, with "Content-Type: application/json".')
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotRead(400, f"The body is not JSON: {error}.") from None
    if isinstance(asked, list):
        message = (
            "Several operations in one request are not run: send one at a time, with several root fields if need be."
        )
        raise NotRead(400, message)
    if not isinstance(asked, dict):
        raise NotRead(400, 'The body must be a JSON object: {"query": "…", "variables": {…}}.')
    return asked


def _parameters(request: Request) -> Mapping[str, Any]:
    parameters: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if parameters.get(name):
            try:
                parameters[name] = orjson.loads(parameters[name])
            except orjson.JSONDecodeError as error:
                raise NotRead(400, f"{name} is not JSON: {error}.") from None
        else:
            parameters.pop(name, None)
    return parameters


def _asked(given: Mapping[str, Any]) -> Asked:
    query, name, variables = given.get("query"), given.get("operationName"), given.get("variables")
    if query is None or query == "":
        raise NotRead(400, "There is no query: send one as `query`. See /schema.graphql for what can be asked.")
    if not isinstance(query, str):
        raise NotRead(400, "query must be text.")
    if not isinstance(name, str | None):
        raise NotRead(400, "operationName must be text.")
    for part in ("variables", "extensions"):
        if not isinstance(given.get(part), dict | None):
            raise NotRead(400, f"{part} must be a JSON object.")
    return Asked(query, name or None, variables or {})
