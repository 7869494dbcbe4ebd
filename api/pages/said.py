"""What a revision's document said, field by field, in the words of a record's page: names beside codes, as they then were."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from api.pages.facts import TRUTHS, Fact, Words, followed
from api.pages.meanings import meaning
from api.pages.spelling import day, label, spelt
from db.documents import FIELDS, id_prefix, references
from db.values import Field, Kind
from schema.identity import WELL_FORMED

MOST = 200
"""Records that are named at once; of those beyond, a page shows the codes."""

CODE_FIRST = ("RECOMMENDATION", "SECTION")
"""Types whose codes people go by."""

SAYS_ALL = Field(Kind.TEXT)
"""What a field holds of which no more is known than its value."""

Names = Mapping[str, str]
"""Record id → what it is called."""


def referred(record_type: str, document: Mapping[str, Any]) -> Sequence[str]:
    """The ids of the records that it refers to, once each."""
    ids = dict.fromkeys(record_id for _, record_id in references(record_type, document))
    return [record_id for record_id in ids if WELL_FORMED.fullmatch(record_id)][:MOST]


def said(record_type: str, document: Mapping[str, Any], names: Names) -> Iterator[Fact]:
    """The fields that say something, in the order of their type. names: of the records that it refers to."""
    fields = FIELDS[record_type]
    in_order = [*(name for name in fields if name in document), *(name for name in document if name not in fields)]
    for name in in_order:
        if words := list(_words(fields.get(name, SAYS_ALL), document[name], names)):
            yield Fact(label(name, document.get("kind")), words)


def _words(field: Field, value: Any, names: Names) -> Iterator[Words]:
    match value:
        case None | "":
            return
        case list():
            for one in value:
                yield from _words(field, one, names)
        case {"source": str(source)} if field.kind is Kind.CITATIONS:
            beside = [value[part] for part in ("locator", "note") if value.get(part)]
            yield _reference("SOURCE", source, names, beside)
        case dict():
            yield Words(", ".join(f"{key}: {one}" for key, one in value.items() if one is not None))
        case bool():
            yield Words(TRUTHS[value])
        case str() if field.refers_to:
            yield _reference(field.refers_to, value, names)
        case str() if field.vocabulary and value in {str(word) for word in field.vocabulary}:
            yield Words(spelt(value), about=meaning(field.vocabulary.__name__, value))
        case str() if field.kind in (Kind.DAY, Kind.PARTIAL_DAY):
            yield Words(day(value))
        case _:
            yield Words(str(value), followed(str(value)))


def _reference(record_type: str, code: str, names: Names, beside: Sequence[str] = ()) -> Words:
    """Another record, by its name and code. beside: what stands there, too."""
    record_id = f"{id_prefix(record_type)}:{code}"
    name = names.get(record_id)
    if not name:
        shown = code
    elif record_type in CODE_FIRST:
        shown = f"{code}: {name}"
    else:
        shown = f"{name} ({code})"
    return Words(", ".join([shown, *beside]), f"/r/{record_id}")
