"""Several values in one cell: separated by ';', and a backslash before a character takes it as it stands."""

import re
from collections.abc import Iterable

SEPARATOR = ";"

RULE = (
    "Several values in one cell are separated by semicolons: A; B. Blanks around a value do not count. A semicolon that belongs"
    " to a value is written \\; and a backslash \\\\. A blank that begins or ends a value has a backslash before it, too."
)

_SPECIAL = re.compile(r"[\\;]|\A\s+|(?<!\s)\s+\Z")
_PIECE = re.compile(r"\\(.)|(;)|([^\\;]+)|(\\)", re.DOTALL)


def join(values: Iterable[str | None]) -> str:
    """One cell of these values; None leaves its place blank. Only None: a blank cell."""
    parts = ["" if value is None else _SPECIAL.sub(_escaped, value) for value in values]
    return f"{SEPARATOR} ".join(parts) if any(parts) else ""


def split(cell: str) -> list[str | None]:
    """The values of a cell, None where a place is blank: of a blank cell, one None."""
    if "\\" not in cell:
        return [part.strip() or None for part in cell.split(SEPARATOR)]
    parts: list[str | None] = []
    kept: list[tuple[str, bool]] = []  # characters so far, and whether they count even if they are blank
    for taken, separator, plain, lone in _PIECE.findall(cell):
        if separator:
            parts.append(_stripped(kept))
            kept = []
        else:
            kept.append((taken or plain or lone, bool(taken)))
    return [*parts, _stripped(kept)]


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"\\{character}" for character in found[0])


def _stripped(pieces: list[tuple[str, bool]]) -> str | None:
    """The pieces as one text, without the blanks at its ends that nobody asked to keep."""
    texts = [text for text, _ in pieces]
    if pieces and not pieces[0][1]:
        texts[0] = texts[0].lstrip()
    if pieces and not pieces[-1][1]:
        texts[-1] = texts[-1].rstrip()
    return "".join(texts) or None
