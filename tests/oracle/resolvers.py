"""The fields that are not simply read from a record's document, each worked out plainly."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema

from tests.oracle.answers import ANY, Whole
from tests.oracle.coverage import cells, cells_of, report_due_on, summary
from tests.oracle.filters import matches
from tests.oracle.guidelines import article_number, place
from tests.oracle.log import Reading, Revision, Row, Told

PUBLIC_URL = "https://opsc.example"

Resolve = Callable[[Any, Mapping[str, Any]], Any]

MASKED = {
    ("FieldChange", "sentence"): "words that db/rules/reading.sql puts together",
    ("Coverage", "sentence"): "words that db/rules/reading.sql puts together",
    ("Revision", "citation"): "words that db/rules/reading.sql puts together",
    ("SearchEdge", "rank"): "PostgreSQL's ts_rank; operations do not ask for it, nor for what its order decides",
    ("SearchEdge", "snippet"): "PostgreSQL's ts_headline",
    ("PageInfo", "startCursor"): "opaque; tests/test_paging.py follows cursors on both sides",
    ("PageInfo", "endCursor"): "opaque",
    ("…Edge", "cursor"): "opaque",
}
"""Leaves that are only held to be text, and why."""

CITING = ("StateParty", "Signatory", "Recommendation", "Measure", "Assessment", "Statement", "ReportingEvent")


def node(reading: Reading, node_id: str) -> Any:
    """What an id names."""
    typename, _, name = node_id.partition(":")
    if typename == "Revision":
        found = [one for one in reading.revisions if str(one.position) == name]
        return Told(reading, found[0]) if found else None
    return cells(reading).get(node_id) if typename == "Coverage" else reading.rows.get(node_id)


def _sorted(rows: Sequence[Row], key: Any) -> list[Row]:
    return sorted(rows, key=key)


def _code(key: str) -> Callable[[Row], Any]:
    return lambda row: row.document[key]


def _leads(typename: str, key: str) -> Resolve:
    """To the record that a field of the document names."""
    return lambda row, _given: row.reading.get(typename, row.document[key])


def _recommendations(row: Row, _given: Mapping[str, Any]) -> list[Row]:
    found = [row.reading.rows[f"Recommendation:{code}"] for code in row.document["recommendations"]]
    return _sorted(found, place)


def _article_references(row: Row, _given: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"label": label, "article": row.reading.get("Article", article_number(label))}
        for label in row.document["articles"]
    ]


def _citations(row: Row, _given: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"source": row.reading.get("Source", one["source"]), "locator": one.get("locator"), "note": one.get("note")}
        for one in row.document["citations"]
    ]


def _treaty_actions(row: Row, _given: Mapping[str, Any]) -> list[Row]:
    found = [
        one
        for one in row.reading.naming("Measure", "stateParty", row.document["code"])
        if one.document["kind"] == "TREATY_ACTION"
        and (instrument := row.reading.get("Instrument", one.document["instrument"]))
        and instrument.document["followed"]
    ]
    return _sorted(found, lambda one: (one.document["instrument"], one.id))


def _named(row: Row, given: Mapping[str, Any]) -> str:
    names: Mapping[str, str] = row.document["names"]
    return names.get(given.get("language") or "EN", names["EN"])


def _field_changes(told: Told, _given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """In the order of the later document, then what only the earlier has; from nothing to nothing is no change."""
    numbered = {one.number: one for one in told.reading.log.of_record[told.revision.record_id]}
    earlier = numbered[told.revision.number - 1].document if told.revision.number > 1 else None
    was, is_now = earlier or {}, told.revision.document or {}
    nothing: tuple[Any, ...] = (None, [], {}, "")
    return [
        {"field": name, "before": was.get(name), "after": is_now.get(name), "sentence": ANY}
        for name in [*is_now, *(name for name in was if name not in is_now)]
        if was.get(name) != is_now.get(name) and not (was.get(name) in nothing and is_now.get(name) in nothing)
    ]


def _told(name: str) -> Resolve:
    return lambda told, _given: getattr(told.revision, name)


def moment_told(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


def _changes(reading: Reading, given: Mapping[str, Any]) -> dict[str, Any]:
    after, size = given.get("after") or 0, given.get("first") or 50
    found = [Told(reading, one) for one in reading.revisions if one.position > after]
    found = [one for one in found if matches("ChangeFilter", given.get("filter"), one)]
    more = len(found) > size
    last = found[size - 1].revision.position if more else reading.position
    return {"nodes": found[:size], "lastPosition": last, "hasMore": more}


def explicit(schema: GraphQLSchema) -> dict[tuple[str, str], Resolve]:
    """(type, field) → its value; at Query (and Reading, which has its fields), of the reading."""

    def counted(source: Any, given: Mapping[str, Any]) -> Any:
        if not isinstance(source, Reading):
            return summary(cells_of(source, source.reading), given["by"], schema)
        chosen = [cell for cell in cells(source).values() if matches("CoverageFilter", given.get("filter"), cell)]
        return summary(chosen, given["by"], schema)

    found: dict[tuple[str, str], Resolve] = {
        ("Query", "node"): lambda reading, given: node(reading, given["id"]),
        ("Query", "nodes"): lambda reading, given: [node(reading, one) for one in given["ids"]],
        ("Query", "measure"): lambda reading, given: _if_type("Measure", node(reading, given["id"])),
        ("Query", "source"): lambda reading, given: _if_type("Source", node(reading, given["id"])),
        ("Query", "stateParty"): lambda reading, given: reading.get("StateParty", given["code"]),
        ("Query", "section"): lambda reading, given: reading.get("Section", given["number"]),
        ("Query", "recommendation"): lambda reading, given: reading.get("Recommendation", given["code"]),
        ("Query", "revision"): lambda reading, given: node(reading, f"Revision:{given['position']}"),
        ("Query", "signatories"): lambda reading, _: _sorted(reading.all("Signatory"), _code("code")),
        ("Query", "sections"): lambda reading, _: _sorted(reading.all("Section"), place),
        ("Query", "articles"): lambda reading, _: _sorted(reading.all("Article"), _code("number")),
        ("Query", "instruments"): lambda reading, given: [
            one
            for one in _sorted(reading.all("Instrument"), _code("code"))
            if given.get("followed") in (None, one.document["followed"])
        ],
        ("Query", "changes"): _changes,
        ("Query", "coverageSummary"): counted,
        ("StateParty", "coverageSummary"): counted,
        ("StateParty", "name"): _named,
        ("StateParty", "initialReportDueOn"): lambda row, _: str(report_due_on(row)),
        ("StateParty", "treatyActions"): _treaty_actions,
        ("Recommendation", "coverageSummary"): counted,
        ("Recommendation", "section"): _leads("Section", "section"),
        ("Section", "parent"): _leads("Section", "parent"),
        ("Section", "sections"): lambda row, _: _sorted(
            row.reading.naming("Section", "parent", row.document["number"]), place
        ),
        ("Section", "recommendations"): lambda row, _: _sorted(
            row.reading.naming("Recommendation", "section", row.document["number"]), place
        ),
        ("Instrument", "year"): lambda row, _: next(iter(row.document["years"]), None),
        ("Measure", "status"): lambda row, _: row.status,
        ("Measure", "statedStatus"): lambda row, _: row.document["status"],
        ("Measure", "instrument"): _leads("Instrument", "instrument"),
        ("Statement", "target"): _leads("StateParty", "target"),
        ("Coverage", "state"): lambda cell, _: cell.told,
        ("Coverage", "stateParty"): lambda cell, _: cell.state,
        ("Coverage", "sentence"): lambda _cell, _: ANY,
        ("Coverage", "measureCount"): lambda cell, _: len(cell.measures),
        ("Coverage", "reportedBy"): lambda cell, _: sorted({one.document["reportedBy"] for one in cell.measures}),
        ("Revision", "record"): lambda told, _: told.reading.rows.get(told.revision.record_id),
        ("Revision", "recordedAt"): lambda told, _: moment_told(told.revision.recorded_at),
        ("Revision", "fieldChanges"): _field_changes,
        ("Revision", "citation"): lambda _told, _: ANY,
        ("Revision", "permalink"): lambda told, _: f"{PUBLIC_URL}/r/{told.revision.record_id}/{told.revision.number}",
    }
    told_by = {
        "recordType": "record_type",
        "recordId": "record_id",
        "documentHash": "document_hash",
        "leafHash": "leaf_hash",
    }
    plain = {name: name for name in Revision.__dataclass_fields__ if name in schema.type_map["Revision"].fields}  # type: ignore[attr-defined]
    found |= {("Revision", name): _told(attribute) for name, attribute in (plain | told_by).items()}
    for typename in ("Measure", "Assessment"):
        found[typename, "recommendations"] = _recommendations
    for typename in ("Measure", "Assessment", "Statement", "ReportingEvent"):
        found[typename, "stateParty"] = _leads("StateParty", "stateParty")
    for typename in ("Section", "Recommendation", "Statement"):
        found[typename, "articles"] = _article_references
    for typename in CITING:
        found[typename, "citations"] = _citations
    for record in schema.get_implementations(schema.type_map["Record"]).objects:  # type: ignore[arg-type]
        found[record.name, "versionId"] = lambda row, _: f"{row.id}@{row.reading.position}@{row.reading.day}"
        found[record.name, "revision"] = lambda row, _: Told(row.reading, row.revision)
        found[record.name, "permalink"] = lambda row, _: f"{PUBLIC_URL}/r/{row.id}"
    return found


def _if_type(typename: str, found: Any) -> Any:
    return found if found is not None and found.typename == typename else None


def json(value: Any) -> Any:
    """The scalar JSON's value."""
    return None if value is None else Whole(value)
