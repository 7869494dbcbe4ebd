"""Rows into documents: one function a noun, each document with every key of its type (null or [] where nothing is known)."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from seed.columns import TABLES
from seed.files import Files
from seed.references import Row

Cells = Mapping[str, Any]
Document = dict[str, Any]


def documents(files: Files) -> dict[str, Document]:
    """Record id → document, in an order in which each record stands after all that it refers to."""
    citations = _citations(files.rows["citations"])
    names = _names(files.rows["state_party_names"])
    made: dict[str, Document] = {}
    for table in TABLES:
        if table.record is None:
            continue
        document_of = DOCUMENT_OF[table.record]
        for row in files.rows[table.name]:
            key = row.cells[table.key[0]]
            record_id = f"{table.record}:{key}"
            document = document_of(row.cells)
            if table.record == "StateParty":
                document["names"] = names[key]
            if table.cited:
                document["citations"] = citations[record_id]
            made[record_id] = document
    return made


def _citations(rows: list[Row]) -> Mapping[str, list[Document]]:
    by_record: defaultdict[str, list[Document]] = defaultdict(list)
    for _, cells in rows:
        citation = {"source": cells["source"], "locator": cells["locator"], "note": cells["note"]}
        by_record[cells["record"]].append(citation)
    return by_record


def _names(rows: list[Row]) -> Mapping[str, dict[str, str]]:
    by_state: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for _, cells in rows:
        by_state[cells["code"]][cells["language"]] = cells["name"]
    return by_state


def _source(cells: Cells) -> Document:
    return {
        "kind": cells["kind"],
        "title": cells["title"],
        "publisher": cells["publisher"],
        "symbol": cells["symbol"],
        "url": cells["url"],
        "readAt": cells["read_at"],
        "archivedUrl": None,
        "publishedOn": cells["published_on"],
        "accessedOn": None,
        "language": None,
        "licence": None,
    }


def _article(cells: Cells) -> Document:
    return {"number": cells["article"], "subject": cells["subject"], "summary": cells["one_liner"]}


def _section(cells: Cells) -> Document:
    return {
        "number": cells["number"],
        "heading": cells["heading"],
        "parent": cells["parent"],
        "articles": cells["articles"] or [],
        "firstParagraph": cells["first_paragraph"],
        "page": cells["page_en"],
        "note": cells["note"],
    }


def _instrument(cells: Cells) -> Document:
    return {
        "code": cells["code"],
        "name": cells["name"],
        "kind": cells["kind"],
        "body": cells["body"],
        "years": cells["year"] or [],
        "url": cells["url"],
        "followed": cells["followed"],
        "relevance": cells["relevance"],
        "namedInGuidelines": cells["named_in_guidelines"],
        "note": cells["note"],
    }


def _recommendation(cells: Cells) -> Document:
    return {
        "code": cells["code"],
        "section": cells["section"],
        "title": cells["title"],
        "text": cells["text"],
        "paragraphs": None,
        "themes": cells["themes"] or [],
        "articles": cells["articles"] or [],
        "evidenceKinds": cells["evidence_kinds"] or [],
        "digital": cells["digital"],
        "privateSector": cells["private_sector"],
        "strength": cells["strength"],
        "verification": cells["verification"],
        "certainty": cells["certainty"],
        "basis": cells["basis"],
        "note": cells["note"],
    }


def _state_party(cells: Cells) -> Document:
    # the name in state_parties.csv is the English one of state_party_names.csv: references.py holds them equal
    return {
        "code": cells["code"],
        "alpha2": cells["alpha2"],
        "m49": cells["m49"],
        "region": cells["region"],
        "subregion": cells["subregion"],
        "group": cells["group"],
        "signedOn": cells["signed_on"],
        "consentOn": cells["consent_on"],
        "consent": cells["consent"],
        "inForceOn": cells["in_force_on"],
        "dateConfidence": cells["date_confidence"],
        "note": cells["note"],
    }


def _signatory(cells: Cells) -> Document:
    return {
        "code": cells["code"],
        "alpha2": cells["alpha2"],
        "m49": cells["m49"],
        "name": cells["name"],
        "region": cells["region"],
        "subregion": cells["subregion"],
        "group": cells["group"],
        "signedOn": cells["signed_on"],
        "stillSignatoryOnly": cells["still_signatory_only"],
        "checkedOn": cells["checked_on"],
        "note": cells["note"],
    }


def _measure(cells: Cells) -> Document:
    return {
        "stateParty": cells["code"],
        "kind": cells["kind"],
        "title": cells["title"],
        "summary": cells["summary"],
        "status": cells["status"],
        "announcedOn": cells["announced_on"],
        "adoptedOn": cells["adopted_on"],
        "inForceOn": cells["in_force_on"],
        "endedOn": None,
        "dateBasis": cells["date_basis"],
        "reportedBy": cells["reported_by"],
        "reportedOn": cells["reported_on"],
        "instrument": cells["instrument"],
        "consent": cells["consent"],
        "recommendations": cells["recommendations"] or [],
        "confidence": cells["confidence"],
        "note": cells["note"],
    }


def _assessment(cells: Cells) -> Document:
    return {
        "stateParty": cells["code"],
        "assessor": cells["assessor"],
        "assessorKind": cells["assessor_kind"],
        "verdict": cells["verdict"],
        "criterion": cells["criterion"],
        "summary": cells["summary"],
        "recommendations": cells["recommendations"] or [],
        "assessedOn": cells["assessed_on"],
    }


def _statement(cells: Cells) -> Document:
    return {
        "stateParty": cells["code"],
        "kind": cells["kind"],
        "madeOn": cells["made_on"],
        "dateBasis": cells["date_basis"],
        "articles": cells["articles"] or [],
        "target": cells["target"],
        "summary": cells["summary"],
        "evidence": cells["evidence"],
        "note": cells["note"],
    }


def _reporting_event(cells: Cells) -> Document:
    return {
        "stateParty": cells["code"],
        "kind": cells["kind"],
        "happenedOn": cells["happened_on"],
        "documentSymbol": cells["document_symbol"],
    }


DOCUMENT_OF: Mapping[str, Callable[[Cells], Document]] = {
    "Source": _source,
    "Article": _article,
    "Section": _section,
    "Instrument": _instrument,
    "Recommendation": _recommendation,
    "StateParty": _state_party,
    "Signatory": _signatory,
    "Measure": _measure,
    "Assessment": _assessment,
    "Statement": _statement,
    "ReportingEvent": _reporting_event,
}
"""The first half of a record's id → how its row becomes its document."""
