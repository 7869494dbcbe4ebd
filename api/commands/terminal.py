"""What the commands share: the option --data, the record with its server running, and refusals told in a line."""

import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import asyncpg
import typer
from sqlalchemy.exc import SQLAlchemyError

from api.commands.progress import Step
from api.commands.record import NoRecordError, Record, record
from api.commands.remote import NotAnswered
from api.serving import CannotListenError
from api.settings import BadSetting
from db.accounts import AccountRefused
from db.backup import BackupRefused
from db.checkpoint_folder import LogRewrittenError
from db.cluster import CannotRunError
from db.embedded import default_data_folder, is_running
from db.log import PublicationRefused
from db.log_key import CannotSignError
from db.saved_queries import QueryRefused
from db.verify_log import CannotCheck
from schema.spreadsheet.columns import NoSheet
from schema.spreadsheet.write import CannotWrite
from seed.files import BadFiles

REFUSALS = (
    NoRecordError,
    BadSetting,
    AccountRefused,
    CannotRunError,
    CannotListenError,
    CannotSignError,
    LogRewrittenError,
    BadFiles,
    NoSheet,
    CannotWrite,
    NotAnswered,
    BackupRefused,
    CannotCheck,
    PublicationRefused,
    QueryRefused,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    SQLAlchemyError,
    OSError,
)
"""What is told in a line; anything else is a fault of ours, with its traceback."""

T = TypeVar("T")

Data = Annotated[
    Path | None, typer.Option("--data", help="The data folder. Default: one for this user.", show_default=False)
]


@contextmanager
def told() -> Iterator[None]:
    try:
        yield
    except REFUSALS as error:
        print(f"opsc: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


@contextmanager
def opened(data: Path | None, step: Step, *, new: bool) -> Iterator[Record]:
    if not os.environ.get("DATABASE_URL") and not is_running(data or default_data_folder()):
        step("Starting PostgreSQL", 0, 1)
    with record(data, new=new) as found:
        yield found


async def connected(url: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    connection = await asyncpg.connect(url)
    try:
        return await work(connection)
    finally:
        await connection.close()
