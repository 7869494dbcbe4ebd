"""What the database puts into words: differences, coverage states, citations. And that accents and typos do not hide a record."""

from datetime import datetime
from typing import Any

import asyncpg
import orjson
import pytest

from db.vocabulary import CoverageState

CHANGES: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None, list[tuple[str, Any, Any, str]]]] = {
    "a first document tells every field that says something": (
        None,
        {"code": "PHL", "note": None, "articles": [], "m49": 608, "digital": False, "themes": ["DATA", "BUDGET"]},
        [
            ("code", None, "PHL", 'Code: set to "PHL".'),
            ("digital", None, False, "Digital: set to false."),
            ("m49", None, 608, "M49: set to 608."),
            ("themes", None, ["DATA", "BUDGET"], "Themes: added DATA, BUDGET."),
        ],
    ),
    "nothing after": ({"code": "PHL"}, None, []),
    "nothing changed": ({"code": "PHL", "note": None}, {"code": "PHL"}, []),
    "a value for another": (
        {"status": "DRAFTED"},
        {"status": "IN_FORCE"},
        [("status", "DRAFTED", "IN_FORCE", 'Status: changed from "DRAFTED" to "IN_FORCE".')],
    ),
    "a value for nothing, in the order of the later document": (
        {"inForceOn": None, "dateBasis": "x"},
        {"dateBasis": None, "inForceOn": "2012-05"},
        [
            ("dateBasis", "x", None, 'Date basis: removed (was "x").'),
            ("inForceOn", None, "2012-05", 'In force on: set to "2012-05".'),
        ],
    ),
    "a field that only the earlier has comes last": (
        {"aField": "x", "title": "a"},
        {"title": "b"},
        [("title", "a", "b", 'Title: changed from "a" to "b".'), ("aField", "x", None, 'A field: removed (was "x").')],
    ),
    "a list": (
        {"recommendations": ["IIIA-01", "V-09"]},
        {"recommendations": ["V-09", "IVC-05", "IVC-06"]},
        [
            (
                "recommendations",
                ["IIIA-01", "V-09"],
                ["V-09", "IVC-05", "IVC-06"],
                "Recommendations: added IVC-05, IVC-06; removed IIIA-01.",
            )
        ],
    ),
    "a list in another order": (
        {"themes": ["A", "B"]},
        {"themes": ["B", "A"]},
        [("themes", ["A", "B"], ["B", "A"], "Themes: put in another order.")],
    ),
    "citations by their source": (
        {"citations": [{"source": "S-0001", "locator": None}, {"source": "S-0003", "locator": "p. 1"}]},
        {"citations": [{"source": "S-0001", "locator": "p. 2"}, {"source": "S-0042", "locator": None}]},
        [
            (
                "citations",
                [{"source": "S-0001", "locator": None}, {"source": "S-0003", "locator": "p. 1"}],
                [{"source": "S-0001", "locator": "p. 2"}, {"source": "S-0042", "locator": None}],
                "Citations: added S-0042; removed S-0003; changed S-0001.",
            )
        ],
    ),
    "names by language": (
        {"names": {"EN": "Turkey", "FR": "Turquie"}},
        {"names": {"EN": "Türkiye", "FR": "Turquie"}},
        [
            (
                "names",
                {"EN": "Turkey", "FR": "Turquie"},
                {"EN": "Türkiye", "FR": "Turquie"},
                'Names: EN changed from "Turkey" to "Türkiye".',
            )
        ],
    ),
    "long values are cut at 80 characters": (
        {"note": None},
        {"note": "é" * 81},
        [("note", None, "é" * 81, f'Note: set to "{"é" * 79}…".')],
    ),
}


@pytest.mark.parametrize("case", CHANGES)
async def test_field_changes(reading: asyncpg.Connection, case: str) -> None:
    before, after, expected = CHANGES[case]
    rows = await reading.fetch("select * from field_changes($1, $2)", *map(_text, (before, after)))
    assert [(row[0], _parsed(row[1]), _parsed(row[2]), row[3]) for row in rows] == expected


async def test_every_revision_of_the_seed_can_be_told(reading: asyncpg.Connection) -> None:
    told = await reading.fetchval(
        "select count(distinct record_id) from revision cross join lateral field_changes(null, document) c"
        " where c.sentence ~ '^[A-Z][A-Za-z0-9 ]+: (set to|added|EN set to) .+[.]$'"
    )
    assert told == await reading.fetchval("select count(*) from revision")


async def test_a_coverage_state_is_told_without_judging(reading: asyncpg.Connection) -> None:
    told = {
        str(state): await reading.fetchval("select coverage_sentence($1, 1, 'Philippines', '2012-05')", str(state))
        for state in CoverageState
    }
    assert told == {
        "MEASURE_IN_FORCE": "At least one measure that bears on this recommendation is reported to be in force in"
        " Philippines, since 2012-05.",
        "MEASURE_REPORTED": "At least one measure that bears on this recommendation is reported to have been announced,"
        " drafted or adopted in Philippines, dated 2012-05; this record knows of none in force.",
        "MEASURE_ENDED": "At least one measure that bears on this recommendation is reported to have ended in"
        " Philippines, dated 2012-05; this record knows of no other under way or in force.",
        "NONE_REPORTED": "The report of Philippines, as this record's coders read it, says that there is no measure that"
        " bears on this recommendation.",
        "NOT_MENTIONED": "This record's coders read the report of Philippines for this recommendation and found it not"
        " mentioned; that says nothing about what has been done.",
        "REPORT_OVERDUE": "A source says that the report of Philippines under article 12 of the Protocol is overdue;"
        " that says nothing about what has been done.",
        "REPORT_NOT_DUE": "The report of Philippines under article 12 of the Protocol is not due yet; that says nothing"
        " about what has been done.",
        "NOT_YET_CODED": "Nobody has coded this cell in this record yet; this says nothing about Philippines.",
    }
    assert await reading.fetchval("select coverage_sentence('MEASURE_IN_FORCE', 3, 'Chad', null)") == (
        "At least one measure that bears on this recommendation is reported to be in force in Chad."
        " In all, 3 measures in this record bear on it."
    )


NASTY = 'A "law" {on} 5 % & #1\n$x_y \\ ~ ^ é'


async def cited(connection: asyncpg.Connection, style: str, title: str | None = NASTY) -> str:
    text: str = await connection.fetchval(
        "select revision_citation($1, $2, 3, 'Measure:PHL-0007', $3, 'abc0', 'https://example.org/r/Measure:PHL-0007/3')",
        style,
        title,
        datetime.fromisoformat("2026-12-31T23:30:00-05:00"),
    )
    return text


async def test_a_revision_is_cited_in_words(reading: asyncpg.Connection) -> None:
    await reading.execute("set TimeZone = 'America/Lima'; set DateStyle = 'German'")
    assert await cited(reading, "TEXT", "A law") == (
        "OPSC Tracker (2027). “A law”, Measure:PHL-0007, revision 3, recorded on 2027-01-01."
        " https://example.org/r/Measure:PHL-0007/3 (SHA-256 abc0)"
    )
    assert await cited(reading, "TEXT", None) == (
        "OPSC Tracker (2027). Measure:PHL-0007, revision 3, recorded on 2027-01-01."
        " https://example.org/r/Measure:PHL-0007/3 (SHA-256 abc0)"
    )


async def test_a_revision_is_cited_in_bibtex_with_braces_in_balance(reading: asyncpg.Connection) -> None:
    entry = await cited(reading, "BIBTEX")
    assert entry == (
        "@misc{opsc-Measure-PHL-0007-3,\n"
        "  author = {{OPSC Tracker}},\n"
        '  title = {{A "law" \\textbraceleft{}on\\textbraceright{} 5 \\% \\& \\#1 \\$x\\_y \\textbackslash{}'
        " \\textasciitilde{} \\textasciicircum{} é}},\n"
        "  year = {2027},\n"
        "  note = {Measure:PHL-0007, revision 3, recorded on 2027-01-01, SHA-256 abc0},\n"
        "  url = {https://example.org/r/Measure:PHL-0007/3}\n"
        "}"
    )
    assert entry.count("{") == entry.count("}")
    assert "title = {{Measure:PHL-0007}}" in await cited(reading, "BIBTEX", None)


async def test_a_revision_is_cited_in_csl_json(reading: asyncpg.Connection) -> None:
    assert orjson.loads(await cited(reading, "CSL_JSON")) == [
        {
            "id": "Measure:PHL-0007/3",
            "type": "dataset",
            "title": NASTY.replace("\n", " "),
            "author": [{"literal": "OPSC Tracker"}],
            "issued": {"date-parts": [[2027, 1, 1]]},
            "version": "3",
            "URL": "https://example.org/r/Measure:PHL-0007/3",
            "note": "Measure:PHL-0007, SHA-256 abc0",
        }
    ]
    assert orjson.loads(await cited(reading, "CSL_JSON", None))[0]["title"] == "Measure:PHL-0007"


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("trafficking laws", "'law' & 'traffick'"),
        ("Côte d'Ivoire", "'cote' & 'd' & 'ivoir'"),
        ("the of and", ""),
        ("", ""),
        ("it's \\ : & | ! <-> *", ""),
    ],
)
async def test_words_become_what_to_look_for(reading: asyncpg.Connection, words: str, query: str) -> None:
    assert await reading.fetchval("select search_query($1)::text", words) == query


async def test_a_misspelt_word_is_led_to_known_ones(reading: asyncpg.Connection) -> None:
    assert "'traffick'" in await reading.fetchval("select search_query('traficking')::text")
    assert await reading.fetchval("select search_query('xqzwvkj') = ''::tsquery or true")


@pytest.fixture(scope="module")
async def reading(record_url: str) -> Any:
    """The seeded record, which these tests only read."""
    connection = await asyncpg.connect(record_url)
    yield connection
    await connection.close()


def _text(document: dict[str, Any] | None) -> str | None:
    return None if document is None else orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()


def _parsed(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)
