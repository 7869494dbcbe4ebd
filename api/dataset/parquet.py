"""The record as Parquet files in a ZIP: the tables of the CSV, with days as days, numbers as numbers and lists as lists."""

import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet

from api.dataset import about
from api.dataset.fields import Field
from api.dataset.files import Written
from api.dataset.lists import listed
from api.dataset.package import accompanying, last, log
from api.dataset.snapshot import Snapshot
from api.dataset.tables import Table
from api.dataset.zipped import Content, zipped

TYPES: Mapping[str, pa.DataType] = {
    "Int": pa.int64(),
    "Boolean": pa.bool_(),
    "Date": pa.date32(),
    "DateTime": pa.timestamp("us", "UTC"),
}
"""By kind; of any other text."""

BLOCK = 4_194_304
"""Bytes of CSV read at once: the rows of a row group, and what is held of a table."""

PIECE = 1_048_576
"""Bytes of a file read at once."""


async def write_parquet(found: Snapshot, file: Path) -> None:
    """Writes the ZIP, beside which there is room for one table as CSV."""
    written = list[Written]()
    with tempfile.TemporaryDirectory(dir=file.parent) as folder, file.open("xb") as out:
        entries = _entries(found, written, Path(folder))
        async for piece in zipped(entries, written, datetime.fromisoformat(found.known)):
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
    _write(found, table, cells, made)
    with made.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _write(found: Snapshot, table: Table, cells: Path, made: Path) -> None:
    fields = table.fields
    described = pa.schema([_described(field) for field in fields], _about(found, table))
    with pa_parquet.ParquetWriter(made, described, compression="zstd") as writer:
        if not cells.stat().st_size:
            return
        for batch in _read(cells, fields):
            columns = [
                pa.array([listed(cell) for cell in column.to_pylist()], pa.list_(pa.string())).cast(_type(field))
                if field.listed
                else column
                for field, column in zip(fields, batch.columns, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=described))


def _read(cells: Path, fields: list[Field]) -> pa_csv.CSVStreamingReader:
    return pa_csv.open_csv(
        cells,
        pa_csv.ReadOptions(column_names=[field.name for field in fields], block_size=BLOCK),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(
            column_types={field.name: pa.string() if field.listed else _type(field) for field in fields},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["true"],
            false_values=["false"],
        ),
    )


def _type(field: Field) -> pa.DataType:
    of_one = TYPES.get(field.kind, pa.string())
    return pa.list_(of_one) if field.listed else of_one


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
