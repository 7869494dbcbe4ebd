"""A record's fields as labelled words: what each says, by its type in the schema, and which of them say nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql import GraphQLEnumType, GraphQLObjectType, get_named_type

from api.pages.spelling import day, label, spelt
from schema.query import schema
from schema.revision import NAMED_BY

OF_ITS_OWN = frozenset(
    ("type", "id", "permalink", "revision", "revisions", "citations", "citedBy", "measures", "coverageSummary")
)
"""What a page tells elsewhere than among the fields."""

CALLED = ("title", "name", "heading", "subject")
"""The fields that say what a record is called; the first one that there is, is the page's heading."""

TRUTHS = {True: "Yes", False: "No"}

FOLLOWED = re.compile(r"https?://[^\s]+")
"""Addresses that a page may lead to: others, javascript: among them, stand there as text."""


@dataclass(frozen=True)
class Words:
    """What a field says. link: where that leads; about: what a word of a closed list means."""

    text: str
    link: str | None = None
    about: str | None = None


@dataclass(frozen=True)
class Fact:
    label: str
    says: Sequence[Words]


def facts(record: Mapping[str, Any], suffix: str = "") -> tuple[list[Fact], list[str]]:
    """What the record says, field by field, as it was asked for; and the labels of the fields that say nothing.
    suffix: of the addresses of other records, for the moment that is looked at."""
    type_ = cast("GraphQLObjectType", schema.type_map[record["type"]])
    said, silent = list[Fact](), list[str]()
    for field, value in record.items():
        if field in OF_ITS_OWN:
            continue
        words = list(_words(get_named_type(type_.fields[field].type), value, suffix))
        if words:
            said.append(Fact(label(field, record.get("kind")), words))
        else:
            silent.append(label(field, record.get("kind")))
    return said, silent


def called(record: Mapping[str, Any]) -> str:
    """What a record is called, by itself; its id where it has no name."""
    return next((record[field] for field in CALLED if record.get(field)), str(record["id"]))


def named(document: Mapping[str, Any] | None) -> str | None:
    """What a document calls its record; None where it does not, or is redacted."""
    said = document or {}
    names = [said.get(field) for field in NAMED_BY] + [(said.get("names") or {}).get("EN")]
    return next((str(name) for name in names if name), None)


def followed(address: str | None) -> str | None:
    """The address, where a page may lead to it."""
    return address if address and FOLLOWED.fullmatch(address) else None


def _words(type_: Any, value: Any, suffix: str) -> Iterator[Words]:
    match value:
        case None | "":
            return
        case list():
            for one in value:
                yield from _words(type_, one, suffix)
        case bool():
            yield Words(TRUTHS[value])
        case dict():
            code = value.get("code") or value.get("number")
            name = value.get("label") or called({"id": code, **value})
            link = f"{value['permalink']}{suffix}" if "permalink" in value else None
            yield Words(f"{code}: {name}" if code else name, link)
        case str() if isinstance(type_, GraphQLEnumType):
            yield Words(spelt(value), about=type_.values[value].description)
        case str() if type_.name in ("Date", "PartialDate"):
            yield Words(day(value))
        case _:
            yield Words(str(value), followed(str(value)))
