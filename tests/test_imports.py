"""Imports: a sheet is checked as a whole, shown row by row as what it would change, and published as just that."""

import base64
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from starlette.routing import Route

from tests.at_the_terminal import Terminal
from tests.maintainers import Maintainer, Maintainers, amended
from tests.served import listening
from tests.sheet_files import WAYS, Row, as_commas, rows_of

IMPORT = """
mutation ($input: ImportInput!) {
  importSheet(input: $input) {
    submission { id state }
    plan { hash added changed unchanged differences { operation recordId kinds fieldChanges { field before after } } }
    refusals { code row field found expected path message }
  }
}
"""

NEW: Row = {
    "id": "",
    "baseRevision": "",
    "changeKind": "",
    "stateParty": "PHL",
    "kind": "LEGISLATION",
    "title": "An act on reporting duties, invented for tests",
    "summary": "It makes platforms report material.",
    "status": "ADOPTED",
    "adoptedOn": "2020-03",
    "reportedBy": "STATE",
    "confidence": "HIGH",
    "sources": "S-0001",
    "locators": "p. 7",
}


ANOTHER_VERSION = {"errors": [{"message": "No such\x1b field", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}

STRANGERS = Starlette(
    routes=[
        Route("/page/graphql", HTMLResponse("<p>Welcome</p>"), methods=["POST"]),
        Route("/moved/graphql", RedirectResponse("http://opsc.example/graphql"), methods=["POST"]),
        Route("/narrow/graphql", PlainTextResponse("Too large", 413), methods=["POST"]),
        Route("/other/graphql", JSONResponse(ANOTHER_VERSION), methods=["POST"]),
    ]
)
"""What one may reach instead of a record, each at a path of its own."""


@pytest.fixture
def people(people_of_the_module: Maintainers) -> Maintainers:
    return people_of_the_module


async def exported(people: Maintainers, state: str, sheet: str = "measures") -> list[Row]:
    return rows_of((await people.ana.client.get(f"/sheets/{sheet}.csv", params={"stateParty": state})).content)


async def imported(who: Maintainer, content: bytes, sheet: str = "MEASURES", **given: Any) -> Any:
    asked = {"key": str(uuid.uuid4()), "title": "A sheet", "reason": "It was read again.", "sheet": sheet, **given}
    asked["content"] = base64.b64encode(content).decode()
    return (await who.gets(IMPORT, input=asked))["importSheet"]


async def size(people: Maintainers) -> Any:
    return await people.ben.gets("{ log { size } submissions { totalCount } }")


def counts(payload: Any) -> tuple[int, int, int]:
    assert payload["refusals"] == []
    return payload["plan"]["added"], payload["plan"]["changed"], payload["plan"]["unchanged"]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_rows_are_added_changed_and_left(people: Maintainers, way: Callable[[Sequence[Row]], bytes]) -> None:
    rows = await exported(people, "GEO")
    changed = {**rows[0], "note": "Read again, as a test.", "changeKind": "RECODED"}
    new = {**dict.fromkeys(rows[0], ""), **NEW, "stateParty": "GEO"}
    before = await size(people)
    payload = await imported(people.ana, way([changed, *rows[1:], new]), dryRun=True)
    assert counts(payload) == (1, 1, len(rows) - 1)
    amendment, creation = payload["plan"]["differences"]
    assert amendment == {
        "operation": "AMEND",
        "recordId": rows[0]["id"],
        "kinds": ["RECODED"],
        "fieldChanges": [{"field": "note", "before": rows[0]["note"] or None, "after": "Read again, as a test."}],
    }
    assert (creation["operation"], creation["kinds"]) == ("CREATE", ["LEARNED"])
    said = {change["field"]: change["after"] for change in creation["fieldChanges"]}
    assert (said["adoptedOn"], said["citations"]) == (
        "2020-03",
        [{"source": "S-0001", "locator": "p. 7", "note": None}],
    )
    assert (payload["submission"], await size(people)) == (None, before)


async def test_all_faults_of_a_file_are_told_at_once_and_nothing_is_done(people: Maintainers) -> None:
    before = await size(people)
    wrong = {**NEW, "status": "FORCE", "adoptedOn": "2020-13", "sources": ""}
    payload = await imported(people.ana, as_commas([NEW, wrong, {**NEW, "stateParty": "Georgia"}]))
    assert [(one["code"], one["row"], one["field"], one["found"], one["path"]) for one in payload["refusals"]] == [
        ("BAD_VALUE", 3, "status", "FORCE", ["input", "content"]),
        ("BAD_VALUE", 3, "adoptedOn", "2020-13", ["input", "content"]),
        ("BAD_VALUE", 3, "sources", None, ["input", "content"]),
        ("BAD_VALUE", 4, "stateParty", "Georgia", ["input", "content"]),
    ]
    assert payload["refusals"][0]["message"].startswith(
        "Row 3, column status: found 'FORCE', expected one of ANNOUNCED, "
    )
    assert (payload["plan"], payload["submission"], await size(people)) == (None, None, before)


async def test_what_the_record_finds_wrong_is_told_beside_what_cannot_be_read(people: Maintainers) -> None:
    row = (await exported(people, "GEO"))[0]
    new = dict.fromkeys(row, "") | NEW
    rows = [
        {**row, "status": "FORCE", "id": "Measure:GEO-9999", "sources": "S-9999", "locators": "", "citationNotes": ""},
        {**row, "adoptedOn": "2020-13"},
        {**new, "recommendations": "IVC-05; IVC-5"},
        {**new, "stateParty": "XXX"},
        {**new, "sources": "S-0001; S-9998", "locators": ""},
        {**new, "title": "Another act, invented for tests"},
    ]
    before = await size(people)
    payload = await imported(people.ana, as_commas(rows), dryRun=True)
    assert [(one["code"], one["row"], one["field"], one["found"]) for one in payload["refusals"]] == [
        ("BAD_VALUE", 2, "status", "FORCE"),
        ("NOT_FOUND", 2, "id", None),
        ("NOT_FOUND", 2, "sources", "S-9999"),
        ("BAD_VALUE", 3, "adoptedOn", "2020-13"),
        ("BAD_VALUE", 4, "recommendations", "IVC-05; IVC-5"),
        ("NOT_FOUND", 5, "stateParty", "XXX"),
        ("NOT_FOUND", 6, "sources", "S-9998"),
    ]
    assert {one["path"][1] for one in payload["refusals"]} == {"content"}
    assert (payload["plan"], payload["submission"], await size(people)) == (None, None, before)


async def test_a_misspelt_column_is_told_with_ids_that_are_unknown_and_not_with_what_it_would_have_said(
    people: Maintainers,
) -> None:
    misspelt = {"titel" if name == "title" else name: value for name, value in NEW.items()}
    payload = await imported(people.ana, as_commas([{**misspelt, "sources": "S-9999"}]), dryRun=True)
    assert [(one["code"], one["row"], one["field"], one["found"]) for one in payload["refusals"]] == [
        ("BAD_VALUE", 1, "titel", "titel"),
        ("BAD_VALUE", 1, "title", None),
        ("NOT_FOUND", 2, "sources", "S-9999"),
    ]


async def test_what_the_record_finds_wrong_is_told_by_row_and_column(people: Maintainers) -> None:
    row = (await exported(people, "GEO"))[0]
    news = {**row, "changeKind": "LEARNED", "note": "Something new"}
    strange = {**row, "id": "Measure:GEO-9999", "note": "No such record"}
    new = dict.fromkeys(row, "") | NEW
    payload = await imported(
        people.ana,
        as_commas(
            [
                news,
                strange,
                {**new, "recommendations": "IVC-05; IVC-99"},
                {**new, "sources": "S-0001; S-9999", "locators": ""},
            ]
        ),
    )
    assert [(one["code"], one["row"], one["field"], one["path"]) for one in payload["refusals"]] == [
        ("MISSING_SOURCE", 2, "sources", ["input", "content"]),
        ("NOT_FOUND", 3, "id", ["input", "content"]),
        ("NOT_FOUND", 4, "recommendations", ["input", "content"]),
        ("NOT_FOUND", 5, "sources", ["input", "content"]),
    ]


@pytest.mark.parametrize("content", ["{}", "YQ", "YQ==\n"])
async def test_what_is_no_base64_is_refused(people: Maintainers, content: str) -> None:
    asked = {"key": "k", "title": "T", "reason": "R", "sheet": "MEASURES", "content": content}
    payload = (await people.ana.gets(IMPORT, input=asked))["importSheet"]
    assert [(one["code"], one["path"], one["row"]) for one in payload["refusals"]] == [
        ("BAD_VALUE", ["input", "content"], None)
    ]


async def test_a_sheet_shifted_by_one_row_shows_in_the_difference(people: Maintainers) -> None:
    rows = await exported(people, "PHL")
    titles = [row["title"] for row in rows]
    shifted = [{**row, "title": title} for row, title in zip(rows, [*titles[1:], titles[0]], strict=True)]
    payload = await imported(people.ana, as_commas(shifted), dryRun=True)
    assert counts(payload) == (0, len(rows), 0)
    assert [one["fieldChanges"] for one in payload["plan"]["differences"]] == [
        [{"field": "title", "before": row["title"], "after": moved["title"]}]
        for row, moved in zip(rows, shifted, strict=True)
    ]


async def test_what_others_changed_since_an_export_stays_as_they_left_it(people: Maintainers) -> None:
    first, second, third, *_ = rows = await exported(people, "AFG")
    base = int(first["baseRevision"])
    for row in (first, second, third):
        await people.ben.published(
            people.cara, amended(row["id"], int(row["baseRevision"]), title=f"{row['title']}, now")
        )
    untouched = await imported(people.ana, as_commas(rows), dryRun=True)
    assert counts(untouched) == (0, 0, len(rows))
    edited = as_commas(
        [{**first, "title": "Mine"}, {**second, "note": "Mine"}, {**third, "title": f"{third['title']}, now"}]
    )
    refused = (await imported(people.ana, edited))["refusals"]
    assert [(one["code"], one["row"], one["field"], one["found"]) for one in refused] == [
        ("CONFLICT", 2, "title", f"{first['title']}, now"),
        ("CONFLICT", 3, "baseRevision", base + 1),
    ]
    rebased = await imported(people.ana, as_commas([{**second, "note": "Mine"}]), dryRun=True, rebase=True)
    assert [one["fieldChanges"] for one in rebased["plan"]["differences"]] == [
        [{"field": "note", "before": second["note"] or None, "after": "Mine"}]
    ]


async def test_exactly_what_was_shown_is_published_or_nothing(people: Maintainers) -> None:
    row = (await exported(people, "RWA"))[0]
    content, other = (as_commas([{**row, "note": note}]) for note in ("This note", "Another note"))
    plan_hash = (await imported(people.ana, content, dryRun=True))["plan"]["hash"]
    before = await size(people)
    refused = await imported(people.ana, other, planHash=plan_hash)
    assert [(one["code"], one["expected"]) for one in refused["refusals"]] == [("PLAN_CHANGED", plan_hash)]
    assert (refused["submission"], await size(people)) == (None, before)
    submitted = await imported(people.ana, content, planHash=plan_hash)
    assert submitted["plan"]["hash"] == plan_hash
    accepted = await people.ben.reviews(submitted["submission"]["id"])
    assert [(one["recordId"], one["operation"]) for one in accepted["revisions"]] == [(row["id"], "AMEND")]
    again = await imported(people.ana, content)  # the same file once more, of the revision that it has replaced
    assert [one["message"] for one in again["refusals"]] == [
        "The record says all of this already: there is nothing to submit."
    ]


async def test_a_dry_run_uses_no_key_up(people: Maintainers) -> None:
    row = (await exported(people, "RWA"))[1]
    content, key = as_commas([{**row, "note": "Another test"}]), str(uuid.uuid4())
    submitted = await imported(people.ana, content, key=key)
    assert counts(await imported(people.ana, content, key=key, dryRun=True)) == (0, 1, 0)
    assert (await imported(people.ana, content, key=key))["submission"] == submitted["submission"]


# ── At the terminal ─────────────────────────────────────────────────────────────────────────────────────────────────────

ABOUT = ("--title", "A sheet", "--reason", "It was read again.")


async def test_from_a_file_to_its_publication_by_commands(people: Maintainers, tmp_path: Path) -> None:
    ana, ben = Terminal(people.ana), Terminal(people.ben)
    file = tmp_path / "measures of Cuba.csv"
    await ana.does("export", "measures", file, "--state-party", "CUB")
    first, *rest = rows_of(file.read_bytes())
    file.write_bytes(as_commas([{**first, "note": "A note"}, *rest]))
    checked = await ana.does("import", file, *ABOUT)
    plan_hash = checked.partition("Plan ")[2].split()[0]
    before = f"“{first['note']}”" if first["note"] else "nothing"
    assert checked == (
        f"~ {first['id']} (changed, CORRECTED)\n    note: {before} → “A note”\n"
        f"0 new, 1 changed, {len(rest)} unchanged.\n\nPlan {plan_hash}\nNothing is submitted yet. To submit exactly this:\n"
        f"  opsc import '{file}' --sheet measures --title 'A sheet' --reason 'It was read again.' --server"
        f" {people.ana.client.base_url} --plan {plan_hash}\n"
    )
    submitted = await ana.does("import", file, *ABOUT, "--plan", plan_hash)
    name = submitted.split()[0]
    assert submitted == f"{name} waits for a review by somebody other than its author.\n"
    assert await ana.does("import", file, *ABOUT, "--plan", plan_hash) == submitted  # sent twice, submitted once
    accepted = await ben.does("submission", "accept", name)
    assert accepted.startswith(f"{name} is PUBLISHED: position ")
    unchanged = await ana.does("import", file, *ABOUT)
    assert unchanged == (
        f"0 new, 0 changed, {len(rest) + 1} unchanged.\n\nThe record says all of this already: there is nothing to submit.\n"
    )


async def test_faults_are_printed_and_the_command_fails(people: Maintainers, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(as_commas([{**NEW, "status": "IN FORCE", "adoptedOn": "May 2020"}]))
    result = await Terminal(people.ana).runs("import", file, *ABOUT)
    lines = result.stdout.splitlines()
    assert (result.exit_code, len(lines)) == (1, 2)
    assert lines[0].startswith("Row 2, column status: found 'IN FORCE', expected one of ANNOUNCED, ")
    assert lines[0].endswith(" Did you mean IN_FORCE?")
    assert lines[1].startswith("Row 2, column adoptedOn: found 'May 2020', expected a date of the calendar as YYYY, ")
    assert result.stderr.splitlines()[-1] == "opsc: 2 things are wrong, and nothing was submitted."


async def test_another_file_under_the_same_hash_is_refused(people: Maintainers, tmp_path: Path) -> None:
    row = (await exported(people, "FRA"))[0]
    file = tmp_path / "measures.csv"
    file.write_bytes(as_commas([{**row, "note": "One"}]))
    ana = Terminal(people.ana)
    plan_hash = (await ana.does("import", file, *ABOUT)).partition("Plan ")[2].split()[0]
    file.write_bytes(as_commas([{**row, "note": "Two"}]))
    result = await ana.runs("import", file, *ABOUT, "--plan", plan_hash)
    assert (result.exit_code, result.stdout) == (
        1,
        "The record has changed since that plan was made, or what is sent now differs: look at the new plan.\n",
    )


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"OPSC_TOKEN": None},
            "This needs a token: set OPSC_TOKEN to yours (export OPSC_TOKEN=opsc_…). Whoever keeps the record gives them.",
        ),
        (
            {"OPSC_TOKEN": "opsc_wrong"},
            "{server} does not take the token in OPSC_TOKEN: it may have expired, or been revoked, or be another server's."
            " Ask whoever keeps the record for a new one.",
        ),
        ({"OPSC_SERVER": "opsc.example"}, "--server opsc.example is no address: write it as https://opsc.example."),
        (
            {"OPSC_SERVER": "http://127.0.0.1:9"},
            "http://127.0.0.1:9 cannot be reached ([Errno 111] Connection refused): is --server right, and does it run?",
        ),
        ({"OPSC_TOKEN": "a\nb"}, "OPSC_TOKEN holds no token: set it to yours, which begins with opsc_."),
    ],
)
async def test_what_keeps_the_server_from_answering_is_told_in_a_line(
    people: Maintainers, tmp_path: Path, settings: dict[str, str | None], told: str
) -> None:
    file = tmp_path / "measures.csv"
    file.write_bytes(as_commas([NEW]))
    result = await Terminal(people.ana).runs("import", file, *ABOUT, **settings)
    server = str(people.ana.client.base_url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == f"opsc: {told.format(server=server)}"


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("page", "{address} does not answer as a record of this kind does: is --server right?"),
        (
            "nothing",
            "{address} does not answer as a record of this kind does: is --server right? (It answered with status 404.)",
        ),
        ("moved", "{address} has moved (http://opsc.example/graphql): give its new address as --server."),
        ("narrow", "This is larger than {address} takes: divide it, and send one part after the other."),
        (
            "other",
            "{address} serves another version of this program, which does not know what is asked here: No such  field",
        ),
    ],
)
async def test_a_server_of_another_kind_is_told_in_a_line(
    people: Maintainers, tmp_path: Path, path: str, told: str
) -> None:
    file = tmp_path / "measures.csv"
    file.write_bytes(as_commas([NEW]))
    async with listening(STRANGERS) as client:
        address = f"{str(client.base_url).rstrip('/')}/{path}"
        result = await Terminal(people.ana).runs("import", file, *ABOUT, "--server", address)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, f"opsc: {told.format(address=address)}")


async def test_a_file_that_is_no_known_sheet_is_asked_about(people: Maintainers, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(b"id,stateParty\n,PHL\n")
    result = await Terminal(people.ana).runs("import", file, *ABOUT)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        1,
        f"opsc: {file} does not tell which sheet it is: say with --sheet which it is (measures, assessments,"
        " reporting-events, statements, sources).",
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            as_commas([NEW]).replace(b"It makes", "Él hace".encode("latin-1")),
            "cannot be read. Row 2: found 'invented for tests\",Él hace platforms re', expected UTF-8. Save it again: in Excel as"
            " “CSV UTF-8 (Comma delimited)”, in LibreOffice with the character set “Unicode (UTF-8)”, or as .xlsx.",
        ),
        (
            as_commas([NEW]).replace(b"title", b"titel", 1).replace(b"adoptedOn", b"x", 1),
            "is nearest to the sheet measures, which has no column 'titel' (Did you mean title?), 'x': say with --sheet which it is"
            " (measures, assessments, reporting-events, statements, sources).",
        ),
    ],
)
async def test_what_keeps_a_file_from_being_known_is_told(
    people: Maintainers, tmp_path: Path, content: bytes, told: str
) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(content)
    result = await Terminal(people.ana).runs("import", file, *ABOUT)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, f"opsc: {file} {told}")
