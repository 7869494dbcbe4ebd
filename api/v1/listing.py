"""A list as a whole, at one snapshot: its clock and count first, then its rows, as they come."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg
import orjson

from api.v1.copying import TIMEOUT, chunks
from schema.answer import answer, asked_by, told
from schema.clock import Moment
from schema.document import Operation
from schema.rows import Column, Rows, counted, rows_of


@dataclass(frozen=True)
class Request:
    """What is to be listed. field: of Query; name: for a file; address: of the answer, for readers."""

    operation: Operation
    field: str
    given: Mapping[str, Any]
    moment: Moment
    public_url: str
    name: str
    address: str


class Listing(Protocol):
    """asked: what for; clock: position, known and valid, which the rows stand for."""

    asked: Request
    clock: Mapping[str, Any]

    @property
    def total(self) -> int:
        """How many rows."""
        ...

    @property
    def of(self) -> int:
        """Of how many that there are without `first` or `last`."""
        ...

    @property
    def columns(self) -> Sequence[Column]:
        """Their names and kinds, where the database itself makes cells of them."""
        ...

    def csv(self, delimiter: str = ",") -> AsyncGenerator[bytes]:
        """Rows as CSV, without a header, lines ending in a newline; only where there are columns."""
        ...

    def lines(self) -> AsyncGenerator[bytes]:
        """Rows as lines of JSON: each chunk is some whole lines; only where there are no columns."""
        ...


@dataclass
class Copied:
    """A list that PostgreSQL copies to us row by row."""

    asked: Request
    clock: Mapping[str, Any]
    total: int
    of: int
    rows: Rows
    connection: asyncpg.Connection
    parameters: Sequence[Any]

    @property
    def columns(self) -> Sequence[Column]:
        return self.rows.columns

    def csv(self, delimiter: str = ",") -> AsyncGenerator[bytes]:
        return chunks(self.connection, self.rows, self.parameters, delimiter)

    def lines(self) -> AsyncGenerator[bytes]:
        return chunks(self.connection, self.rows, self.parameters)


@dataclass
class Answered:
    """A list without pages, which an answer has as a whole."""

    asked: Request
    clock: Mapping[str, Any]
    nodes: Sequence[Any]
    columns: Sequence[Column] = ()

    @property
    def total(self) -> int:
        return len(self.nodes)

    @property
    def of(self) -> int:
        return self.total

    def csv(self, delimiter: str = ",") -> AsyncGenerator[bytes]:
        raise AssertionError(f"nothing makes cells of this, separated by {delimiter}")

    async def lines(self) -> AsyncGenerator[bytes]:
        for node in self.nodes:
            yield orjson.dumps(node, option=orjson.OPT_APPEND_NEWLINE)


@asynccontextmanager
async def opened(state: Any, asked: Request, *, as_cells: bool) -> AsyncIterator[Listing]:
    """The list, for as long as it is read. as_cells: as a table, where the database can make one of it. Raises Refused."""
    operation = asked.operation
    variables = operation.variables(asked.given)
    rows = rows_of(operation, variables, asked.moment.shape, as_cells=as_cells)
    if rows is None:
        found = await answer(state.pool, operation, asked.given, asked.public_url, asked.moment)
        data = orjson.loads(found.data)
        yield Answered(asked, data["clock"], data[asked.field])
        return
    context = {**asked_by(None, asked.public_url), **vars(asked.moment)}
    async with (
        state.exporters.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute(f"set local statement_timeout = {TIMEOUT * 1000}")
        row = await told(connection, counted(operation, variables, asked.moment.shape), variables, context)
        clock = {"position": row["position"], "known": row["known"], "valid": row["valid"]}
        yield Copied(asked, clock, row["total"], row["of"], rows, connection, rows.plan.parameters(variables, context))
