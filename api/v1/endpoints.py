"""The table of the read endpoints: each is an operation of a GraphQL document that is kept as a file, and what of it is listed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from schema.deprecation import Deprecation
from schema.document import Operation, document

HERE = Path(__file__).parent / "documents"


@dataclass(frozen=True)
class Endpoint:
    """path: of its address; file, operation_name: of its document; field: the field of Query that it lists, or the record's;
    about: what it answers, in a sentence; deprecated: where it is to go.
    record_type: as ids begin, where its address ends in the name of a record."""

    path: str
    file: str
    operation_name: str
    field: str
    about: str
    record_type: str | None = None
    deprecated: Deprecation | None = None

    def uses(self, variables: Mapping[str, Any]) -> Sequence[Deprecation]:
        """What a request for it with these variables uses that is deprecated."""
        own = [self.deprecated] if self.deprecated else []
        return [*own, *self.operation.deprecated.of(variables)]

    @property
    def name(self) -> str:
        """Of its files, without their suffix."""
        return self.path.removeprefix("/v1/").replace("/{id}", "").replace("/", "-")

    @cached_property
    def operation(self) -> Operation:
        return self.of_form(None)

    def of_form(self, file: str | None) -> Operation:
        """What is asked for a form: where that needs other fields, the operation of the same name in a document of its own."""
        return document((HERE / f"{file or self.file}.graphql").read_text("utf-8")).operation(self.operation_name)

    @property
    def is_record(self) -> bool:
        return self.field == RECORD


RECORD = "record"
"""The key under which an endpoint's operation asks for one record."""


def _of_records(name: str, type_: str, lists: str, field: str, about: str, one: str) -> list[Endpoint]:
    """The endpoints of a type of record: all, one by its id, and all that one ever said."""
    return [
        Endpoint(f"/v1/{name}", name, lists, field, about),
        Endpoint(f"/v1/{name}/{{id}}", name, type_, RECORD, one, type_),
        Endpoint(
            f"/v1/{name}/{{id}}/revisions",
            "changes",
            "Revisions",
            "changes",
            f"Each change of this, oldest first, with what the record said after it: {one[0].lower()}{one[1:]}",
            type_,
        ),
    ]


ENDPOINTS: Mapping[str, Endpoint] = {
    one.path: one
    for one in [
        *_of_records(
            "state-parties",
            "StateParty",
            "StateParties",
            "stateParties",
            "The States that were parties to the Protocol on the valid day.",
            "One State party, by its code (PHL) or id.",
        ),
        *_of_records(
            "recommendations",
            "Recommendation",
            "Recommendations",
            "recommendations",
            "What the Guidelines ask of States.",
            "One recommendation, by its code (IVC-05) or id.",
        ),
        *_of_records(
            "measures",
            "Measure",
            "Measures",
            "measures",
            "What is reported that States did.",
            "One measure, by its id, with or without what comes before the colon (PHL-0001).",
        ),
        *_of_records(
            "assessments",
            "Assessment",
            "Assessments",
            "assessments",
            "What readers concluded about States.",
            "One assessment, by its id, with or without what comes before the colon.",
        ),
        *_of_records(
            "reporting-events",
            "ReportingEvent",
            "ReportingEvents",
            "reportingEvents",
            "The reporting cycles of States: what was due, submitted, reviewed and published.",
            "One reporting event, by its id, with or without what comes before the colon.",
        ),
        *_of_records(
            "statements",
            "Statement",
            "Statements",
            "statements",
            "Declarations, reservations, objections and withdrawals.",
            "One statement, by its id, with or without what comes before the colon.",
        ),
        *_of_records(
            "sources",
            "Source",
            "Sources",
            "sources",
            "The documents that all of it rests on.",
            "One source, by its id, with or without what comes before the colon.",
        ),
        Endpoint(
            "/v1/coverage",
            "coverage",
            "Coverages",
            "coverage",
            "What the record has for each State party and recommendation: the matrix, a row for each cell.",
        ),
        Endpoint(
            "/v1/coverage-summary",
            "coverage-summary",
            "CoverageSummary",
            "coverageSummary",
            "The matrix counted: how many cells have each state, by region, State party, section, theme …",
        ),
        Endpoint("/v1/changes", "changes", "Changes", "changes", "Each change after a position, oldest first."),
        Endpoint(
            "/v1/diff", "diff", "Diff", "diff", "What changed between two moments or positions, each record once."
        ),
        Endpoint("/v1/search", "search", "Search", "search", "Records that hold these words, best first."),
    ]
}
"""Path → endpoint."""


def listing_of(endpoint: Endpoint) -> Endpoint:
    """The endpoint that lists what this one answers: of one record, the list that has it."""
    return ENDPOINTS[endpoint.path.removesuffix("/{id}")] if endpoint.is_record else endpoint


def endpoint_of(record_type: str) -> Endpoint | None:
    """The endpoint that answers one record whose id begins so."""
    return next((one for one in ENDPOINTS.values() if one.is_record and one.record_type == record_type), None)
