"""A form of the record that is written as a whole before it is sent: in a process of its own, so that no reader waits for it.

    python -m api.dataset.making FORM FILE KNOWN POSITION VALID

with a dash for what is not asked for. FILE is in a folder of its own. It reads DATABASE_URL and OPSC_PUBLIC_URL, and ends in a line
of JSON: what moment the file is of, or why there is none.
"""

import asyncio
import os
import shutil
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from pathlib import Path

import asyncpg
import orjson

from api.dataset.apart import AWAY
from api.dataset.package import package
from api.dataset.parquet import write_parquet
from api.dataset.snapshot import Snapshot, snapshot
from api.dataset.sqlite import write_sqlite
from api.faults import UNREACHABLE
from db.pool import SETTINGS
from schema.clock import Moment
from schema.refusals import Refused


async def write_package(found: Snapshot, file: Path) -> None:
    """The ZIP of CSV files."""
    with file.open("xb") as out:
        async for piece in package(found):
            out.write(piece)


WRITE: Mapping[str, Callable[[Snapshot, Path], Awaitable[None]]] = {
    "zip": write_package,
    "parquet.zip": write_parquet,
    "sqlite": write_sqlite,
}


async def make(form: str, file: Path, moment: Moment, database_url: str, public_url: str) -> Mapping[str, object]:
    """Writes the file; answers what moment it is of. Raises Refused, asyncpg's errors and OSError."""
    connection = await asyncpg.connect(database_url, server_settings=SETTINGS)
    try:
        async with snapshot(connection, moment, public_url) as found:
            await WRITE[form](found, file)
            return {**found.about, "rows": found.rows}
    finally:
        await connection.close()


def main(form: str, file: str, known: str, position: str, valid: str) -> None:
    threading.Thread(target=_end_with_who_waits, args=(Path(file),), daemon=True).start()
    moment = Moment(
        None if known == "-" else datetime.fromisoformat(known),
        None if position == "-" else int(position),
        None if valid == "-" else date.fromisoformat(valid),
    )
    making = make(form, Path(file), moment, os.environ["DATABASE_URL"], os.environ["OPSC_PUBLIC_URL"])
    try:
        told = asyncio.run(making)
    except Refused as refused:
        first = refused.errors[0]
        told = {"refused": first.message, "code": (first.extensions or {}).get("code")}
    except UNREACHABLE:
        sys.exit(AWAY)
    sys.stdout.buffer.write(orjson.dumps(told))


def _end_with_who_waits(file: Path) -> None:
    """Whoever started this holds the other end of its input, says nothing there, and may be killed."""
    os.read(sys.stdin.fileno(), 1)  # sys.stdin itself could not be closed meanwhile
    shutil.rmtree(file.parent, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
