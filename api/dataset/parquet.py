"""The record as Parquet files in a ZIP: the tables of the CSV, with days as days, numbers as numbers and lists as lists."""

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from api import about
from api.apart.parquet import type_of, write_rows
from api.dataset.fields import Field
from api.dataset.files import Written
from api.dataset.package import accompanying, large, last, log
from api.dataset.snapshot import Snapshot
from api.dataset.tables import Table
from api.dataset.zipped import Content, zipped

PIECE = 1_048_576
"""Bytes of a file read at once."""


async def write_parquet(found: Snapshot, file: Path) -> None:
    """Writes the ZIP, beside which there is room for one table as CSV."""
    written = list[Written]()
    with tempfile.TemporaryDirectory(dir=file.parent) as folder, file.open("xb") as out:
        entries = _entries(found, written, Path(folder))
        async for piece in zipped(entries, written, datetime.fromisoformat(found.known), large(found)):
            out.write(piece)


def _entries(found: Snapshot, written: list[Written], folder: Path) -> Iterator[tuple[str, Content]]:
    yield from accompanying(found, "parquet")
    for table, _ in found.holds:
        yield f"{table.name}.parquet", _table(found, table, folder)
    yield from log(found)
    yield from last(found, written)


async def _table(found: Snapshot, table: Table, folder: Path) -> Content:
    rows, parameters = found.statement(table)
    cells, made = folder / "cells", folder / "made"
    await found.connection.copy_from_query(rows.plan.sql, *parameters, output=cells, format="csv")
    schema = pa.schema([_described(field) for field in table.fields], _about(found, table))
    with cells.open("rb") as read, made.open("wb") as file:
        write_rows(schema, [field.among for field in table.fields], read, file)
    with made.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _type(field: Field) -> pa.DataType:
    return pa.list_(type_of(field.kind)) if field.listed else type_of(field.kind)


def _described(field: Field) -> pa.Field:
    return pa.field(field.name, _type(field), not field.required, {"description": field.about})


def _about(found: Snapshot, table: Table) -> dict[str, str]:
    return {
        "title": f"{about.TITLE}: {table.name}",
        "description": table.about,
        "position": str(found.position),
        "known": found.known,
        "valid": found.valid,
        "licence": about.LICENCE_URL,
    }
