"""What a document may say: every document of the seed, and each way in which one may be wrong, told in a sentence."""

import re

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.days import earliest, is_partial_day, latest
from db.documents import FIELDS, faults, id_prefix, references, texts, whole
from db.tables import PROJECTIONS
from db.values import Kind
from db.vocabulary import RecordType
from seed.documents import documents
from seed.files import read
from tests.record_documents import Document, measure, reporting_event, source, state_party

SEED = documents(read())
TYPES = {id_prefix(record_type): record_type for record_type in FIELDS}


def type_of(record_id: str) -> str:
    return TYPES[record_id.partition(":")[0]]


def told(record_type: str, document: Document, *, is_whole: bool = False) -> list[tuple[str | None, str]]:
    return [(fault.field, fault.message) for fault in faults(record_type, document, whole=is_whole)]


def test_every_document_of_the_seed_is_whole_and_without_faults() -> None:
    assert [
        (record_id, fault)
        for record_id, document in SEED.items()
        for fault in faults(type_of(record_id), document, whole=True)
    ] == []
    assert [record_id for record_id, document in SEED.items() if whole(type_of(record_id), document) != document] == []
    assert {type_of(record_id) for record_id in SEED} == {str(one) for one in RecordType} == set(FIELDS)


def test_every_reference_of_the_seed_names_a_record_of_it() -> None:
    missing = {
        (record_id, field)
        for record_id, document in SEED.items()
        for field, other in references(type_of(record_id), document)
        if other not in SEED
    }
    assert missing == set()


COLUMNS = {
    "stateParty": "state_party_code",
    "instrument": "instrument_code",
    "section": "section_number",
    "parent": "parent_number",
    "target": "target_code",
    "status": "stated_status",
    "recommendations": "recommendation_codes",
}
"""Fields whose columns have other names."""


@pytest.mark.parametrize("record_type", sorted(FIELDS))
def test_what_is_required_is_what_the_database_requires(record_type: str) -> None:
    table = PROJECTIONS[record_type]
    for name, field in FIELDS[record_type].items():
        column = table.c[COLUMNS.get(name) or re.sub(r"([A-Z])", r"_\1", name).lower()]
        assert column.nullable is not (field.required or field.many), name


async def test_the_words_that_a_redaction_may_take_are_among_the_texts(record_url: str) -> None:
    connection = await asyncpg.connect(record_url)
    for record_type, fields in FIELDS.items():
        words = await connection.fetchval("select words_of($1)", record_type)
        worded = {name for name, field in fields.items() if field.kind in (Kind.TEXT, Kind.LINK, Kind.NAMES)}
        assert set(words) <= worded, record_type
    await connection.close()


def test_references_are_by_record_id_with_the_field() -> None:
    document = measure("PHL", instrument="CRC", recommendations=["IVC-05", "I-01"])
    assert list(references("MEASURE", document)) == [
        ("stateParty", "StateParty:PHL"),
        ("instrument", "Instrument:CRC"),
        ("recommendations[0]", "Recommendation:IVC-05"),
        ("recommendations[1]", "Recommendation:I-01"),
        ("citations[0].source", "Source:S-1"),
    ]


def test_texts_are_all_free_words_with_the_field() -> None:
    citations = [{"source": "S-1", "locator": "para. 3", "note": "read"}]
    event = reporting_event("PHL", documentSymbol="CRC/C/1", citations=citations)
    assert list(texts("REPORTING_EVENT", event)) == [
        ("documentSymbol", "CRC/C/1"),
        ("citations[0].locator", "para. 3"),
        ("citations[0].note", "read"),
    ]
    names = {"EN": "Ruritania", "FR": "Ruritanie"}
    assert [*texts("STATE_PARTY", state_party("RUR", names=names))][:2] == [
        ("names.EN", "Ruritania"),
        ("names.FR", "Ruritanie"),
    ]


def test_whole_adds_what_is_missing_and_keeps_the_order() -> None:
    assert whole("REPORTING_EVENT", {"citations": [{"source": "S-1"}], "stateParty": "PHL"}) == {
        "stateParty": "PHL",
        "kind": None,
        "happenedOn": None,
        "documentSymbol": None,
        "citations": [{"source": "S-1", "locator": None, "note": None}],
    }
    assert list(whole("MEASURE", {})) == list(FIELDS["MEASURE"])
    assert whole("MEASURE", {})["recommendations"] == []


MONTHS = "a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD"


@pytest.mark.parametrize(
    ("changed", "field", "message"),
    [
        ({"title": " "}, "title", "“title” is blank: write something, or null where nothing is known."),
        ({"title": "x" * 501}, "title", "“title” has 501 characters: write 500 at the most."),
        ({"summary": "x" * 10_001}, "summary", "“summary” has 10,001 characters: write 10,000 at the most."),
        ({"summary": "a\0b"}, "summary", "“summary” holds the character U+0000 at character 2: take it out."),
        ({"summary": "\ud800"}, "summary", "“summary” holds the character U+D800 at character 1: take it out."),
        ({"summary": "a\tb"}, "summary", "“summary” holds a tab at character 2: take it out."),
        ({"summary": "a "}, "summary", "“summary” begins or ends with blanks: take them out."),
        ({"summary": 3}, "summary", "“summary” is a number: write a text."),
        ({"adoptedOn": "2012-02-30"}, "adoptedOn", f"“adoptedOn” says “2012-02-30”: write {MONTHS}."),
        ({"adoptedOn": "14 May 2012"}, "adoptedOn", f"“adoptedOn” says “14 May 2012”: write {MONTHS}."),
        ({"adoptedOn": 2012}, "adoptedOn", f"“adoptedOn” is a number: write {MONTHS}."),
        ({"title": None}, "title", "“title” is missing: write a text."),
        ({"stateParty": "P H L"}, "stateParty", "“stateParty” says “P H L”: write a code like PHL."),
        ({"recommendations": "I-01"}, "recommendations",
         "“recommendations” is not a list: write one, in brackets, even of one thing."),
        ({"recommendations": ["I-01", "I-01"]}, "recommendations[1]",
         "“recommendations[1]” says the same as “recommendations[0]”: leave one of them out."),
        ({"recommendations": [None]}, "recommendations[0]", "“recommendations[0]” is null: write a text."),
        ({"citations": []}, "citations",
         "“citations” names no source: cite at least one, and where in it this stands."),
        ({"citations": ["S-1"]}, "citations[0]",
         "“citations[0]” is not a citation: write an object with source, locator and note."),
        ({"citations": [{"locator": "p. 3"}]}, "citations[0].source",
         "“citations[0].source” is missing: write a code like S-0042."),
        ({"citations": [{"source": "S-1", "page": 3}]}, "citations[0].page",
         "There is no field “citations[0].page” in a citation: leave it out. Its fields are source, locator, note."),
        ({"confidence": "hihg"}, "confidence",
         "“confidence” says “hihg”, which is not in its list: did you mean HIGH? Write one of HIGH, MEDIUM, LOW."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_the_field_and_what_to_write(changed: Document, field: str, message: str) -> None:
    assert told("MEASURE", {**measure("PHL"), **changed}, is_whole=True) == [(field, message)]
    assert told("MEASURE", changed) == [(field, message)]


@pytest.mark.parametrize(
    ("record_type", "changed", "field"),
    [
        ("STATE_PARTY", {"m49": -1}, "m49"),
        ("STATE_PARTY", {"m49": 2**31}, "m49"),
        ("STATE_PARTY", {"m49": True}, "m49"),
        ("STATE_PARTY", {"m49": 3.0}, "m49"),
        ("STATE_PARTY", {"consentOn": "2012-05"}, "consentOn"),
        ("STATE_PARTY", {"names": {"FR": "Ruritanie"}}, "names.EN"),
        ("STATE_PARTY", {"names": {"EN": "Ruritania", "DE": "Ruritanien"}}, "names.DE"),
        ("STATE_PARTY", {"names": "Ruritania"}, "names"),
        ("RECOMMENDATION", {"digital": "true"}, "digital"),
        ("RECOMMENDATION", {"themes": ["LEGISLATION", "LAW"]}, "themes[1]"),
        ("INSTRUMENT", {"years": [1989, "1990"]}, "years[1]"),
        ("SECTION", {"number": "3.A"}, "number"),
    ],
)
def test_a_value_of_another_kind_is_a_fault_of_its_field(record_type: str, changed: Document, field: str) -> None:
    assert [fault.field for fault in faults(record_type, changed, whole=False)] == [field]


def test_an_unknown_field_is_led_to_the_nearest() -> None:
    (message,) = [message for _, message in told("SOURCE", {"published_on": "2012"})]
    assert message.startswith(
        "There is no field “published_on” in a source: did you mean “publishedOn”? Its fields are kind,"
    )
    (fault,) = faults("SOURCE", {"\ud800" * 1000: 1}, whole=False)
    assert len((fault.field or "").encode()) < 1000


def test_an_amendment_need_not_say_what_it_leaves_and_a_whole_document_must() -> None:
    assert told("SOURCE", {"title": "A source"}) == []
    assert [field for field, _ in told("SOURCE", {"title": "A source"}, is_whole=True)] == ["kind", "publisher"]
    assert told("SOURCE", source(), is_whole=True) == []


def test_what_is_no_object_is_a_fault_of_the_whole() -> None:
    assert [(fault.field, fault.expected) for fault in faults("SOURCE", ["title"], whole=True)] == [(None, "an object")]


@given(st.dates())
def test_a_partial_day_means_the_days_from_its_earliest_to_its_latest(day: object) -> None:
    for length in (4, 7, 10):
        partial = str(day)[:length]
        assert is_partial_day(partial)
        assert earliest(partial) <= earliest(str(day)) <= latest(partial)
        assert str(earliest(partial))[:length] == str(latest(partial))[:length] == partial


async def test_partial_days_are_read_as_the_database_reads_them(record_url: str) -> None:
    written = ["2012", "2012-02", "2011-02", "2012-12", "2012-05-14", "0001", "9999-12"]
    wrong = ["0000", "2012-13", "2012-02-30", "2012-5", "12", "2012-05-14T00", "today", "", "2012-", "２０１２"]
    connection = await asyncpg.connect(record_url)
    for partial in written:
        row = await connection.fetchrow("select earliest($1), latest($1)", partial)
        assert row is not None
        assert is_partial_day(partial)
        assert (earliest(partial), latest(partial)) == tuple(row)
    for partial in wrong:
        assert not is_partial_day(partial)
        with pytest.raises(asyncpg.DataError):
            await connection.fetchrow("select earliest($1)", partial)
    await connection.close()


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["PHL", "2012"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just("source"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(FIELDS)), st.data())
def test_whatever_json_says_is_judged_and_what_passes_can_be_read(record_type: str, data: st.DataObject) -> None:
    names = st.sampled_from(list(FIELDS[record_type])) | st.text(max_size=8)
    document = data.draw(st.dictionaries(names, JSON, max_size=6))
    found = faults(record_type, document, whole=False)
    for fault in found:
        assert f"{fault.field}{fault.message}{fault.found}".encode()
    if not found:
        assert all(isinstance(text, str) for _, text in texts(record_type, document))
        assert all(":" in record_id for _, record_id in references(record_type, document))
        made = whole(record_type, document)
        assert whole(record_type, made) == made
