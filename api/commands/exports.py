"""The command `opsc export`: what a record says now, as a spreadsheet to change and import again; or the whole record."""

from pathlib import Path
from typing import Annotated

import typer

from api.commands.dataset import DATASET, export_dataset
from api.commands.progress import shown
from api.commands.record import NoRecordError
from api.commands.remote import HERE, NotAnswered, Server, form_of, remote
from api.commands.terminal import Data, told
from api.settings import Settings
from schema.spreadsheet.columns import SHEETS, sheet_named

exports = typer.Typer()

PublicUrl = Annotated[
    str, typer.Option(envvar="OPSC_PUBLIC_URL", help="Of the whole record: where readers find this record.")
]


@exports.command("export")
def export_sheet(
    sheet: Annotated[
        str,
        typer.Argument(
            metavar="SHEET", help=f"{', '.join(SHEETS)}; or {DATASET}, the whole record.", show_default=False
        ),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Where to: a .csv or .xlsx that is not there yet; of the whole record a .zip, .parquet.zip or .sqlite.",
            show_default=False,
        ),
    ],
    state_party: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="As PHL; may be given more than once.", show_default="all"),
    ] = None,
    server: Server = HERE,
    known: Annotated[str | None, typer.Option(help="Of the whole record: as it was known at a moment.")] = None,
    position: Annotated[str | None, typer.Option(help="The same, by position of the log.")] = None,
    valid: Annotated[str | None, typer.Option(help="Of the whole record: about a day.", show_default="today")] = None,
    public_url: PublicUrl = Settings.public_url,
    data: Data = None,
) -> None:
    """Write a spreadsheet of what a served record says now, or the whole of the record here. Needs no token.

    The whole record is read from the data folder or DATABASE_URL, and no server need run.
    """
    clocks = {name: text for name, text in (("known", known), ("position", position), ("valid", valid)) if text}
    if sheet == DATASET:
        with told(), shown() as step:
            if state_party:
                raise NoRecordError("--state-party is for a spreadsheet; the whole record is of all States.")
            print(export_dataset(file, clocks, public_url.rstrip("/"), data, step))
        return
    with told(), shown() as step:
        found, form = sheet_named(sheet), form_of(file)
        for name in clocks:
            raise NotAnswered(
                f"--{name} is for the whole record: a spreadsheet is of now, for you to change it. "
                f"What was said then is at /v1/{found.name}.csv?{name}={clocks[name]} of the server."
            )
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
