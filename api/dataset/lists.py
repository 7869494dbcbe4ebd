"""A cell's list, taken apart: the rule of schema/cells.py the other way round."""

import re

APART = re.compile(r"((?:[^\\;]|\\.)*)(?:; |$)", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def listed(cell: str | None) -> list[str]:
    """What “; ” stands between. An empty cell holds nothing."""
    if not cell:
        return []
    found = [ESCAPED.sub(r"\1", element) for element in APART.findall(cell)]
    return found if cell.endswith("; ") else found[:-1]
