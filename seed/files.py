"""Reads the folder of CSV files, every cell checked; any fault refuses the whole folder, with all faults told at once."""

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from seed.columns import TABLES, Column, Table
from seed.kinds import Unexpected
from seed.references import Fault, Row, faults_between

DATA = Path(__file__).parent / "data"
"""The files that come with the project."""

SHOWN = 50
"""Faults that a refusal prints: enough to see what went wrong, and no more than a terminal keeps."""

LONGEST_CELL = 1_000_000
"""Characters; csv's own limit is for the whole process and smaller than what a cell may need."""


class Files(NamedTuple):
    """The folder as read: each table's rows in file order, and the SHA-256 (hex) of `sha256sum *.csv`'s output."""

    rows: Mapping[str, list[Row]]
    digest: str


class BadFiles(Exception):
    """The folder is refused; faults holds every one of them, the message the first SHOWN."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        lines = [str(fault) for fault in faults[:SHOWN]]
        if len(faults) > SHOWN:
            lines.append(f"… and {len(faults) - SHOWN} more.")
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n".join([f"The files have {count}; nothing was loaded.", *lines]))


def read(folder: Path = DATA) -> Files:
    """The folder's rows. Raises BadFiles with every fault found, in the order of the files and their lines."""
    faults: list[Fault] = []
    rows: dict[str, list[Row]] = {}
    sums: list[str] = []
    for table in TABLES:
        try:
            content = (folder / table.file).read_bytes()
        except OSError as error:
            faults.append(Fault(table.file, None, None, error.strerror or "nothing", "a file that can be read"))
            continue
        sums.append(f"{hashlib.sha256(content).hexdigest()}  {table.file}\n")
        rows_of_table = _Reader(table, content, faults).rows()
        if rows_of_table is not None:
            rows[table.name] = rows_of_table
    faults.extend(_strangers(folder))
    faults.extend(faults_between(rows))
    if faults:
        order = {table.file: place for place, table in enumerate(TABLES)}
        raise BadFiles(sorted(faults, key=lambda fault: (order.get(fault.file, -1), fault.line or 0)))
    return Files(rows, hashlib.sha256("".join(sorted(sums, key=lambda line: line[66:])).encode()).hexdigest())


def _strangers(folder: Path) -> Iterator[Fault]:
    known = {table.file for table in TABLES}
    for path in sorted(folder.glob("*.csv")):
        if path.name not in known:
            yield Fault(
                path.name, None, None, "a file without a place in the record", "only " + ", ".join(sorted(known))
            )


@dataclass
class _Reader:
    """One file's content into rows; what is wrong goes to faults."""

    table: Table
    content: bytes
    faults: list[Fault]

    def rows(self) -> list[Row] | None:
        """None: the file's shape is wrong, so that nothing can be said of its rows."""
        lines = self._lines()
        if lines is None:
            return None
        header = next(lines, None)
        columns = self._columns(header[1] if header else [])
        if columns is None:
            return None
        rows = [row for line, cells in lines if (row := self._row(line, cells, columns)) is not None]
        self._refuse_duplicates(rows)
        return rows

    def _lines(self) -> Iterator[tuple[int, list[str]]] | None:
        if self.content.startswith(b"\xef\xbb\xbf"):
            self._fault(1, None, "a byte order mark", "UTF-8 without one")
        try:
            text = self.content.removeprefix(b"\xef\xbb\xbf").decode()
        except UnicodeDecodeError as error:
            line = self.content.count(b"\n", 0, error.start) + 1
            self._fault(line, None, f"the byte 0x{self.content[error.start]:02x}", "UTF-8")
            return None
        return self._parsed(text)

    def _parsed(self, text: str) -> Iterator[tuple[int, list[str]]]:
        limit = csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        line = 1
        try:
            for cells in reader:
                yield line, cells
                line = reader.line_num + 1
        except csv.Error as error:
            self._fault(line, None, str(error), "comma-separated cells, quotes doubled inside quoted ones")
        finally:
            csv.field_size_limit(limit)

    def _columns(self, header: list[str]) -> list[Column] | None:
        known = {column.name: column for column in self.table.columns}
        missing = [name for name in known if name not in header]
        unknown = [name for place, name in enumerate(header) if name not in known or name in header[:place]]
        for name in missing:
            self._fault(1, name, "no such column", "it")
        for name in unknown:
            self._fault(1, name, "a column unknown or there twice", "only " + ", ".join(known))
        return None if missing or unknown else [known[name] for name in header]

    def _row(self, line: int, cells: list[str], columns: list[Column]) -> Row | None:
        if len(cells) != len(columns):
            self._fault(line, None, f"{len(cells)} cells", f"{len(columns)} cells")
            return None
        return Row(
            line, {column.name: self._value(line, column, cell) for column, cell in zip(columns, cells, strict=True)}
        )

    def _value(self, line: int, column: Column, cell: str) -> Any:
        if not cell:
            if column.required:
                self._fault(line, column.name, "nothing", "a value")
            return None
        try:
            _refuse_unprintable(cell)
            return column.kind(cell)
        except Unexpected as unexpected:
            self._fault(line, column.name, _quoted(cell), str(unexpected))
            return None

    def _refuse_duplicates(self, rows: Iterable[Row]) -> None:
        first: dict[tuple[Any, ...], int] = {}
        for row in rows:
            key = tuple(row.cells[name] for name in self.table.key)
            if key[0] is None:
                continue
            if key in first:
                found = ", ".join(str(part) for part in key if part is not None)
                expected = f"what no other row holds: line {first[key]} has it already"
                self._fault(row.line, "+".join(self.table.key), _quoted(found), expected)
            first.setdefault(key, row.line)

    def _fault(self, line: int, column: str | None, found: str, expected: str) -> None:
        self.faults.append(Fault(self.table.file, line, column, found, expected))


def _refuse_unprintable(cell: str) -> None:
    if "\0" in cell:
        raise Unexpected("text without NUL characters")
    if cell != cell.strip():
        raise Unexpected("text without blanks at its ends")
    if not cell.isprintable() and any(ord(character) < 32 and character != "\n" for character in cell):
        raise Unexpected("text without control characters")


def _quoted(cell: str) -> str:
    return repr(cell if len(cell) <= 80 else cell[:79] + "…")
