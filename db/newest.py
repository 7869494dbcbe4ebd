"""The newest migration, told from the files' names: what serves need not load what migrates."""

from functools import cache
from pathlib import Path

VERSIONS = Path(__file__).parent / "migrations" / "versions"


@cache
def newest() -> str:
    """The name of the newest migration, which a database must be at. Migrations are numbered: 0001_the_record, …"""
    return max(path.stem for path in VERSIONS.glob("[0-9]*.py"))
