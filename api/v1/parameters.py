"""An address's parameters as the variables of an operation: a filter's fields by their names, an order, a page.

Unknown ones are refused, naming the nearest that there is: a misspelt filter would else answer with everything.
"""

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)
from starlette.datastructures import QueryParams

from api.moments import READERS
from schema.document import Operation
from schema.identity import WELL_FORMED
from schema.refusals import BadValue

NUMBER = re.compile(r"-?\d{1,10}", re.ASCII)
TRUTHS = {"true": True, "false": False}


WRITTEN = ("Date", "DateTime", "PartialDate")
"""Scalars that are texts of a certain kind."""

OF_FORMS = ("excel",)
"""Parameters that say how a form is to be, whatever is listed."""


def variables_of(
    operation: Operation, parameters: QueryParams, fixed: Mapping[str, Any], type_of_ids: str | None = None
) -> dict[str, Any]:
    """fixed: variables that the path says; type_of_ids: how ids begin that may leave it out. Raises BadValue, naming the
    parameter."""
    known = known_parameters(operation, fixed)
    refuse_unknown(parameters, [*known, *READERS, *OF_FORMS])
    given: dict[str, Any] = dict(fixed)
    for name, (place, type_) in known.items():
        values = parameters.getlist(name)
        if not values:
            if is_non_null_type(type_) and not is_list_type(get_nullable_type(cast("Any", type_))):
                raise BadValue(f"{name}: this is needed; add ?{name}= to the address, and what you ask for.")
            continue
        if not all(value.strip(" ,") for value in values):
            raise BadValue(f"{name}: it is empty, which nothing would fit: say what you ask for, or leave {name} out.")
        value = (
            _several(name, type_, values, type_of_ids if name == "id" else None)
            if is_list_type(get_nullable_type(cast("Any", type_)))
            else _one(name, type_, values)
        )
        (given.setdefault("filter", {}) if place == "filter" else given)[name] = value
    return given


def refuse_unknown(parameters: QueryParams, there: Collection[str]) -> None:
    """Raises BadValue for a parameter that there is none of, naming the nearest."""
    for name in parameters:
        if name not in there:
            near = difflib.get_close_matches(name, there, 1, 0.6)
            told = f" Did you mean {near[0]}?" if near else f" There are: {', '.join(there)}."
            raise BadValue(f"There is no parameter {name[:60]}.{told}")


def known_parameters(operation: Operation, fixed: Collection[str] = ()) -> Mapping[str, tuple[str, GraphQLInputType]]:
    """Name → where it goes, and its type in GraphQL: the fields of the variable `filter`, and the other variables."""
    found: dict[str, tuple[str, GraphQLInputType]] = {}
    for name, type_ in operation.types.items():
        if name in fixed:
            continue
        named = get_named_type(type_)
        if name == "filter" and isinstance(named, GraphQLInputObjectType):
            found |= {key: ("filter", field.type) for key, field in named.fields.items()}
        else:
            found[name] = ("", type_)
    return found


def _several(name: str, type_: GraphQLInputType, values: list[str], type_of_ids: str | None) -> list[Any]:
    """Given several times, or once with commas."""
    parts = [part.strip() for value in values for part in value.split(",")]
    return [_read(name, type_, whole_id(part, type_of_ids) if type_of_ids else part) for part in parts if part]


def _one(name: str, type_: GraphQLInputType, values: list[str]) -> Any:
    if len(values) > 1:
        raise BadValue(f"{name}: it is given {len(values)} times; give it once.")
    return _read(name, type_, values[0])


def _read(name: str, type_: GraphQLInputType, text: str) -> Any:
    named = get_named_type(type_)
    if isinstance(named, GraphQLEnumType):
        return _word(name, named, text)
    if isinstance(named, GraphQLScalarType) and named.name in WRITTEN:
        return _written(name, named, text)
    reads = READS.get(named.name)
    return reads(name, text) if reads else text


def _word(name: str, words: GraphQLEnumType, text: str) -> str:
    if text not in words.values:
        near = difflib.get_close_matches(text.upper().replace("-", "_"), words.values, 1, 0.6)
        told = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(words.values)}."
        raise BadValue(f"{name}: there is no {text[:40]!r}. {told}")
    return text


def _written(name: str, scalar: GraphQLScalarType, text: str) -> str:
    """A plus sign that stands in an address as it is means a space; no date or moment holds one."""
    text = text.replace(" ", "+")
    try:
        scalar.parse_value(text)
    except GraphQLError as error:
        raise BadValue(f"{name}: {error.message}") from None
    return text


def _number(name: str, text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise BadValue(f"{name}: {text[:40]!r} is no whole number.")
    return int(text)


def _truth(name: str, text: str) -> bool:
    if text not in TRUTHS:
        raise BadValue(f"{name}: write true or false, not {text[:40]!r}.")
    return TRUTHS[text]


def whole_id(text: str, type_: str) -> str:
    """An id, which an address may begin without its type."""
    return text if ":" in text else f"{type_}:{text}"


def _id(name: str, text: str) -> str:
    if not WELL_FORMED.fullmatch(text):
        raise BadValue(f"{name}: {text[:40]!r} is no id: ids are a type and a name, like Measure:PHL-0007.")
    return text


READS: Mapping[str, Callable[[str, str], Any]] = {"Int": _number, "Boolean": _truth, "ID": _id}
