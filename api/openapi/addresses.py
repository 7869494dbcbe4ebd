"""The addresses beside the table of endpoints: GraphQL, permalinks, spreadsheets, the log's verifier, health.

A test holds that each route of the application is here or in the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.dataset.contents import MEDIA_TYPES as WHOLE
from api.docs.contents import PAGES
from api.fair_use.cost import FREE
from api.media_types import GRAPHQL, HTML, JSON
from api.mementos import LINK_FORMAT
from api.openapi.answers import Answers
from api.openapi.posted import ANYTHING, CLOCKS, REFUSED, SAVED
from api.openapi.responses import ALLOWANCE, GRAPHQL_ANSWER, KEPT, OF_THE_PAST, UNCHANGED, answer, problems
from api.openapi.responses import CLOCKS as STANDS_FOR
from api.openapi.values import TEXT, JsonSchema, media_types_of_forms, of_form, reference
from api.permalinks import RECORD, REVISION
from api.sheets import MEDIA_TYPES
from api.v1.forms import FORMS
from schema.spreadsheet.columns import SHEETS


@dataclass(frozen=True)
class Address:
    """path: with {parameters}; tag: what it belongs to; about: a sentence; media_types: of a good answer, each with its schema;
    problems: statuses that are a problem; parameters: name → schema and example, of the path or the query; clocks: whether it
    can be asked of another moment; others: further answers."""

    path: str
    name: str
    tag: str
    about: str
    media_types: Mapping[str, JsonSchema]
    problems: tuple[int, ...] = ()
    parameters: tuple[JsonSchema, ...] = ()
    clocks: bool = False
    others: Mapping[str, JsonSchema] | None = None
    headers: tuple[str, ...] = ()

    def operation(self) -> JsonSchema:
        free = self.path.startswith(FREE)
        clocks = [{"$ref": f"#/components/parameters/{name}"} for name in CLOCKS] if self.clocks else []
        return {
            "operationId": self.name,
            "summary": self.about,
            "tags": [self.tag],
            "parameters": [*self.parameters, *clocks],
            "responses": {
                "200": answer(self.about, self.media_types, *self.headers, *(() if free else ALLOWANCE)),
                **problems(*self.problems, *([] if free or "429" in (self.others or {}) else [429])),
                **(self.others or {}),
            },
        }


def in_path(name: str, about: str, example: str, schema: JsonSchema = TEXT) -> JsonSchema:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": about,
        "schema": schema,
        "example": example,
    }


def in_query(name: str, about: str, schema: JsonSchema = TEXT, **more: Any) -> JsonSchema:
    return {"name": name, "in": "query", "description": about, "schema": schema, **more}


DELTA = (WHOLE["delta.jsonl"],)

ID = in_path("id", "The record's id.", "Measure:PHL-0001")

NO_RECORD = answer(
    "There is nothing of this id, or was not at that moment; a browser is told so by a page.",
    {"application/problem+json": reference("Problem"), HTML: TEXT},
)

ASKED_BY_GET = (
    in_query("query", "A GraphQL document.", required=True, example="{ clock { position known valid } }"),
    in_query("variables", "The values of its variables, as JSON."),
    in_query("operationName", "Which of its operations to run."),
)


def addresses(answers: Answers) -> list[Address]:
    """All of them: a table, and as long as there are addresses. answers gathers what they show."""
    record = answers.of(RECORD)["properties"]
    shown, gone = (_with(node, record["clock"]) for node in _split(record["node"], "Tombstone"))
    revision = answers.of(REVISION)["properties"]["revision"]
    return [
        Address(
            "/graphql",
            "query",
            "graphql",
            "A GraphQL query by GET; in a browser, a page to write queries in.",
            {JSON: GRAPHQL_ANSWER, GRAPHQL: GRAPHQL_ANSWER, HTML: TEXT},
            parameters=ASKED_BY_GET,
            clocks=True,
            others={**UNCHANGED, **REFUSED},
            headers=KEPT,
        ),
        Address(
            "/graphql.{suffix}",
            "queryAs",
            "graphql",
            "Any GraphQL query in the form that the address ends in. An operation with one list at its root is that list, whole.",
            {JSON: ANYTHING, **media_types_of_forms()},
            (400, 404, 406, 503),
            (in_path("suffix", "The form.", "csv", {"enum": ["json", *FORMS]}), *ASKED_BY_GET),
            clocks=True,
            headers=(*STANDS_FOR, "Link", *OF_THE_PAST, "Row-Count", "Content-Disposition"),
        ),
        Address(
            "/q/{name}",
            "savedQuery",
            "saved queries",
            "The answer of a saved query, in a form by suffix or by Accept; .html is its page, .graphql its document.",
            {
                JSON: ANYTHING,
                **media_types_of_forms(),
                HTML: TEXT,
                "application/graphql": TEXT,
            },
            (400, 404, 406, 410, 503),
            (in_path("name", "Its id, with or without a form: ID.csv.", SAVED),),
            clocks=True,
        ),
        Address(
            "/r/{id}",
            "permalink",
            "permalinks",
            "A record as it stands, or stood at a moment, at the address that stays.",
            {JSON: shown, HTML: TEXT},
            (400, 503),
            (ID,),
            clocks=True,
            others={
                "303": answer("In this form it is at another address, which Location has.", {}, "Location"),
                "308": answer("It was merged into another record, whose address Location has.", {}, "Location"),
                **UNCHANGED,
                "404": NO_RECORD,
                "410": answer("It was retracted: the answer says when, by whom and why.", {JSON: gone, HTML: TEXT}),
            },
            headers=("Link", *OF_THE_PAST, *KEPT),
        ),
        Address(
            "/r/{id}/timemap",
            "timemap",
            "permalinks",
            "All states that a record was in, each with its moment and address (RFC 7089).",
            {LINK_FORMAT: TEXT},
            (404, 503),
            (ID,),
        ),
        Address(
            "/r/{id}/{number}",
            "revisionPermalink",
            "permalinks",
            "One revision of a record, with all that its hash is made of.",
            {JSON: revision, HTML: TEXT},
            (400, 503),
            (ID, in_path("number", "The revision's number within its record.", "1")),
            clocks=True,
            others={**UNCHANGED, "404": NO_RECORD},
        ),
        Address(
            "/sheets/{file}",
            "sheet",
            "sheets",
            "What the record says now, as a spreadsheet that can be changed and imported again.",
            {media_type.partition(";")[0]: TEXT for media_type in MEDIA_TYPES.values()},
            (400, 404, 422, 503),
            (
                in_path(
                    "file",
                    "The sheet and its form.",
                    "statements.csv",
                    {"enum": [f"{sheet}.{form}" for sheet in SHEETS for form in MEDIA_TYPES]},
                ),
                in_query(
                    "stateParty", "Of these State parties alone: once for each.", {"type": "array", "items": TEXT}
                ),
            ),
            headers=(*STANDS_FOR, "Content-Disposition"),
        ),
        Address(
            "/v1/dataset.{form}",
            "dataset",
            "dataset",
            "The whole record in one download, or what describes it to search engines and data portals (.jsonld).",
            {media_type: of_form(media_type) for media_type in WHOLE.values() if media_type not in DELTA},
            (400, 404, 503),
            (
                in_path(
                    "form",
                    "The form that it comes in.",
                    "jsonld",
                    {"enum": [form for form, media_type in WHOLE.items() if media_type not in DELTA]},
                ),
            ),
            clocks=True,
        ),
        Address(
            "/v1/dataset.delta.jsonl",
            "datasetDelta",
            "dataset",
            "What is to be added to a log that one has, a line each.",
            {"application/jsonl": TEXT},
            (400, 404, 503),
            tuple(
                in_query(name, f"The position that it {verb} at.", {"type": "integer"}, example=example)
                for name, verb, example in (("fromPosition", "begins", 4720), ("toPosition", "ends", 4727))
            ),
        ),
        Address(
            "/feeds/waiting/{token}.atom",
            "waiting",
            "accounts",
            "The submissions that wait for somebody, for feed readers. The token is of an account, and made for this alone.",
            {"application/atom+xml": TEXT},
            (404, 503),
            (in_path("token", "The token of the feed.", "opsc_…"),),
        ),
        Address(
            "/v1",
            "endpoints",
            "about",
            "The read endpoints, each with its forms.",
            {JSON: ANYTHING},
        ),
        Address(
            "/schema.graphql",
            "schema",
            "about",
            "The whole of GraphQL here, each name explained.",
            {"text/plain": TEXT},
        ),
        Address(
            "/openapi.json", "openapi", "about", "This description.", {"application/vnd.oai.openapi+json": ANYTHING}
        ),
        Address("/docs", "contents", "about", "What those who write tools need to know.", {HTML: TEXT}),
        Address(
            "/docs/{name}",
            "text",
            "about",
            "A page of it.",
            {HTML: TEXT},
            (404,),
            (in_path("name", "The page.", "start", {"enum": list(PAGES)}),),
        ),
        Address("/docs/api", "viewer", "about", "All addresses, to be tried in a browser.", {HTML: TEXT}),
        Address("/verify_log.py", "verifier", "about", "A program that checks the whole log.", {"text/x-python": TEXT}),
        Address("/healthz", "alive", "health", "Whether the process lives.", {"text/plain": TEXT}),
        Address(
            "/readyz",
            "ready",
            "health",
            "Whether it can answer, and the log's newest position.",
            {JSON: READY},
            others={"503": answer("It cannot answer.", {JSON: READY})},
        ),
    ]


READY: JsonSchema = {
    "type": "object",
    "required": ["ready", "database", "schema", "position"],
    "properties": {
        "ready": {"type": "boolean"},
        "database": {"type": "boolean"},
        "schema": {"type": ["string", "null"]},
        "position": {"type": ["integer", "null"]},
    },
}


def _split(node: JsonSchema, type_: str) -> tuple[JsonSchema, JsonSchema]:
    """A choice of objects, without those of a type, and those alone."""
    choices = node["anyOf"][0]["anyOf"] if "anyOf" in node["anyOf"][0] else node["anyOf"]
    of_type = [one for one in choices if one.get("properties", {}).get("type", {}).get("const") == type_]
    others = [one for one in choices if one not in of_type and "revision" in one.get("properties", {})]
    (gone,) = of_type
    return (others[0] if len(others) == 1 else {"anyOf": others}), gone


def _with(node: JsonSchema, clock: JsonSchema) -> JsonSchema:
    return {**node, "required": [*node["required"], "clock"], "properties": {**node["properties"], "clock": clock}}
