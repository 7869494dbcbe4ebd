"""Accounts: who may submit and review, under the names that the log shows; and the tokens by which they are known."""

import base64
import hashlib
import hmac
import secrets
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


WHY = {
    "account_name_once": "There is an account {name} already, and names are never given twice: take another.",
    "account_name_is_not_the_files": "“seed” is the account of the files: take another name.",
    "account_name_is_a_pseudonym": (
        "{name!r} cannot be an account's name: it stands in the public log for good, so it is a pseudonym of one line, 1 to 100"
        " characters that can be seen, without @."
    ),
    "account_person_subject_once": "Another account is that subject's already: opsc account list tells which.",
    "account_person_subject_is_printable": (
        "An issuer is an address of at most 500 characters, a subject at most 255 letters, digits and signs, all of them ASCII, as"
        " the tokens' iss and sub say them."
    ),
    "account_person_person_is_one_line": "Who is behind an account is one line of 1 to 500 characters.",
}
"""Why an account cannot be as it was asked for, by the constraint that refuses it."""


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


async def of_subject(pool: asyncpg.Pool, issuer: str, subject: str, role: str, expires_at: datetime) -> Account | None:
    """The account of somebody whom an OpenID Connect issuer vouches for, made when they first come; None while it is disabled."""
    row = await pool.fetchrow("select * from account_of_subject($1, $2, $3, $4)", issuer, subject, role, _pseudonym())
    return Account(row["id"], row["name"], row["role_now"], expires_at) if row else None


def _pseudonym() -> str:
    """Random: what is made of their name or number at the issuer could be found out by trying, in a log that never forgets."""
    return f"contributor-{base64.b32encode(secrets.token_bytes(5)).decode().lower()}"


async def add(
    connection: asyncpg.Connection,
    name: str,
    role: str,
    person: str | None = None,
    issuer: str | None = None,
    subject: str | None = None,
) -> int:
    """person: who is behind it, for those who keep the record; issuer and subject: how OpenID Connect knows them. Raises
    AccountRefused."""
    try:
        async with connection.transaction():
            number: int = await connection.fetchval(
                "insert into account (name, role, created_at) values ($1, $2, now()) returning id", name, role
            )
            if person is not None or subject is not None:
                await connection.execute(
                    "insert into account_person (account_id, person, issuer, subject) values ($1, $2, $3, $4)",
                    number,
                    person,
                    issuer,
                    subject,
                )
            return number
    except (asyncpg.UniqueViolationError, asyncpg.CheckViolationError) as error:
        if (why := WHY.get(error.constraint_name or "")) is None:
            raise
        raise AccountRefused(why.format(name=name)) from None


async def change_role(connection: asyncpg.Connection, name: str, role: str) -> None:
    """Its tokens can do what the role can from now on."""
    await connection.execute("update account set role = $2 where id = $1", await _id_of(connection, name), role)


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
    """Forgets who is behind it and its webhooks, disables it, and revokes its tokens. The name stays: the log quotes it."""
    async with connection.transaction():
        await disable(connection, name)
        await _changed(
            connection, name, "update token set revoked_at = now() where account_id = $1 and revoked_at is null"
        )
        await _changed(connection, name, "delete from account_person where account_id = $1")
        await _changed(connection, name, "delete from webhook where account_id = $1")


async def create_token(
    connection: asyncpg.Connection, name: str, days: int = EXPIRES, reads: str = "ALL"
) -> tuple[str, datetime]:
    """The token, which nobody can ever be told again, and when it expires. reads: a word of TokenReads."""
    if not 1 <= days <= LONGEST:
        raise AccountRefused(f"A token is good for 1 to {LONGEST} days, not for {days}.")
    account_id = await _id_of(connection, name)
    if await connection.fetchval("select disabled_at is not null from account where id = $1", account_id):
        raise AccountRefused(f"The account {name} is disabled: opsc account enable comes first.")
    text = new_token()
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
        select t.id, a.name, t.beginning, t.reads, t.created_at, t.expires_at, t.last_used_at, t.revoked_at
        from token t join account a on a.id = t.account_id where $1::text is null or a.id = $2 order by t.id
        """,
        name,
        None if name is None else await _id_of(connection, name),
    )
    return rows


async def revoke_token(connection: asyncpg.Connection, number: int) -> None:
    statement = "update token set revoked_at = coalesce(revoked_at, now()) where id = $1 returning true"
    if await connection.fetchval(statement, number) is None:
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
