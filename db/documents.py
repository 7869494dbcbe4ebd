"""What a document of each type may say: its fields, what is wrong with one, what it refers to, and its free words.

A field is named by its path: "title", "names.EN", "recommendations[0]", "citations[0].locator", counted from 0 as in JSON.
Longer than most files, for the table of the fields: who reads one type wants it whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from db.values import Field, Kind, Wrong, nearest, shown, wrong
from db.vocabulary import (
    Confidence,
    ConsentKind,
    DateConfidence,
    Language,
    MeasureKind,
    MeasureStatus,
    RegionalGroup,
    Reporter,
    ReportingEventKind,
    SourceKind,
    StatementKind,
    Strength,
    Theme,
    Verdict,
    Verification,
)

Document = dict[str, Any]

MOST, MOST_LISTED = 50, 200
"""Fields of a document, and things in one of its lists, that are looked at."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field, in a sentence for whoever wrote it."""

    field: str | None
    expected: Any
    found: Any
    message: str


TEXT, TEXTS = Field(Kind.TEXT), Field(Kind.TEXT, many=True)
TITLE = Field(Kind.TEXT, required=True, longest=500)
LINK = Field(Kind.LINK)
NUMBER, TRUTH = Field(Kind.NUMBER), Field(Kind.TRUTH, required=True)
DAY, PARTIAL_DAY = Field(Kind.DAY), Field(Kind.PARTIAL_DAY)
ALPHA2 = Field(Kind.CODE, required=True, form="[A-Z]{2}", like="PH")
CITATIONS = Field(Kind.CITATIONS, required=True, many=True)
STATE_PARTY = Field(Kind.CODE, required=True, refers_to="STATE_PARTY", like="PHL")
RECOMMENDATIONS = Field(Kind.CODE, refers_to="RECOMMENDATION", many=True, like="IVC-05")


def _required(field: Field) -> Field:
    return replace(field, required=True)


def _key(form: str, like: str) -> Field:
    return Field(Kind.CODE, required=True, form=form, like=like, key=True)


def _word(vocabulary: type[StrEnum], *, required: bool = True, many: bool = False) -> Field:
    return Field(Kind.WORD, required=required, many=many, vocabulary=vocabulary)


FIELDS: Mapping[str, Mapping[str, Field]] = {
    "STATE_PARTY": {
        "code": _key("[A-Z]{3}", "PHL"),
        "alpha2": ALPHA2,
        "m49": _required(NUMBER),
        "names": Field(Kind.NAMES, required=True, vocabulary=Language),
        "region": _required(TEXT),
        "subregion": _required(TEXT),
        "group": _word(RegionalGroup),
        "signedOn": DAY,
        "consentOn": _required(DAY),
        "consent": _word(ConsentKind),
        "inForceOn": _required(DAY),
        "dateConfidence": _word(DateConfidence),
        "note": TEXT,
        "citations": CITATIONS,
    },
    "SIGNATORY": {
        "code": _key("[A-Z]{3}", "PHL"),
        "alpha2": ALPHA2,
        "m49": _required(NUMBER),
        "name": _required(TEXT),
        "region": _required(TEXT),
        "subregion": _required(TEXT),
        "group": _word(RegionalGroup),
        "signedOn": _required(DAY),
        "stillSignatoryOnly": TRUTH,
        "checkedOn": DAY,
        "note": TEXT,
        "citations": CITATIONS,
    },
    "SECTION": {
        "number": _key(r"[IVX]+(\.[A-Z](\.[1-9][0-9]?)?)?", "III.A"),
        "heading": _required(TEXT),
        "parent": Field(Kind.CODE, refers_to="SECTION", like="III"),
        "articles": TEXTS,
        "firstParagraph": NUMBER,
        "page": NUMBER,
        "note": TEXT,
    },
    "ARTICLE": {
        "number": replace(NUMBER, required=True, key=True),
        "subject": _required(TEXT),
        "summary": _required(TEXT),
    },
    "INSTRUMENT": {
        "code": _key("[A-Z][A-Z0-9_]{1,63}", "ILO_C182"),
        "name": _required(TEXT),
        "kind": _required(TEXT),
        "body": _required(TEXT),
        "years": replace(NUMBER, many=True),
        "url": LINK,
        "followed": TRUTH,
        "relevance": TEXT,
        "namedInGuidelines": TEXT,
        "note": TEXT,
    },
    "RECOMMENDATION": {
        "code": _key("[IVX]+[A-Z]?-[0-9]{2,3}", "IVC-05"),
        "section": Field(Kind.CODE, required=True, refers_to="SECTION", like="III.A"),
        "title": TITLE,
        "text": _required(TEXT),
        "paragraphs": TEXT,
        "themes": _word(Theme, required=False, many=True),
        "articles": TEXTS,
        "evidenceKinds": TEXTS,
        "digital": TRUTH,
        "privateSector": TRUTH,
        "strength": _word(Strength),
        "verification": _word(Verification),
        "certainty": TEXT,
        "basis": TEXT,
        "note": TEXT,
        "citations": CITATIONS,
    },
    "MEASURE": {
        "stateParty": STATE_PARTY,
        "kind": _word(MeasureKind),
        "title": TITLE,
        "summary": _required(TEXT),
        "status": _word(MeasureStatus),
        "announcedOn": PARTIAL_DAY,
        "adoptedOn": PARTIAL_DAY,
        "inForceOn": PARTIAL_DAY,
        "endedOn": PARTIAL_DAY,
        "dateBasis": TEXT,
        "reportedBy": _word(Reporter),
        "reportedOn": PARTIAL_DAY,
        "instrument": Field(Kind.CODE, refers_to="INSTRUMENT", like="ILO_C182"),
        "consent": _word(ConsentKind, required=False),
        "recommendations": RECOMMENDATIONS,
        "confidence": _word(Confidence),
        "note": TEXT,
        "citations": CITATIONS,
    },
    "ASSESSMENT": {
        "stateParty": STATE_PARTY,
        "assessor": _required(TEXT),
        "assessorKind": _word(Reporter),
        "verdict": _word(Verdict),
        "criterion": TEXT,
        "summary": TEXT,
        "recommendations": RECOMMENDATIONS,
        "assessedOn": PARTIAL_DAY,
        "citations": CITATIONS,
    },
    "STATEMENT": {
        "stateParty": STATE_PARTY,
        "kind": _word(StatementKind),
        "madeOn": PARTIAL_DAY,
        "dateBasis": TEXT,
        "articles": TEXTS,
        "target": replace(STATE_PARTY, required=False),
        "summary": _required(TEXT),
        "evidence": TEXT,
        "note": TEXT,
        "citations": CITATIONS,
    },
    "REPORTING_EVENT": {
        "stateParty": STATE_PARTY,
        "kind": _word(ReportingEventKind),
        "happenedOn": PARTIAL_DAY,
        "documentSymbol": TEXT,
        "citations": CITATIONS,
    },
    "SOURCE": {
        "kind": _word(SourceKind),
        "title": TITLE,
        "publisher": _required(TEXT),
        "symbol": TEXT,
        "url": LINK,
        "readAt": TEXT,
        "archivedUrl": LINK,
        "publishedOn": PARTIAL_DAY,
        "accessedOn": DAY,
        "language": TEXT,
        "licence": TEXT,
    },
}
"""Record type → its documents' fields, in the order in which whole() writes them. What a list holds may be nothing at all."""

CITATION: Mapping[str, Field] = {
    "source": Field(Kind.CODE, required=True, refers_to="SOURCE", like="S-0042"),
    "locator": TEXT,
    "note": TEXT,
}
"""The fields of a citation."""


def id_prefix(record_type: str) -> str:
    """The first half of the type's record ids: "STATE_PARTY" → "StateParty"."""
    return "".join(word.capitalize() for word in record_type.split("_"))


_PREFIXES = {record_type: id_prefix(record_type) for record_type in FIELDS}


def faults(record_type: str, document: Any, *, whole: bool) -> list[Fault]:
    """Everything that a document of the type cannot say. whole: it is to stand as it is, not only to tell what changes."""
    if not isinstance(document, dict):
        return [
            Fault(
                None, "an object", None, "The document is not an object: write its fields with their values, in braces."
            )
        ]
    fields = FIELDS[record_type]
    if too_much := [*_too_much(document)]:
        return too_much
    return [
        *_unknown("", document, fields, f"a {record_type.replace('_', ' ').lower()}"),
        *(fault for name, field in fields.items() for fault in _of_field(name, field, document, whole=whole)),
    ]


def _too_much(document: Mapping[str, Any]) -> Iterator[Fault]:
    """What is not looked at one by one: it would take long, and be told at length."""
    if len(document) > MOST:
        message = f"The document has {len(document):,} fields: no type has more than {MOST}."
        yield Fault(None, f"at most {MOST} fields", len(document), message)
        return
    for name, value in document.items():
        if isinstance(value, list) and len(value) > MOST_LISTED:
            message = f"“{name}” lists {len(value):,} things: list at most {MOST_LISTED}."
            yield Fault(name, f"at most {MOST_LISTED}", len(value), message)


def references(record_type: str, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each record that a document without faults refers to: (the field, the record's id).

    Not articles: they are mentioned as the sources write them ("2 (c)", "preamble"), as db/rules/references.sql has it.
    """
    for name, field in FIELDS[record_type].items():
        value = document.get(name)
        if not value:
            continue
        if field.kind is Kind.CITATIONS:
            for place, citation in enumerate(value):
                yield f"{name}[{place}].source", f"Source:{citation['source']}"
        elif field.refers_to:
            prefix = _PREFIXES[field.refers_to]
            if field.many:
                yield from ((f"{name}[{place}]", f"{prefix}:{code}") for place, code in enumerate(value))
            else:
                yield name, f"{prefix}:{value}"


def texts(record_type: str, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """All free words of a document without faults, addresses of pages among them: (the field, the text)."""
    for name in _WORDED[record_type]:
        value = document.get(name)
        if not value:
            continue
        if isinstance(value, str):
            yield name, value
        elif isinstance(value, dict):
            yield from ((f"{name}.{language}", text) for language, text in value.items())
        elif name == "citations":
            for place, citation in enumerate(value):
                for part in ("locator", "note"):
                    if text := citation.get(part):
                        yield f"{name}[{place}].{part}", text
        else:
            yield from ((f"{name}[{place}]", text) for place, text in enumerate(value))


_WORDED = {
    record_type: [
        name for name, field in fields.items() if field.kind in (Kind.TEXT, Kind.LINK, Kind.NAMES, Kind.CITATIONS)
    ]
    for record_type, fields in FIELDS.items()
}


def whole(record_type: str, document: Mapping[str, Any]) -> Document:
    """The document with every key of its type and no other, in their order; null or [] where it says nothing."""
    return {name: _whole_value(field, document.get(name)) for name, field in FIELDS[record_type].items()}


def _whole_value(field: Field, value: Any) -> Any:
    if value is None:
        return [] if field.many else None
    if field.kind is Kind.CITATIONS:
        return [{part: citation.get(part) for part in CITATION} for citation in value]
    if field.kind is Kind.NAMES:
        return {str(language): value[language] for language in Language if value.get(language) is not None}
    return value


def _unknown(path: str, document: Mapping[str, Any], fields: Mapping[str, Field], whose: str) -> Iterator[Fault]:
    for name in document:
        if name not in fields:
            meant = nearest(name, fields)
            what_to_do = f"did you mean “{meant}”?" if meant else "leave it out."
            yield Fault(
                f"{path}{shown(name)[1:-1]}",
                sorted(fields),
                shown(name)[1:-1],
                f"There is no field {shown(f'{path}{name}')} in {whose}: {what_to_do} Its fields are {', '.join(fields)}.",
            )


def _of_field(path: str, field: Field, document: Mapping[str, Any], *, whole: bool) -> Iterator[Fault]:
    name = path.rpartition(".")[2]
    if name not in document and not whole:
        return
    value = document.get(name)
    if value is None:
        if field.required:
            yield _missing(path, field)
    elif field.kind is Kind.NAMES:
        yield from _of_names(path, value)
    elif field.many:
        yield from _of_list(path, field, value)
    elif told := wrong(field, value):
        yield _fault(path, told)


def _missing(path: str, field: Field) -> Fault:
    if field.kind is Kind.CITATIONS:
        return Fault(
            path,
            "at least one citation",
            None,
            f"“{path}” names no source: cite at least one, and where in it this stands.",
        )
    expected = _EXPECTED[field.kind] if field.vocabulary is None else "one of " + ", ".join(field.vocabulary)
    if field.kind is Kind.NAMES:
        expected = _EXPECTED[field.kind]
    elif field.like:
        expected += f" like {field.like}"
    return Fault(path, expected, None, f"“{path}” is missing: write {expected}.")


def _of_names(path: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield _fault(path, Wrong(_EXPECTED[Kind.NAMES], None, f"is not an object: write {_EXPECTED[Kind.NAMES]}"))
        return
    yield from _unknown(f"{path}.", value, _NAMES, "names by language")
    for language, field in _NAMES.items():
        yield from _of_field(f"{path}.{language}", field, value, whole=True)


_NAMES = {str(language): Field(Kind.TEXT, required=str(language) == "EN") for language in Language}


def _of_list(path: str, field: Field, value: Any) -> Iterator[Fault]:
    if not isinstance(value, list):
        yield _fault(path, Wrong("a list", None, "is not a list: write one, in brackets, even of one thing"))
        return
    if field.kind is Kind.CITATIONS and not value:
        yield _missing(path, field)
    before: dict[str, int] = {}
    for place, one in enumerate(value):
        here = f"{path}[{place}]"
        if field.kind is Kind.CITATIONS:
            yield from _of_citation(here, one)
        elif told := wrong(field, one):
            yield _fault(here, told)
        same = before.setdefault(repr(sorted(one.items(), key=str) if isinstance(one, dict) else one), place)
        if same != place:
            yield Fault(here, "each once", None, f"“{here}” says the same as “{path}[{same}]”: leave one of them out.")


def _of_citation(path: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, dict):
        expected = "an object with source, locator and note"
        yield _fault(path, Wrong(expected, None, f"is not a citation: write {expected}"))
        return
    yield from _unknown(f"{path}.", value, CITATION, "a citation")
    for name, field in CITATION.items():
        yield from _of_field(f"{path}.{name}", field, value, whole=True)


def _fault(path: str, told: Wrong) -> Fault:
    return Fault(path, told.expected, told.found, f"“{path}” {told.sentence}.")


_EXPECTED: Mapping[Kind, str] = {
    Kind.TEXT: "a text",
    Kind.LINK: "an address",
    Kind.CODE: "a code",
    Kind.NUMBER: "a whole number",
    Kind.TRUTH: "true or false",
    Kind.DAY: "a day as YYYY-MM-DD",
    Kind.PARTIAL_DAY: "a date as YYYY, YYYY-MM or YYYY-MM-DD",
    Kind.NAMES: "the State's name by language, with EN for English",
}
