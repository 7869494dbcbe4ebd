"""The command `opsc`: each command finds the record and says in a line what it did, or what is wrong (exit code 1)."""

import asyncio
import os
import re
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, TypeVar

import asyncpg
import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from api import logs
from api.progress import Step, shown
from api.record import NoRecordError, Record, record, require_newest
from api.serving import CannotListenError, address, bound
from api.serving import serve as serve_on
from db.checkpoint_folder import LogRewrittenError
from db.checkpoint_folder import write as write_checkpoints
from db.checkpoints import missing_key, rotate, sign_head, signing_key
from db.cluster import CannotRunError
from db.embedded import watch
from db.log import PublicationRefused, Published
from db.log_key import KEY, CannotSignError, Keyring
from db.migrate import migrate as migrate_database
from db.newest import newest
from db.signed_note import PrivateKey
from db.verify import verify as verify_record
from schema.query import sdl
from seed.check import Row, check
from seed.files import BadFiles
from seed.load import seed as seed_record

REFUSALS = (
    NoRecordError,
    CannotRunError,
    CannotListenError,
    CannotSignError,
    LogRewrittenError,
    BadFiles,
    PublicationRefused,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    SQLAlchemyError,
    OSError,
)
"""What is told in a line; anything else is a fault of ours, with its traceback."""

MOST_WORKERS = 40
"""Their pools, of four connections each, fit into what the embedded server allows."""

ADDRESS = re.compile(r"https?://[^/\s]+(/\S*)?")

T = TypeVar("T")

opsc = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The record of what States parties to the OPSC have reported about its 2019 Guidelines.\n\n"
    "It lies in a data folder, on a PostgreSQL that opsc brings and starts, or, if DATABASE_URL is set"
    " (postgresql://…, PostgreSQL 15 or newer), on that server.",
)

checkpoints = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What the log is signed with, and its signed checkpoints where others keep them.",
)
opsc.add_typer(checkpoints, name="checkpoint")

Data = Annotated[
    Path | None, typer.Option("--data", help="The data folder. Default: one for this user.", show_default=False)
]


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
) -> None:
    """Serve the record.

    In a data folder, it is first made, migrated and seeded, as far as it is not. A database of yours (DATABASE_URL) is
    only read: opsc migrate and opsc seed are for you to run when it suits you.
    """
    with _told(), suppress(KeyboardInterrupt), ExitStack() as until_the_end:
        listener = until_the_end.enter_context(bound(host, port))
        if public_url is not None and not ADDRESS.fullmatch(public_url):
            raise NoRecordError(f"--public-url {public_url} is no address: write it as https://opsc.example.")
        with shown() as step:
            found = until_the_end.enter_context(_record(data, step, new=True))
            if found.data:
                step("Migrating", 0, 1)
                migrate_database(found.owner_url)
                asyncio.run(_seed(found, step, public_url))
            else:
                asyncio.run(require_newest(found.url))
                asyncio.run(_sign(found))
        here = address(listener)
        if host in ("0.0.0.0", "::") and public_url is None:
            print(
                f"Permalinks will begin {here}, which only this machine can open: give --public-url.", file=sys.stderr
            )
        os.environ |= {"DATABASE_URL": found.url, "OPSC_PUBLIC_URL": public_url or here}  # for the workers
        logs.configure()
        if found.data:
            threading.Thread(target=watch, args=[found.data, _killed, _back], daemon=True).start()
        serve_on(listener, workers, lambda: print(f"Listening on {here} (queries at {here}/graphql)", flush=True))


@opsc.command()
def migrate(data: Data = None) -> None:
    """Bring the database to the newest schema."""
    with _told(), shown() as step, _record(data, step, new=True) as found:
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
    with _told(), shown() as step, _record(data, step, new=not only_check) as found:
        asyncio.run(require_newest(found.url))
        if only_check:
            rows = asyncio.run(_with(found.url, check))
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
    with _told(), shown() as step, _record(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        step("Replaying the log", 0, 1)
        disagreements = asyncio.run(_with(found.owner_url, verify_record))
        positions, records = asyncio.run(_with(found.url, _size))
    for disagreement in disagreements:
        print(disagreement)
    if disagreements:
        raise typer.Exit(1)
    print(f"Checked {positions:,} positions and {records:,} records: all agree.")


@checkpoints.command("publish")
def publish_checkpoints(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A folder that others keep, such as a clone of a repository of theirs."),
    ],
    data: Data = None,
) -> None:
    """Write every signed checkpoint that is not there yet into a folder; exit 1 if the log is not the one that is there."""
    with _told(), shown() as step, _record(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        written = asyncio.run(_with(found.url, lambda connection: write_checkpoints(connection, folder)))
    if written.size is None:
        print("Nothing is signed yet: opsc serve signs the log, where it has a key.")
    else:
        print(f"Wrote {written.new:,} of {written.kept:,} checkpoints; the newest is of {written.size:,} revisions.")


@checkpoints.command("rotate")
def rotate_key(data: Data = None) -> None:
    """Replace the key that signs the log by a new one, for which the old one signs.

    In a data folder the file log.key changes. With OPSC_LOG_KEY the new key is printed, and is to be set everywhere.
    """
    with _told(), shown() as step, _record(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        public_key, size = asyncio.run(_rotate(found))
    print(f"From {size:,} revisions on, the log is signed with {public_key}.")


@checkpoints.command("key")
def new_key() -> None:
    """Print a new key, for OPSC_LOG_KEY: where DATABASE_URL is set, the log is signed with that.

    It names its log as OPSC_LOG_ORIGIN says, or else OPSC_PUBLIC_URL. Keep it secret: who has it can sign in your name.
    """
    with _told():
        print(Keyring(public_url=os.environ.get("OPSC_PUBLIC_URL")).new().text())


@opsc.command()
def schema() -> None:
    """Print the GraphQL schema in its definition language."""
    print(sdl(), end="")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except REFUSALS as error:
        print(f"opsc: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


@contextmanager
def _record(data: Path | None, step: Step, *, new: bool) -> Iterator[Record]:
    if not os.environ.get("DATABASE_URL"):
        step("Starting PostgreSQL", 0, 1)
    with record(data, new=new) as found:
        yield found


async def _with(url: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    connection = await asyncpg.connect(url)
    try:
        return await work(connection)
    finally:
        await connection.close()


async def _seed(found: Record, step: Step, public_url: str | None) -> Published | None:
    async def work(connection: asyncpg.Connection) -> Published | None:
        key = await _key(connection, Keyring(found.data, public_url=public_url))
        published = await seed_record(connection, step, signer=key)
        if key:
            await sign_head(connection, key)
        return published

    return await _with(found.url, work)


async def _sign(found: Record) -> None:
    """Signs the log as it is, where there is a key."""

    async def work(connection: asyncpg.Connection) -> None:
        if key := await _key(connection, Keyring(found.data)):
            await sign_head(connection, key)

    await _with(found.url, work)


async def _key(connection: asyncpg.Connection, keyring: Keyring) -> PrivateKey | None:
    """What signs this log here, a new key in a new data folder; that a log which was signed cannot be is told."""
    key = await signing_key(connection, keyring, make=True)
    if sentence := await missing_key(connection, key):
        print(f"opsc: {sentence}", file=sys.stderr)
    return key


async def _rotate(found: Record) -> tuple[str, int]:
    keyring = Keyring(found.data)
    key = await _with(found.url, lambda connection: signing_key(connection, keyring, make=False))
    if key is None:
        raise CannotSignError("There is no key to replace here: it is in a data folder's log.key, or in OPSC_LOG_KEY.")
    new = keyring.replacing(key)
    if keyring.file is None:
        print(f"{KEY}={new.text()}", flush=True)  # before it counts: it must not get lost
    size = await _with(found.owner_url, lambda connection: rotate(connection, key, new))
    keyring.replaced()
    return str(new.public), size


async def _size(connection: asyncpg.Connection) -> tuple[int, int]:
    row = await connection.fetchrow("select count(*), count(distinct record_id) from revision")
    assert row is not None
    return tuple(row)


def _print_table(rows: Sequence[Row]) -> None:
    print(f"{'file':<24}{'rows':>8}{'record':>8}{'missing':>9}{'differing':>11}{'extra':>7}")
    for row in rows:
        print(
            f"{row.file:<24}{row.rows_in_file:>8}{row.rows_in_record:>8}"
            f"{row.missing:>9}{row.differing:>11}{row.extra:>7}{'' if row.agrees else '  disagrees'}"
        )


def _killed() -> None:
    structlog.get_logger().error("PostgreSQL was killed; it is being started again, and nothing published is lost")


def _back() -> None:
    structlog.get_logger().warning("PostgreSQL is back")
