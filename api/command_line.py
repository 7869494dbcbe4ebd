"""The command `opsc`: each command finds the record and says in a line what it did, or what is wrong (exit code 1)."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Annotated

import asyncpg
import structlog
import typer

from api import logs
from api.commands.accounts import accounts, token_commands
from api.commands.backups import backups
from api.commands.checkpoints import checkpoints, sign
from api.commands.decisions import decisions
from api.commands.exports import exports
from api.commands.feeds import feeds
from api.commands.imports import imports
from api.commands.progress import Step, shown
from api.commands.queries import queries
from api.commands.record import NoRecordError, Record, require_newest
from api.commands.spreadsheets import spreadsheets
from api.commands.submissions import submissions
from api.commands.terminal import Data, connected, opened, told
from api.serving import ADDRESS, address, bound
from api.serving import serve as serve_on
from api.settings import FairUse, OpenID
from api.signing import signer
from db.checkpoints import sign_head
from db.embedded import watch
from db.log import Published
from db.migrate import migrate as migrate_database
from db.newest import newest
from db.verify import verify as verify_record
from schema.query import sdl
from seed.check import Row, check
from seed.load import seed as seed_record

MOST_WORKERS = 40
"""Their pools, of four connections each, fit into what the embedded server allows."""

opsc = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The record of what States parties to the OPSC have reported about its 2019 Guidelines.\n\n"
    "It lies in a data folder, on a PostgreSQL that opsc brings and starts, or, if DATABASE_URL is set"
    " (postgresql://…, PostgreSQL 15 or newer), on that server.",
)

opsc.add_typer(decisions)
opsc.add_typer(backups)
opsc.add_typer(feeds)
opsc.add_typer(checkpoints, name="checkpoint")
opsc.add_typer(accounts, name="account")
opsc.add_typer(token_commands, name="token")
opsc.add_typer(spreadsheets)
opsc.add_typer(exports)
opsc.add_typer(imports)
opsc.add_typer(submissions, name="submission")
opsc.add_typer(queries, name="query")


def run() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _end)
    opsc()


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@opsc.command()
def serve(
    data: Data = None,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=MOST_WORKERS, help="Processes that answer requests.")] = 1,
    public_url: Annotated[
        str | None,
        typer.Option(envvar="OPSC_PUBLIC_URL", help="Where readers find this record.", show_default="where it listens"),
    ] = None,
    trusted_proxies: Annotated[
        str,
        typer.Option(
            envvar="OPSC_TRUSTED_PROXIES",
            help="Addresses or networks of the proxies before it, with commas between them: their X-Forwarded-For says where a"
            " request comes from. Without it, all that comes through a proxy counts as one asker's.",
            show_default="none",
        ),
    ] = "",
) -> None:
    """Serve the record.

    In a data folder, it is first made, migrated and seeded, as far as it is not. A database of yours (DATABASE_URL) is
    only read: opsc migrate and opsc seed are for you to run when it suits you.
    """
    with told(), suppress(KeyboardInterrupt), ExitStack() as until_the_end:
        os.environ["OPSC_TRUSTED_PROXIES"] = trusted_proxies  # for the workers
        OpenID.from_environment()  # what is wrong with these is told before anything begins
        FairUse.from_environment()
        listener = until_the_end.enter_context(bound(host, port))
        if public_url is not None and not ADDRESS.fullmatch(public_url):
            raise NoRecordError(f"--public-url {public_url} is no address: write it as https://opsc.example.")
        with shown() as step:
            found = until_the_end.enter_context(opened(data, step, new=True))
            if found.data:
                step("Migrating", 0, 1)
                migrate_database(found.owner_url)
                asyncio.run(_seed(found, step, public_url))
            else:
                asyncio.run(require_newest(found.url))
                asyncio.run(sign(found))
        here = address(listener)
        if host in ("0.0.0.0", "::") and public_url is None:
            print(
                f"Permalinks will begin {here}, which only this machine can open: give --public-url.", file=sys.stderr
            )
        os.environ |= {"DATABASE_URL": found.url, "OPSC_PUBLIC_URL": public_url or here}  # for the workers
        os.environ |= {"OPSC_DATA": str(found.data)} if found.data else {}
        logs.configure()
        if found.data:
            threading.Thread(target=watch, args=[found.data, _killed, _back], daemon=True).start()
        serve_on(listener, workers, lambda: print(f"Listening on {here} (queries at {here}/graphql)", flush=True))


@opsc.command()
def migrate(data: Data = None) -> None:
    """Bring the database to the newest schema."""
    with told(), shown() as step, opened(data, step, new=True) as found:
        step("Migrating", 0, 1)
        migrate_database(found.owner_url)
        print(f"The schema is {newest()}, the newest.")


@opsc.command()
def seed(
    data: Data = None,
    only_check: Annotated[
        bool, typer.Option("--check", help="Compare the record with the files, write nothing.")
    ] = False,
) -> None:
    """Publish what the files of seed/data say and the record does not, as one submission; never over people's changes."""
    with told(), shown() as step, opened(data, step, new=not only_check) as found:
        asyncio.run(require_newest(found.url))
        if only_check:
            rows = asyncio.run(connected(found.url, check))
        else:
            published = asyncio.run(_seed(found, step, os.environ.get("OPSC_PUBLIC_URL")))
    if only_check:
        _print_table(rows)
        raise typer.Exit(0 if all(row.agrees for row in rows) else 1)
    if published:
        print(f"Submission {published.submission}: positions {published.first} to {published.last}.")
    else:
        print("The record says all that the files say already.")


@opsc.command()
def verify(data: Data = None) -> None:
    """Replay the log, compare all that the database keeps from it, recompute every hash, check every signature."""
    with told(), shown() as step, opened(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        step("Replaying the log", 0, 1)
        disagreements = asyncio.run(connected(found.owner_url, verify_record))
        positions, records = asyncio.run(connected(found.url, _size))
    for disagreement in disagreements:
        print(disagreement)
    if disagreements:
        raise typer.Exit(1)
    print(f"Checked {positions:,} positions and {records:,} records: all agree.")


@opsc.command()
def schema() -> None:
    """Print the GraphQL schema in its definition language."""
    print(sdl(), end="")


async def _seed(found: Record, step: Step, public_url: str | None) -> Published | None:
    async def work(connection: asyncpg.Connection) -> Published | None:
        key = await signer(connection, found.data, public_url)
        published = await seed_record(connection, step, signer=key)
        if key:
            await sign_head(connection, key)
        return published

    return await connected(found.url, work)


async def _size(connection: asyncpg.Connection) -> tuple[int, int]:
    row = await connection.fetchrow("select count(*), count(distinct record_id) from revision")
    assert row is not None
    return tuple(row)


def _print_table(rows: Sequence[Row]) -> None:
    print(f"{'file':<24}{'rows':>8}{'record':>8}{'missing':>9}{'differing':>11}{'extra':>7}{'by people':>11}")
    for row in rows:
        print(
            f"{row.file:<24}{row.rows_in_file:>8}{row.rows_in_record:>8}"
            f"{row.missing:>9}{row.differing:>11}{row.extra:>7}{row.by_people:>11}{'' if row.agrees else '  disagrees'}"
        )


def _killed() -> None:
    structlog.get_logger().error("PostgreSQL was killed; it is being started again, and nothing published is lost")


def _back() -> None:
    structlog.get_logger().warning("PostgreSQL is back")


if __name__ == "__main__":
    run()
