"""Accounts and tokens, as whoever keeps the record runs their commands; and what the database holds of them."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from typer.testing import CliRunner

from api.command_line import opsc as commands
from db.accounts import authenticated, of_subject
from db.embedded import Embedded
from db.token_text import is_token, new_token
from db.verify import verify
from tests.conftest import cloned
from tests.opsc import opsc

ISSUER = "https://login.example"


@pytest.fixture(scope="module")
async def database(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[Embedded]:
    """One for all that follows: each test takes names of its own."""
    async with cloned(administrator, server, migrated_template) as database:
        yield database


@pytest.fixture(scope="module")
async def application(database: Embedded) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database.url, min_size=1, max_size=4) as pool:
        yield pool


@pytest.fixture(scope="module")
async def owner(database: Embedded) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


async def run(database: Embedded | str, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a command, run in this process: a new one costs a second."""
    url = database if isinstance(database, str) else database.owner_url
    environment = {name: None for name in os.environ if name.startswith(("OPSC_", "OIDC_"))} | {"DATABASE_URL": url}
    ran = await asyncio.to_thread(CliRunner().invoke, commands, arguments, env=environment)
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, ran.stdout, ran.stderr


async def token_of(database: Embedded, name: str, role: str = "contributor") -> str:
    """A token of a new account."""
    assert await run(database, "account", "add", name, "--role", role) == (0, f"{name} is there, as {role}.\n", "")
    code, out, _ = await run(database, "token", "create", name)
    assert code == 0
    return out.removesuffix("\n")


# ── The commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_is_printed_alone_and_its_end_beside_it(database: Embedded) -> None:
    added = opsc("account", "add", "nightjar", "--role", "reviewer", DATABASE_URL=database.owner_url)
    assert (added.returncode, added.stdout, added.stderr) == (0, "nightjar is there, as reviewer.\n", "")
    ran = opsc("token", "create", "nightjar", "--expires", "7", DATABASE_URL=database.owner_url)
    assert ran.returncode == 0
    assert is_token(ran.stdout.removesuffix("\n"))
    told = re.fullmatch(r"It is good until (.{16}) UTC, and cannot be shown again\.\n", ran.stderr)
    assert told
    left = datetime.strptime(told[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=7, minutes=-2) < left <= timedelta(days=7)


async def test_accounts_are_listed_with_who_is_behind_them(empty_database: Embedded) -> None:
    assert await run(empty_database, "account", "list") == (
        0,
        "",
        "There are no accounts: opsc account add makes one.\n",
    )
    added = ("account", "add", "plover", "--role", "ADMIN", "--person", "M. Example", "--subject", ISSUER, "7")
    assert (await run(empty_database, *added))[0] == 0
    await token_of(empty_database, "Avocet")
    assert await run(empty_database, "account", "disable", "PLOVER") == (0, "PLOVER is disabled.\n", "")
    assert await run(empty_database, "account", "list") == (
        0,
        "name    role         state     tokens  person\n"
        "Avocet  contributor            1\n"
        "plover  admin        disabled  0       M. Example, 7 at https://login.example\n",
        "",
    )
    assert (await run(empty_database, "account", "enable", "plover"))[0] == 0
    assert (await run(empty_database, "account", "role", "plover", "reviewer"))[1] == "plover is reviewer.\n"
    assert "plover  reviewer            0 " in (await run(empty_database, "account", "list"))[1]


async def test_tokens_are_listed_by_their_beginnings_alone(database: Embedded) -> None:
    token = await token_of(database, "dunlin")
    code, out, _ = await run(database, "token", "list", "dunlin")
    heads, line = out.splitlines()
    assert (code, heads.split()) == (
        0,
        ["id", "account", "token", "reads", "made", "expires", "last", "used", "revoked"],
    )
    number, account, beginning, reads, *_ = line.split()
    assert (account, beginning, reads) == ("dunlin", f"{token[:11]}…", "all")
    assert token not in out
    assert await run(database, "token", "revoke", number) == (0, f"Token {number} is revoked.\n", "")
    assert len((await run(database, "token", "list", "dunlin"))[1].splitlines()[1].split()) == len(line.split()) + 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "GODWIT", "--role", "admin"), "There is an account GODWIT already, and names are never given twice"),
        (("add", "seed", "--role", "admin"), "“seed” is the account of the files"),
        (("add", "m@example.org", "--role", "admin"), "'m@example.org' cannot be an account's name"),
        (("add", "", "--role", "admin"), "'' cannot be an account's name"),
        (("add", " godwit", "--role", "admin"), "it is a pseudonym of one line"),
        (("add", "god\nwit", "--role", "admin"), "it is a pseudonym of one line"),
        (("add", "god\u200bwit", "--role", "admin"), "characters that can be seen"),
        (("add", "god\u202ewit", "--role", "admin"), "characters that can be seen"),
        (("add", "x" * 101, "--role", "admin"), "1 to 100 characters"),
        (("add", "ruff", "--role", "admin", "--person", "a\nb"), "Who is behind an account is one line"),
        (("add", "ruff", "--role", "admin", "--subject", ISSUER, "9"), "Another account is that subject's already"),
        (("add", "ruff", "--role", "admin", "--subject", ISSUER, "é"), "a subject at most 255 letters"),
        (("disable", "nobody"), "There is no account nobody: opsc account list tells those that there are."),
        (("erase", "nobody"), "There is no account nobody"),
        (("role", "nobody", "admin"), "There is no account nobody"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_in_a_line(
    database: Embedded, owner: asyncpg.Connection, arguments: tuple[str, ...], sentence: str
) -> None:
    await owner.execute(
        """
        with made as (insert into account (name, role, created_at) values ('godwit', 'ADMIN', now())
                      on conflict do nothing returning id)
        insert into account_person (account_id, issuer, subject) select id, $1, '9' from made
        """,
        ISSUER,
    )
    before = await owner.fetch("select a::text, p::text from account a left join account_person p on account_id = id")
    code, out, errors = await run(database, "account", *arguments)
    assert (code, out, errors.startswith("opsc: "), sentence in errors) == (1, "", True, True), errors
    assert errors.count("\n") == 1
    after = await owner.fetch("select a::text, p::text from account a left join account_person p on account_id = id")
    assert before == after


async def test_a_token_that_cannot_be_is_refused_in_a_line(database: Embedded, owner: asyncpg.Connection) -> None:
    await token_of(database, "whimbrel")
    before = await owner.fetchval("select count(*) from token")
    for days in ("0", "367", "-1"):
        refused = f"opsc: A token is good for 1 to 366 days, not for {days}.\n"
        assert await run(database, "token", "create", "whimbrel", "--expires", days) == (1, "", refused)
    unknown = "opsc: There is no account nobody: opsc account list tells those that there are.\n"
    assert await run(database, "token", "create", "nobody") == (1, "", unknown)
    assert await run(database, "token", "list", "nobody") == (1, "", unknown)
    missing = "opsc: There is no token 2147483647: opsc token list tells those that there are.\n"
    assert await run(database, "token", "revoke", "2147483647") == (1, "", missing)
    await run(database, "account", "disable", "whimbrel")
    disabled = "opsc: The account whimbrel is disabled: opsc account enable comes first.\n"
    assert await run(database, "token", "create", "whimbrel") == (1, "", disabled)
    assert await owner.fetchval("select count(*) from token") == before


@pytest.mark.parametrize(
    "arguments", [("account", "add", "Caf\udce9", "--role", "admin"), ("account", "disable", "Caf\udce9")]
)
async def test_a_name_in_another_encoding_is_refused_in_words(database: Embedded, arguments: tuple[str, ...]) -> None:
    code, out, errors = await run(database, *arguments)
    assert (code, out, "it is not written in UTF-8" in errors) == (2, "", True)


async def test_accounts_are_for_the_owner_to_keep(database: Embedded) -> None:
    refused = (
        "opsc: Accounts are for the database's owner to keep: set DATABASE_URL to the address that opsc migrate uses.\n"
    )
    for arguments in (("account", "add", "knot", "--role", "admin"), ("account", "list"), ("token", "create", "x")):
        code, out, errors = await run(database.url, *arguments)
        assert (code, out) == (1, "")
        assert errors == refused or arguments[0] == "token"


# ── What the database holds ─────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_is_known_by_its_hash_alone(
    database: Embedded, owner: asyncpg.Connection, application: asyncpg.Pool
) -> None:
    token = await token_of(database, "sanderling", "admin")
    row = await owner.fetchrow(
        "select t.*, t::text as whole from token t join account a on a.id = account_id where name = 'sanderling'"
    )
    assert row
    assert (row["hash"], row["beginning"]) == (hashlib.sha256(token.encode()).digest(), token[:11])
    assert token[11:] not in row["whole"]
    account = await authenticated(application, token)
    assert account
    assert (account.name, account.role, account.expires_at, account.token_id) == (
        "sanderling",
        "ADMIN",
        row["expires_at"],
        row["id"],
    )


async def test_only_a_good_token_is_good(
    database: Embedded, owner: asyncpg.Connection, application: asyncpg.Pool
) -> None:
    token = await token_of(database, "curlew")
    assert await authenticated(application, token)
    assert await authenticated(application, new_token()) is None
    for malformed in ("", "opsc_", token[:-1], token + "x", token.swapcase(), "opsc_" + "é" * 49, "\x00"):
        assert await authenticated(application, malformed) is None
    whose = "where account_id = (select id from account where name = 'curlew')"
    for bad, good in (
        (f"update token set created_at = now() - interval '2 days', expires_at = now() {whose}",) * 2,
        (f"update token set revoked_at = now() {whose}", f"update token set revoked_at = null {whose}"),
    ):
        await owner.execute(bad)
        assert await authenticated(application, token) is None
        await owner.execute(good)
        await owner.execute(f"update token set expires_at = now() + interval '1 day' {whose}")
        assert await authenticated(application, token)
    await run(database, "account", "disable", "curlew")
    assert await authenticated(application, token) is None
    await run(database, "account", "enable", "curlew")
    assert await authenticated(application, token)


async def test_when_a_token_was_last_used_is_noted_once_a_minute(
    database: Embedded, owner: asyncpg.Connection, application: asyncpg.Pool
) -> None:
    token = await token_of(database, "turnstone")
    used = "select last_used_at from token join account a on a.id = account_id where name = 'turnstone'"
    assert await owner.fetchval(used) is None
    await authenticated(application, token)
    first = await owner.fetchval(used)
    assert first is not None
    await authenticated(application, token)
    assert await owner.fetchval(used) == first
    await owner.execute("update token set last_used_at = $1 where last_used_at = $2", first - timedelta(hours=1), first)
    await authenticated(application, token)
    assert await owner.fetchval(used) > first


async def test_erasing_forgets_the_person_and_keeps_the_name(
    database: Embedded, owner: asyncpg.Connection, application: asyncpg.Pool
) -> None:
    added = ("account", "add", "lapwing", "--role", "admin", "--person", "M. Example", "--subject", ISSUER, "erased")
    await run(database, *added)
    token = (await run(database, "token", "create", "lapwing"))[1].strip()
    told = "Who lapwing was is forgotten here; backups of the database that you made may still tell.\n"
    assert await run(database, "account", "erase", "lapwing") == (0, told, "")
    assert await owner.fetchval("select count(*) from account_person where subject = 'erased'") == 0
    assert await owner.fetchval("select disabled_at is not null from account where name = 'lapwing'")
    await run(database, "account", "enable", "lapwing")
    assert await authenticated(application, token) is None
    assert (await run(database, *added))[0] == 1


async def test_the_application_cannot_read_who_is_behind_an_account(application: asyncpg.Pool) -> None:
    for statement in ("select * from account_person", "select count(*) from account_person"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="account_person"):
            await application.fetch(statement)


async def test_whom_an_issuer_knows_has_one_account_however_often_they_ask_at_once(
    owner: asyncpg.Connection, application: asyncpg.Pool
) -> None:
    expires = datetime(2100, 1, 1, tzinfo=UTC)
    asked = [of_subject(application, ISSUER, "at once", "REVIEWER", expires) for _ in range(8)]
    found = {await one for one in asyncio.as_completed(asked)}
    assert len(found) == 1
    account = found.pop()
    assert account
    assert re.fullmatch("contributor-[a-z2-7]{8}", account.name)
    assert (account.role, account.expires_at, account.token_id) == ("REVIEWER", expires, None)
    changed = await of_subject(application, ISSUER, "at once", "ADMIN", expires)
    assert changed
    assert (changed.id, changed.role) == (account.id, "ADMIN")
    assert await owner.fetchval("select role from account where id = $1", account.id) == "ADMIN"
    await owner.execute("update account set disabled_at = now() where id = $1", account.id)
    assert await of_subject(application, ISSUER, "at once", "ADMIN", expires) is None


async def test_accounts_are_no_part_of_what_is_verified_from_the_log(
    database: Embedded, owner: asyncpg.Connection
) -> None:
    await token_of(database, "redshank")
    assert await verify(owner) == []
