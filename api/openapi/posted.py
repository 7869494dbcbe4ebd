"""What is sent by POST: a query or a mutation of GraphQL, and a query to be saved."""

from collections.abc import Mapping

from api.media_types import GRAPHQL, JSON
from api.openapi.responses import GRAPHQL_ANSWER, answer, problems
from api.openapi.values import JsonSchema

ANYTHING: JsonSchema = {"type": "object"}

CLOCKS = ("known", "position", "valid")

QUERY: JsonSchema = {
    "type": "object",
    "required": ["query"],
    "properties": {
        "query": {"type": "string", "description": "A GraphQL document; /schema.graphql says what can be asked."},
        "variables": {"type": ["object", "null"], "description": "The values of its variables."},
        "operationName": {"type": ["string", "null"], "description": "Which of its operations to run."},
    },
}

REFUSED: Mapping[str, JsonSchema] = {
    str(status): answer(about, {GRAPHQL: GRAPHQL_ANSWER, JSON: GRAPHQL_ANSWER})
    for status, about in {
        400: "It cannot be run as it is; each error has a code.",
        401: "Its token is unknown, expired or revoked.",
        405: "What changes the record is sent by POST.",
        406: "It does not come in a form that Accept names.",
        413: "It is too long.",
        415: "Its body is not JSON in UTF-8.",
        429: "Too many requests: wait, as Retry-After says.",
        503: "The record cannot be reached: try again soon.",
        504: "The database needed too long: ask for less at once.",
    }.items()
}
"""What /graphql answers where it has no data to give."""

BY_POST: JsonSchema = {
    "operationId": "queryByPost",
    "summary": "A GraphQL query or mutation. What changes the record needs a token, but for reportError.",
    "tags": ["graphql"],
    "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in CLOCKS],
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": QUERY, "example": {"query": '{ stateParty(code: "PHL") { name consentOn } }'}}},
    },
    "responses": {"200": answer("Data, or errors.", {JSON: GRAPHQL_ANSWER, GRAPHQL: GRAPHQL_ANSWER}), **REFUSED},
    "security": [{}, {"token": []}],
}


SAVING: JsonSchema = {
    "operationId": "saveQuery",
    "summary": "Saves a query, so that it has an address; the same query always has the same. Nobody needs an account for it.",
    "tags": ["saved queries"],
    "parameters": [],
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    **QUERY,
                    "properties": {
                        **QUERY["properties"],
                        "freeze": {
                            "description": "true: it answers with the record as it stands now, for good; or its clocks.",
                            "anyOf": [
                                {"type": ["boolean", "null"]},
                                {
                                    "type": "object",
                                    "properties": {
                                        "position": {"type": "integer"},
                                        "known": {"type": "string"},
                                        "valid": {"type": "string"},
                                    },
                                },
                            ],
                        },
                    },
                },
                "example": {
                    "query": "query Statements { statements { nodes { id kind } } }",
                    "freeze": {"position": 4727},
                },
            }
        },
    },
    "responses": {
        "200": answer("It was saved before.", {JSON: ANYTHING}, "Location"),
        "201": answer("It is saved, at the address that Location has.", {JSON: ANYTHING}, "Location"),
        **problems(400, 401, 404, 410, 413, 415, 429, 503),
    },
    "security": [{}, {"token": []}],
}

SAVED = "6204c5b4ad9f159e1204"
"""The id of the query that SAVING saves, which is made of what it asks."""
