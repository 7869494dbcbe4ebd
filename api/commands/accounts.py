"""The commands of whoever keeps the record, for those who submit to it and review: their accounts, and the tokens they ask with."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import typer

from api.commands.progress import shown
from api.commands.record import require_newest
from api.commands.terminal import Data, connected, opened, told
from db.accounts import (
    EXPIRES,
    LONGEST,
    AccountRefused,
    add,
    change_role,
    create_token,
    disable,
    enable,
    erase,
    listed,
    revoke_token,
    tokens,
)
from db.vocabulary import Role

READS = {"ALL": "all", "FEED": "the feed"}
"""What a token is good for, in the list of tokens."""

LARGEST_ID = 2_147_483_647

T = TypeVar("T")

accounts = typer.Typer(no_args_is_help=True, help="Who may submit changes, and review them.")
token_commands = typer.Typer(no_args_is_help=True, help="The tokens with which accounts ask.")


def _utf8(said: Any) -> Any:
    """As the log is: Python passes on bytes of other encodings as halves of characters."""
    try:
        " ".join(said if isinstance(said, tuple) else [said or ""]).encode()
    except UnicodeEncodeError:
        raise typer.BadParameter("it is not written in UTF-8: set the terminal to UTF-8, and write it again.") from None
    return said


Name = Annotated[
    str, typer.Argument(help="The account, by its name in the public log.", show_default=False, callback=_utf8)
]
OneRole = Annotated[Role, typer.Option(case_sensitive=False, show_default=False, help="What it may do.")]  # type: ignore[valid-type] # made at run time


@accounts.command("add")
def add_account(
    name: Annotated[
        str,
        typer.Argument(
            help="A pseudonym that they choose: it stands in the public log, for good.",
            show_default=False,
            callback=_utf8,
        ),
    ],
    role: OneRole,
    person: Annotated[
        str | None,
        typer.Option(
            help="Who that is, for you: it stays outside the log, and opsc account erase forgets it.", callback=_utf8
        ),
    ] = None,
    subject: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="ISSUER SUBJECT",
            help="How OpenID Connect knows them: their tokens' iss and sub.",
            callback=_utf8,
            show_default=False,
        ),
    ] = None,
    data: Data = None,
) -> None:
    """Add an account. Nobody can ask as it before it has a token (opsc token create), or comes by OpenID Connect."""
    issuer, sub = subject or (None, None)
    _done(data, lambda owner: add(owner, name, role, person, issuer, sub))
    print(f"{name} is there, as {str(role).lower()}.")


@accounts.command("list")
def list_accounts(data: Data = None) -> None:
    """List the accounts, how many tokens of each are good now, and who is behind them."""
    rows = _done(data, listed)
    _print_columns(
        ("name", "role", "state", "tokens", "person"),
        [
            (row["name"], row["role"].lower(), "disabled" if row["disabled_at"] else "", row["tokens"], _person(row))
            for row in rows
        ],
        "There are no accounts: opsc account add makes one.",
    )


@accounts.command("disable")
def disable_account(name: Name, data: Data = None) -> None:
    """Refuse its tokens from now on; what it submitted stays."""
    _done(data, lambda owner: disable(owner, name))
    print(f"{name} is disabled.")


@accounts.command("enable")
def enable_account(name: Name, data: Data = None) -> None:
    """Accept its tokens again."""
    _done(data, lambda owner: enable(owner, name))
    print(f"{name} is enabled.")


@accounts.command("erase")
def erase_account(name: Name, data: Data = None) -> None:
    """Forget who is behind it, for good; disable it, and revoke its tokens. Its name stays in the log."""
    _done(data, lambda owner: erase(owner, name))
    print(f"Who {name} was is forgotten here; backups of the database that you made may still tell.")


@accounts.command("role")
def change_role_of_account(
    name: Name,
    role: Annotated[Role, typer.Argument(case_sensitive=False, show_default=False, help="What it may do.")],  # type: ignore[valid-type] # made at run time
    data: Data = None,
) -> None:
    """Change what it may do. By OpenID Connect, its issuer's word goes before this."""
    _done(data, lambda owner: change_role(owner, name, role))
    print(f"{name} is {str(role).lower()}.")


@token_commands.command("create")
def create(
    name: Name,
    expires: Annotated[int, typer.Option(metavar="DAYS", help=f"How long it is good; {LONGEST} at most.")] = EXPIRES,
    data: Data = None,
) -> None:
    """Print a new token, alone on standard output, this once: nothing keeps it."""
    token, expires_at = _done(data, lambda owner: create_token(owner, name, expires))
    print(token)
    print(f"It is good until {expires_at:%Y-%m-%d %H:%M} UTC, and cannot be shown again.", file=sys.stderr)


@token_commands.command("list")
def list_tokens(
    name: Annotated[str | None, typer.Argument(help="Whose.", show_default="everybody's", callback=_utf8)] = None,
    data: Data = None,
) -> None:
    """List tokens by their beginnings, with when each ends, was last used and was revoked."""
    rows = _done(data, lambda owner: tokens(owner, name))
    _print_columns(
        ("id", "account", "token", "reads", "made", "expires", "last used", "revoked"),
        [
            (
                row["id"],
                row["name"],
                f"{row['beginning']}…",
                READS[row["reads"]],
                *(_minute(row[at]) for at in ("created_at", "expires_at", "last_used_at", "revoked_at")),
            )
            for row in rows
        ],
        "There are no tokens: opsc token create makes one.",
    )


@token_commands.command("revoke")
def revoke(
    number: Annotated[
        int,
        typer.Argument(metavar="ID", min=1, max=LARGEST_ID, help="Its number in opsc token list.", show_default=False),
    ],
    data: Data = None,
) -> None:
    """Refuse a token from now on."""
    _done(data, lambda owner: revoke_token(owner, number))
    print(f"Token {number} is revoked.")


def _done(data: Path | None, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    with told(), shown() as step, opened(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        try:
            return asyncio.run(connected(found.owner_url, work))
        except asyncpg.InsufficientPrivilegeError:
            raise AccountRefused(
                "Accounts are for the database's owner to keep: set DATABASE_URL to the address that opsc migrate uses."
            ) from None


def _person(row: asyncpg.Record) -> str:
    known = f"{row['subject']} at {row['issuer']}" if row["subject"] else None
    return ", ".join(part for part in (row["person"], known) if part)


def _minute(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _print_columns(heads: Sequence[str], rows: Sequence[Sequence[Any]], nothing: str) -> None:
    """Moments are in UTC."""
    if not rows:
        print(nothing, file=sys.stderr)
        return
    lines = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())
