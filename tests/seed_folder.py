"""A copy of the seed's folder that a test may spoil: cells set, rows dropped and added, bytes replaced."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from seed.files import DATA

Table = list[list[str]]


@dataclass(frozen=True)
class SeedFolder:
    """Lines are counted as an editor counts them: 1 is the header. Holds while no cell of the file has a line break."""

    path: Path

    @classmethod
    def copy(cls, to: Path) -> "SeedFolder":
        shutil.copytree(DATA, to)
        return cls(to)

    def cell(self, file: str, line: int, column: str) -> str:
        table = self._table(file)
        return table[line - 1][table[0].index(column)]

    def set(self, file: str, line: int, column: str, cell: str) -> None:
        def change(table: Table) -> None:
            table[line - 1][table[0].index(column)] = cell

        self._rewrite(file, change)

    def set_where(self, file: str, column: str, cell: str, **row: str) -> None:
        """Sets the column in each row that holds these cells."""

        def change(table: Table) -> None:
            for cells in _found(table, row):
                cells[table[0].index(column)] = cell

        self._rewrite(file, change)

    def drop_where(self, file: str, **row: str) -> None:
        def change(table: Table) -> None:
            for cells in _found(table, row):
                table.remove(cells)

        self._rewrite(file, change)

    def add(self, file: str, cells: list[str]) -> None:
        self._rewrite(file, lambda table: table.append(cells))

    def move(self, file: str, line: int, to: int) -> None:
        self._rewrite(file, lambda table: table.insert(to - 1, table.pop(line - 1)))

    def replace(self, file: str, old: bytes, new: bytes) -> None:
        """Replaces the first of these bytes in the file."""
        content = (self.path / file).read_bytes()
        assert old in content
        (self.path / file).write_bytes(content.replace(old, new, 1))

    def _rewrite(self, file: str, change: Callable[[Table], None]) -> None:
        table = self._table(file)
        change(table)
        with (self.path / file).open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerows(table)

    def _table(self, file: str) -> Table:
        with (self.path / file).open(encoding="utf-8", newline="") as lines:
            return list(csv.reader(lines))


def _found(table: Table, row: dict[str, str]) -> Table:
    found = [cells for cells in table[1:] if all(cells[table[0].index(name)] == cell for name, cell in row.items())]
    assert found, f"no row with {row}"
    return found
