"""Values that are compared otherwise than as they are."""

from typing import Any


class Masked(str):
    """A text that is not worked out here: any text will do, but where this one comes again, the other must, too."""

    __slots__ = ()


class Whole:
    """A value of the scalar JSON: its keys' order is its own affair."""

    def __init__(self, value: Any) -> None:
        self.value = value


ANY = Masked("…")
"""Any text, each time."""


def difference(expected: Any, got: Any) -> str | None:
    """Where two answers differ, the keys' order included; None where they agree."""
    return _difference(expected, got, "data", {})


def _difference(expected: Any, got: Any, path: str, masked: dict[str, str]) -> str | None:
    if isinstance(expected, Masked):
        if not (isinstance(got, str) and got):
            return f"{path}: expected some text, got {got!r}"
        before = got if expected == ANY else masked.setdefault(expected, got)
        return None if got == before else f"{path}: expected {before!r} as before, got {got!r}"
    if isinstance(expected, Whole):
        return None if _same(expected.value, got) else f"{path}: expected {expected.value!r}, got {got!r}"
    if isinstance(expected, dict) and isinstance(got, dict):
        if list(expected) != list(got):
            return f"{path}: expected the keys {list(expected)}, got {list(got)}"
        found = (_difference(expected[key], got[key], f"{path}.{key}", masked) for key in expected)
        return next((one for one in found if one), None)
    if isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            return f"{path}: expected {len(expected)} elements, got {len(got)}: {expected[:3]!r}, {got[:3]!r}"
        found = (
            _difference(*pair, f"{path}[{place}]", masked) for place, pair in enumerate(zip(expected, got, strict=True))
        )
        return next((one for one in found if one), None)
    return None if _same(expected, got) else f"{path}: expected {expected!r}, got {got!r}"


def _same(expected: Any, got: Any) -> bool:
    if isinstance(expected, bool) or isinstance(got, bool):
        return expected is got
    return bool(expected == got)
