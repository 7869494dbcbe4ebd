"""Text that a spreadsheet would take for a formula has an apostrophe before it in CSV, which reading takes off again."""

import re

RULE = (
    "In CSV a text that begins with =, +, - or @ has an apostrophe before it, so that no spreadsheet takes it for a formula. Leave"
    " it there: it is no part of the text."
)

_FORMULA = re.compile(r"'*[=+\-@\t]")
_GUARDED = re.compile(r"'+[=+\-@\t]")


def guarded(cell: str) -> str:
    """Apostrophes that are part of such a text are counted with it, so that it can be told from one that was put there."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def bared(cell: str) -> str:
    return cell[1:] if _GUARDED.match(cell) else cell
