"""Accounts: who may submit and review, under the names that the log shows; and the tokens by which they are known."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from db.token_text import SHOWN, is_token, new_token

EXPIRES, LONGEST = 90, 366
"""Days that a token is good for, unless told otherwise, and at most."""


@dataclass(frozen=True)
class Account:
    """Somebody who asks with a token, as it is now. token_id: None where another issuer's token said who it is."""

    id: int
    name: str
    role: str
    expires_at: datetime | None = None
    token_id: int | None = None


class AccountRefused(Exception):
    """What cannot be done with an account or a token: says why, to the person at the terminal."""


async def authenticated(pool: asyncpg.Pool, text: str, reads: str = "ALL") -> Account | None:
    """Whose token this is; None of what is none, or no longer, or reads something else: who asks is not told which."""
    if not is_token(text):
        return None
    hashed = _hashed(text)
    row = await pool.fetchrow("select * from good_token where hash = $1 and reads = $2", hashed, reads)
    if row is None or not hmac.compare_digest(row["hash"], hashed):
        return None
    await pool.execute("select note_use($1)", row["id"])
    return Account(row["account_id"], row["name"], row["role"], row["expires_at"], row["id"])


async def add(connection: asyncpg.Connection, name: str, role: str, person: str | None = None) -> int:
    """Raises AccountRefused."""
    try:
        async with connection.transaction():
            number: int = await connection.fetchval(
                "insert into account (name, role, created_at) values ($1, $2, now()) returning id", name, role
            )
            if person:
                await connection.execute(
                    "insert into account_person (account_id, person) values ($1, $2)", number, person
                )
            return number
    except asyncpg.UniqueViolationError:
        raise AccountRefused(
            f"There is an account {name} already, and names are never given twice: take another."
        ) from None
    except asyncpg.CheckViolationError:
        raise AccountRefused(
            f"{name!r} cannot be an account's name: it stands in the public log for good, so it is a pseudonym of one line,"
            f" 1 to 100"
            " characters, without @, and not “seed”."
        ) from None


async def listed(connection: asyncpg.Connection) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await connection.fetch(
        """
        select a.name, a.role, a.created_at, a.disabled_at, p.person, p.issuer, p.subject,
               (select count(*) from good_token t where t.account_id = a.id) as tokens
        from account a left join account_person p on p.account_id = a.id order by lower(a.name)
        """
    )
    return rows


async def disable(connection: asyncpg.Connection, name: str) -> None:
    """Its tokens are refused from now on."""
    await _changed(connection, name, "update account set disabled_at = coalesce(disabled_at, now()) where id = $1")


async def enable(connection: asyncpg.Connection, name: str) -> None:
    await _changed(connection, name, "update account set disabled_at = null where id = $1")


async def erase(connection: asyncpg.Connection, name: str) -> None:
    """Forgets who is behind it, and disables it. The name stays: the log quotes it."""
    async with connection.transaction():
        await disable(connection, name)
        await _changed(connection, name, "delete from account_person where account_id = $1")


async def create_token(
    connection: asyncpg.Connection, name: str, days: int = EXPIRES, reads: str = "ALL"
) -> tuple[str, datetime]:
    """The token, which nobody can ever be told again, and when it expires. reads: a word of TokenReads."""
    if not 1 <= days <= LONGEST:
        raise AccountRefused(f"A token is good for 1 to {LONGEST} days, not for {days}.")
    text = new_token()
    account_id = await _id_of(connection, name)
    expires: datetime = await connection.fetchval(
        """
        insert into token (account_id, hash, beginning, created_at, expires_at, reads)
        values ($1, $2, $3, now(), now() + $4, $5)
        returning expires_at
        """,
        account_id,
        _hashed(text),
        text[:SHOWN],
        timedelta(days=days),
        reads,
    )
    return text, expires


async def tokens(connection: asyncpg.Connection, name: str | None = None) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await connection.fetch(
        """
        select t.id, a.name, t.beginning, t.created_at, t.expires_at, t.last_used_at, t.revoked_at
        from token t join account a on a.id = t.account_id where $1::text is null or a.id = $2 order by t.id
        """,
        name,
        None if name is None else await _id_of(connection, name),
    )
    return rows


async def revoke_token(connection: asyncpg.Connection, number: int) -> None:
    if (
        await connection.fetchval(
            "update token set revoked_at = coalesce(revoked_at, now()) where id = $1 returning true", number
        )
        is None
    ):
        raise AccountRefused(f"There is no token {number}: opsc token list tells those that there are.")


async def _id_of(connection: asyncpg.Connection, name: str) -> int:
    number: int | None = await connection.fetchval("select id from account where lower(name) = lower($1)", name)
    if number is None:
        raise AccountRefused(f"There is no account {name}: opsc account list tells those that there are.")
    return number


async def _changed(connection: asyncpg.Connection, name: str, statement: str) -> None:
    await connection.execute(statement, await _id_of(connection, name))


def _hashed(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
