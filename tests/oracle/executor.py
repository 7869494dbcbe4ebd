"""graphql-core's own executor over the log's rows: what the planner's answers are held against."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLResolveInfo, build_schema, execute

from tests.oracle.answers import Masked
from tests.oracle.clocks import Clocks, NoSuchClock, at_clocks
from tests.oracle.connections import connections, searching
from tests.oracle.differences import differing, ends
from tests.oracle.log import Log, Reading
from tests.oracle.paging import Cursors, connection
from tests.oracle.resolvers import explicit, json

Refusal = tuple[str, tuple[str | int, ...]]
"""The code of an error and its path."""


class OracleError(Exception):
    """The plain executor found errors: its own fault, or a bad request."""


class OracleRefused(Exception):
    """The operation asks for clocks that cannot be: each of them."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(refusals)
        self.refusals = refusals


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
        today: date,
        *,
        operation: str | None = None,
        clocks: Mapping[str, Any] | None = None,
        mask: bool = True,
    ) -> dict[str, Any]:
        """The data of an answer, read as a whole at these clocks, named as the arguments of Query.at are. mask: cursors need only
        be text. Raises OracleRefused and OracleError."""
        self._mask, self._today = mask, today
        self._refusals: list[Refusal] = []
        result = execute(
            self.schema,
            document,
            root_value=self._at(clocks or {}, ()),
            variable_values=dict(variables),
            operation_name=operation,
            field_resolver=self._resolve,
            type_resolver=lambda value, _info, _type: value.typename,
        )
        assert isinstance(result, ExecutionResult)
        if self._refusals:
            raise OracleRefused(self._refusals)
        if result.errors:
            raise OracleError("; ".join(map(_told, result.errors)))
        return result.data  # type: ignore[return-value]

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **given: Any) -> Any:
        if info.field_name == "at":
            return self._at(given, tuple(info.path.as_list()))
        if isinstance(source, Clocks):
            if info.field_name == "clock":
                return source.told
            source = source.reading
        type_name = info.parent_type.name
        place = "Query" if type_name == "Reading" else type_name, info.field_name
        if place == ("Query", "changes") and not 0 <= (given.get("after") or 0) <= source.position:
            self._refusals.append(("CLOCK_OUT_OF_RANGE", tuple(info.path.as_list())))
        if place in self._explicit:
            return self._explicit[place](source, given)
        if place == ("Query", "diff"):
            paging = {name: value for name, value in given.items() if name != "filter"}
            return connection(differing(given), source, ends(source, given), paging, self.cursors)
        if place in self._connections or place == ("Query", "search"):
            listed = self._connections.get(place) or searching(given["text"], given.get("types"))
            reading = source if isinstance(source, Reading) else source.reading
            return connection(listed, source, reading, given, self.cursors)
        if place == ("CoverageGroup", "count"):
            return next(one["count"] for one in source["counts"] if one["state"] == given["state"])
        if isinstance(source, dict):
            value = source[info.field_name]
            hidden = self._mask and "ursor" in info.field_name and value is not None
            return Masked(value) if hidden else value
        return (
            getattr(source, info.field_name) if hasattr(source, info.field_name) else source.document[info.field_name]
        )

    def _at(self, asked: Mapping[str, Any], path: tuple[str | int, ...]) -> Clocks:
        """What to read at these clocks; where there are none such, anything, so that all that is refused is found."""
        try:
            return at_clocks(self.log, asked, self._today)
        except NoSuchClock as no_such:
            self._refusals.append((no_such.code, path))
            return at_clocks(self.log, {}, self._today)


def _told(error: GraphQLError) -> str:
    return f"{error.path}: {error.message} {error.original_error!r}"
