"""The command `opsc feed`: an address at which a feed reader finds what waits for review."""

import asyncio
import sys
from typing import Annotated

import typer

from api.commands.progress import shown
from api.commands.record import NoRecordError, require_newest
from api.commands.terminal import Data, connected, opened, told
from api.serving import ADDRESS
from api.settings import Settings
from db.accounts import LONGEST, create_token

feeds = typer.Typer()


@feeds.command("feed")
def new_feed(
    name: Annotated[
        str, typer.Argument(help="The account that it is for, by its name in the log.", show_default=False)
    ],
    expires: Annotated[int, typer.Option(help="Days that the address is good for.")] = LONGEST,
    public_url: Annotated[
        str, typer.Option(envvar="OPSC_PUBLIC_URL", help="Where readers find this record.")
    ] = Settings.public_url,
    data: Data = None,
) -> None:
    """Print the address of a feed (Atom) of what waits for review: a new one, once.

    Whoever has it reads the feed, and can do nothing else with it. It ends with its account, or by opsc token revoke.
    """
    with told(), shown() as step:
        if not ADDRESS.fullmatch(public_url):
            raise NoRecordError(f"--public-url {public_url} is no address: write it as https://opsc.example.")
        with opened(data, step, new=False) as found:
            asyncio.run(require_newest(found.url))
            token, ends = asyncio.run(
                connected(found.owner_url, lambda owner: create_token(owner, name, expires, "FEED"))
            )
    print(f"{public_url.rstrip('/')}/feeds/waiting/{token}.atom")
    print(f"It is good until {ends.day} {ends:%B %Y}. Keep it to yourself: it is shown this once.", file=sys.stderr)
