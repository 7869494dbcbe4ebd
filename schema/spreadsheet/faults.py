"""What is wrong in a sheet, and where; everything at once, so that a person corrects a file in one go."""

from dataclasses import dataclass

LONGEST_QUOTE = 80
"""Characters of a cell that a fault repeats."""


@dataclass(frozen=True)
class Fault:
    """What was found, what was expected there and what to do. row: as spreadsheets number it, the header being 1; column None: the
    whole row; value None: nothing is there."""

    row: int
    column: str | None
    value: str | None
    expected: str
    advice: str

    def __str__(self) -> str:
        place = f"Row {self.row}" if self.column is None else f"Row {self.row}, column {self.column}"
        found = "nothing" if self.value is None else repr(self.value)
        return f"{place}: found {found}, expected {self.expected}. {self.advice}"


class Unexpected(ValueError):
    """A cell is not of its column's kind: what would have been, and what to do."""

    def __init__(self, expected: str, advice: str) -> None:
        super().__init__(expected)
        self.expected, self.advice = expected, advice


class Unreadable(Exception):
    """The file is no sheet at all: nothing can be said of its rows."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def quoted(cell: str) -> str:
    """The cell as a fault repeats it."""
    return cell if len(cell) <= LONGEST_QUOTE else cell[: LONGEST_QUOTE - 1] + "…"
