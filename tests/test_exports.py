"""Exports: what the record says now, as spreadsheets at addresses; imported again, they change nothing."""

import base64
import uuid
from pathlib import Path

import pytest

from schema.spreadsheet.columns import SHEETS
from tests.at_the_terminal import Terminal
from tests.maintainers import Maintainers, amended
from tests.sheet_files import Row, as_commas, rows_of, rows_of_workbook

CHECK = """
mutation ($input: ImportInput!) {
  importSheet(input: $input) { plan { added changed unchanged differences { recordId } } refusals { message } }
}
"""


@pytest.fixture
def people(people_of_the_module: Maintainers) -> Maintainers:
    return people_of_the_module


async def rows(people: Maintainers, sheet: str, **parameters: str) -> list[Row]:
    answer = await people.anybody.client.get(f"/sheets/{sheet}.csv", params=parameters)
    assert answer.status_code == 200
    return rows_of(answer.content)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("sheet", SHEETS)
async def test_an_export_imported_again_changes_nothing(people: Maintainers, sheet: str, form: str) -> None:
    content = (await people.anybody.client.get(f"/sheets/{sheet}.{form}")).content
    listed = rows_of(content) if form == "csv" else rows_of_workbook(content)
    asked = {
        "key": str(uuid.uuid4()),
        "title": "T",
        "reason": "R",
        "sheet": sheet.upper().replace("-", "_"),
        "dryRun": True,
    }
    asked["content"] = base64.b64encode(content).decode()
    assert (await people.ana.gets(CHECK, input=asked))["importSheet"] == {
        "plan": {"added": 0, "changed": 0, "unchanged": len(listed), "differences": []},
        "refusals": [],
    }


async def test_an_export_has_each_record_that_stands_with_its_newest_revision(people: Maintainers) -> None:
    asked = await people.anybody.gets(
        '{ measures(filter: { stateParty: ["DNK"] }) { nodes { id revision { number } } } }'
    )
    stands = {one["id"]: one["revision"]["number"] for one in asked["measures"]["nodes"]}
    gone, changed = sorted(stands)[:2]
    retraction = {
        "operation": "RETRACT",
        "recordType": "MEASURE",
        "recordId": gone,
        "baseRevision": 1,
        "kind": "CORRECTED",
    }
    name = (await people.ana.submits({**retraction, "citations": [{"source": "Source:S-0001"}]}))["submission"]["id"]
    for reviewer in (people.ben, people.cara):
        await reviewer.reviews(name)
    await people.ana.published(people.ben, amended(changed, note="=1+1, as a test"))
    found = await rows(people, "measures", stateParty="DNK")
    del stands[gone]
    assert {row["id"]: int(row["baseRevision"]) for row in found} == stands | {changed: 2}
    assert next(row["note"] for row in found if row["id"] == changed) == "'=1+1, as a test"
    assert [row["id"] for row in found] == sorted(stands)


async def test_an_export_may_be_of_some_state_parties(people: Maintainers) -> None:
    address = "/sheets/measures.csv?stateParty=GEO&stateParty=CUB"
    answer = await people.anybody.client.get(address)
    assert {row["stateParty"] for row in rows_of(answer.content)} == {"CUB", "GEO"}
    assert answer.headers["Content-Disposition"] == 'attachment; filename="measures-GEO-CUB.csv"'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"


async def test_an_export_is_sent_again_only_when_the_record_has_changed(people: Maintainers) -> None:
    client = people.anybody.client
    first = await client.get("/sheets/statements.csv")
    same = {"If-None-Match": first.headers["ETag"]}
    again = await client.get("/sheets/statements.csv", headers=same)
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    await people.ana.published(people.ben, amended("Measure:GTM-0001", note="A change, for a test"))
    assert (await client.get("/sheets/statements.csv", headers=same)).status_code == 200


async def test_an_export_says_what_it_stands_for_and_comes_in_the_coding_that_a_client_likes(
    people: Maintainers,
) -> None:
    client = people.anybody.client
    clock = (await people.anybody.gets("{ clock { position known valid } }"))["clock"]
    as_it_is = {"Accept-Encoding": "identity"}
    for form, coding in (("csv", "gzip"), ("csv", "br"), ("xlsx", None)):
        plain = await client.get(f"/sheets/statements.{form}", headers=as_it_is)
        coded = await client.get(f"/sheets/statements.{form}", headers={"Accept-Encoding": coding or "gzip"})
        for answer in (plain, coded):
            told = {name: answer.headers[f"record-{name}"] for name in clock}
            assert told == {name: str(value) for name, value in clock.items()}
            assert answer.headers["vary"] == "Accept-Encoding"
        assert ("content-encoding" in plain.headers, coded.headers.get("content-encoding")) == (False, coding)
        if coding:
            assert coded.content == plain.content
            assert int(coded.headers["content-length"]) * 2 < int(plain.headers["content-length"])


@pytest.mark.parametrize(
    ("address", "status", "detail"),
    [
        (
            "/sheets/mesures.csv",
            404,
            "There is no sheet 'mesures'; the sheets are measures, assessments, reporting-events, statements, sources."
            " Did you mean measures?",
        ),
        ("/sheets/measures.ods", 404, "Sheets are at /sheets/measures.csv, /sheets/measures.xlsx and so on."),
        (
            "/sheets/measures.csv?state=PHL",
            400,
            "There is no parameter state: a sheet takes stateParty alone, as ?stateParty=PHL.",
        ),
        (
            "/sheets/measures.csv?stateParty=PHX",
            400,
            "stateParty: no State party has the code PHX. Codes are like PHL.",
        ),
        ("/sheets/sources.csv?stateParty=PHL", 400, "sources are of no State party: leave stateParty out."),
    ],
)
async def test_what_is_no_sheet_is_told(people: Maintainers, address: str, status: int, detail: str) -> None:
    answer = await people.anybody.client.get(address)
    assert (answer.status_code, answer.json()["detail"]) == (status, detail)
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_the_command_writes_a_file_and_over_none(people: Maintainers, tmp_path: Path) -> None:
    file = tmp_path / "sources.xlsx"
    anybody = Terminal(people.anybody)
    assert (await anybody.does("export", "sources", file)).startswith(f"Wrote {file}. ")
    content = file.read_bytes()
    assert len(rows_of_workbook(content)) == len(await rows(people, "sources"))
    again = await anybody.runs("export", "sources", file)
    assert (again.exit_code, again.stderr) == (1, f"opsc: {file} is there already: name another file, or remove it.\n")
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        (
            "past.csv",
            ["--position", "100"],
            "--position is for the whole record: a spreadsheet is of now, for you to change it."
            " What was said then is at /v1/measures.csv?position=100 of the server.",
        ),
        (
            "m.csv",
            ["--data", "."],
            "--data is for the whole record: a spreadsheet is fetched from a server (--server).",
        ),
        (
            "m.csv",
            ["--public-url", "https://opsc.example"],
            "--public-url is for the whole record: a spreadsheet is fetched from a server (--server).",
        ),
        ("measures.ods", [], "{file} tells no format: give it a name that ends in .csv or .xlsx."),
        ("m.csv", ["--state-party", "PHX"], "stateParty: no State party has the code PHX. Codes are like PHL."),
    ],
)
async def test_what_cannot_be_exported_leaves_no_file(
    people: Maintainers, tmp_path: Path, name: str, options: list[str], told: str
) -> None:
    file = tmp_path / name
    result = await Terminal(people.anybody).runs("export", "measures", file, *options)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, f"opsc: {told.format(file=file)}")
    assert not file.exists()


async def test_a_sheet_that_was_exported_holds_no_more_than_it_shows(people: Maintainers) -> None:
    """A column that is taken out of an export is left alone in the records."""
    found = await rows(people, "assessments", stateParty="PHL")
    few = [{name: row[name] for name in ("id", "baseRevision", "verdict")} for row in found]
    asked = {"key": str(uuid.uuid4()), "title": "T", "reason": "R", "sheet": "ASSESSMENTS", "dryRun": True}
    asked["content"] = base64.b64encode(as_commas(few)).decode()
    assert (await people.ana.gets(CHECK, input=asked))["importSheet"]["plan"]["unchanged"] == len(found) > 0
