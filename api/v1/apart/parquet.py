"""Parquet: typed columns, lists as lists, and what the file stands for among its metadata. Batch by batch, a row group each."""

import re
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv
from pyarrow.parquet import ParquetWriter

from api.v1.apart.table import Table
from api.v1.apart.writing import main
from schema.column import Column

BLOCK = 8 << 20
"""Bytes of CSV in a row group; no row may be longer."""

TYPES: Mapping[str, pa.DataType] = {
    "Int": pa.int32(),  # GraphQL's Int has 32 bits
    "Float": pa.float64(),
    "Boolean": pa.bool_(),
    "Date": pa.date32(),
    "DateTime": pa.timestamp("us", "UTC"),
}
"""By the scalar of GraphQL; everything else is text. Words of closed lists are plain text, too: Parquet keeps each of them once
anyway, and no tool then refuses to compare two tables whose words differ."""

SEPARATOR = re.compile(r"(?<!\\); ")


def write(table: Table, rows: BinaryIO, file: BinaryIO) -> None:
    """rows: CSV as PostgreSQL writes it, without a header. Raises NotAll."""
    texts = pa.schema([(one.name, pa.string() if one.among else _type(one)) for one in table.columns])
    schema = pa.schema([(one.name, _type(one)) for one in table.columns], metadata=dict(table.about))
    groups = [[place for place, one in enumerate(table.columns) if one.among == among] for among in _lists(table)]
    count = 0
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in _batches(rows, texts) if table.total else ():
            arrays = batch.columns
            for group in groups:
                listed = _listed([arrays[place].to_pylist() for place in group])
                for place, values in zip(group, listed, strict=True):
                    arrays[place] = pa.array(values, schema.types[place])
            writer.write_batch(pa.record_batch(arrays, schema))
            count += batch.num_rows
        table.is_all(count)


def _type(column: Column) -> pa.DataType:
    return pa.list_(pa.string()) if column.among else TYPES.get(column.kind, pa.string())


def _lists(table: Table) -> list[str]:
    return list(dict.fromkeys(one.among for one in table.columns if one.among))


def _batches(rows: BinaryIO, texts: pa.Schema) -> csv.CSVStreamingReader:
    """A cell without quotes is nothing; an empty text has them."""
    return csv.open_csv(
        rows,
        csv.ReadOptions(use_threads=False, block_size=BLOCK, column_names=texts.names),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            check_utf8=False,
            column_types=texts,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def _listed(columns: Sequence[Sequence[str | None]]) -> list[list[list[str | None]]]:
    """Of the columns of one list, the elements of each cell, as many in each of them: by the rule of schema/cells.py an empty cell
    is a list of nothing, or of one nothing where a column beside it has one element."""
    found = [[elements(cell) for cell in cells] for cells in columns]
    for cells in zip(*found, strict=True):
        if any(cells):
            for cell in cells:
                if not cell:
                    cell.append(None)
    return found


def elements(cell: str | None) -> list[str | None]:
    """Of a cell that holds several."""
    if not cell:
        return []
    if "\\" not in cell:
        return [one or None for one in cell.split("; ")]
    # PostgreSQL's texts hold no NUL, which so stands for a backslash meanwhile
    parts = SEPARATOR.split(cell.replace("\\\\", "\0"))
    return [one.replace("\\;", ";").replace("\0", "\\") or None for one in parts]


if __name__ == "__main__":
    main(write)
