"""The table of the read endpoints: each is a GraphQL document that is kept as a file, and the list in it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from schema.document import Operation, document

HERE = Path(__file__).parent / "documents" / "v1"


@dataclass(frozen=True)
class Endpoint:
    """name: of its address, /v1/NAME, and of its document; list: the field of Query that it lists; about: what it answers."""

    name: str
    list: str
    about: str

    @cached_property
    def operation(self) -> Operation:
        return document((HERE / f"{self.name}.graphql").read_text("utf-8")).operation(None)


ENDPOINTS = {
    one.name: one
    for one in (
        Endpoint("state-parties", "stateParties", "The States that were parties to the Protocol on the valid day."),
        Endpoint("recommendations", "recommendations", "What the Guidelines ask of States."),
        Endpoint("measures", "measures", "What is reported that States did."),
        Endpoint("assessments", "assessments", "What readers concluded about States."),
        Endpoint("reporting-events", "reportingEvents", "The reporting cycles of States."),
        Endpoint("statements", "statements", "Declarations, reservations, objections and withdrawals."),
        Endpoint("sources", "sources", "The documents that all of it rests on."),
        Endpoint("coverage", "coverage", "What the record has for each State party and recommendation."),
    )
}
