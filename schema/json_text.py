"""JSON put together as text inside PostgreSQL: '{"name":' || to_json(name) || '}'.

Faster than row_to_json and concat() (tests/bench holds the planner beside hand-written SQL), and it knows no limit on the
length of keys (RISKS 1).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

Part = str | sa.ColumnElement[Any]
"""A piece of JSON: text of our own making, or an SQL expression whose text it is, never null."""

Json = tuple[Part, ...]
"""Pieces that, one after the other, are a JSON value."""

CHUNK = 40
"""Operands of one chain of ||: longer chains are nested, so that PostgreSQL's parser does not grow deep."""

NULL: Json = ("null",)


class _Joined(FunctionElement[str]):
    """a || b || c"""

    type = sa.Text()
    inherit_cache = False
    name = "joined"


@compiles(_Joined)
def _joined(element: _Joined, compiler: SQLCompiler, **options: Any) -> str:
    return f"({' || '.join(compiler.process(part, **options) for part in element.clauses)})"


def as_sql(json: Json) -> sa.ColumnElement[str]:
    """The pieces as one SQL expression of type text."""
    merged = _merged(json)
    if len(merged) == 1 and not isinstance(merged[0], str) and isinstance(merged[0].type, sa.Text):
        return merged[0]
    parts = [literal(part) if isinstance(part, str) else part for part in merged]
    while len(parts) > CHUNK:
        parts = [_Joined(*parts[start : start + CHUNK]) for start in range(0, len(parts), CHUNK)]
    if len(parts) == 1:
        return sa.cast(parts[0], sa.Text)  # a literal alone would be of no type
    return _Joined(*parts)


def quoted(value: sa.ColumnElement[Any]) -> Json:
    """A JSON string of a value that holds nothing to escape: a code, an id, a day, a word of a closed list."""
    return ('"', value, '"')


def escaped(value: sa.ColumnElement[Any]) -> Json:
    """Any value as JSON, as PostgreSQL writes it: strings escaped, arrays in brackets."""
    return (sa.cast(sa.func.to_json(value), sa.Text),)


def plain(value: sa.ColumnElement[Any]) -> Json:
    """A number, a truth value, or text that is JSON already."""
    return (sa.cast(value, sa.Text) if not isinstance(value.type, sa.Text) else value,)


def or_null(json: Json) -> Json:
    """null where a piece is null: || is strict."""
    return (sa.func.coalesce(as_sql(json), literal("null"), type_=sa.Text()),)


def members(pairs: Iterable[tuple[str, Json]]) -> Json:
    """A JSON object of response keys and their values."""
    parts: list[Part] = ["{"]
    for key, value in pairs:
        parts += ["," if len(parts) > 1 else "", f'"{key}":', *value]
    return (*parts, "}")


def array(elements: sa.ColumnElement[str], order: Sequence[sa.ColumnElement[Any]] = ()) -> Json:
    """A JSON array of the rows' JSON, in an order, or the one that the rows come in."""
    comma: Any = aggregate_order_by(literal(","), *order) if order else literal(",")
    listed = sa.func.string_agg(elements, comma, type_=sa.Text())
    return ("[", sa.func.coalesce(listed, literal(""), type_=sa.Text()), "]")


def array_of(texts: sa.ColumnElement[Any]) -> Json:
    """A JSON array of an SQL array whose elements are JSON."""
    listed = sa.func.array_to_string(texts, literal(","))
    return ("[", sa.func.coalesce(listed, literal(""), type_=sa.Text()), "]")


def _merged(json: Json) -> Sequence[Part]:
    """Neighbouring pieces of our own text made one."""
    merged: list[Part] = []
    for part in json:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "" or not isinstance(part, str):
            merged.append(part)
    return merged


def literal(text: str) -> sa.ColumnElement[str]:
    """Text of our own making as an SQL literal: never a value that somebody sent."""
    return sa.literal_column("'" + text.replace("'", "''") + "'", sa.Text())
