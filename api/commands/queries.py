"""The command `opsc query withdraw`: takes the words of a saved query out, where they hold what must not be public."""

import asyncio
from typing import Annotated

import typer

from api.commands.progress import shown
from api.commands.record import require_newest
from api.commands.terminal import Data, connected, opened, told
from db.saved_queries import withdraw

queries = typer.Typer(no_args_is_help=True, help="Queries that were saved, for whoever keeps the record.")


@queries.callback()
def _several() -> None:
    """One command of a group stays a command of it."""


@queries.command("withdraw")
def withdraw_query(
    query: Annotated[str, typer.Argument(metavar="ID", help="What its address ends in, /q/ID.", show_default=False)],
    reason: Annotated[str, typer.Option(help="Why: its address answers with that, for good.", show_default=False)],
    data: Data = None,
) -> None:
    """Take the words of a saved query out, for good. Its address stays, and answers that it is gone, with the reason.

    Backups from before still hold them: make a new one, and destroy those.
    """
    with told(), shown() as step, opened(data, step, new=False) as found:
        asyncio.run(require_newest(found.url))
        asyncio.run(connected(found.owner_url, lambda owner: withdraw(owner, query, reason)))
    print(f"/q/{query} is withdrawn. What was kept of its answers elsewhere is there still.")
