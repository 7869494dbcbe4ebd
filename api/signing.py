"""What signs the log of this installation, for whoever publishes: the server, and the commands."""

import sys
from pathlib import Path

import asyncpg

from db.checkpoints import missing_key, signing_key
from db.log_key import Keyring
from db.signed_note import PrivateKey


async def signer(connection: asyncpg.Connection, data: Path | None, public_url: str | None = None) -> PrivateKey | None:
    """What signs this log here, a new key in a new data folder; that a log which was signed cannot be is told."""
    key = await signing_key(connection, Keyring(data, public_url=public_url), make=True)
    if sentence := await missing_key(connection, key):
        print(f"opsc: {sentence}", file=sys.stderr)
    return key
