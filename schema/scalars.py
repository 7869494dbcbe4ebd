"""GraphQL's scalars of this record: days, moments, partial dates."""

import re
from datetime import UTC, date, datetime
from typing import Any

import graphene
from graphql import GraphQLError, StringValueNode, Undefined, ValueNode

PARTIAL = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")


class Date(graphene.Scalar):
    """A full day, ISO 8601: "2019-09-26"."""

    @staticmethod
    def parse_value(value: Any) -> date:
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        raise GraphQLError(f'{_shown(value)} is not a day: write it as "2019-09-26".')

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> Any:
        return Date.parse_value(node.value) if isinstance(node, StringValueNode) else Undefined

    serialize = staticmethod(str)


class DateTime(graphene.Scalar):
    """A moment, RFC 3339 in UTC with six digits of a second: "2026-11-24T09:30:00.000000Z"."""

    @staticmethod
    def parse_value(value: Any) -> datetime:
        if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d", value, re.ASCII):
            try:
                moment = datetime.fromisoformat(value.upper())
            except ValueError:
                moment = None
            if moment is not None and moment.tzinfo is not None:
                try:
                    return moment.astimezone(UTC)
                except OverflowError:
                    pass
        raise GraphQLError(f'{_shown(value)} is not a moment: write it as "2026-11-24T09:30:00Z", with its time zone.')

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> Any:
        return DateTime.parse_value(node.value) if isinstance(node, StringValueNode) else Undefined

    serialize = staticmethod(str)


class PartialDate(graphene.Scalar):
    """A date as precise as its source, never more: "2012", "2012-05" or "2012-05-14"."""

    @staticmethod
    def parse_value(value: Any) -> str:
        if isinstance(value, str) and (match := PARTIAL.fullmatch(value)):
            try:
                date(*(int(part or 1) for part in match.groups()))
                return value
            except ValueError:
                pass
        raise GraphQLError(f'{_shown(value)} is not a date: write "2012", "2012-05" or "2012-05-14".')

    @staticmethod
    def parse_literal(node: ValueNode, _variables: Any = None) -> Any:
        return PartialDate.parse_value(node.value) if isinstance(node, StringValueNode) else Undefined

    serialize = staticmethod(str)


class JSON(graphene.Scalar):
    """Any JSON value: a record's document, a field's value before and after a change."""

    @staticmethod
    def parse_value(value: Any) -> Any:
        return value

    @staticmethod
    def parse_literal(_node: ValueNode, _variables: Any = None) -> Any:
        raise GraphQLError("Give JSON by a variable.")

    serialize = staticmethod(lambda value: value)


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"
