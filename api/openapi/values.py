"""GraphQL's scalars and closed lists as JSON Schema 2020-12, under their names: parameters and answers share them."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from graphql import GraphQLEnumType, get_nullable_type, is_list_type, is_non_null_type

from api.v1.forms import FORMS
from schema.query import schema

JsonSchema = dict[str, Any]

PLAIN: Mapping[str, JsonSchema] = {
    "String": {"type": "string"},
    "ID": {"type": "string"},
    "Int": {"type": "integer", "format": "int32"},
    "Float": {"type": "number"},
    "Boolean": {"type": "boolean"},
}
WRITTEN: Mapping[str, JsonSchema] = {
    "Date": {"type": "string", "format": "date"},
    "DateTime": {"type": "string", "format": "date-time"},
    "PartialDate": {"type": "string", "pattern": r"^\d{4}(-\d\d(-\d\d)?)?$"},
    "JSON": {},
}
"""Scalars of this record, which have a description of their own."""


TEXT: JsonSchema = {"type": "string"}

BINARY = {*(FORMS[suffix].media_type for suffix in ("xlsx", "parquet")), "application/zip", "application/vnd.sqlite3"}


def reference(name: str) -> JsonSchema:
    return {"$ref": f"#/components/schemas/{name}"}


def schema_of(type_: Any, of_named: Callable[[Any], JsonSchema]) -> JsonSchema:
    """of_named: the schema of a type that is no list, when it is not null."""
    if is_non_null_type(type_):
        inner = get_nullable_type(type_)
        if is_list_type(inner):
            return {"type": "array", "items": schema_of(inner.of_type, of_named)}
        return of_named(inner)
    return or_null(schema_of_present(type_, of_named))


def schema_of_present(type_: Any, of_named: Callable[[Any], JsonSchema]) -> JsonSchema:
    """The same, of what is there although it could be left out: a parameter."""
    nullable = get_nullable_type(type_)
    if is_list_type(nullable):
        return {"type": "array", "items": schema_of(nullable.of_type, of_named)}
    return of_named(nullable)


def or_null(present: JsonSchema) -> JsonSchema:
    if not present:
        return present  # it allows whatever there is
    if isinstance(present.get("type"), str) and "enum" not in present:
        return {**present, "type": [present["type"], "null"]}
    return {"anyOf": [present, {"type": "null"}]}


def leaf(type_: Any) -> JsonSchema:
    """A scalar's or an enum's schema, or where it stands."""
    return PLAIN[type_.name] if type_.name in PLAIN else reference(type_.name)


def leaves() -> Mapping[str, JsonSchema]:
    """All that leaf() refers to, by name."""
    enums = {
        name: _of_enum(type_)
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLEnumType) and not name.startswith("__")
    }
    written = {name: {"description": schema.type_map[name].description, **written} for name, written in WRITTEN.items()}
    return written | enums


def _of_enum(type_: GraphQLEnumType) -> JsonSchema:
    words = cast("Mapping[str, Any]", type_.values)
    explained = "\n".join(f"- `{word}`: {value.description}" for word, value in words.items())
    return {"type": "string", "enum": list(words), "description": f"{type_.description}\n\n{explained}"}


def of_form(media_type: str) -> JsonSchema:
    """What a form's answer is: text, where it is neither JSON nor bytes."""
    return {} if media_type.endswith("json") or media_type in BINARY else {"type": "string"}


def media_types_of_forms(field: str | None = None) -> dict[str, JsonSchema]:
    """Media type → schema, of the forms that a field of Query has; of all where it is left out."""
    names = (form.media_type.partition(";")[0] for form in FORMS.values() if field is None or form.fits(field))
    return {name: of_form(name) for name in names}
