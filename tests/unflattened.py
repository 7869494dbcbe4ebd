"""The rule of schema/cells.py backwards: what the cells of a row say, as JSON again; and what of JSON cells can say.

Nothing is an empty cell, whether it was null, an empty text or an empty list: cells do not tell these apart, nor does this.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import orjson

from schema.flattening import Flat

NOTHING: tuple[Any, ...] = ("", {}, [])

READ: Mapping[str, Callable[[str], Any]] = {
    "Int": int,
    "Float": float,
    "Boolean": {"true": True, "false": False}.__getitem__,
    "JSON": orjson.loads,
}


def unflattened(columns: Sequence[Flat], cells: Iterable[str | None]) -> dict[str, Any]:
    """The element that a row was made of."""
    found: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        if cell and column.listed is None:
            _put(found, column.keys, _leaf(column, cell))
        elif cell and column.listed is not None:
            parts = _split(cell)
            *before, last = column.keys[: column.listed]
            elements = _within(found, before).setdefault(last, [{} for _ in parts])
            assert len(elements) == len(parts), f"{column.name}: {cell}"
            for element, part in zip(elements, parts, strict=True):
                if part:
                    _put(element, column.keys[column.listed :], _leaf(column, part))
    return found


def said(columns: Sequence[Flat], element: Mapping[str, Any]) -> dict[str, Any]:
    """The element without what is nothing."""
    kept = {column.keys for column in columns if column.leaf == "JSON"}
    found = _said(element, (), kept)
    return found if isinstance(found, dict) else {}


def _said(value: Any, path: tuple[str, ...], kept: set[tuple[str, ...]]) -> Any:
    if path in kept:
        return value
    if isinstance(value, dict):
        inner = {key: _said(one, (*path, key), kept) for key, one in value.items()}
        return {
            key: one for key, one in inner.items() if one is not None and ((*path, key) in kept or one not in NOTHING)
        }
    if isinstance(value, list):
        inner_list = [_said(one, path, kept) for one in value]
        return inner_list if len(inner_list) > 1 or inner_list not in ([{}], [""], []) else []
    return value


def _leaf(column: Flat, cell: str) -> Any:
    read = READ.get(column.leaf, str)
    return [read(part) for part in _split(cell)] if column.words else read(cell)


def _split(cell: str) -> list[str]:
    """The elements of a cell's list."""
    parts, escaped = [""], False
    letters = iter(cell)
    for letter in letters:
        if escaped or letter not in "\\;":
            parts[-1] += letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            assert next(letters) == " "
            parts.append("")
    return parts


def _within(found: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    for key in keys:
        found = found.setdefault(key, {})
    return found


def _put(found: dict[str, Any], keys: Sequence[str], value: Any) -> None:
    _within(found, keys[:-1])[keys[-1]] = value
