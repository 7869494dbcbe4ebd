"""What each field of each filter matches. Fields are joined by and, the values of one list by or; null says nothing."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from tests.oracle import days
from tests.oracle.coverage import Cell
from tests.oracle.guidelines import article_number, is_in
from tests.oracle.log import Row, Told
from tests.oracle.words import holds

Matches = Callable[[Any, Any], bool]


def matches(type_name: str, given: Mapping[str, Any] | None, row: Any) -> bool:
    """That a row, a cell or a revision matches a filter of this input type."""
    return all(FILTERS[type_name][name](row, value) for name, value in (given or {}).items() if value is not None)


def _id(row: Row, ids: list[str]) -> bool:
    return row.id in ids


def _word(key: str) -> Matches:
    return lambda row, values: row.document[key] in values


def _is(key: str) -> Matches:
    return lambda row, value: bool(row.document[key] == value)


def _some(key: str) -> Matches:
    return lambda row, values: any(one in values for one in row.document[key])


def _from(key: str) -> Matches:
    return lambda row, day: row.document[key] is not None and days.latest(row.document[key]) >= date.fromisoformat(day)


def _to(key: str) -> Matches:
    return lambda row, day: (
        row.document[key] is not None and days.earliest(row.document[key]) <= date.fromisoformat(day)
    )


def _of_state(matches_state: Matches) -> Matches:
    """Of what names a State party: that this matches."""
    return lambda row, value: matches_state(row.state if isinstance(row, Cell) else _state(row), value)


def _of_recommendation(matches_one: Matches) -> Matches:
    """Of what names recommendations: that one of them matches."""

    def where(row: Any, value: Any) -> bool:
        if isinstance(row, Cell):
            return matches_one(row.recommendation, value)
        found = [row.reading.get("Recommendation", code) for code in row.document["recommendations"]]
        return any(matches_one(one, value) for one in found if one is not None)

    return where


def _state(row: Row) -> Row:
    state = row.reading.get("StateParty", row.document["stateParty"])
    assert state is not None
    return state


def _in_section(row: Row, sections: list[str]) -> bool:
    return is_in(row.document["section"], sections)


def _about(told: Told, key: str) -> set[Any]:
    """What any version of a revision's record, up to the reading's position, has under a key."""
    found: set[Any] = set()
    for one in told.reading.log.of_record[told.revision.record_id]:
        if one.position > told.reading.position:
            break
        named = told.reading.log.left(one).get(key)
        found |= set(named if isinstance(named, list) else [named])
    return found


def _of_states(told: Told, codes: Any) -> bool:
    if told.revision.record_type in ("STATE_PARTY", "SIGNATORY"):
        return told.revision.record_id.partition(":")[2] in codes
    if told.revision.record_type in ("MEASURE", "ASSESSMENT", "STATEMENT", "REPORTING_EVENT"):
        return bool(_about(told, "stateParty") & set(codes))
    return False


def _of_regions(told: Told, regions: list[str]) -> bool:
    kept = told.reading.kept
    if ("in regions", *regions) not in kept:
        states = [one.document for one in told.reading.revisions if one.record_type == "STATE_PARTY" and one.document]
        kept["in regions", *regions] = {state["code"] for state in states if state["region"] in regions}
    return _of_states(told, kept["in regions", *regions])


def _of_recommendations(told: Told, codes: list[str]) -> bool:
    if told.revision.record_type == "RECOMMENDATION":
        return told.revision.record_id.partition(":")[2] in codes
    named = told.revision.record_type in ("MEASURE", "ASSESSMENT") and _about(told, "recommendations")
    return bool(named and named & set(codes))


def _told(name: str) -> Matches:
    return lambda told, values: getattr(told.revision, name) in values


_STATE: Mapping[str, Matches] = {
    "stateParty": _of_state(_word("code")),
    "region": _of_state(_word("region")),
    "group": _of_state(_word("group")),
}
_RECOMMENDATION: Mapping[str, Matches] = {
    "recommendation": _of_recommendation(_word("code")),
    "section": _of_recommendation(_in_section),
    "theme": _of_recommendation(_some("themes")),
    "digital": _of_recommendation(_is("digital")),
    "privateSector": _of_recommendation(_is("privateSector")),
}

FILTERS: Mapping[str, Mapping[str, Matches]] = {
    "StatePartyFilter": {
        "id": _id,
        "code": _word("code"),
        "region": _word("region"),
        "subregion": _word("subregion"),
        "group": _word("group"),
        "consentFrom": _from("consentOn"),
        "consentTo": _to("consentOn"),
        "consent": _word("consent"),
        "dateConfidence": _word("dateConfidence"),
        "text": holds,
    },
    "RecommendationFilter": {
        "id": _id,
        "code": _word("code"),
        "section": _in_section,
        "theme": _some("themes"),
        "article": lambda row, numbers: any(article_number(label) in numbers for label in row.document["articles"]),
        "strength": _word("strength"),
        "digital": _is("digital"),
        "privateSector": _is("privateSector"),
        "verification": _word("verification"),
        "text": holds,
    },
    "MeasureFilter": {
        "id": _id,
        **_STATE,
        **_RECOMMENDATION,
        "kind": _word("kind"),
        "status": lambda row, statuses: row.status in statuses,
        "instrument": _word("instrument"),
        "reportedBy": _word("reportedBy"),
        "confidence": _word("confidence"),
        "adoptedFrom": _from("adoptedOn"),
        "adoptedTo": _to("adoptedOn"),
        "inForceFrom": _from("inForceOn"),
        "inForceTo": _to("inForceOn"),
        "changedSince": lambda row, moment: row.revision.recorded_at >= datetime.fromisoformat(moment),
        "text": holds,
    },
    "AssessmentFilter": {
        "id": _id,
        **_STATE,
        **_RECOMMENDATION,
        "assessorKind": _word("assessorKind"),
        "verdict": _word("verdict"),
        "assessedFrom": _from("assessedOn"),
        "assessedTo": _to("assessedOn"),
        "text": holds,
    },
    "ReportingEventFilter": {
        "id": _id,
        **_STATE,
        "kind": _word("kind"),
        "happenedFrom": _from("happenedOn"),
        "happenedTo": _to("happenedOn"),
    },
    "StatementFilter": {"id": _id, **_STATE, "kind": _word("kind")},
    "SourceFilter": {"id": _id, "kind": _word("kind"), "symbol": _word("symbol"), "text": holds},
    "CoverageFilter": {**_STATE, **_RECOMMENDATION, "state": lambda cell, states: cell.told in states},
    "SubmissionFilter": {  # of the public, who have handed nothing in, and for whom nothing waits
        "state": lambda _submission, states: "PUBLISHED" in states,
        "mine": lambda _submission, value: value is False,
        "waitingForMe": lambda _submission, value: value is False,
    },
    "ChangeFilter": {
        "recordType": _told("record_type"),
        "recordId": _told("record_id"),
        "stateParty": _of_states,
        "recommendation": _of_recommendations,
        "region": _of_regions,
        "kind": _told("kind"),
        "operation": _told("operation"),
        "author": _told("author"),
        "submission": lambda told, submission: f"Submission:{told.revision.submission_id}" == submission,
    },
}
"""Input type → field → that a row matches its value."""
