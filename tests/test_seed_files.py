"""The seed's files: the real ones are whole, and each kind of fault refuses the folder, saying where and what was expected."""

import csv
import hashlib
import time
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from seed.columns import TABLES
from seed.documents import documents
from seed.files import DATA, SHOWN, BadFiles, read
from tests.seed_folder import SeedFolder

COUNTS = {
    "state_parties": 178,
    "state_party_names": 1068,
    "signatories": 10,
    "statements": 38,
    "sections": 25,
    "recommendations": 140,
    "articles": 12,
    "instruments": 39,
    "measures": 2151,
    "assessments": 721,
    "reporting_events": 458,
    "sources": 955,
    "citations": 4417,
}
"""As seed/data/PROVENANCE.md gives them."""


@pytest.fixture
def folder(tmp_path: Path) -> SeedFolder:
    return SeedFolder.copy(tmp_path / "data")


def faults(folder: SeedFolder) -> list[str]:
    with pytest.raises(BadFiles) as refusal:
        read(folder.path)
    return [str(fault) for fault in refusal.value.faults]


# ── The real files ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_files_hold_as_many_rows_as_their_provenance_says() -> None:
    assert {name: len(rows) for name, rows in read().rows.items()} == COUNTS


def test_every_file_of_the_folder_is_read() -> None:
    assert {path.stem for path in DATA.glob("*.csv")} == {table.name for table in TABLES}


def test_176_states_had_consented_when_the_guidelines_were_launched() -> None:
    assert sum(row.cells["consent_on"] <= "2019-09-26" for row in read().rows["state_parties"]) == 176


def test_the_digest_is_that_of_the_files_list_of_sums() -> None:
    sums = "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(DATA.glob("*.csv"))
    )
    assert read().digest == hashlib.sha256(sums.encode()).hexdigest()


def test_documents_are_made_well_within_a_second() -> None:
    began = time.perf_counter()
    documents(read())
    assert time.perf_counter() - began < 1


# ── Rows into documents ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def made() -> dict[str, dict[str, Any]]:
    return documents(read())


def test_each_row_of_a_record_becomes_one_document(made: dict[str, dict[str, Any]]) -> None:
    kinds = [record_id.partition(":")[0] for record_id in made]
    assert {table.record: COUNTS[table.name] for table in TABLES if table.record} == {
        kind: kinds.count(kind) for kind in kinds
    }


def test_documents_of_a_type_have_the_same_keys(made: dict[str, dict[str, Any]]) -> None:
    keys = {(record_id.partition(":")[0], *document) for record_id, document in made.items()}
    assert len(keys) == sum(table.record is not None for table in TABLES)


def test_every_citation_is_joined_in(made: dict[str, dict[str, Any]]) -> None:
    assert sum(len(document.get("citations", [])) for document in made.values()) == COUNTS["citations"]


def test_a_record_stands_after_all_that_it_refers_to(made: dict[str, dict[str, Any]]) -> None:
    seen: set[str] = set()
    for record_id, document in made.items():
        references = {
            "Section": [document.get("section"), document.get("parent")],
            "StateParty": [document.get("stateParty"), document.get("target")],
            "Instrument": [document.get("instrument")],
            "Recommendation": document.get("recommendations", []),
            "Source": [citation["source"] for citation in document.get("citations", [])],
        }
        wanted = {f"{kind}:{key}" for kind, keys in references.items() for key in keys if key is not None}
        assert wanted <= seen
        seen.add(record_id)


def test_a_state_party_has_its_names_and_its_citations_in_file_order(made: dict[str, dict[str, Any]]) -> None:
    assert made["StateParty:PHL"] == {
        "code": "PHL",
        "alpha2": "PH",
        "m49": 608,
        "names": {
            "AR": "الفلبّين",
            "EN": "Philippines",
            "ES": "Filipinas",
            "FR": "Philippines",
            "RU": "Филиппины",
            "ZH": "菲律宾",
        },
        "region": "Asia",
        "subregion": "South-eastern Asia",
        "group": "ASIA_PACIFIC",
        "signedOn": "2000-09-08",
        "consentOn": "2002-05-28",
        "consent": "RATIFICATION",
        "inForceOn": "2002-06-28",
        "dateConfidence": "ONE_SOURCE",
        "note": "day-level date from one archived source (UNTC scrape); year agrees in a second, hand-made extraction",
        "citations": [
            {"source": "S-0001", "locator": "Philippines", "note": "authoritative; not opened"},
            {"source": "S-0004", "locator": None, "note": None},
            {"source": "S-0010", "locator": None, "note": None},
        ],
    }


def test_an_instrument_of_two_years_has_both(made: dict[str, dict[str, Any]]) -> None:
    assert made["Instrument:TOURISM_ETHICS"]["years"] == [1999, 2019]


def test_labels_of_articles_are_split_and_keep_their_inner_blanks(made: dict[str, dict[str, Any]]) -> None:
    assert ["2 (c)", "3 (1) (c)"] in [
        document["articles"] for key, document in made.items() if key[:10] == "Statement:"
    ]


def test_a_blank_cell_is_null_and_a_blank_list_is_empty(made: dict[str, dict[str, Any]]) -> None:
    assert made["Recommendation:V-17"]["certainty"] is None
    assert made["Measure:AFG-0001"]["recommendations"] == []


def test_documents_have_a_canonical_form(made: dict[str, dict[str, Any]]) -> None:
    assert rfc8785.dumps(made["Article:1"]) == (
        b'{"number":1,"subject":"Prohibition","summary":"Parties ban the sale of children, child prostitution and '
        b'child pornography as the Protocol provides."}'
    )


# ── Faults of a file ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_missing_file_is_named(folder: SeedFolder) -> None:
    (folder.path / "articles.csv").unlink()
    assert faults(folder) == ["articles.csv: found No such file or directory, expected a file that can be read"]


def test_a_file_without_a_place_is_named(folder: SeedFolder) -> None:
    (folder.path / "laws.csv").write_text("id\n")
    assert faults(folder)[0].startswith(
        "laws.csv: found a file without a place in the record, expected only articles.csv,"
    )


def test_an_empty_file_lacks_its_columns(folder: SeedFolder) -> None:
    (folder.path / "articles.csv").write_bytes(b"")
    assert faults(folder) == [
        f"articles.csv, line 1, column {column}: found no such column, expected it"
        for column in ("article", "subject", "one_liner")
    ]


def test_a_byte_order_mark_is_refused(folder: SeedFolder) -> None:
    folder.replace("articles.csv", b"article", b"\xef\xbb\xbfarticle")
    assert faults(folder) == ["articles.csv, line 1: found a byte order mark, expected UTF-8 without one"]


def test_bytes_that_are_not_utf_8_are_refused_with_their_line(folder: SeedFolder) -> None:
    folder.replace("articles.csv", b"Jurisdiction", b"Jurisdicti\xf3n")
    assert faults(folder) == ["articles.csv, line 5: found the byte 0xf3, expected UTF-8"]


def test_a_nul_character_is_refused(folder: SeedFolder) -> None:
    folder.replace("articles.csv", b"Jurisdiction", b"Juris\0diction")
    assert faults(folder) == [
        "articles.csv, line 5, column subject: found 'Juris\\x00diction', expected text without NUL characters"
    ]


def test_a_control_character_is_refused(folder: SeedFolder) -> None:
    folder.set("articles.csv", 5, "subject", "Juris\x07diction")
    assert faults(folder) == [
        "articles.csv, line 5, column subject: found 'Juris\\x07diction', expected text without control characters"
    ]


def test_blanks_at_the_ends_of_a_cell_are_refused(folder: SeedFolder) -> None:
    folder.set("articles.csv", 5, "subject", "Jurisdiction ")
    assert faults(folder) == [
        "articles.csv, line 5, column subject: found 'Jurisdiction ', expected text without blanks at its ends"
    ]


def test_an_unknown_column_is_refused(folder: SeedFolder) -> None:
    folder.replace("articles.csv", b"one_liner", b"one_liner,remark")
    assert faults(folder) == [
        (
            "articles.csv, line 1, column remark: found a column unknown or there twice, "
            "expected only article, subject, one_liner"
        )
    ]


def test_a_missing_column_is_refused(folder: SeedFolder) -> None:
    folder.replace("articles.csv", b"article,subject,one_liner", b"article,subject")
    assert faults(folder) == ["articles.csv, line 1, column one_liner: found no such column, expected it"]


def test_a_column_there_twice_is_refused(folder: SeedFolder) -> None:
    folder.replace("articles.csv", b"article,subject,one_liner", b"article,subject,one_liner,subject")
    assert faults(folder)[0].startswith("articles.csv, line 1, column subject: found a column unknown or there twice")


def test_columns_may_stand_in_another_order(folder: SeedFolder) -> None:
    with (folder.path / "articles.csv").open(encoding="utf-8", newline="") as lines:
        table = [row[::-1] for row in csv.reader(lines)]
    with (folder.path / "articles.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(table)
    assert documents(read(folder.path)) == documents(read())


def test_a_row_with_too_few_cells_is_refused(folder: SeedFolder) -> None:
    folder.add("articles.csv", ["13", "Another"])
    assert faults(folder) == ["articles.csv, line 14: found 2 cells, expected 3 cells"]


def test_an_empty_line_is_refused(folder: SeedFolder) -> None:
    folder.add("articles.csv", [])
    assert faults(folder) == ["articles.csv, line 14: found 0 cells, expected 3 cells"]


def test_an_open_quote_is_refused(folder: SeedFolder) -> None:
    folder.add("articles.csv", ["13", "Another", "said"])
    folder.replace("articles.csv", b"13,Another,said", b'13,Another,"said')
    assert faults(folder) == [
        "articles.csv, line 14: found unexpected end of data, expected comma-separated cells, quotes doubled inside quoted ones"
    ]


def test_lines_are_counted_past_cells_with_line_breaks(folder: SeedFolder) -> None:
    folder.set("articles.csv", 2, "one_liner", "One line\nand another")
    folder.set("articles.csv", 5, "article", "four")
    assert faults(folder) == [
        "articles.csv, line 6, column article: found 'four', expected a whole number from 0 to 2147483647"
    ]


# ── Faults of a cell ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_blank_cell_that_must_not_be_is_refused(folder: SeedFolder) -> None:
    folder.set("measures.csv", 3, "title", "")
    assert faults(folder) == ["measures.csv, line 3, column title: found nothing, expected a value"]


def test_a_word_outside_its_vocabulary_is_refused(folder: SeedFolder) -> None:
    folder.set("measures.csv", 3, "confidence", "high")
    assert faults(folder) == [
        "measures.csv, line 3, column confidence: found 'high', expected one of HIGH, MEDIUM, LOW"
    ]


@pytest.mark.parametrize("day", ["2015-02-29", "2015-2-28", "2015", "28.2.2015", "0000-01-01", "2015-02-28T00:00"])
def test_a_day_that_the_calendar_has_not_is_refused(folder: SeedFolder, day: str) -> None:
    folder.set("state_parties.csv", 3, "consent_on", day)
    assert faults(folder) == [
        f"state_parties.csv, line 3, column consent_on: found '{day}', expected a day of the calendar as YYYY-MM-DD"
    ]


@pytest.mark.parametrize("date", ["2015-13", "2015-02-30", "2015-0", "15", "0000", "2015-", "May 2015", "٢٠١٥"])
def test_a_partial_date_that_the_calendar_has_not_is_refused(folder: SeedFolder, date: str) -> None:
    folder.set("measures.csv", 3, "adopted_on", date)
    assert faults(folder) == [
        (
            f"measures.csv, line 3, column adopted_on: found '{date}', "
            "expected a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD"
        )
    ]


@pytest.mark.parametrize("date", ["2016", "2016-02", "2016-02-29"])
def test_a_partial_date_is_kept_as_precise_as_it_is(folder: SeedFolder, date: str) -> None:
    folder.set("measures.csv", 3, "adopted_on", date)
    assert read(folder.path).rows["measures"][1].cells["adopted_on"] == date


@pytest.mark.parametrize("number", ["-1", "04", "4.0", "1e3", "2147483648", "٤", "9" * 5000])
def test_a_number_that_is_none_is_refused(folder: SeedFolder, number: str) -> None:
    folder.set("state_parties.csv", 3, "m49", number)
    assert [fault.partition("expected ")[2] for fault in faults(folder)] == ["a whole number from 0 to 2147483647"]


@pytest.mark.parametrize("truth", ["True", "yes", "1"])
def test_a_truth_other_than_true_or_false_is_refused(folder: SeedFolder, truth: str) -> None:
    folder.set("instruments.csv", 3, "followed", truth)
    assert faults(folder) == [f"instruments.csv, line 3, column followed: found '{truth}', expected true or false"]


def test_a_blank_value_in_a_list_is_refused(folder: SeedFolder) -> None:
    folder.set("measures.csv", 3, "recommendations", "IIIA-04;;V-09")
    assert faults(folder) == [
        (
            "measures.csv, line 3, column recommendations: found 'IIIA-04;;V-09', "
            "expected values separated by ';', none of them blank"
        )
    ]


def test_a_value_twice_in_a_list_is_refused(folder: SeedFolder) -> None:
    folder.set("measures.csv", 3, "recommendations", "IIIA-04; IIIA-04")
    assert faults(folder) == [
        (
            "measures.csv, line 3, column recommendations: found 'IIIA-04; IIIA-04', "
            "expected values separated by ';', none of them twice"
        )
    ]


def test_an_unknown_word_in_a_list_is_refused(folder: SeedFolder) -> None:
    folder.set("recommendations.csv", 3, "themes", "LEGISLATION;LAW")
    assert faults(folder)[0].startswith(
        "recommendations.csv, line 3, column themes: found 'LEGISLATION;LAW', expected one of"
    )


def test_an_id_of_another_form_is_refused(folder: SeedFolder) -> None:
    folder.set("assessments.csv", 3, "id", "ALB-1")
    assert (
        "assessments.csv, line 3, column id: found 'ALB-1', expected an id of State code and number, like PHL-A001"
        in (faults(folder))
    )


def test_an_address_that_is_none_is_refused(folder: SeedFolder) -> None:
    folder.set("sources.csv", 3, "url", "javascript:alert(1)")
    assert faults(folder) == [
        (
            "sources.csv, line 3, column url: found 'javascript:alert(1)', "
            "expected an address that begins with http:// or https:// and holds no blanks"
        )
    ]


def test_a_long_cell_is_cut_in_the_message(folder: SeedFolder) -> None:
    folder.set("articles.csv", 5, "article", "x" * 5000)
    assert len(faults(folder)[0]) < 200


# ── Faults between rows ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_id_there_twice_is_refused(folder: SeedFolder) -> None:
    folder.set("measures.csv", 3, "id", "AFG-0001")
    assert (
        "measures.csv, line 3, column id: found 'AFG-0001', expected what no other row holds: line 2 has it already"
        in (faults(folder))
    )


def test_a_citation_there_twice_is_refused(folder: SeedFolder) -> None:
    folder.add("citations.csv", ["StateParty:AFG", "S-0004", "", ""])
    assert faults(folder) == [
        (
            "citations.csv, line 4419, column record+source+locator+note: found 'StateParty:AFG, S-0004', "
            "expected what no other row holds: line 3 has it already"
        )
    ]


@pytest.mark.parametrize(
    ("file", "column", "key", "other"),
    [
        ("measures.csv", "code", "XXX", "state_parties"),
        ("measures.csv", "instrument", "NONE", "instruments"),
        ("measures.csv", "recommendations", "IIIA-99", "recommendations"),
        ("assessments.csv", "recommendations", "IIIA-99", "recommendations"),
        ("statements.csv", "target", "XXX", "state_parties"),
        ("reporting_events.csv", "code", "XXX", "state_parties"),
        ("recommendations.csv", "section", "XX", "sections"),
        ("citations.csv", "source", "S-9999", "sources"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(
    folder: SeedFolder, file: str, column: str, key: str, other: str
) -> None:
    folder.set(file, 3, column, key)
    assert f"{file}, line 3, column {column}: found '{key}', expected the key of a row of {other}.csv" in faults(folder)


def test_a_citation_of_an_unknown_record_is_refused(folder: SeedFolder) -> None:
    folder.add("citations.csv", ["Measure:PHL-9999", "S-0001", "", ""])
    assert faults(folder) == [
        "citations.csv, line 4419, column record: found 'Measure:PHL-9999', expected the key of a row of measures.csv"
    ]


def test_a_citation_of_a_record_that_takes_none_is_refused(folder: SeedFolder) -> None:
    folder.add("citations.csv", ["Section:III.A", "S-0001", "", ""])
    assert faults(folder) == [
        (
            "citations.csv, line 4419, column record: found 'Section:III.A', expected one of "
            "Recommendation, StateParty, Signatory, Measure, Assessment, Statement, ReportingEvent"
        )
    ]


def test_a_measure_without_a_source_is_refused(folder: SeedFolder) -> None:
    folder.drop_where("citations.csv", record="Measure:AFG-0001")
    assert faults(folder) == [
        "measures.csv, line 2, column id: found 'AFG-0001' without a source, expected a row of citations.csv about it"
    ]


def test_a_section_above_its_parent_is_refused(folder: SeedFolder) -> None:
    folder.move("sections.csv", 3, to=2)
    assert faults(folder) == [
        "sections.csv, line 2, column parent: found 'I', expected a section of a line above this one"
    ]


def test_a_state_party_without_a_name_in_each_language_is_refused(folder: SeedFolder) -> None:
    folder.drop_where("state_party_names.csv", code="AFG", language="RU")
    assert faults(folder) == [
        (
            "state_parties.csv, line 2, column code: found no name in RU, "
            "expected a row of state_party_names.csv for each language"
        )
    ]


def test_english_names_that_disagree_are_refused(folder: SeedFolder) -> None:
    folder.set("state_parties.csv", 2, "name", "Afganistan")
    assert faults(folder) == [
        "state_parties.csv, line 2, column name: found 'Afganistan', expected 'Afghanistan', its English name elsewhere"
    ]


def test_all_faults_are_told_at_once_in_the_order_of_files_and_lines(folder: SeedFolder) -> None:
    folder.set("measures.csv", 9, "confidence", "?")
    folder.set("measures.csv", 3, "title", "")
    folder.set("sources.csv", 4, "kind", "BOOK")
    assert [fault.partition(": ")[0] for fault in faults(folder)] == [
        "sources.csv, line 4, column kind",
        "measures.csv, line 3, column title",
        "measures.csv, line 9, column confidence",
    ]


def test_a_refusal_prints_so_many_faults_and_counts_the_rest(folder: SeedFolder) -> None:
    for line in range(2, SHOWN + 5):
        folder.set("assessments.csv", line, "verdict", "GOOD")
    with pytest.raises(BadFiles) as refusal:
        read(folder.path)
    lines = str(refusal.value).splitlines()
    assert len(refusal.value.faults) == SHOWN + 3
    assert lines[0] == f"The files have {SHOWN + 3} faults; nothing was loaded."
    assert (len(lines), lines[-1]) == (SHOWN + 2, "… and 3 more.")


# ── Which field serves which column ─────────────────────────────────────────────────────────────────────────────────────


def test_each_column_of_each_file_is_served_by_a_field() -> None:
    with (DATA.parent / "columns.csv").open(encoding="utf-8", newline="") as lines:
        served = [(row["file"], row["column"]) for row in csv.DictReader(lines) if row["field"]]
    assert sorted(served) == sorted((table.file, column.name) for table in TABLES for column in table.columns)
