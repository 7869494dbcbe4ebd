"""A list as a whole, at one snapshot: its clock and count first, then its rows, as they come."""

import csv
import io
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import asyncpg
import orjson

from api.moments import says_what_was_known
from api.v1.copying import TIMEOUT, chunks, exporting
from schema.answer import Basis, answer, asked_by, told
from schema.clock import Moment
from schema.column import Column
from schema.deprecation import Deprecation
from schema.document import Operation, document
from schema.flattening import Table
from schema.rows import Rows, counted, rows_of
from schema.whole_rows import rows_table


@dataclass(frozen=True)
class Request:
    """What is to be listed. field: of Query; name: for a file; address: of the answer, for readers; deprecated: of the address
    itself, where it is to go; title: of a query, where the address asks by one; states: what States are called, by code, for forms
    that tell people of them."""

    operation: Operation
    field: str
    given: Mapping[str, Any]
    moment: Moment
    public_url: str
    name: str
    address: str
    deprecated: Deprecation | None = None
    title: str | None = None
    states: Mapping[str, str] | None = None

    def state(self, code: str) -> str:
        """What a State is called; its code, where nobody needed to know."""
        return (self.states or {}).get(code, code)

    def uses(self) -> Sequence[Deprecation]:
        """What of it is deprecated."""
        own = [self.deprecated] if self.deprecated else []
        return [*own, *self.operation.deprecated.of(self.given)]


class Listing(Protocol):
    """A whole list, open to be read."""

    @property
    def asked(self) -> Request:
        """What for."""
        ...

    @property
    def clock(self) -> Mapping[str, Any]:
        """Position, known and valid, which the rows stand for."""
        ...

    @property
    def basis(self) -> Basis:
        """What they rest on."""
        ...

    @property
    def total(self) -> int:
        """How many rows."""
        ...

    @property
    def of(self) -> int:
        """Of how many that there are without `first` or `last`."""
        ...

    @property
    def cost(self) -> int:
        """What it costs whoever asks for it (api/fair_use/counted.py), though they want but its headers: its rows are counted."""
        ...

    @property
    def columns(self) -> Sequence[Column]:
        """Of a table, their names and kinds."""
        ...

    def csv(self, delimiter: str = ",") -> AsyncGenerator[bytes]:
        """Rows as CSV, without a header, lines ending in a newline; only where there are columns."""
        ...

    def lines(self) -> AsyncGenerator[bytes]:
        """Rows as lines of JSON: each chunk is some whole lines; only of what is no table of the database's own."""
        ...


@dataclass
class Copied:
    """A list that PostgreSQL copies to us row by row."""

    asked: Request
    clock: Mapping[str, Any]
    basis: Basis
    total: int
    of: int
    rows: Rows
    connection: asyncpg.Connection
    parameters: Sequence[Any]

    @property
    def cost(self) -> int:
        return self.rows.cost(self.total)

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
    basis: Basis
    nodes: Sequence[Any]
    cost: int
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


@dataclass
class Flattened:
    """A list of which the database makes no cells: we do, from its lines."""

    listing: Copied | Answered
    table: Table

    @property
    def asked(self) -> Request:
        return self.listing.asked

    @property
    def clock(self) -> Mapping[str, Any]:
        return self.listing.clock

    @property
    def total(self) -> int:
        return self.listing.total

    @property
    def basis(self) -> Basis:
        return self.listing.basis

    @property
    def of(self) -> int:
        return self.listing.of

    @property
    def cost(self) -> int:
        return self.listing.cost

    @property
    def columns(self) -> Sequence[Column]:
        return [Column(flat.name, flat.kind, flat.among) for flat in self.table.columns]

    async def csv(self, delimiter: str = ",") -> AsyncGenerator[bytes]:
        async with aclosing(self.listing.lines()) as chunks:
            async for chunk in chunks:
                text = io.StringIO()
                writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
                writer.writerows(self.table.row(orjson.loads(line)) for line in chunk.splitlines())
                yield text.getvalue().encode()

    def lines(self) -> AsyncGenerator[bytes]:
        return self.listing.lines()


@asynccontextmanager
async def opened(state: Any, asked: Request, *, as_cells: bool) -> AsyncIterator[Listing]:
    """The list, for as long as it is read. as_cells: as a table. Raises Refused."""
    operation = asked.operation
    variables = operation.variables(asked.given)
    table = rows_table(operation, variables)
    rows = rows_of(operation, variables, asked.moment.shape, as_cells=as_cells)
    if rows is None:
        found = await answer(state.pool, operation, asked.given, asked.public_url, asked.moment)
        clock = await clock_of(state.pool, found.position, asked.moment, asked.public_url)
        answered = Answered(asked, clock, found, table.elements(orjson.loads(found.data)), found.cost)
        yield Flattened(answered, table) if as_cells else answered
        return
    context = {**asked_by(None, asked.public_url), **vars(asked.moment)}
    async with (
        exporting(state.exporters) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute(f"set local statement_timeout = {TIMEOUT * 1000}")
        row = await told(connection, counted(operation, variables, asked.moment.shape), variables, context)
        clock = {"position": row["position"], "known": row["known"], "valid": row["valid"]}
        basis = Basis(row["newest"], rows.plan.of_the_log, rows.plan.at_one_clock)
        parameters = rows.plan.parameters(variables, context)
        copied = Copied(asked, clock, basis, row["total"], row["of"], rows, connection, parameters)
        yield Flattened(copied, table) if as_cells and not rows.columns else copied


CLOCK = document("{ clock { position known valid } }").operation(None)


async def clock_of(pool: asyncpg.Pool, position: int, moment: Moment, public_url: str) -> Mapping[str, Any]:
    """The clock of an answer that was read at a moment, where it does not tell it: position, known, valid. position: the log's
    newest when it was read."""
    if not says_what_was_known(moment) and position:
        moment = Moment(position=position, valid=moment.valid or datetime.now(UTC).date())
    found = await answer(pool, CLOCK, {}, public_url, moment)
    clock: Mapping[str, Any] = orjson.loads(found.data)["clock"]
    return clock
