"""The first row of a sheet: which column lies where, and which are missing, unknown or there twice."""

from schema.spreadsheet.columns import BASE_REVISION, CITATION, SOURCES, Column, Sheet
from schema.spreadsheet.faults import Fault, quoted
from schema.spreadsheet.kinds import nearest


class Header:
    """The first row: which column lies where."""

    def __init__(self, sheet: Sheet, columns: dict[str, Column], names: list[str]) -> None:
        self.sheet, self.columns, self.names = sheet, columns, names
        self.places: dict[str, int] = {}
        for place, name in enumerate(names):
            if name in columns:
                self.places.setdefault(name, place)

    def faults(self, new: int, old: int) -> list[Fault]:
        """new, old: the first row of a new record, and of one that has an id; 0: there is none."""
        return [*self._of_names(), *self._missing(new, old)]

    def _of_names(self) -> list[Fault]:
        faults = []
        for place, name in enumerate(self.names):
            if not name:
                continue
            if name not in self.columns:
                advice = nearest(name, tuple(self.columns)) or "Take the column out, or give it one of these names."
                faults.append(Fault(1, quoted(name), quoted(name), "one of " + ", ".join(self.columns), advice))
            elif name in self.names[:place]:
                advice = "Take one of the two out: they could say different things."
                faults.append(Fault(1, quoted(name), quoted(name), "each column once", advice))
        return faults

    def _missing(self, new: int, old: int) -> list[Fault]:
        """Columns without which the rows cannot be understood."""
        faults = []
        cited = [column.name for column in CITATION if column.name in self.places] if self.sheet.cited else []
        for column in self.sheet.columns:
            if column.name in self.places:
                continue
            if column is BASE_REVISION and old:
                faults.append(_missing(column, "Rows with an id need it: begin with an export of these records."))
            elif column in CITATION and cited and (old or column is SOURCES):
                advice = f"{', '.join(one.name for one in CITATION)} go together: without one of them, what it says would be lost."
                faults.append(_missing(column, advice))
            elif column.required and new:
                faults.append(_missing(column, f"Row {new} is a new record, which needs it."))
        return faults


def _missing(column: Column, advice: str) -> Fault:
    return Fault(1, column.name, None, f"the column {column.name}", advice)
