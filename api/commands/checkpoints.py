"""The commands around the log's signed checkpoints: where others keep them, and the key that signs."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from api.commands.progress import shown
from api.commands.record import NoRecordError, Record, require_newest
from api.commands.terminal import Data, connected, opened, told
from api.signing import signer
from db.checkpoint_folder import PARTS
from db.checkpoint_folder import write as write_checkpoints
from db.checkpoints import CURRENT_KEY, LOST, adopt, missing_key, rotate, sign_head, signing_key
from db.log_key import KEY, CannotSignError, Keyring
from db.signed_note import PrivateKey, PublicKey

checkpoints = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What the log is signed with, and its signed checkpoints where others keep them.",
)


@checkpoints.command("publish")
def publish_checkpoints(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A folder that others keep, such as a clone of a repository of theirs."),
    ],
    data: Data = None,
) -> None:
    """Write every signed checkpoint that is not there yet into a folder; exit 1 if the log is not the one that is there."""
    with told(), shown() as step:
        for place in (folder, *(folder / part for part in PARTS)):
            if place.exists() and not place.is_dir():
                raise NoRecordError(f"{place} is a file: checkpoint publish writes into a folder; name another one.")
        with opened(data, step, new=False) as found:
            asyncio.run(require_newest(found.url))
            written = asyncio.run(connected(found.url, lambda connection: write_checkpoints(connection, folder)))
            sentence = asyncio.run(missing(found))
    if written.size is None:
        print("Nothing is signed yet: opsc serve signs the log, where it has a key.")
        return
    print(f"Wrote {written.new:,} of {written.kept:,} checkpoints; the newest is of {written.size:,} revisions.")
    if written.size < written.log:
        unsigned = f"The log has {written.log:,} revisions: the newest {written.log - written.size:,} are not signed."
        print(f"opsc: {unsigned} {sentence or 'opsc serve signs them.'}", file=sys.stderr)


@checkpoints.command("rotate")
def rotate_key(
    lost: Annotated[
        bool,
        typer.Option(
            "--lost",
            help="The old key is lost for good: begin with a new one, for which none signs. Whoever checks the log is told.",
        ),
    ] = False,
    data: Data = None,
) -> None:
    """Replace the key that signs the log by a new one, for which the old one signs.

    In a data folder the file log.key changes. With OPSC_LOG_KEY the new key is printed, and is to be set everywhere.
    """
    with told(), shown() as step, opened(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        public_key, size = asyncio.run(_adopt(found) if lost else _rotate(found))
    print(f"From {size:,} revisions on, the log is signed with {public_key}.")
    if lost:
        print(
            "The key before has not signed for it, and verify_log.py says so to everybody who does not give this one with --key:"
            " tell those who keep your checkpoints what has happened, and this key, by a way that they trust."
        )


@checkpoints.command("key")
def new_key() -> None:
    """Print a new key, for OPSC_LOG_KEY: where DATABASE_URL is set, the log is signed with that.

    It names its log as OPSC_LOG_ORIGIN says, or else OPSC_PUBLIC_URL. Keep it secret: who has it can sign in your name.
    """
    with told():
        print(Keyring(public_url=os.environ.get("OPSC_PUBLIC_URL")).new().text())


async def sign(found: Record) -> None:
    """Signs the log as it is, where there is a key."""

    async def work(connection: asyncpg.Connection) -> None:
        if key := await signer(connection, found.data):
            await sign_head(connection, key)

    await connected(found.url, work)


async def missing(found: Record) -> str | None:
    """What keeps the log from being signed here and what to do, in a sentence, where it was signed before."""

    async def work(connection: asyncpg.Connection) -> str | None:
        try:
            return await missing_key(connection, await signing_key(connection, Keyring(found.data), make=False))
        except CannotSignError as error:
            return str(error)

    return await connected(found.url, work)


async def _rotate(found: Record) -> tuple[str, int]:
    keyring = Keyring(found.data)
    key = await connected(found.url, lambda connection: signing_key(connection, keyring, make=False))
    if key is None:
        raise CannotSignError(
            "There is no key to replace here: it is in a data folder's log.key, or in OPSC_LOG_KEY. If it is lost for good:"
            f" {LOST}."
        )
    return await _replaced(found, keyring, key.name, lambda connection, new: rotate(connection, key, new))


async def _adopt(found: Record) -> tuple[str, int]:
    keyring = Keyring(found.data)
    key = await connected(found.url, lambda connection: signing_key(connection, keyring, make=False))
    row = await connected(found.url, lambda connection: connection.fetchrow(CURRENT_KEY))
    if row is None:
        raise CannotSignError("Nothing is signed yet, so no key is lost: opsc serve signs the log, where it has a key.")
    if key:
        raise CannotSignError(
            "The log's key is here, and is not lost: opsc checkpoint rotate replaces it, and lets it sign for the new one."
        )
    return await _replaced(found, keyring, PublicKey.read(row["public_key"]).name, adopt)


async def _replaced(
    found: Record,
    keyring: Keyring,
    origin: str,
    replacing: Callable[[asyncpg.Connection, PrivateKey], Awaitable[int]],
) -> tuple[str, int]:
    new = keyring.replacing(origin)
    if keyring.file is None:
        print(f"{KEY}={new.text()}", flush=True)  # before it counts: it must not get lost
    size = await connected(found.owner_url, lambda connection: replacing(connection, new))
    keyring.replaced()
    return str(new.public), size
