"""The words of closed lists, as they are written for people, with what the schema says that they mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import cast

from graphql import GraphQLEnumType

from api.pages.spelling import spelt
from schema.query import schema


@dataclass(frozen=True)
class Word:
    """code: as the record has it; word: as it is written; about: what it means, a sentence."""

    code: str
    word: str
    about: str


@cache
def words(enum: str) -> Sequence[Word]:
    """The words of a closed list, in their order."""
    values = cast("GraphQLEnumType", schema.type_map[enum]).values
    return [Word(code, spelt(code), value.description or "") for code, value in values.items()]


@cache
def meaning(enum: str, code: str) -> str:
    return next(one.about for one in words(enum) if one.code == code)
