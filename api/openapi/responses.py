"""What answers have in common: their headers, and the problems (RFC 9457) that they may be instead."""

from collections.abc import Mapping
from typing import Any

from api.media_types import HTML
from api.openapi.values import TEXT, JsonSchema, reference
from api.stands_for import KNOWN, POSITION, VALID
from schema.refusals import ErrorCode

PROBLEM: JsonSchema = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `detail` says it in a sentence, and what would do.",
    "required": ["type", "status", "title", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
    },
}

HEADERS: Mapping[str, JsonSchema] = {
    POSITION: {
        "description": "The position of the log that the answer was read at.",
        "schema": {"type": "integer"},
    },
    KNOWN: {
        "description": "The moment as of which the record is told.",
        "schema": {"type": "string", "format": "date-time"},
    },
    VALID: {
        "description": "The day in the world that is told of.",
        "schema": {"type": "string", "format": "date"},
    },
    "Row-Count": {"description": "How many elements the answer has.", "schema": {"type": "integer"}},
    "Total-Count": {
        "description": "How many the whole list has, where `first` asks for less.",
        "schema": {"type": "integer"},
    },
    "Link": {
        "description": "Where the next page is (`next`), the one before (`prev`) and the first (`first`), the permalink "
        "(`canonical`), the same in each other form (`alternate`), or, of an answer from the past, the address that it is the past "
        "of (`original`).",
        "schema": {"type": "string"},
    },
    "Content-Disposition": {"description": "A name for the file.", "schema": {"type": "string"}},
    "Location": {"description": "Where it is now.", "schema": {"type": "string"}},
    "Retry-After": {"description": "After how many seconds to try again.", "schema": {"type": "integer"}},
    "ETag": {
        "description": "Of just this answer: to ask, by If-None-Match, whether it is still so.",
        "schema": {"type": "string"},
    },
    "Last-Modified": {"description": "When what it tells was last changed.", "schema": {"type": "string"}},
    "Cache-Control": {"description": "How long it may be given without asking again.", "schema": {"type": "string"}},
    "RateLimit": {
        "description": "What is left of the allowance (r), and in how many seconds it is new again (t).",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "The allowance (q), of what (qu), and for how many seconds (w).",
        "schema": {"type": "string"},
    },
    "Deprecation": {
        "description": "Since when something is deprecated that the request used (RFC 9745).",
        "schema": {"type": "string"},
    },
    "Sunset": {"description": "After which day it may go (RFC 8594).", "schema": {"type": "string"}},
    "Content-Location": {
        "description": "Where Accept-Datetime led to: an address that goes on telling the same.",
        "schema": {"type": "string"},
    },
    "Memento-Datetime": {
        "description": "When that was recorded which an answer from the past tells (RFC 7089).",
        "schema": {"type": "string"},
    },
}
"""Name → header object."""

CLOCKS = (POSITION, KNOWN, VALID)

ALLOWANCE = ("RateLimit", "RateLimit-Policy")
"""Of every answer that is counted, problems among them."""

KEPT = ("ETag", "Last-Modified", "Cache-Control")
"""Of answers that may be kept."""

GOING = ("Deprecation", "Sunset")

OF_THE_PAST = ("Memento-Datetime", "Content-Location")
"""Of answers from the past: by Accept-Datetime, or, but for the second, by the address."""

PROBLEMS: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "A parameter is unknown, or a value cannot be; the detail names it."),
    401: ("Unauthenticated", "The token is unknown, expired or revoked."),
    403: ("Forbidden", "This token does not allow it."),
    404: ("NotFound", "There is nothing at this address, or not at that moment."),
    405: ("NotAllowed", "This address has no such method; Allow names those that it has."),
    406: ("NotAcceptable", "It does not come in a form that Accept names."),
    410: ("Gone", "It was withdrawn; the detail says when and why."),
    413: ("TooLarge", "It is too long."),
    415: ("NotJson", "The body is not JSON in UTF-8."),
    422: ("CannotBeWritten", "This form cannot hold what the record says; the detail names it."),
    429: ("TooMany", "Too many requests: wait, as Retry-After says."),
    503: ("Unavailable", "The record cannot be reached, or needed too long: try again after Retry-After."),
}
"""Status → name among the components, and what it means."""


def problems(*statuses: int) -> dict[str, JsonSchema]:
    """The responses of an operation that are problems."""
    return {str(status): {"$ref": f"#/components/responses/{PROBLEMS[status][0]}"} for status in statuses}


def problem_responses() -> Mapping[str, JsonSchema]:
    """What problems() refers to."""
    return {
        name: {
            "description": about,
            "content": {"application/problem+json": {"schema": reference("Problem")}, HTML: {"schema": TEXT}},
            "headers": headers(*ALLOWANCE, *(["Retry-After"] if status in (429, 503) else [])),
        }
        for status, (name, about) in PROBLEMS.items()
    }


def headers(*names: str) -> dict[str, JsonSchema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


CLOCK: JsonSchema = {
    "type": ["object", "null"],
    "description": "What the answer stands for; null where the log is empty.",
    "required": ["position", "known", "valid"],
    "properties": {
        "position": {"type": "integer"},
        "known": {"type": "string", "format": "date-time"},
        "valid": {"type": "string", "format": "date"},
    },
}

GRAPHQL_ANSWER: JsonSchema = {
    "type": "object",
    "description": "GraphQL over HTTP: data, or errors, each with a code.",
    "properties": {
        "data": {"type": ["object", "null"]},
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["message", "extensions"],
                "properties": {
                    "message": {"type": "string"},
                    "locations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["line", "column"],
                            "properties": {"line": {"type": "integer"}, "column": {"type": "integer"}},
                        },
                    },
                    "path": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "extensions": {
                        "type": "object",
                        "required": ["code"],
                        "properties": {"code": {"enum": [str(code) for code in ErrorCode]}},
                    },
                },
            },
        },
        "extensions": {
            "type": "object",
            "properties": {
                "cost": {
                    "type": "object",
                    "required": ["requested", "limit"],
                    "properties": {"requested": {"type": "integer"}, "limit": {"type": "integer"}},
                },
                "clock": CLOCK,
            },
        },
    },
    "anyOf": [{"required": ["data"]}, {"required": ["errors"]}],
}


UNCHANGED: JsonSchema = {
    "304": {"description": "It is as it was: what If-None-Match or If-Modified-Since told still holds."}
}


def answer(description: str, media_types: Mapping[str, Any], *header_names: str) -> JsonSchema:
    """A response object. media_types: each with its schema."""
    return {
        "description": description,
        **({"headers": headers(*header_names)} if header_names else {}),
        **({"content": {name: {"schema": schema} for name, schema in media_types.items()}} if media_types else {}),
    }
