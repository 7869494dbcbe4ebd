"""The record as CSV files in a ZIP, with what tools need to read them and what anybody needs to check them.

In the order in which all becomes known: what tells the files' sums comes after the files.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from api.dataset.csvw import csv_metadata
from api.dataset.files import Written, sums
from api.dataset.frictionless import datapackage
from api.dataset.json_ld import json_ld
from api.dataset.log_folder import FOLDER, log_files, log_lines
from api.dataset.readme import readme
from api.dataset.snapshot import Snapshot
from api.dataset.tables import Table
from api.dataset.zipped import Content, zipped
from api.indented import indented
from api.v1.copying import chunks
from api.v1.text import csv_of
from db.verify_log import __file__ as verify_log
from seed import __file__ as seed

DATA = Path(seed).parent / "data"
"""Where the licence and the provenance lie."""

MANY = 300_000
"""Rows, of 7 kB each, make 2 GiB."""


def package(found: Snapshot) -> AsyncGenerator[bytes]:
    """The bytes of the ZIP. To be read to its end, or closed."""
    written = list[Written]()
    return zipped(_entries(found, written), written, datetime.fromisoformat(found.known), large(found))


def large(found: Snapshot) -> set[str]:
    """The files of it that may be larger than a plain ZIP holds."""
    tables = {f"{table.name}.csv" for table, count in found.holds if count > MANY}
    return tables | ({f"{FOLDER}/revisions.jsonl"} if found.position > MANY else set())


def _entries(found: Snapshot, written: list[Written]) -> Iterator[tuple[str, Content]]:
    yield from accompanying(found, "csv")
    for table, _ in found.holds:
        yield f"{table.name}.csv", _csv(found, table)
    yield from log(found)
    files = {file.name: file for file in written}
    yield from whole(
        {
            "datapackage.json": indented(datapackage(found, files)),
            "csv-metadata.json": indented(csv_metadata(found)),
        }
    )
    yield from last(found, written)


def accompanying(found: Snapshot, suffix: str) -> Iterator[tuple[str, Content]]:
    """What a person reads first, and what checks the rest. suffix: of the tables' files."""
    newest = found.signed.newest
    return whole(
        {
            "README.md": readme(found, suffix),
            "LICENSE": (DATA / "LICENSE").read_bytes(),
            "PROVENANCE.md": (DATA / "PROVENANCE.md").read_bytes(),
            "verify_log.py": Path(verify_log).read_bytes(),
            **({"checkpoint": newest.encode()} if newest else {}),
        }
    )


def log(found: Snapshot) -> Iterator[tuple[str, Content]]:
    """The log, and what was signed of it."""
    yield f"{FOLDER}/revisions.jsonl", log_lines(found)
    yield from whole({f"{FOLDER}/{place}": content for place, content in log_files(found).items()})


def last(found: Snapshot, written: Sequence[Written]) -> Iterator[tuple[str, Content]]:
    """What describes the whole, and the sums of all that is written by then."""
    yield from whole({"dataset.jsonld": indented(json_ld(found))})
    yield from whole({"SHA256SUMS": sums(written)})


def _csv(found: Snapshot, table: Table) -> Content:
    rows, parameters = found.statement(table)
    return csv_of([column.name for column in rows.columns], chunks(found.connection, rows, parameters))


def whole(contents: Mapping[str, bytes]) -> Iterator[tuple[str, Content]]:
    """Small files."""
    for name, content in contents.items():
        yield name, _once(content)


async def _once(content: bytes) -> Content:
    yield content
