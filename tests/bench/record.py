"""The synthetic record's database: one data folder per size, below the machine's temporary folder, made once and used again."""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from db import migrate
from db.embedded import Embedded, running
from seed.files import DATA
from tests.bench import generate

PEERS = Path(__file__).parent / "peers/schema.sql"
SCALES = {0: 500, 1: 24_640, 10: 246_400, 100: 2_464_000}
"""Scale → measures. 0 is for the smoke test."""


@contextmanager
def record(scale: int) -> Iterator[Embedded]:
    """The database with that record and the peers' tables, made where there is none yet (scale 10: some 20 minutes)."""
    folder = Path(tempfile.gettempdir()) / "opsc-bench" / f"{_version()}-{scale}"
    made = folder / "made"
    if not made.exists():
        shutil.rmtree(folder, ignore_errors=True)
    with running(folder) as embedded:
        migrate.migrate(embedded.owner_url)
        if not made.exists():
            asyncio.run(_make(embedded.superuser_url, SCALES[scale]))
            made.touch()
        asyncio.run(_fill_peers(embedded.superuser_url))
        yield embedded


def _version() -> str:
    """Changes with whatever the record's rows are made from; the other rules are laid anew at each run."""
    db = Path(migrate.__file__).parent
    rules = [db / f"rules/{name}.sql" for name in ("projections", "coverage", "log")]
    tables = sorted(file for file in (db / "migrations/versions").iterdir() if file.is_file())
    digest = hashlib.sha256()
    for file in [*rules, *tables, *sorted(DATA.glob("*.csv")), Path(generate.__file__), PEERS]:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


async def _make(url: str, measures: int) -> None:
    columns = (
        TextColumn("making the record"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("revisions"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    connection = await asyncpg.connect(url)
    try:
        with Progress(*columns) as progress:
            task = progress.add_task("", total=measures * generate.REVISIONS)
            await generate.generate(
                connection, measures, lambda done, of: progress.update(task, completed=done, total=of)
            )
    finally:
        await connection.close()


async def _fill_peers(url: str) -> None:
    """The peers' tables say what is so today: they are filled anew on another day."""
    connection = await asyncpg.connect(url, server_settings={"TimeZone": "UTC"})
    try:
        filled_on = await connection.fetchval(
            "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = 'peer'"
        )
        today = str(await connection.fetchval("select current_date"))
        if filled_on != today:
            await connection.execute(PEERS.read_text("utf-8"), timeout=600)
            await connection.execute("vacuum analyze")
            await connection.execute("do $$ begin execute format('comment on schema peer is %L', current_date); end $$")
    finally:
        await connection.close()
