"""The commands for spreadsheets: a template for each sheet."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from api.commands.terminal import told
from schema.spreadsheet.columns import SHEETS, sheet_named
from schema.spreadsheet.template import template, template_as_xlsx
from schema.spreadsheet.write import CannotWrite

spreadsheets = typer.Typer()


@spreadsheets.command("template")
def print_template(
    name: Annotated[str, typer.Argument(metavar="SHEET", help=f"{', '.join(SHEETS)}.", show_default=False)],
    xlsx: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write an XLSX file instead, with choices of words and each column's meaning. It must not be there yet.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print a sheet to fill in: as CSV, its columns' names."""
    with told():
        sheet = sheet_named(name)
        if xlsx is None:
            sys.stdout.buffer.write(template(sheet))
            return
        if xlsx.suffix.lower() != ".xlsx":
            raise CannotWrite(f"{xlsx} would not open as a spreadsheet: give it a name that ends in .xlsx.")
        try:
            with xlsx.open("xb") as file:
                file.write(template_as_xlsx(sheet))
        except FileExistsError:
            raise CannotWrite(f"{xlsx} is there already: name another file, or remove it.") from None
    print(f"Wrote {xlsx}: rows go into the sheet {sheet.name}; the sheet Notes tells what each column means.")
