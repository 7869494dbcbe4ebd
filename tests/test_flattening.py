"""The flattening rule: any answer becomes rows of cells, from which it can be had again; SQL and Python follow it alike."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import GraphQLObjectType, get_named_type

from db.pool import open_pool
from schema.answer import answer, asked_by
from schema.document import Operation, document
from schema.flattening import columns, table_of
from schema.planning import Planning
from schema.query import schema
from schema.refusals import Refused
from schema.rows import rows_of
from tests.operations import Writer
from tests.oracle.log import fetched
from tests.oracle.values import Values
from tests.unflattened import said, unflattened

OPERATIONS = 120
SEED = 2019

LISTS = {"stateParties", "recommendations", "measures", "assessments", "reportingEvents", "statements", "sources"}
LISTS |= {"coverage", "changes", "diff", "submissions"}


@pytest.fixture(scope="module")
async def pool(record_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(record_url, size=1) as pool:
        yield pool


@pytest.fixture(scope="module")
async def writer(record_url: str) -> Writer:
    random = Random(SEED)
    return Writer(schema, Values(await fetched(record_url), random), random, {}, clocks=0.2)


def rebuilt(operation: Operation, variables: Any, data: Any) -> tuple[list[Any], list[Any]]:
    """What the cells of an answer's table say, and what its elements do."""
    table = table_of(operation, variables)
    elements = table.elements(data)
    rows = [table.row(element) for element in elements]
    return [unflattened(table.columns, row) for row in rows], [said(table.columns, element) for element in elements]


async def test_of_any_answer_its_table_says_all(pool: asyncpg.Pool, writer: Writer) -> None:
    held = columns_seen = 0
    while held < OPERATIONS:
        written = writer.operation()
        for given in written.variables:
            try:
                operation = document(written.text).operation(written.name)
                found = await answer(pool, operation, given, "https://opsc.example")
            except Refused:
                continue
            variables = operation.variables(given)
            back, asked = rebuilt(operation, variables, orjson.loads(found.data))
            assert back == asked, written.text
            held += 1
            columns_seen += len(table_of(operation, variables).columns)
    assert columns_seen > 2 * OPERATIONS


async def test_the_database_makes_the_same_cells_of_a_list(pool: asyncpg.Pool, writer: Writer) -> None:
    """Those of rows_of(as_cells=True), against the rule in Python over the same elements as JSON."""
    query: Any = schema.query_type
    compared = 0
    for name in sorted(LISTS) * 6:
        page: Any = get_named_type(query.fields[name].type)
        element: Any = get_named_type(page.fields["nodes"].type)
        written = writer.operation([(name, None, [("nodes", None, writer._grown(element, 2))])])
        try:
            operation = document(written.text).operation(written.name)
            variables = operation.variables(written.variables[0])
            as_json = rows_of(operation, variables, frozenset(), as_cells=False)
            as_cells = rows_of(operation, variables, frozenset(), as_cells=True)
        except Refused:
            continue
        if as_json is None or as_cells is None or not as_cells.columns:
            continue
        context = asked_by(None, "https://opsc.example")
        try:
            nodes = await pool.fetch(as_json.plan.sql, *as_json.plan.parameters(variables, context))
        except asyncpg.UnknownPostgresError:  # a clock that this record does not have
            continue
        cells = await pool.fetch(as_cells.plan.sql, *as_cells.plan.parameters(variables, context))
        flats = _columns_of_nodes(operation, variables, element)
        assert [(flat.name, flat.kind) for flat in flats] == [(one.name, one.kind) for one in as_cells.columns]
        elements = [orjson.loads(row["json"]) for row in nodes]
        for one, row in zip(elements, cells, strict=True):
            for flat, cell in zip(flats, row, strict=True):
                assert flat.leaf == "JSON" or (cell or "") == flat.text(one), written.text
            assert unflattened(flats, row) == said(flats, one), written.text
            compared += 1
    assert compared > 500


def _columns_of_nodes(operation: Operation, variables: Any, element: GraphQLObjectType) -> list[Any]:
    planning = Planning(schema, operation.fragments, variables)
    query: Any = schema.query_type
    roots = planning.subfields(query, [operation.node])  # type: ignore[list-item] # it has a selection set, as fields do
    (page,) = [nodes for nodes in roots.values() if nodes[0].name.value in LISTS]
    listed: Any = get_named_type(query.fields[page[0].name.value].type)
    inner = planning.subfields(listed, page)
    (nodes,) = [asked for asked in inner.values() if asked[0].name.value == "nodes"]
    return list(columns(planning, planning.subfields(element, nodes), element))
