"""The oldest PostgreSQL that the record runs on: migrated, seeded, guarded and verified there, where one is installed."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.cluster import account, environment
from db.migrate import OLDEST, migrate
from db.tables import metadata
from db.verify import verify
from seed.check import check
from seed.load import seed
from tests.test_guards import PEOPLE, SENT

PROGRAMS = Path(os.environ.get("OLDEST_POSTGRESQL", f"/usr/lib/postgresql/{OLDEST}/bin"))
"""Where its programs are; by default where Debian's packages put them."""


@pytest.fixture
async def oldest() -> AsyncIterator[str]:
    """The address of an empty database there, without a role and a name; nobody else can reach its socket."""
    if not (PROGRAMS / "initdb").exists():
        pytest.skip(f"no PostgreSQL {OLDEST} in {PROGRAMS}: install postgresql-{OLDEST}, or set OLDEST_POSTGRESQL")
    with tempfile.TemporaryDirectory(prefix="opsc-oldest-") as folder:
        who = account()
        if who:
            os.chown(folder, who["user"], who["group"])
        data, log = f"{folder}/data", f"{folder}/log"
        run(PROGRAMS / "initdb", "-D", data, "-U", "postgres", "--auth", "trust", "-E", "UTF8", "--locale", "C")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run(PROGRAMS / "pg_ctl", "-D", data, "-l", log, "-o", options, "--wait", "start")
        try:
            superuser = await asyncpg.connect(f"postgresql://postgres@/postgres?host={folder}")
            for statement in "create role opsc login", "create role owner login", "create database record owner owner":
                await superuser.execute(statement)
            await superuser.close()
            yield f"postgresql://{{}}@/record?host={folder}"
        finally:
            run(PROGRAMS / "pg_ctl", "-D", data, "-m", "immediate", "--wait", "stop")


def run(*command: Any) -> None:
    """Output goes nowhere: the server would hold a pipe open."""
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=environment(),
        **account(),
    )


async def test_the_record_lives_on_the_oldest_postgresql(oldest: str) -> None:
    await asyncio.to_thread(migrate, oldest.format("owner"))
    application, owner = [await asyncpg.connect(oldest.format(role)) for role in ("opsc", "owner")]
    assert application.get_server_version().major == OLDEST
    assert await seed(application) is not None
    assert all(row.agrees for row in await check(application))
    for table in metadata.tables.keys() - {*SENT}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await application.execute(f"delete from {table}")
    for table in metadata.tables.keys() - {*PEOPLE, *SENT}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="refused"):
            await owner.execute(f"delete from {table}")
    assert await verify(application) == []
    await application.close()
    await owner.close()
