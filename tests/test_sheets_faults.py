"""What is wrong in a sheet is told at once: the row as spreadsheets number it, the column, what was found, what was expected."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from xlsxwriter import Workbook

from schema.spreadsheet.columns import SHEETS
from schema.spreadsheet.faults import Fault
from schema.spreadsheet.parse import parse
from schema.spreadsheet.template import template_as_xlsx

STATEMENTS = SHEETS["statements"]
NEW = {"stateParty": "PHL", "kind": "DECLARATION", "summary": "It says so.", "sources": "S-0001", "locators": "p. 4"}
STORED = {
    "stateParty": "PHL",
    "kind": "DECLARATION",
    "summary": "It says so.",
    "citations": [{"source": "S-0001", "locator": "p. 4", "note": None}],
}
KINDS = "one of DECLARATION, RESERVATION, OBJECTION, WITHDRAWAL"
PARTIAL = "a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD"
AS_TEXT = "format the column as text, and write the date again."


def sheet_of(*rows: dict[str, str], separator: str = ",") -> bytes:
    """A CSV whose columns are those of the first row, and a new record's."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, {**NEW, **rows[0]}, delimiter=separator)
    writer.writeheader()
    writer.writerows(NEW | row for row in rows)
    return file.getvalue().encode()


def faults(content: bytes) -> list[tuple[int, str | None, str | None, str]]:
    return [(fault.row, fault.column, fault.value, fault.expected) for fault in parse(content, STATEMENTS).faults]


def the_fault(content: bytes) -> Fault:
    (fault,) = parse(content, STATEMENTS).faults
    return fault


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", [b"\r\n", b"\n"])
def test_a_csv_is_read_whatever_program_wrote_it(separator: str, mark: bytes, ending: bytes) -> None:
    parsed = parse(mark + sheet_of({}, separator=separator).replace(b"\r\n", ending), STATEMENTS)
    assert (parsed.faults, [row.document for row in parsed.rows]) == ([], [STORED])


def test_a_row_tells_only_of_the_columns_that_the_file_has() -> None:
    parsed = parse(
        b"id,baseRevision,changeKind,note\nStatement:PHL-S01,4,LEARNED,New.\nStatement:PHL-S02,1,,\n", STATEMENTS
    )
    assert parsed.faults == []
    assert [tuple(row) for row in parsed.rows] == [
        (2, "Statement:PHL-S01", 4, "LEARNED", {"note": "New."}),
        (3, "Statement:PHL-S02", 1, None, {"note": None}),
    ]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    content = sheet_of({"summary": "Two\r\nlines."}, {"kind": "LAW"}, {"kind": "BILL"}).replace(
        b"\r\nPHL,BILL", b"\r\n\r\nPHL,BILL"
    )
    parsed = parse(content, STATEMENTS)
    assert [(fault.row, fault.value) for fault in parsed.faults] == [(3, "LAW"), (5, "BILL")]
    assert parsed.rows[0].document["summary"] == "Two\nlines."


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "RESERVATON"}, ("kind", "RESERVATON", KINDS, "Did you mean RESERVATION?")),
        ({"kind": "XYZ"}, ("kind", "XYZ", KINDS, "Choose one of these words.")),
        ({"kind": " "}, ("kind", None, KINDS, "This must not be blank.")),
        (
            {"sources": ""},
            (
                "sources",
                None,
                "the id of a source, like S-0042",
                "Every record cites at least one source: give its id.",
            ),
        ),
        (
            {"stateParty": "Philippines"},
            (
                "stateParty",
                "Philippines",
                "a State's ISO 3166-1 alpha-3 code, like PHL",
                "Write it in that form, with nothing before or after it.",
            ),
        ),
        (
            {"madeOn": "2012-02-30"},
            ("madeOn", "2012-02-30", PARTIAL, "The calendar has no such day: look it up in the source."),
        ),
        ({"madeOn": "14/05/2012"}, ("madeOn", "14/05/2012", PARTIAL, "Write 2012-05-14; the year comes first.")),
        (
            {"madeOn": "05/06/2012"},
            ("madeOn", "05/06/2012", PARTIAL, "Write 2012-05-06 or 2012-06-05; the year comes first."),
        ),
        (
            {"madeOn": "41043"},
            ("madeOn", "41043", PARTIAL, f"41043 is how a spreadsheet counts days, likely 2012-05-14: {AS_TEXT}"),
        ),
        ({"madeOn": "2012.0"}, ("madeOn", "2012.0", PARTIAL, "Write 2012: format the column as text.")),
        (
            {"id": "Statement:PHL-S01", "baseRevision": "2.0", "citationNotes": ""},
            ("baseRevision", "2.0", "a whole number from 1 to 2147483647", "Write 2."),
        ),
        (
            {"id": "Statement:PHL-S01", "baseRevision": "", "citationNotes": ""},
            (
                "baseRevision",
                None,
                "the revision that was exported",
                "Begin with an export of the record, which gives it; for a new record, clear the id.",
            ),
        ),
        (
            {"id": "", "baseRevision": "2"},
            ("id", None, "the id of the record", "Give the id of the record, or clear baseRevision for a new one."),
        ),
        (
            {"id": "Measure:PHL-0001", "baseRevision": "2", "citationNotes": ""},
            (
                "id",
                "Measure:PHL-0001",
                "the id of a record as Statement:…, or nothing",
                "Write it in that form, with nothing before or after it.",
            ),
        ),
        (
            {"changeKind": "LEARNT"},
            ("changeKind", "LEARNT", "one of STATE_ACTED, LEARNED, CORRECTED, RECODED", "Did you mean LEARNED?"),
        ),
        (
            {"articles": "2;;3"},
            ("articles", "2;;3", "text, and so on, separated by ;", "Take out the ; that nothing follows."),
        ),
        ({"articles": "2; 2"}, ("articles", "2; 2", "each value once", "Take out the value that is there twice.")),
        (
            {"locators": "p. 4; p. 5"},
            (
                "locators",
                "p. 4; p. 5",
                "as many values as sources (1), separated by ;",
                "There are 1 source and 2 values here: leave a place blank where there is nothing to say, and write a ; that"
                " belongs to a text as \\;",
            ),
        ),
        (
            {"note": "a\x07b"},
            (
                "note",
                "a\x07b",
                "text without control characters",
                "Delete the invisible character U+0007 at place 2 of the cell.",
            ),
        ),
        (
            {"note": "a\0b"},
            (
                "note",
                "a\0b",
                "text without control characters",
                "Delete the invisible character U+0000 at place 2 of the cell.",
            ),
        ),
        ({"note": "#NAME?"}, ("note", "#NAME?", "text", "A formula failed here: write what it should have said.")),
    ],
)
def test_a_cell_that_cannot_be_is_told_with_what_to_do(change: dict[str, str], fault: tuple[Any, ...]) -> None:
    assert the_fault(sheet_of(change)) == Fault(2, *fault)


@pytest.mark.parametrize("text", ["RepÃºblica", "Itâ€™s", "Rep\ufffdblica"])
def test_letters_that_another_encoding_broke_are_told(text: str) -> None:
    fault = the_fault(sheet_of({"note": text}))
    assert (fault.row, fault.column, fault.value, fault.expected) == (2, "note", text, "text whose letters are whole")


def test_all_faults_are_told_at_once_in_the_order_of_the_rows() -> None:
    content = sheet_of(
        {"madeOn": "x", "tilte": "?"}, {"kind": "LAW", "madeOn": "y"}, {"stateParty": "", "madeOn": "2012"}
    )
    assert [(row, column, value) for row, column, value, _ in faults(content)] == [
        (1, "tilte", "tilte"),
        (2, "madeOn", "x"),
        (3, "kind", "LAW"),
        (3, "madeOn", "y"),
        (4, "stateParty", None),
    ]


def test_columns_that_are_unknown_missing_or_there_twice_are_told() -> None:
    content = b"stateParty,kind,sumary,sources,kind\nPHL,DECLARATION,It says so.,S-0001,RESERVATION\n"
    columns = ", ".join(column.name for column in STATEMENTS.columns)
    assert parse(content, STATEMENTS).faults == [
        Fault(1, "sumary", "sumary", f"one of {columns}", "Did you mean summary?"),
        Fault(1, "kind", "kind", "each column once", "Take one of the two out: they could say different things."),
        Fault(1, "summary", None, "the column summary", "Row 2 is a new record, which needs it."),
    ]


def test_half_of_the_citations_would_lose_the_other_half() -> None:
    content = b"id,baseRevision,sources\nStatement:PHL-S01,1,S-0001\n"
    assert [column for _, column, _, _ in faults(content)] == ["locators", "citationNotes"]
    assert [column for _, column, _, _ in faults(b"id,baseRevision,locators\nStatement:PHL-S01,1,p. 4\n")] == [
        "sources",
        "citationNotes",
    ]


def test_a_record_stands_in_one_row() -> None:
    content = b"id,baseRevision,note\nStatement:PHL-S01,1,a\nStatement:PHL-S02,1,b\nStatement:PHL-S01,1,c\n"
    assert the_fault(content) == Fault(
        4, "id", "Statement:PHL-S01", "each record once", "Row 2 has it already: keep one of the two."
    )


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (b"PHL,DECLARATION,It says, so.,S-0001,p. 4", "6 cells: PHL, DECLARATION, It says,  so., S-0001, p. 4"),
        (b"PHL,DECLARATION", "2 cells: PHL, DECLARATION"),
    ],
)
def test_a_row_of_another_length_is_not_guessed_at(row: bytes, found: str) -> None:
    content = sheet_of({}) + row + b"\r\n"
    parsed = parse(content, STATEMENTS)
    assert faults(content) == [(3, None, found, "5 cells, as the header has")]
    assert [read.number for read in parsed.rows] == [2]


def test_blank_cells_and_rows_beyond_the_table_are_nothing() -> None:
    content = sheet_of({}).replace(b"\r\n", b",,\r\n") + b",,,,,,\r\n\r\n"
    parsed = parse(content, STATEMENTS)
    assert (parsed.faults, [row.document for row in parsed.rows]) == ([], [STORED])


def test_cells_shifted_by_one_column_are_faults() -> None:
    shifted = sheet_of({"madeOn": ""}).replace(
        b"PHL,DECLARATION,It says so.,S-0001,p. 4,", b",PHL,DECLARATION,It says so.,S-0001,p. 4"
    )
    assert [(row, column) for row, column, _, _ in faults(shifted)] == [
        (2, "stateParty"),
        (2, "kind"),
        (2, "madeOn"),
        (2, "sources"),
    ]


def test_a_value_in_a_column_without_a_name_is_told() -> None:
    content = sheet_of({"": "x"})
    assert faults(content) == [(2, None, "x", "nothing in column 6, which has no name")]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_told_with_how_to_save(encoding: str) -> None:
    fault = the_fault(sheet_of({}).decode().encode(encoding))
    assert (fault.row, fault.value, fault.expected) == (1, "UTF-16", "UTF-8")
    assert "CSV UTF-8" in fault.advice


def test_latin_1_is_told_with_its_row() -> None:
    content = sheet_of({"summary": "Two\r\nlines."}, {"summary": "República."}).decode().encode("latin-1")
    fault = the_fault(content)
    assert (fault.row, fault.value, fault.expected) == (3, "PHL,DECLARATION,República.,S-0001,p. 4", "UTF-8")


def test_a_quotation_mark_that_does_not_end_is_told_with_its_row() -> None:
    fault = the_fault(sheet_of({}) + b'PHL,DECLARATION,"It says so.,S-0001,p. 4\r\n')
    assert (fault.row, fault.column, fault.value) == (3, None, "unexpected end of data")


@pytest.mark.parametrize(
    ("content", "row", "found"),
    [
        (b"", 1, None),
        (b"\xef\xbb\xbf\r\n", 1, None),
        (b"a,b\n1,2\n", 1, "a, b"),
        (b"\nstateParty,kind\n", 1, None),
        (b"stateParty,kind,summary,sources\n", 2, None),
        (b"x" * 20_000_001, 1, "20.0 MB"),
        (b"note\n" + b"x\n" * 20_001, 20_002, "more than 20,000 rows"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 1, "an old .xls file, or one with a password"),
        (b"PK\x03\x04 damaged", 1, "BadZipFile: File is not a zip file"),
    ],
)
def test_a_file_that_is_no_sheet_is_told(content: bytes, row: int, found: str | None) -> None:
    fault = the_fault(content)
    assert (fault.row, fault.value) == (row, found)


# ── XLSX ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

HEADER = ("stateParty", "kind", "summary", "sources", "madeOn", "articles", "note")
CELLS: tuple[Any, ...] = ("PHL", "DECLARATION", "It says so.", "S-0001")


def workbook(write: Callable[[Any, Any], None]) -> bytes:
    """A new record in row 2, as a person fills it in, and what `write` adds."""
    file = io.BytesIO()
    with Workbook(file) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, HEADER)
        page.write_row(1, 0, CELLS)
        write(page, book.add_format({"num_format": "d mmm yyyy"}))
    return file.getvalue()


@pytest.mark.parametrize(
    ("write", "field", "value"),
    [
        (lambda page, form: page.write_datetime(1, 4, date(2012, 5, 14), form), "madeOn", "2012-05-14"),
        (lambda page, _: page.write_number(1, 4, 2012), "madeOn", "2012"),
        (lambda page, _: page.write_number(1, 5, 2), "articles", ["2"]),
        (lambda page, _: page.write_formula(1, 6, '="a"&"b"', None, "ab"), "note", "ab"),
        (lambda page, _: page.write_formula(1, 6, '=""', None, ""), "note", None),
    ],
)
def test_what_a_cell_stands_for_is_taken(write: Callable[[Any, Any], None], field: str, value: object) -> None:
    content = workbook(write)
    if value is None:  # as Excel writes a text that was calculated to be blank
        content = rewritten(
            content, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b'<c r="G2">', b'<c r="G2" t="str">')
        )
    parsed = parse(content, STATEMENTS)
    assert (parsed.faults, parsed.rows[0].document[field]) == ([], value)


@pytest.mark.parametrize(
    ("write", "fault"),
    [
        (lambda page, _: page.write_number(1, 4, 41043), ("madeOn", "41043", PARTIAL)),
        (
            lambda page, form: page.write_datetime(1, 4, datetime(2012, 5, 14, 13, 1), form),
            ("madeOn", "2012-05-14 13:01:00", PARTIAL),
        ),
        (lambda page, form: page.write_datetime(1, 5, date(2012, 4, 3), form), ("articles", "2012-04-03", "text")),
        (lambda page, _: page.write_number(1, 5, 3.1), ("articles", "3.1", "text")),
        (lambda page, _: page.write_boolean(1, 6, True), ("note", "TRUE", "text")),
        (lambda page, _: page.write_formula(1, 6, "=Z9", None, "#REF!"), ("note", "#REF!", "text")),
        (lambda page, _: page.write_formula(1, 6, "=1+1", None, ""), ("note", "=1+1", "text")),
    ],
)
def test_what_a_spreadsheet_has_made_of_a_text_is_told(
    write: Callable[[Any, Any], None], fault: tuple[Any, ...]
) -> None:
    assert faults(workbook(write)) == [(2, *fault)]


def rewritten(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """An XLSX with one of its parts changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return file.getvalue()


FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
EXPANDING = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaa">]><workbook>&a;</workbook>'


@pytest.mark.parametrize(
    ("part", "change", "found"),
    [
        ("xl/worksheets/sheet1.xml", lambda xml: xml + b" " * 150_000_000, "more than 150 MB when unpacked"),
        (
            "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(b"</sheetData>", FAR),
            "cells up to column XFD, row 1,048,576",
        ),
        (
            "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(b"</sheetData>", FAR.replace(b'<c r="XFD1048576">', b"<c>")),
            "a sheet that is not written the usual way",
        ),
        (
            "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(b"</sheetData>", b'<!-- <c r="A9"/> --></sheetData>'),
            "a sheet that is not written the usual way",
        ),
        ("xl/workbook.xml", lambda _: EXPANDING, "a workbook that defines names of its own"),
        ("xl/_rels/workbook.xml.rels", lambda _: b"<Relationships/>", "KeyError: 'rId1'"),
    ],
)
def test_a_file_that_would_unpack_to_anything_is_refused(
    part: str, change: Callable[[bytes], bytes], found: str
) -> None:
    assert the_fault(rewritten(template_as_xlsx(STATEMENTS), part, change)).value == found


def test_a_long_text_shown_by_many_cells_is_refused() -> None:
    cells = b"".join(b'<c r="%c%d" t="s"><v>0</v></c>' % (65 + place % 9, place // 9 + 3) for place in range(9_000))

    def many(xml: bytes) -> bytes:
        return xml.replace(b"</sheetData>", b"<row>" + cells + b"</row></sheetData>")

    content = rewritten(workbook(lambda page, _: page.write_row(1, 0, CELLS)), "xl/worksheets/sheet1.xml", many)
    long = rewritten(
        content, "xl/sharedStrings.xml", lambda xml: xml.replace(b"<si><t>", b"<si><t>" + b"x" * 20_000, 1)
    )
    assert the_fault(long).value == "more than 150 MB of text"
