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
    ("Difference", "sentence"): "words that db/rules/reading.sql puts together",
    ("Coverage", "sentence"): "words that db/rules/reading.sql puts together",
    ("Revision", "citation"): "words that db/rules/reading.sql puts together",
    ("SearchEdge", "rank"): "PostgreSQL's ts_rank; operations do not ask for it, nor for what its order decides",
    ("SearchEdge", "snippet"): "PostgreSQL's ts_headline",
    ("PageInfo", "startCursor"): "opaque; tests/test_paging.py follows cursors on both sides",
    ("PageInfo", "endCursor"): "opaque",
    ("…Edge", "cursor"): "opaque",
}
"""Leaves that are only held to be text, and why."""

LISTED = 200
"""Of how many of its revisions a submission tells."""

CITING = ("StateParty", "Signatory", "Recommendation", "Measure", "Assessment", "Statement", "ReportingEvent")


def node(reading: Reading, node_id: str) -> Any:
    """What an id names."""
    typename, _, name = node_id.partition(":")
    if typename == "Revision":
        found = [one for one in reading.revisions if str(one.position) == name]
        return Told(reading, found[0]) if found else None
    if typename == "Submission":
        return {str(number): one for number, one in reading.submissions.items()}.get(name)
    if typename == "ErrorReport":
        return None  # for those who have an account
    return cells(reading).get(node_id) if typename == "Coverage" else record(reading, node_id)


def record(reading: Reading, record_id: str) -> Any:
    """A record, what it was merged into, or what is left of it."""
    record_id = reading.survivor(record_id)
    return reading.rows.get(record_id) or reading.tombstones.get(record_id)


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
    """Of what is left to read of it and of the one before. A redaction changes nothing but words."""
    log, revision = told.reading.log, told.revision
    if revision.operation == "REDACT":
        return []
    said = [one for one in log.of_record[revision.record_id] if one.operation != "REDACT"]
    earlier = [one for one in said if one.number < revision.number][-1:]
    return changed(log.left(earlier[0]) if earlier else None, log.left(revision))


def changed(earlier: Mapping[str, Any] | None, later: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """In the order of the later document, then what only the earlier has; from nothing to nothing is no change. None where the
    later one was redacted."""
    if later is None:
        return []
    was, is_now = earlier or {}, later
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
    if given.get("last"):
        return {"nodes": found[-given["last"] :], "lastPosition": reading.position, "hasMore": False}
    more = len(found) > size
    last = found[size - 1].revision.position if more else reading.position
    return {"nodes": found[:size], "lastPosition": last, "hasMore": more}


def _log(reading: Reading, _given: Mapping[str, Any]) -> dict[str, Any]:
    log, keys, checkpoints = reading.log, reading.log.keys, reading.log.checkpoints
    again = [key["note"] for key in keys if checkpoints and key["since"] == checkpoints[-1]["size"] and key["note"]]
    return {
        "log": log,
        "origin": keys[-1]["public_key"].partition("+")[0] if keys else None,
        "size": reading.position,
        "rootHash": log.tree.root(reading.position).hex(),
        "checkpoint": [*(one["note"] for one in checkpoints), *again][-1] if checkpoints else None,
        "publicKey": keys[-1]["public_key"] if keys else None,
        "keys": [
            {"publicKey": key["public_key"], "since": key["since"], "checkpoint": key["note"]} for key in keys
        ],
    }  # fmt: skip


def _checkpoints(told: Mapping[str, Any], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    after = -1 if given.get("after") is None else given["after"]
    found = [one for one in told["log"].checkpoints if one["size"] > after]
    return [
        {
            "size": one["size"],
            "rootHash": told["log"].tree.root(one["size"]).hex(),
            "note": one["note"],
            "signedAt": moment_told(one["signed_at"]),
        }
        for one in found[: given.get("first") or 50]
    ]


def _proof(name: str, first: str, second: str) -> Resolve:
    """By the plain tree, in the log of a size, or as it is."""

    def proof(told: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
        size = told["size"] if given.get(second) is None else given[second]
        return [one.hex() for one in getattr(told["log"].tree, name)(given[first], size)]

    return proof


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
        ("Query", "viewer"): lambda _reading, _: None,
        ("Query", "submission"): lambda reading, given: _if_type("Submission", node(reading, given["id"])),
        ("Query", "changes"): _changes,
        ("Query", "log"): _log,
        ("Log", "checkpoints"): _checkpoints,
        ("Log", "inclusion"): _proof("inclusion", "position", "size"),
        ("Log", "consistency"): _proof("consistency", "from", "to"),
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
        ("Tombstone", "versionId"): lambda grave, _: f"{grave.id}@{grave.reading.position}@{grave.reading.day}",
        ("Tombstone", "recordType"): lambda grave, _: grave.revision.record_type,
        ("Tombstone", "revision"): lambda grave, _: Told(grave.reading, grave.revision),
        ("Tombstone", "permalink"): lambda grave, _: f"{PUBLIC_URL}/r/{grave.id}",
        ("Revision", "record"): lambda told, _: record(told.reading, told.revision.record_id),
        ("Revision", "recordedAt"): lambda told, _: moment_told(told.revision.recorded_at),
        ("Revision", "submission"): lambda told, _: told.reading.submissions[told.revision.submission_id],
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
    found |= {("Submission", name): value for name, value in _of_the_log_alone().items()}
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
    for of_records in schema.get_implementations(schema.type_map["Record"]).objects:  # type: ignore[arg-type]
        found[of_records.name, "versionId"] = lambda row, _: f"{row.id}@{row.reading.position}@{row.reading.day}"
        found[of_records.name, "revision"] = lambda row, _: Told(row.reading, row.revision)
        found[of_records.name, "permalink"] = lambda row, _: f"{PUBLIC_URL}/r/{row.id}"
    return found


def _of_the_log_alone() -> dict[str, Resolve]:
    """The fields of a submission that nobody proposed here: published from the beginning, and not discussed."""
    nothing: Resolve = lambda _submission, _: []  # noqa: E731
    return {
        "title": lambda submission, _: submission.told["title"],
        "reason": lambda submission, _: submission.told["reason"],
        "author": lambda submission, _: submission.told["author"],
        "submittedAt": lambda submission, _: moment_told(submission.told["published_at"]),
        "state": lambda _submission, _: "PUBLISHED",
        "internalNote": lambda _submission, _: None,
        "token": lambda _submission, _: None,
        "plan": lambda _submission, _: None,
        "revisions": lambda submission, _: submission.revisions[:LISTED],
        **dict.fromkeys(("needs", "citations", "reviews", "comments"), nothing),
    }


def _if_type(typename: str, found: Any) -> Any:
    return found if found is not None and found.typename == typename else None


def json(value: Any) -> Any:
    """The scalar JSON's value."""
    return None if value is None else Whole(value)
