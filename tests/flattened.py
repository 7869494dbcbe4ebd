"""The rule by which an element becomes a row of cells, worked out plainly from its JSON (schema/cells.py says it in SQL)."""

from typing import Any


def flattened(node: dict[str, Any]) -> dict[str, str]:
    """The cells that hold something, by their columns."""
    return {name: text for name, text in _cells("", node) if text}


def _cells(prefix: str, node: dict[str, Any]) -> Any:
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _cells(f"{name}.", value)
        elif isinstance(value, list):
            yield from _listed(name, value)
        else:
            yield name, _text(value)


def _listed(name: str, values: list[Any]) -> Any:
    if not values or not isinstance(values[0], dict):
        yield name, "; ".join(_escaped(one) for one in values)
        return
    columns: dict[str, list[str]] = {}
    for one in values:
        for inner, text in _cells(f"{name}.", one):
            columns.setdefault(inner, []).append(_escaped(text))
    yield from ((inner, "; ".join(texts)) for inner, texts in columns.items())


def _escaped(text: str | None) -> str:
    return (text or "").replace("\\", "\\\\").replace(";", "\\;")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
