"""Cells that are no plain text: days, and what a spreadsheet has made of what was typed."""


class DayCell(str):
    """A real date cell, as YYYY-MM-DD: good in a column of dates, and nowhere else."""

    __slots__ = ()


class MangledCell(str):
    """A cell as it is shown, of which nobody can say what was typed; advice: what to do."""

    __slots__ = ("advice",)
    advice: str

    def __new__(cls, shown: str, advice: str) -> "MangledCell":
        made = super().__new__(cls, shown)
        made.advice = advice
        return made
