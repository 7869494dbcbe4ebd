"""XLSX into rows of cells. What the file claims is measured before it is believed: a small file may unpack to anything."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook

from schema.spreadsheet.cells import DayCell, MangledCell
from schema.spreadsheet.faults import Fault, Unreadable

LARGEST_UNPACKED = 150_000_000
"""Bytes: 20,000 rows of measures are a fifth of it."""

MOST_COLUMNS = 100
MOST_PARTS = 1_000

NOTES = "Notes"
"""The sheet with each column's meaning, which holds no rows."""

SAVE_AGAIN = "Open it in Excel or LibreOffice, and save it as “Excel Workbook (.xlsx)”, without a password."

SHARED_TEXTS = "xl/sharedStrings.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
WORKBOOK = "xl/workbook.xml"
SHEETS_FOLDER = "xl/worksheets/"
PARTS = {
    part.casefold(): part
    for part in ("[Content_Types].xml", "_rels/.rels", WORKBOOK, RELATIONS, SHARED_TEXTS, "xl/styles.xml")
}
"""What is read beside the sheets: no pictures, no macros."""

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    CalamineError,
    ElementTree.ParseError,
    KeyError,
    ValueError,
    EOFError,
    OSError,
    RuntimeError,
)
"""What the readers raise for a file that is damaged, encrypted or packed in a way that nobody uses."""

# Every program that people use writes a cell's place first; what does not could name a place that makes the sheet immense.
_CELL = re.compile(rb'<(?:\w+:)?c r="([A-Z]{1,3})([0-9]{1,7})"([^<>]*)>(?:<(?:\w+:)?v>([0-9]+)<)?')
_ANY_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_ANY_SHARED = re.compile(rb"""\bt\s*=\s*["']s["']""")
_SHARED_TEXT = re.compile(rb"</(?:\w+:)?si>|<(?:\w+:)?si\s*/>")
_FAILED = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*\bt="e"[^<>]*>'
    rb"(?:<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>))?(?:<(?:\w+:)?v>([^<]*)<)?"
)
_UNCALCULATED = re.compile(
    rb'<(?:\w+:)?c r="([A-Z]{1,3})([0-9]{1,7})"(?:(?!t="str")[^<>/])*>'  # a text may have been calculated to be blank
    rb"<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>([^<]*)</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)

_OFFICE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def rows_of_xlsx(content: bytes, sheet_name: str, most: int) -> list[list[str]]:
    """At most so many rows of the sheet of that name, or else of the first one that is not Notes; the first one is the header's.

    Raises Unreadable.
    """
    try:
        parts = _parts(content)
        sheets = _sheets(parts)
        name = next((name for name in (sheet_name, *sheets) if name in sheets and name != NOTES), None)
        if name is None:
            raise _unreadable("no sheet with rows", SAVE_AGAIN)
        part = sheets[name]
        xml = parts[part]
        _measure(xml, parts.get(SHARED_TEXTS, b""), most)
        kept = {name: parts[name] for name in (*PARTS.values(), part) if name in parts}
        with CalamineWorkbook.from_filelike(_stored(kept)) as workbook:
            values = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=most)
    except BROKEN as error:
        raise _unreadable(f"{type(error).__name__}: {error}"[:80], SAVE_AGAIN) from None
    rows = [[value if type(value) is str else _shown(value) for value in row] for row in values]
    for place, column, cell in _without_value(xml):
        if place < len(rows):
            rows[place] += [""] * (column + 1 - len(rows[place]))
            rows[place][column] = cell
    return rows


def _parts(content: bytes) -> dict[str, bytes]:
    """The file's XML, as long as all of it stays within bounds."""
    parts: dict[str, bytes] = {}
    left = LARGEST_UNPACKED
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if len(packed.infolist()) > MOST_PARTS:
            raise _unreadable(
                f"{len(packed.infolist()):,} files in one", "Copy the rows into a new workbook, and save that."
            )
        for entry in packed.infolist():
            path = entry.filename.lstrip("/")
            name = PARTS.get(path.casefold()) or (path if path.startswith(SHEETS_FOLDER) else None)
            if name is None:
                continue
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _unreadable("a workbook packed in an unusual way", SAVE_AGAIN)
            with packed.open(entry) as stream:
                unpacked = stream.read(left + 1)
            left -= len(unpacked)
            if left < 0:
                raise _unreadable(
                    f"more than {LARGEST_UNPACKED // 1_000_000} MB when unpacked",
                    "Copy the rows into a new workbook, and save that; divide it if it is still as large.",
                )
            parts[name] = unpacked
    if WORKBOOK not in parts:
        raise _unreadable("a packed file that is no workbook", SAVE_AGAIN)
    return parts


def _sheets(parts: dict[str, bytes]) -> dict[str, str]:
    """Name → part, in the workbook's order."""
    targets = {
        relation.attrib["Id"]: relation.attrib["Target"] for relation in _elements(parts[RELATIONS], "Relationship")
    }
    found = {}
    for sheet in _elements(parts[WORKBOOK], "sheet"):
        target = targets[sheet.attrib[_OFFICE]]
        part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if part.startswith(SHEETS_FOLDER):
            found[sheet.attrib["name"]] = part
    return found


def _elements(xml: bytes, name: str) -> Iterator[ElementTree.Element]:
    if b"<!DOCTYPE" in xml or len(xml) > 1_000_000:
        raise _unreadable("a workbook that defines names of its own", SAVE_AGAIN)
    return (element for element in ElementTree.fromstring(xml).iter() if element.tag.rpartition("}")[2] == name)


def _measure(xml: bytes, shared_texts: bytes, most: int) -> None:
    """The reader makes a full grid up to the farthest cell, and a copy of a shared text for each cell that shows it."""
    cells: list[tuple[bytes, bytes, bytes, bytes]] = _CELL.findall(xml)
    shared = [int(number) for _, _, attributes, number in cells if b't="s"' in attributes and number]
    lengths = [len(text) for text in _SHARED_TEXT.split(shared_texts)] if shared else []
    if (
        len(cells) != len(_ANY_CELL.findall(xml))
        or len(shared) != len(_ANY_SHARED.findall(xml))
        or max(shared, default=-1) >= len(lengths)
        or any(b"<!" in part for part in (xml, shared_texts))  # comments, in which what was counted need not be
    ):
        raise _unreadable("a sheet that is not written the usual way", SAVE_AGAIN)
    valued = [(letters, number) for letters, number, attributes, _ in cells if not attributes.endswith(b"/")]
    farthest_row = max(map(int, {number for _, number in valued}), default=0)
    farthest_column = max(map(_place, {letters for letters, _ in valued}), default=0)
    if farthest_row > most or farthest_column >= MOST_COLUMNS:
        letters = max((letters for letters, _ in valued), key=_place).decode()
        raise Unreadable(
            Fault(
                farthest_row,
                None,
                f"cells up to column {letters}, row {farthest_row:,}",
                f"at most {most - 1:,} rows below the header, and {MOST_COLUMNS} columns",
                "Delete what lies beyond the rows, or divide the file.",
            )
        )
    if sum(lengths[number] for number in shared) > LARGEST_UNPACKED:
        raise _unreadable(f"more than {LARGEST_UNPACKED // 1_000_000} MB of text", "Divide the file.")


def _stored(parts: dict[str, bytes]) -> io.BytesIO:
    """The measured parts as a file again: a reader of the file itself could unpack more than it declares."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as stored:
        for name, content in parts.items():
            stored.writestr(name, content)
    file.seek(0)
    return file


def _shown(value: object) -> str:
    """A cell that is no text as the text that it stands for."""
    if isinstance(value, bool):
        return MangledCell(str(value).upper(), "Format the column as text, and write the words again.")
    if isinstance(value, float | int):
        if float(value).is_integer() and abs(value) < 1e15:
            return str(int(value))
        return MangledCell(
            str(value), "Format the column as text, and write again what was meant: spreadsheets round numbers."
        )
    if isinstance(value, datetime):
        if value.time() == time():
            return DayCell(value.date().isoformat())
        return MangledCell(str(value), "Write the date without a time of day.")
    if isinstance(value, date):
        return DayCell(value.isoformat())
    assert isinstance(value, time | timedelta), value
    return MangledCell(
        str(value), "A spreadsheet has made a time of this: format the column as text, and write it again."
    )


def _without_value(xml: bytes) -> Iterator[tuple[int, int, MangledCell]]:
    """Formulas that failed, and those that no program has calculated: the reader would show nothing there."""
    if b't="e"' in xml:
        for letters, number, shown in _FAILED.findall(xml):
            yield _at(letters, number, shown or b"#N/A", "A formula failed here: write what it should have said.")
    if b"<f" in xml or b":f" in xml:
        for letters, number, formula in _UNCALCULATED.findall(xml):
            yield _at(letters, number, b"=" + formula, "Nobody has calculated this formula: write what it should say.")


def _at(letters: bytes, number: bytes, shown: bytes, advice: str) -> tuple[int, int, MangledCell]:
    return int(number) - 1, _place(letters), MangledCell(shown.decode("utf-8", "replace")[:80], advice)


def _place(letters: Sequence[int]) -> int:
    """A column's letters as its place, from 0: A, B, … Z, AA, …"""
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place - 1


def _unreadable(found: str, advice: str) -> Unreadable:
    return Unreadable(Fault(1, None, found, "a spreadsheet as XLSX", advice))
