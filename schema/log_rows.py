"""The log, row by row, to be streamed: each revision with all that its hashes are made of, and the submissions they came with.

The columns are named as the fields of Revision and Submission are; SUBMISSION_ID leads from the one to the other.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON as SQL_JSON

from db import tables
from schema.clock import Clock
from schema.column import Column
from schema.json_text import literal
from schema.plan import Plan, compiled, root_of
from schema.planning import Planning
from schema.query import schema
from schema.rows import Rows

SUBMISSION_ID = "submissionId"

Cells = Mapping[str, tuple[str, Any]]
"""Column → the scalar that it holds, and where its value comes from."""


@dataclass(frozen=True)
class LogTable:
    """cells: its columns; seen: which rows the clock saw."""

    table: sa.Table
    cells: Callable[[Any], Cells]
    seen: Callable[[Any, Clock], sa.ColumnElement[bool]]

    def rows(self, clocks: Collection[str], *, as_cells: bool = True) -> Rows:
        """Those that the clock saw, oldest first; as cells, or each as a line of JSON."""
        planning, clock, row = self._begun(clocks)
        found = self.cells(row)
        selected: list[Any]
        if as_cells:
            selected = [_text(kind, value).label(name) for name, (kind, value) in found.items()]
        else:
            pairs = [part for name, (kind, value) in found.items() for part in (literal(name), _json(kind, value))]
            selected = [sa.cast(sa.func.json_build_object(*pairs), sa.Text).label("json")]
        key = next(iter(self.table.primary_key)).name
        plan = compiled(planning, sa.select(*selected).where(self.seen(row, clock)).order_by(row.c[key]))
        return Rows(plan, [Column(name, kind) for name, (kind, _) in found.items()] if as_cells else [])

    def counted(self, clocks: Collection[str]) -> Plan:
        """How many these are: total."""
        planning, clock, row = self._begun(clocks)
        total = sa.select(sa.func.count().label("total")).select_from(row).where(self.seen(row, clock))
        return compiled(planning, total)

    def _begun(self, clocks: Collection[str]) -> tuple[Planning, Clock, Any]:
        query = schema.query_type
        assert query is not None
        planning = Planning(schema, {}, {})
        return planning, root_of(planning, query, clocks).clock, planning.alias(self.table)


def _of_revision(row: Any) -> Cells:
    return {
        "position": ("Int", row.c.position),
        "recordType": ("RecordType", row.c.record_type),
        "recordId": ("ID", row.c.record_id),
        "number": ("Int", row.c.number),
        "operation": ("Operation", row.c.operation),
        "kind": ("ChangeKind", row.c.kind),
        "reason": ("String", row.c.reason),
        "author": ("String", row.c.author),
        "reviewer": ("String", row.c.reviewer),
        SUBMISSION_ID: ("Int", row.c.submission_id),
        "recordedAt": ("DateTime", row.c.recorded_at),
        "mergedInto": ("ID", row.c.merged_into),
        "redacts": ("JSON", sa.func.array_to_json(row.c.redacts)),
        "document": ("JSON", sa.cast(row.c.document, SQL_JSON)),
        "salt": ("String", _hex(row.c.salt)),
        "documentHash": ("String", _hex(row.c.document_hash)),
        "envelope": ("String", row.c.envelope),
        "leafHash": ("String", _hex(row.c.leaf_hash)),
    }


def _of_submission(row: Any) -> Cells:
    return {
        SUBMISSION_ID: ("Int", row.c.id),
        "title": ("String", row.c.title),
        "reason": ("String", row.c.reason),
        "author": ("String", row.c.author),
        "reviewer": ("String", row.c.reviewer),
        "publishedAt": ("DateTime", row.c.published_at),
    }


def _text(kind: str, value: Any) -> sa.ColumnElement[str]:
    return _moment(value) if kind == "DateTime" else sa.cast(value, sa.Text)


def _json(kind: str, value: Any) -> sa.ColumnElement[Any]:
    return _moment(value) if kind == "DateTime" else value


def _moment(value: Any) -> sa.ColumnElement[str]:
    return sa.func.to_char(sa.func.timezone(literal("UTC"), value), literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))


def _hex(hashed: Any) -> Any:
    return sa.func.encode(hashed, literal("hex"))


def _since(row: Any, clock: Clock) -> sa.ColumnElement[bool]:
    return sa.and_(row.c.position > sa.bindparam("beyond", type_=sa.Integer()), row.c.position <= clock.position)


def _published(row: Any, clock: Clock) -> sa.ColumnElement[bool]:
    came = sa.select(tables.revision.c.submission_id).where(tables.revision.c.position <= clock.position)
    published: sa.ColumnElement[bool] = row.c.id.in_(came)
    return published


REVISIONS = LogTable(tables.revision, _of_revision, _since)
"""Those after the position `since`, a parameter of the request's."""

SUBMISSIONS = LogTable(tables.submission, _of_submission, _published)
