"""/webhooks: what somebody with a token does with theirs."""

from api.media_types import JSON
from api.openapi.posted import ANYTHING
from api.openapi.responses import answer, problems
from api.openapi.values import JsonSchema

NUMBER: JsonSchema = {
    "name": "number",
    "in": "path",
    "required": True,
    "description": "The webhook's number.",
    "schema": {"type": "integer", "minimum": 1},
}

FROM_TO: list[JsonSchema] = [
    {"name": name, "in": "query", "description": f"The position that it {verb} at.", "schema": {"type": "integer"}}
    for name, verb in (("fromPosition", "begins"), ("toPosition", "ends"))
]

REGISTERED: JsonSchema = {
    "type": "object",
    "required": ["url", "query"],
    "properties": {
        "url": {"type": "string", "description": "Where deliveries go: https://…"},
        "query": {"type": "string", "description": "The id of the saved query whose difference is sent."},
    },
}

ONE = "/webhooks/{number}"


def _operation(name: str, about: str, status: str, *, body: JsonSchema | None = None, one: bool = True) -> JsonSchema:
    sent = {"requestBody": {"content": {JSON: {"schema": body}}}} if body else {}
    shown = {} if status == "204" else {JSON: ANYTHING}
    refused = problems(400, 401, 403, 404, 413, 415, 422, 429, 503)
    return {
        "operationId": name,
        "summary": about,
        "tags": ["webhooks"],
        "parameters": [NUMBER] if one else [],
        **sent,
        "responses": {status: answer(about, shown), **refused},
        "security": [{"token": []}],
    }


_previewed = _operation("previewWebhook", "What would be sent between two positions.", "200")

WEBHOOKS: dict[str, JsonSchema] = {
    "/webhooks": {
        "get": _operation("listWebhooks", "Your webhooks.", "200", one=False),
        "post": _operation(
            "registerWebhook",
            "Sends what a saved query's answer differs by, as soon as it does.",
            "201",
            body=REGISTERED,
            one=False,
        ),
    },
    ONE: {
        "get": _operation("readWebhook", "One webhook, with what became of its newest deliveries.", "200"),
        "delete": _operation("endWebhook", "Ends it.", "204"),
    },
    f"{ONE}/preview": {
        "get": {
            **_previewed,
            "parameters": [NUMBER, *FROM_TO],
            "responses": {**_previewed["responses"], "204": answer("Nothing differs.", {})},
        }
    },
    f"{ONE}/replay": {
        "post": _operation(
            "replayWebhook",
            "Sends what differs since a position; without one, goes on where it stopped.",
            "202",
            body={"type": "object", "properties": {"fromPosition": {"type": "integer"}}},
        )
    },
    f"{ONE}/secret": {
        "post": _operation("rotateSecret", "A new secret; the old one signs beside it for a day.", "200")
    },
}
"""Path → method → operation."""
