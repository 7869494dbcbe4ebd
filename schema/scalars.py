"""GraphQL's scalars of this record: days, moments, partial dates."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import graphene
from graphql import GraphQLError, StringValueNode, Undefined, ValueNode

DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d.*", re.ASCII)
PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?", re.ASCII)


class _Written(graphene.Scalar):
    """A scalar that is written as text. read: the text to its value, ValueError where there is none; expected: how to write it."""

    class Meta:
        abstract = True

    read: Callable[[str], Any]
    expected: str

    @classmethod
    def parse_value(cls, value: Any) -> Any:
        try:
            if isinstance(value, str):
                return cls.read(value)
        except (ValueError, OverflowError):
            pass
        shown = repr(value)
        raise GraphQLError(f"{shown if len(shown) <= 60 else shown[:57] + '…'} is not {cls.expected}.")

    @classmethod
    def parse_literal(cls, node: ValueNode, _variables: Any = None) -> Any:
        return cls.parse_value(node.value) if isinstance(node, StringValueNode) else Undefined

    serialize = staticmethod(str)


class Date(_Written):
    """A full day, ISO 8601: "2019-09-26"."""

    expected = 'a day: write it as "2019-09-26"'

    @staticmethod
    def read(text: str) -> date:
        if not DAY.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)


class DateTime(_Written):
    """A moment, RFC 3339 in UTC with six digits of a second: "2026-11-24T09:30:00.000000Z"."""

    expected = 'a moment: write it as "2026-11-24T09:30:00Z", with its time zone'

    @staticmethod
    def read(text: str) -> datetime:
        moment = datetime.fromisoformat(text.upper())
        if not MOMENT.fullmatch(text) or moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)


class PartialDate(_Written):
    """A date as precise as its source, never more: "2012", "2012-05" or "2012-05-14"."""

    expected = 'a date: write "2012", "2012-05" or "2012-05-14"'

    @staticmethod
    def read(text: str) -> str:
        match = PARTIAL.fullmatch(text)
        if not match:
            raise ValueError(text)
        date(*(int(part or 1) for part in match.groups()))
        return text


class JSON(graphene.Scalar):
    """Any JSON value: a record's document, a field's value before and after a change."""

    @staticmethod
    def parse_value(value: Any) -> Any:
        return value

    @staticmethod
    def parse_literal(_node: ValueNode, _variables: Any = None) -> Any:
        raise GraphQLError("Give JSON by a variable.")

    serialize = staticmethod(lambda value: value)
