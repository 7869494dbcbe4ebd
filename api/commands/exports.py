"""The command `opsc export`: what a record says now, as a spreadsheet to change and import again; or the whole record."""

import os
from pathlib import Path
from typing import Annotated

import typer

from api.commands.dataset import DATASET, download_dataset, export_dataset
from api.commands.progress import shown
from api.commands.record import NoRecordError
from api.commands.remote import HERE, NotAnswered, form_of, remote
from api.commands.terminal import Data, told
from api.settings import Settings
from schema.spreadsheet.columns import SHEETS, sheet_named

exports = typer.Typer()

BY_OPTION = "COMMANDLINE"

READ_HERE = {"data": "--data", "public_url": "--public-url"}
"""Options that say something of a record that is read without a server."""

ServerToExport = Annotated[
    str,
    typer.Option(
        "--server",
        envvar="OPSC_SERVER",
        help="Where the record is served.",
        metavar="URL",
        show_default=f"of a spreadsheet, {HERE}; of the whole record, none",
    ),
]

PublicUrl = Annotated[
    str,
    typer.Option(
        envvar="OPSC_PUBLIC_URL", help="Of the whole record, where no server is asked: where readers find this record."
    ),
]


@exports.command("export")
def export_sheet(
    called: typer.Context,
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
    server: ServerToExport = HERE,
    known: Annotated[str | None, typer.Option(help="Of the whole record: as it was known at a moment.")] = None,
    position: Annotated[str | None, typer.Option(help="The same, by position of the log.")] = None,
    valid: Annotated[str | None, typer.Option(help="Of the whole record: about a day.", show_default="today")] = None,
    public_url: PublicUrl = Settings.public_url,
    data: Data = None,
) -> None:
    """Write a spreadsheet of what a served record says now, or the whole of a record. Needs no token.

    The whole record is downloaded from the server, if one is named. Else it is read from the data folder or DATABASE_URL, and no
    server need run. What is named by an option goes before what the environment names, and there DATABASE_URL before OPSC_SERVER.
    """
    clocks = {
        name: text for name, text in (("known", known), ("position", position), ("valid", valid)) if text is not None
    }
    here = [option for name, option in READ_HERE.items() if _source(called, name) == BY_OPTION]
    if sheet == DATASET:
        with told(), shown() as step:
            if state_party:
                raise NoRecordError("--state-party is for a spreadsheet; the whole record is of all States.")
            if not _downloads(called):
                print(export_dataset(file, clocks, public_url.rstrip("/"), data, step))
                return
            for option in here:
                raise NoRecordError(
                    f"{option} is for a record that is read here, and --server for one elsewhere: leave one out."
                )
            print(download_dataset(file, clocks, remote(server), step))
        return
    with told(), shown() as step:
        found, form = sheet_named(sheet), form_of(file)
        for name in clocks:
            raise NotAnswered(
                f"--{name} is for the whole record: a spreadsheet is of now, for you to change it. "
                f"What was said then is at /v1/{found.name}.csv?{name}={clocks[name]} of the server."
            )
        for option in here:
            raise NotAnswered(f"{option} is for the whole record: a spreadsheet is fetched from a server (--server).")
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


def _downloads(called: typer.Context) -> bool:
    """Whether the whole record is that of a server."""
    source = _source(called, "server")
    if source == BY_OPTION:
        return True
    return source == "ENVIRONMENT" and _source(called, "data") != BY_OPTION and not os.environ.get("DATABASE_URL")


def _source(called: typer.Context, name: str) -> str | None:
    """Where a value comes from: COMMANDLINE, ENVIRONMENT or DEFAULT."""
    source = called.get_parameter_source(name)
    return source and source.name


def _there_already(file: Path) -> NotAnswered:
    return NotAnswered(f"{file} is there already: name another file, or remove it.")
