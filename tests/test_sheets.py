"""Sheets hold documents: what is written comes back the same, from CSV and from XLSX, whatever the texts are."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from db.tables import PROJECTIONS
from schema.spreadsheet.columns import SHEETS, Sheet
from schema.spreadsheet.lists import join, split
from schema.spreadsheet.parse import parse
from schema.spreadsheet.rows import Row
from schema.spreadsheet.template import template, template_as_xlsx
from schema.spreadsheet.workbook import as_xlsx
from schema.spreadsheet.write import CannotWrite, Standing, as_csv
from seed.documents import documents
from seed.files import read

Writes = Callable[[Sheet, Iterable[Standing]], bytes]

MEASURE: dict[str, Any] = {
    "stateParty": "PHL",
    "kind": "LEGISLATION",
    "title": "A law",
    "summary": "It says something.",
    "status": "IN_FORCE",
    "announcedOn": None,
    "adoptedOn": "2012",
    "inForceOn": "2012-05",
    "endedOn": None,
    "dateBasis": None,
    "reportedBy": "STATE",
    "reportedOn": "2012-05-14",
    "instrument": None,
    "consent": None,
    "recommendations": ["IVC-05", "IIIA-04"],
    "confidence": "HIGH",
    "note": None,
    "citations": [{"source": "S-0001", "locator": None, "note": None}],
}

COLUMN_OF = {
    "status": "stated_status",
    "instrument": "instrument_code",
    "recommendations": "recommendation_codes",
    "stateParty": "state_party_code",
    "target": "target_code",
}
"""Fields that the tables name otherwise than in snake case."""

both = pytest.mark.parametrize("write", [as_csv, as_xlsx])
each = pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)


@pytest.fixture(scope="module")
def seeded() -> Mapping[str, dict[str, Any]]:
    return documents(read())


def standing(seeded: Mapping[str, dict[str, Any]], sheet: Sheet) -> list[Standing]:
    return [Standing(one, 3, document) for one, document in seeded.items() if one.startswith(f"{sheet.record}:")]


def comes_back(write: Writes, sheet: Sheet, document: dict[str, Any]) -> None:
    parsed = parse(write(sheet, [Standing(f"{sheet.record}:X-1", 7, document)]), sheet)
    assert (parsed.faults, parsed.rows) == ([], [Row(2, f"{sheet.record}:X-1", 7, None, document)])


@both
@each
def test_every_record_of_the_seed_comes_back_as_it_was(
    write: Writes, sheet: Sheet, seeded: Mapping[str, dict[str, Any]]
) -> None:
    rows = standing(seeded, sheet)
    parsed = parse(write(sheet, rows), sheet)
    assert parsed.faults == []
    assert parsed.rows == [Row(place, row.record_id, 3, None, dict(row.document)) for place, row in enumerate(rows, 2)]


@each
def test_a_sheet_has_a_column_for_each_field_and_asks_for_what_the_table_asks_for(
    sheet: Sheet, seeded: Mapping[str, dict[str, Any]]
) -> None:
    document = standing(seeded, sheet)[0].document
    assert {column.name for column in sheet.fields} == document.keys() - {"citations"}
    assert sheet.cited == ("citations" in document)
    table = PROJECTIONS[sheet.record_type].c
    for column in sheet.fields:
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in column.name)
        kept = table[COLUMN_OF.get(column.name, snake)]
        assert column.required == (not kept.nullable and not column.many), column.name


texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffd\ufffe\uffffÃÂâ")
    | st.sampled_from("\n\t;\\ '\"=+-@,"),
    min_size=1,
    max_size=12,
).filter(lambda text: not text.isspace())


@given(st.lists(st.none() | texts, min_size=1))
def test_a_list_of_any_texts_comes_back_from_its_cell(values: list[str | None]) -> None:
    assert split(join(values)) == (values if any(values) else [None])


@given(
    texts,
    st.lists(
        st.fixed_dictionaries({"source": st.just("S-0001"), "locator": st.none() | texts, "note": texts}), min_size=1
    ),
)
def test_any_texts_come_back_from_csv(text: str, citations: list[dict[str, Any]]) -> None:
    comes_back(as_csv, SHEETS["measures"], MEASURE | {"title": text, "note": text, "citations": citations})


@both
@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "'=1+1",
        "'quoted' name",
        "-5",
        "@here",
        "+",
        " blanks at its ends ",
        "two\nlines",
        "a\ttab",
        "semi;colon, comma",
        'say "so"',
        "back\\slash",
        "_x0041_",
        "2012-05-14",
        "007",
        "TRUE",
        "1E5",
        "القانون",
        "儿童",
        "😀",
        "a\u2028b",
        "x" * 32_767,
    ],
)
def test_a_text_that_spreadsheets_would_change_comes_back(write: Writes, text: str) -> None:
    citations = [
        {"source": "S-0001", "locator": text[:9], "note": None},
        {"source": "S-2", "locator": None, "note": text[:9]},
    ]
    comes_back(write, SHEETS["measures"], MEASURE | {"summary": text, "citations": citations})


def test_a_text_that_looks_like_a_formula_is_guarded_in_csv() -> None:
    content = as_csv(SHEETS["measures"], [Standing("Measure:X-1", 7, MEASURE | {"title": "=HYPERLINK()"})])
    assert b",'=HYPERLINK()," in content


@both
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"note": "x" * 32_768}, "Measure:X-1: note has 32,768 characters; a cell of a spreadsheet holds 32,767."),
        ({"note": "😀" * 16_384}, "Measure:X-1: note has 32,768 characters; a cell of a spreadsheet holds 32,767."),
        ({"note": "a\0b"}, "Measure:X-1: note holds the character U+0000, which a spreadsheet cannot hold."),
        ({"note": "a\ud800b"}, "Measure:X-1: note holds the character U+D800, which a spreadsheet cannot hold."),
        ({"note": "a\rb"}, "Measure:X-1: note holds the character U+000D, which a spreadsheet cannot hold."),
        ({"note": " "}, "Measure:X-1: note holds ' ', which would not come back from a spreadsheet."),
        ({"note": "#REF!"}, "Measure:X-1: note holds '#REF!', which would not come back from a spreadsheet."),
        ({"colour": "red"}, "Measure:X-1 has colour, which measures has no column for."),
        (
            {"citations": [{"source": "S-1", "page": 2}]},
            "Measure:X-1 has citations that say more than source, locator, note.",
        ),
    ],
)
def test_what_a_sheet_cannot_hold_is_refused(write: Writes, change: dict[str, Any], message: str) -> None:
    with pytest.raises(CannotWrite) as refusal:
        write(SHEETS["measures"], [Standing("Measure:X-1", 7, MEASURE | change)])
    assert str(refusal.value) == message


@each
def test_a_template_holds_the_columns_and_no_row(sheet: Sheet) -> None:
    header = ",".join(column.name for column in sheet.columns)
    assert template(sheet) == f"\ufeff{header}\r\n".encode()
    for content in (template(sheet), template_as_xlsx(sheet)):
        parsed = parse(content, sheet)
        assert (parsed.rows, [fault.advice for fault in parsed.faults]) == (
            [],
            ["The file holds a header alone: write the rows below it."],
        )


@each
def test_a_template_offers_each_closed_list_and_explains_each_column(sheet: Sheet) -> None:
    content = template_as_xlsx(sheet)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        xml = packed.read("xl/worksheets/sheet1.xml").decode()
    with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
        notes = book.get_sheet_by_name("Notes").to_python()
    offered = [
        [row[5] for row in notes[int(first) - 1 : int(last)]]
        for first, last in re.findall(r"<formula1>Notes!\$F\$(\d+):\$F\$(\d+)</formula1>", xml)
    ]
    closed = [[name for name, _ in column.kind.words] for column in sheet.columns if column.kind.words]
    assert offered == closed
    assert [row[0] for row in notes[1 : len(sheet.columns) + 1]] == [column.name for column in sheet.columns]
    assert all(row[1] and row[2] for row in notes[1 : len(sheet.columns) + 1])


@both
def test_ten_thousand_rows_are_written_and_read(write: Writes, seeded: Mapping[str, dict[str, Any]]) -> None:
    sheet = SHEETS["measures"]
    measures = [row.document for row in standing(seeded, sheet)]
    rows = [Standing(f"Measure:X-{place}", 1, measures[place % len(measures)]) for place in range(10_000)]
    parsed = parse(write(sheet, rows), sheet)
    assert (len(parsed.rows), parsed.faults) == (10_000, [])
