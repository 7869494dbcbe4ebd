"""The commands that keep the record safe: the whole of it as one file, and back; and one record brought back."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from api.commands.checkpoints import missing
from api.commands.decisions import CORRECTED, Kind, bring_back
from api.commands.progress import shown
from api.commands.record import NoRecordError, require_newest
from api.commands.terminal import Data, connected, opened, told
from db.backup import back_up, inspect, require_empty
from db.backup import restore as restore_record
from db.migrate import migrate as migrate_database
from schema.identity import WELL_FORMED

backups = typer.Typer()

NO_TOKENS = (
    "No backup holds tokens or who is behind accounts. Accounts restored: {accounts:,}; nobody can use one before opsc token"
    " create NAME makes it a new token. opsc account list tells their names."
)


@backups.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write: record.backup, say. It must not be there yet.")],
    data: Data = None,
) -> None:
    """Write the record to a file, from which it can be made again, while it is served and changed.

    The log, submissions with what was said of them, error reports and accounts. No tokens, nor who is behind accounts, nor
    how to reach whoever pointed out an error. Only you can read the file, and not all of it is public. What is redacted later
    is still in it: after a redaction make a new backup, and destroy those from before.
    """
    with told(), shown() as step, opened(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        step("Backing up", 0, 1)
        head = asyncio.run(connected(found.url, lambda connection: back_up(connection, file)))
    print(f"{head.size:,} positions are in {file}. Root hash: {head.root_hash}")


@backups.command()
def restore(
    what: Annotated[str, typer.Argument(help="The file of a backup, or the id of a record.", show_default=False)],
    reason: Annotated[str | None, typer.Option(help="Of a record: why it comes back, in public, for good.")] = None,
    author: Annotated[str | None, typer.Option(help="Of a record: who decided it.")] = None,
    reviewer: Annotated[str | None, typer.Option(help="Of a record: who looked at it, somebody else.")] = None,
    kind: Kind = CORRECTED,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            help="Of a backup: a checkpoint that somebody kept, or a folder of them, which it must agree with."
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Make the whole record of a backup again, or bring back one record that was retracted.

    The record of a backup is made in a new data folder or an empty database: all of it, or nothing. A record comes back as it
    last was, in a submission of its own.
    """
    with told():
        if WELL_FORMED.fullmatch(what) and not Path(what).exists():
            if not (reason and author and reviewer):
                raise NoRecordError(f"To bring back {what}, say --reason, --author and --reviewer.")
            if checkpoint:
                raise NoRecordError("--checkpoint is for a backup; this is the id of a record.")
            bring_back(what, reason, author, reviewer, kind, data)
        elif reason or author or reviewer:
            raise NoRecordError(f"{what} is no record's id: ids look like Measure:PHL-0007.")
        else:
            _restore(Path(what), checkpoint or [], data)


def _restore(file: Path, checkpoints: list[Path], data: Path | None) -> None:
    with shown() as step:
        step("Reading the backup", 0, 1)
        inspect(file, checkpoints)
        with opened(data, step, new=True) as found:
            asyncio.run(connected(found.owner_url, require_empty))
            step("Migrating", 0, 1)
            migrate_database(found.owner_url)
            step("Restoring", 0, 1)
            work = connected(found.owner_url, lambda connection: restore_record(connection, file, checkpoints))
            head = asyncio.run(work)
            unsigned = asyncio.run(missing(found))
    print(f"{head.size:,} positions are restored. Root hash: {head.root_hash}", flush=True)
    if accounts := head.rows.get("account"):
        print(f"opsc: {NO_TOKENS.format(accounts=accounts)}", file=sys.stderr)
    if unsigned:
        print(f"opsc: No backup holds the key. {unsigned}", file=sys.stderr)
