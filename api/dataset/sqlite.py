"""The record as one SQLite file: its lists, the log, each version of each record, what they mean, and what was signed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from api import about
from api.dataset.fields import Field
from api.dataset.readme import citation
from api.dataset.snapshot import Snapshot
from api.dataset.tables import TABLES, Table
from db import history

TYPES: Mapping[str, Any] = {"Int": sa.Integer(), "Boolean": sa.Boolean()}
"""By kind; of any other text."""

BATCH = 2_000
"""Rows entered at once."""


async def write_sqlite(found: Snapshot, file: Path) -> None:
    """Writes the file, which is not there yet."""
    metadata = sa.MetaData()
    lists = {table.name: _list(metadata, found, table) for table, _ in found.holds}
    histories = {table.name: _history(metadata, table) for table in history.TABLES}
    told = _told(metadata)
    engine = sa.create_engine(f"sqlite:///{file}")
    try:
        with engine.begin() as lite:
            _create(lite, metadata)
            for table, _ in found.holds:
                await _enter_list(lite, lists[table.name], found, table)
            for kept in history.TABLES:
                await _enter_history(lite, histories[kept.name], found, kept)
            for one, rows in zip(told, (_said(found), _columns(found), _signed(found)), strict=True):
                _enter(lite, one, list(rows))
    finally:
        engine.dispose()


def _create(lite: sa.Connection, metadata: sa.MetaData) -> None:
    """In an order of names: SQLAlchemy's own, of indexes, is another each time, and so would the file's bytes be."""
    for table in metadata.sorted_tables:
        lite.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            index.create(lite)


def snake(name: str) -> str:
    """A column's name as SQL likes it: stateParty.code is state_party_code."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name.replace(".", "_"))


def _list(metadata: sa.MetaData, found: Snapshot, table: Table) -> sa.Table:
    leads = table.leads(parties_are_whole=found.parties_are_whole)
    named = {
        name for one in TABLES.values() for to, name in one.leads(parties_are_whole=True).values() if to == table.name
    }
    made = sa.Table(
        _name(table),
        metadata,
        *(
            sa.Column(
                snake(field.name),
                _type(field),
                *(_led(leads[field.name]) if field.name in leads else ()),
                primary_key=field.name in table.key,
                unique=field.name in named and field.name not in table.key,
                nullable=not field.required,
                autoincrement=False,
                index=field.name in leads,
            )
            for field in table.fields
        ),
    )
    if table.name == "revisions":
        sa.Index("revisions_record", made.c.record_id, made.c.number, unique=True)
    return made


def _name(table: Table) -> str:
    return table.name.replace("-", "_")


def _led(to: tuple[str, str]) -> Iterable[sa.ForeignKey]:
    table, name = to
    return (sa.ForeignKey(f"{_name(TABLES[table])}.{snake(name)}", deferrable=True, initially="DEFERRED"),)


def _type(field: Field) -> Any:
    return sa.Text() if field.listed else TYPES.get(field.kind, sa.Text())


def _history(metadata: sa.MetaData, table: sa.Table) -> sa.Table:
    """As it is in PostgreSQL; days are text, and lists JSON."""
    kept = [
        sa.Column(
            column.name,
            column.type if isinstance(column.type, sa.Integer | sa.Boolean) else sa.Text(),
            primary_key=column.primary_key,
            autoincrement=False,
            nullable=bool(column.nullable) or column.name in ("known_to", "valid_to"),
            index=column.name == "state_party_code",
        )
        for column in history.columns(table)
    ]
    return sa.Table(table.name, metadata, *kept)


def _told(metadata: sa.MetaData) -> Sequence[sa.Table]:
    def text(name: str, *, key: bool = False) -> sa.Column[Any]:
        return sa.Column(name, sa.Text, primary_key=key)

    return (
        sa.Table("metadata", metadata, text("name", key=True), text("value")),
        sa.Table("column", metadata, text("table", key=True), text("column", key=True), text("path"), text("about")),
        sa.Table(
            "checkpoint", metadata, sa.Column("size", sa.Integer, primary_key=True, autoincrement=False), text("note")
        ),
    )


async def _enter_list(lite: sa.Connection, made: sa.Table, found: Snapshot, table: Table) -> None:
    rows, parameters = found.statement(table)
    names = [column.name for column in made.c]
    truths = {snake(field.name) for field in table.fields if field.kind == "Boolean"}
    numbers = {column.name for column in made.c if isinstance(column.type, sa.Integer)}
    batch = []
    async for row in found.connection.cursor(rows.plan.sql, *parameters, prefetch=BATCH):
        told = dict(zip(names, row.values(), strict=True))
        told |= {name: told[name] and told[name] == "true" for name in truths}
        told |= {name: told[name] and int(told[name]) for name in numbers}
        batch.append(told)
        if len(batch) == BATCH:
            _enter(lite, made, batch)
            batch = []
    _enter(lite, made, batch)


async def _enter_history(lite: sa.Connection, made: sa.Table, found: Snapshot, kept: sa.Table) -> None:
    batch = []
    async for row in history.versions(found.connection, kept, found.position):
        batch.append({name: _plain(value) for name, value in row.items()})
        if len(batch) == BATCH:
            _enter(lite, made, batch)
            batch = []
    _enter(lite, made, batch)


def _enter(lite: sa.Connection, made: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        text = str(made.insert().compile(lite))  # the values are plain, and need not be looked at again
        lite.exec_driver_sql(text, [tuple(row[column.name] for column in made.c) for row in rows])


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return None if value == date.max else value.isoformat()  # that which has no end
    return orjson.dumps(value).decode() if isinstance(value, list) else value


def _said(found: Snapshot) -> Iterable[Mapping[str, Any]]:
    told = {
        "title": about.TITLE,
        "description": about.DESCRIPTION,
        "address": found.public_url,
        "position": str(found.position),
        "known": found.known,
        "valid": found.valid,
        "root_hash": found.root_hash,
        "origin": found.signed.origin,
        "keys": "\n".join(found.signed.keys),
        "checkpoint": found.signed.newest,
        "licence": about.LICENCE,
        "licence_url": about.LICENCE_URL,
        "citation": citation(found),
    }
    return [{"name": name, "value": value} for name, value in told.items()]


def _columns(found: Snapshot) -> Iterable[Mapping[str, Any]]:
    return [
        {"table": _name(table), "column": snake(field.name), "path": field.name, "about": field.about}
        for table, _ in found.holds
        for field in table.fields
    ]


def _signed(found: Snapshot) -> Iterable[Mapping[str, Any]]:
    return [{"size": size, "note": note} for size, note in found.signed.checkpoints.items()]
