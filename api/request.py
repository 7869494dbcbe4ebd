"""Reads what a request asks: query, operationName and variables, from a GET's address or a POST's JSON; its address's moment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope

from api.moments import accepted, asked_in
from schema.clock import Moment
from schema.refusals import BadValue, ErrorCode

LARGEST = 100_000
"""Bytes of a request's body, or of its query string."""

LARGEST_SUBMISSION = 28_000_000
"""Bytes of the body that somebody with an account sends: an import's file may have 20 MB, which base64 makes a third longer."""

Headers = Mapping[bytes, bytes]


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
    """What is to be run. moment: what the address asks for, None where it has no parameters to ask with; accepted: what
    Accept-Datetime does, on a GET whose address does not say what was known; document_id: what stands for the query, which is empty
    then (api/trusted.py)."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]
    moment: Moment | None = None
    accepted: datetime | None = None
    document_id: str | None = None


def read(scope: Scope, headers: Headers, body: bytes) -> Asked:
    """body: a POST's. Raises NotRead."""
    if scope["method"] == "POST":
        asked = asked_by(_json_body(headers.get(b"content-type", b""), body))
        return _at_its_moment(asked, _query_string(scope), {}) if scope["query_string"] else asked
    parameters = _query_string(scope)
    return _at_its_moment(asked_by(_parameters(parameters)), parameters, headers)


async def posted(headers: Headers, receive: Receive, largest: int = LARGEST) -> Mapping[str, Any]:
    """What a body holds, JSON's members or a form's fields; `variables` and `extensions` of a form are JSON. Raises NotRead."""
    body = await body_of(headers, receive, largest)
    content_type = headers.get(b"content-type", b"")
    if content_type.partition(b";")[0].strip().lower() == b"application/x-www-form-urlencoded":
        return _parameters(QueryParams(body))
    return _json_body(content_type, body)


def _query_string(scope: Scope) -> QueryParams:
    if len(scope["query_string"]) > LARGEST:
        raise _too_large("query string", LARGEST)
    return QueryParams(scope["query_string"])


def _at_its_moment(asked: Asked, parameters: QueryParams, headers: Headers) -> Asked:
    try:
        moment = asked_in(parameters)
        return replace(asked, moment=moment, accepted=accepted(headers, moment))
    except BadValue as error:
        raise NotRead(400, str(error)) from None


async def body_of(headers: Headers, receive: Receive, largest: int = LARGEST) -> bytes:
    """A request's body, of at most so many bytes. Raises NotRead."""
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > largest:
        raise _too_large("body", largest)
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise NotRead(400, "The request ended before its body did.")
        body += message.get("body", b"")
        if len(body) > largest:
            raise _too_large("body", largest)
        more = message.get("more_body", False)
    return bytes(body)


def _too_large(part: str, largest: int) -> NotRead:
    return NotRead(413, f"The {part} of a request may have {largest:,} bytes; this one has more.", ErrorCode.TOO_LARGE)


def _json_body(content_type: bytes, body: bytes) -> Mapping[str, Any]:
    if content_type != b"application/json" and not _is_json(content_type.decode("latin-1")):
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


def _is_json(content_type: str) -> bool:
    media_type, *parameters = [part.strip().lower() for part in content_type.split(";")]
    charsets = [part.partition("=")[2].strip('"') for part in parameters if part.startswith("charset=")]
    return media_type == "application/json" and all(charset in ("utf-8", "utf8") for charset in charsets)


def _parameters(given: QueryParams) -> Mapping[str, Any]:
    parameters: dict[str, Any] = dict(given)
    for name in ("variables", "extensions"):
        if parameters.get(name):
            try:
                parameters[name] = orjson.loads(parameters[name])
            except orjson.JSONDecodeError as error:
                raise NotRead(400, f"{name} is not JSON: {error}.") from None
        else:
            parameters.pop(name, None)
    return parameters


def asked_by(given: Mapping[str, Any]) -> Asked:
    """What parameters of GraphQL over HTTP ask for. Raises NotRead."""
    query, name, variables = given.get("query"), given.get("operationName"), given.get("variables")
    document_id = given.get("documentId")
    if document_id is not None and (query or not isinstance(document_id, str) or not document_id):
        raise NotRead(400, "documentId must be text, and stands for a query: send it, or query, and not both.")
    if document_id is not None:
        query = ""
    elif query is None or query == "":
        raise NotRead(400, "There is no query: send one as `query`. See /schema.graphql for what can be asked.")
    if not isinstance(query, str):
        raise NotRead(400, "query must be text.")
    if not isinstance(name, str | None):
        raise NotRead(400, "operationName must be text.")
    if not isinstance(variables, dict | None):
        raise NotRead(400, "variables must be a JSON object.")
    if not isinstance(given.get("extensions"), dict | None):
        raise NotRead(400, "extensions must be a JSON object.")
    return Asked(query, name or None, variables or {}, document_id=document_id)
