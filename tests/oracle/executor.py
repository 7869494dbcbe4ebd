"""graphql-core's own executor over the log's rows: what the planner's answers are held against."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLResolveInfo, build_schema, execute

from tests.oracle.answers import Masked
from tests.oracle.connections import connections, searching
from tests.oracle.differences import differing, ends
from tests.oracle.log import Log, Reading
from tests.oracle.paging import Cursors, connection
from tests.oracle.resolvers import explicit, json


class OracleError(Exception):
    """The plain executor found errors: its own fault, or a bad request."""


class Oracle:
    """Answers operations plainly. cursors: to which those that somebody else gave for the same places may be added."""

    def __init__(self, sdl: str, log: Log) -> None:
        self.schema, self.log = build_schema(sdl), log
        self.schema.type_map["JSON"].serialize = json  # type: ignore[attr-defined]
        self.cursors = Cursors()
        self._explicit, self._connections = explicit(self.schema), connections()

    def data(
        self,
        document: DocumentNode,
        variables: Mapping[str, Any],
        day: date,
        *,
        operation: str | None = None,
        position: int | None = None,
        mask: bool = True,
    ) -> dict[str, Any]:
        """The data of an answer at a position (the newest) and a day. mask: cursors need only be text. Raises OracleError."""
        reading = self.log.at(len(self.log.revisions) if position is None else position, day)
        self._mask = mask
        result = execute(
            self.schema,
            document,
            root_value=reading,
            variable_values=dict(variables),
            operation_name=operation,
            field_resolver=self._resolve,
            type_resolver=lambda value, _info, _type: value.typename,
        )
        assert isinstance(result, ExecutionResult)
        if result.errors:
            raise OracleError("; ".join(map(_told, result.errors)))
        return result.data  # type: ignore[return-value]

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        place = info.parent_type.name, info.field_name
        if place in self._explicit:
            return self._explicit[place](source, given)
        if place == ("Query", "diff"):
            paging = {name: value for name, value in given.items() if name != "filter"}
            return connection(differing(given), source, ends(source, given), paging, self.cursors)
        if place in self._connections or place == ("Query", "search"):
            listed = self._connections.get(place) or searching(given["text"], given.get("types"))
            reading = source if isinstance(source, Reading) else source.reading
            return connection(listed, source, reading, given, self.cursors)
        if isinstance(source, dict):
            value = source[info.field_name]
            hidden = self._mask and "ursor" in info.field_name and value is not None
            return Masked(value) if hidden else value
        return (
            getattr(source, info.field_name) if hasattr(source, info.field_name) else source.document[info.field_name]
        )


def _told(error: GraphQLError) -> str:
    return f"{error.path}: {error.message} {error.original_error!r}"
