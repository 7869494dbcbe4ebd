"""Signing checkpoints: of each publication by who publishes, of the log's head where that is not signed yet, and for a new key."""

import asyncpg

from db.log_key import CannotSignError, Keyring
from db.signed_note import Checkpoint, PrivateKey, PublicKey

LOST = "opsc checkpoint rotate --lost"
"""The command that goes on without the key."""

CURRENT_KEY = "select public_key, since from log_key order by number desc limit 1"

HEAD = "select tree_size() as size, tree_root(tree_size()) as root"

UNSIGNED = "select tree_size() > coalesce(max(size), -1) from checkpoint"


async def signing_key(connection: asyncpg.Connection, keyring: Keyring, *, make: bool) -> PrivateKey | None:
    """The key that signs this log here; None where there is none. make: a data folder whose log is unsigned gets one.

    Raises CannotSignError for a key that is not this log's.
    """
    row = await connection.fetchrow(CURRENT_KEY)
    if row is None:
        return keyring.made() if make else keyring.key()
    current = PublicKey.read(row["public_key"])
    keyring.require_origin(current.name)
    key = keyring.key(str(current))
    if key and key.name != current.name:
        raise CannotSignError(
            f"The key here signs for {key.name}, but this log is {current.name}: it needs its own key."
        )
    if key and key.public != current:
        raise CannotSignError(
            f"The key here is {key.public}, but this log is signed with {current} since size {row['since']:,}: use that one."
            f" If it is lost for good, take away the key that is here, and run {LOST}."
        )
    return key


async def missing_key(connection: asyncpg.Connection, key: PrivateKey | None) -> str | None:
    """Where the log was signed before and cannot be here: that it is so, what is unsigned, and what to do."""
    row = None if key else await connection.fetchrow(CURRENT_KEY)
    if row is None:
        return None
    size = await connection.fetchval("select max(size) from checkpoint")
    return (
        f"Nothing is signed here: the private half of this log's key, {row['public_key']}, is neither in the data folder's"
        f" log.key nor in OPSC_LOG_KEY. So what follows the log's first {size:,} revisions is unsigned. Put a copy of log.key"
        f" into the data folder, or set OPSC_LOG_KEY: then opsc serve signs it. If the key is lost for good, run {LOST}, which"
        " begins with a new key."
    )


async def sign(connection: asyncpg.Connection, key: PrivateKey) -> None:
    """Signs what is published by now. In a transaction that holds the log's lock, so that nothing comes between."""
    row = await connection.fetchrow(HEAD)
    assert row is not None
    note = Checkpoint(key.name, row["size"], row["root"]).signed(key)
    await connection.execute("select keep_checkpoint($1, $2, $3)", row["size"], note, str(key.public))


async def sign_head(connection: asyncpg.Connection, key: PrivateKey) -> None:
    """Signs the head where it is not signed yet. A standby is left as it is."""
    if await connection.fetchval("select pg_is_in_recovery()") or not await connection.fetchval(UNSIGNED):
        return
    async with connection.transaction(isolation="read_committed"):
        await connection.execute("select pg_advisory_xact_lock(2019, 156)")
        if await connection.fetchval(UNSIGNED):
            await sign(connection, key)


async def rotate(connection: asyncpg.Connection, key: PrivateKey, new: PrivateKey) -> int:
    """Makes `new` the log's key, by a checkpoint of the head that names it and both have signed; answers its size.

    As the tables' owner.
    """
    async with connection.transaction(isolation="read_committed"):
        await connection.execute("select pg_advisory_xact_lock(2019, 156)")
        if await connection.fetchval(UNSIGNED):
            await sign(connection, key)
        row = await connection.fetchrow(HEAD)
        assert row is not None
        note = Checkpoint(key.name, row["size"], row["root"], str(new.public)).signed(key, new)
        await connection.execute("select replace_log_key($1, $2)", str(new.public), note)
        return int(row["size"])


async def adopt(connection: asyncpg.Connection, new: PrivateKey) -> int:
    """Makes `new` the log's key where the one before is lost: by the newest checkpoint again, which names it and which it alone
    has signed. Then signs the head. Answers the size from which on it signs.

    Nobody vouches for it, and that is shown for good. As the tables' owner.
    """
    async with connection.transaction(isolation="read_committed"):
        await connection.execute("select pg_advisory_xact_lock(2019, 156)")
        row = await connection.fetchrow("select size, root_hash from checkpoint order by size desc limit 1")
        assert row is not None
        note = Checkpoint(new.name, row["size"], row["root_hash"], str(new.public)).signed(new)
        await connection.execute("select adopt_log_key($1, $2)", str(new.public), note)
        if await connection.fetchval(UNSIGNED):
            await sign(connection, new)
        return int(row["size"])
