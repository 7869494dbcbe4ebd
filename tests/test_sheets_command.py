"""`opsc template`: a sheet to fill in, or a line that says what is wrong."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.command_line import opsc
from schema.spreadsheet.columns import SHEETS
from schema.spreadsheet.parse import parse
from schema.spreadsheet.template import template


def test_a_template_is_printed_as_csv() -> None:
    result = CliRunner().invoke(opsc, ["template", "reporting-events"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes == template(SHEETS["reporting-events"])


def test_a_template_is_written_as_xlsx_and_over_nothing(tmp_path: Path) -> None:
    file = tmp_path / "measures.xlsx"
    for code, told in (
        (0, f"Wrote {file}: rows go into the sheet measures; the sheet Notes tells what each column means.\n"),
        (1, f"opsc: {file} is there already: name another file, or remove it.\n"),
    ):
        result = CliRunner().invoke(opsc, ["template", "measures", "--xlsx", str(file)])
        assert (result.exit_code, result.output) == (code, told)
    (fault,) = parse(file.read_bytes(), SHEETS["measures"]).faults
    assert fault.advice == "The file holds a header alone: write the rows below it."


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["mesures"],
            "There is no sheet 'mesures'; the sheets are measures, assessments, reporting-events, statements, sources."
            " Did you mean measures?",
        ),
        (
            ["measures", "--xlsx", "measures.csv"],
            "measures.csv would not open as a spreadsheet: give it a name that ends in .xlsx.",
        ),
    ],
)
def test_what_cannot_be_made_is_told_in_a_line(arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(opsc, ["template", *arguments])
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"opsc: {told}\n")
