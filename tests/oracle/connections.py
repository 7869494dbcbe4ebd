"""What each connection lists."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.oracle.coverage import cells, cells_of, is_party
from tests.oracle.log import Reading, Row, Told, Tombstone
from tests.oracle.paging import ORDERS, Listed
from tests.oracle.resolvers import CITING
from tests.oracle.words import SEARCHED, holds


def _all(typename: str) -> Callable[[Any, Reading], Sequence[Any]]:
    return lambda _source, reading: reading.all(typename)


def _its(typename: str, key: str, own: str = "code") -> Callable[[Any, Reading], Sequence[Any]]:
    """The records of a type that name the source under a key."""
    return lambda row, reading: reading.naming(typename, key, row.document[own])


def _revisions(row: Row | Tombstone, reading: Reading) -> list[Told]:
    return [Told(reading, one) for one in reading.log.of_record[row.id] if one.position <= reading.position]


def _cited_by(row: Row, reading: Reading) -> list[Row]:
    name = row.id.partition(":")[2]
    return [
        one
        for typename in CITING
        for one in reading.all(typename)
        if any(citation["source"] == name for citation in one.document["citations"])
    ]


def connections() -> dict[tuple[str, str], Listed]:
    """(type, field) → what it lists; search apart, whose words are an argument."""
    in_order = [ORDERS["RecommendationOrder"]["CODE_ASC"]]
    found = {
        ("Query", "stateParties"): Listed(
            lambda _, reading: [row for row in reading.all("StateParty") if is_party(row)],
            "StatePartyFilter",
            "StatePartyOrder",
        ),
        ("Query", "recommendations"): Listed(
            _all("Recommendation"), "RecommendationFilter", "RecommendationOrder", in_order
        ),
        ("Query", "measures"): Listed(_all("Measure"), "MeasureFilter", "MeasureOrder"),
        ("Query", "assessments"): Listed(_all("Assessment"), "AssessmentFilter", "AssessmentOrder"),
        ("Query", "reportingEvents"): Listed(_all("ReportingEvent"), "ReportingEventFilter", "ReportingEventOrder"),
        ("Query", "statements"): Listed(_all("Statement"), "StatementFilter"),
        ("Query", "sources"): Listed(_all("Source"), "SourceFilter"),
        ("Query", "coverage"): Listed(lambda _, reading: list(cells(reading).values()), "CoverageFilter"),
        ("Query", "submissions"): Listed(
            lambda _, reading: list(reading.submissions.values()),
            "SubmissionFilter",
            default=[(lambda submission: submission.told["published_at"], True)],
        ),
        ("Query", "errorReports"): Listed(lambda _, _reading: []),  # the public sees none
        ("StateParty", "measures"): Listed(_its("Measure", "stateParty"), "MeasureFilter", "MeasureOrder"),
        ("StateParty", "assessments"): Listed(_its("Assessment", "stateParty"), "AssessmentFilter", "AssessmentOrder"),
        ("StateParty", "reportingEvents"): Listed(
            _its("ReportingEvent", "stateParty"), "ReportingEventFilter", "ReportingEventOrder"
        ),
        ("StateParty", "statements"): Listed(_its("Statement", "stateParty")),
        ("StateParty", "coverage"): Listed(cells_of, "CoverageFilter"),
        ("Recommendation", "measures"): Listed(_its("Measure", "recommendations"), "MeasureFilter", "MeasureOrder"),
        ("Recommendation", "assessments"): Listed(
            _its("Assessment", "recommendations"), "AssessmentFilter", "AssessmentOrder"
        ),
        ("Recommendation", "coverage"): Listed(cells_of, "CoverageFilter"),
        ("Instrument", "measures"): Listed(_its("Measure", "instrument")),
        ("Source", "citedBy"): Listed(_cited_by),
    }
    records = "StateParty Signatory Section Article Instrument Recommendation Measure Assessment Statement ReportingEvent Source"
    return found | {(record, "revisions"): Listed(_revisions) for record in ("Tombstone", *records.split())}


def searching(words: str, types: Sequence[str] | None) -> Listed:
    """What `search` lists, in an order of its own: ranks are PostgreSQL's."""
    names = [name for name in SEARCHED if types is None or _record_type(name) in types]
    return Listed(lambda _, reading: [row for name in names for row in reading.all(name) if holds(row, words)])


def _record_type(typename: str) -> str:
    return "".join(f"_{letter}" if letter.isupper() else letter.upper() for letter in typename).lstrip("_")
