"""The command `opsc export`: what a record says now, as a spreadsheet to change and import again."""

from pathlib import Path
from typing import Annotated

import typer

from api.progress import shown
from api.remote import HERE, NotAnswered, Server, form_of, remote
from api.terminal import told
from schema.spreadsheet.columns import SHEETS, sheet_named

exports = typer.Typer()


@exports.command("export")
def export_sheet(
    sheet: Annotated[str, typer.Argument(metavar="SHEET", help=f"{', '.join(SHEETS)}.", show_default=False)],
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Where to: a .csv or .xlsx that is not there yet.", show_default=False),
    ],
    state_party: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="As PHL; may be given more than once.", show_default="all"),
    ] = None,
    server: Server = HERE,
) -> None:
    """Write a spreadsheet of what a record says now. Needs no token."""
    with told(), shown() as step:
        found, form = sheet_named(sheet), form_of(file)
        if file.exists():
            raise _there_already(file)
        step(f"Fetching {found.name}", 0, 1)
        parameters = [("stateParty", code) for code in state_party or []]
        content = remote(server).fetches(f"/sheets/{found.name}.{form}", parameters)
        try:
            with file.open("xb") as new:
                new.write(content)
        except FileExistsError:
            raise _there_already(file) from None
    print(f"Wrote {file}. Change it, and look at what that comes to: opsc import {file} --title … --reason …")


def _there_already(file: Path) -> NotAnswered:
    return NotAnswered(f"{file} is there already: name another file, or remove it.")
