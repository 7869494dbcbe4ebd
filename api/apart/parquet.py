"""Parquet: typed columns, lists as lists, and what the file stands for among its metadata. A row group every few megabytes.

pyarrow's own reader of streams (csv.open_csv) would hold 32 blocks that nobody has asked for yet, and refuse a row that is longer
than one: so the blocks are ours.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import pyarrow as pa
from pyarrow import csv
from pyarrow.parquet import ParquetWriter

from api.apart.table import Table
from api.apart.writing import main

BLOCK = 8 << 20
"""Bytes of CSV in a row group, about."""

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
    fields = [pa.field(one.name, type_of(one.kind, listed=one.among is not None)) for one in table.columns]
    among = [one.among for one in table.columns]
    table.is_all(write_rows(pa.schema(fields, dict(table.about)), among, rows, file))


def type_of(kind: str, *, listed: bool = False) -> pa.DataType:
    """kind: a column's; listed: its cells hold several texts."""
    return pa.list_(pa.string()) if listed else TYPES.get(kind, pa.string())


def write_rows(schema: pa.Schema, among: Sequence[str | None], rows: BinaryIO, file: BinaryIO) -> int:
    """The same for columns that are described as pyarrow has it, each with the path to the list whose elements its cells hold.
    Answers how many rows there were."""
    texts = pa.schema(
        [pa.field(one.name, pa.string() if path else one.type) for one, path in zip(schema, among, strict=True)]
    )
    lists = [[place for place, path in enumerate(among) if path == one] for one in dict.fromkeys(among) if one]
    count = 0
    with ParquetWriter(file, schema, compression="zstd") as writer:
        for block in blocks(rows):
            arrays = _cells(block, texts)
            count += len(arrays[0])
            for places in lists:
                listed = _listed([arrays[place].to_pylist() for place in places])
                for place, values in zip(places, listed, strict=True):
                    arrays[place] = pa.array(values, pa.list_(pa.string())).cast(schema.types[place])
            writer.write_table(pa.table(arrays, schema))
    return count


def blocks(rows: BinaryIO) -> Iterator[bytes]:
    """Whole rows, as many as there are in about BLOCK bytes."""
    kept = b""
    while more := rows.read(BLOCK):
        block = kept + more
        end = _end(block)
        if end:
            yield block[:end]
        kept = block[end:]
    if kept:
        yield kept


def _end(block: bytes) -> int:
    """Where its last whole row ends: after a newline with an even number of quotation marks before it."""
    quotes, end = block.count(b'"'), len(block)
    while (newline := block.rfind(b"\n", 0, end)) >= 0:
        quotes -= block.count(b'"', newline, end)
        if quotes % 2 == 0:
            return newline + 1
        end = newline
    return 0


def _cells(block: bytes, texts: pa.Schema) -> list[pa.ChunkedArray]:
    """By column, lists as texts still. A cell without quotes is nothing; an empty text has them."""
    read = csv.read_csv(
        pa.BufferReader(block),
        csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=texts.names),
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(
            check_utf8=False,
            column_types=texts,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    return list(read.columns)


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
