"""Mutations, run: each field in a transaction of its own, in order, with its payload planned as queries are and read inside it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

import asyncpg
import orjson
from graphql import FieldNode, GraphQLObjectType
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values

from db.accounts import Account
from db.log import PATIENCE
from db.outcomes import Outcome
from schema.arguments import Variables
from schema.document import Operation
from schema.mutation import Does, Doing
from schema.plan import COST_LIMIT, Plan, plan_of_payload
from schema.planning import Planning
from schema.query import schema
from schema.refusals import ErrorCode, Refused, refusal

Signer = Any


async def mutated(
    writers: asyncpg.Pool,
    operation: Operation,
    given: Mapping[str, Any],
    context: Mapping[str, Any],
    account: Account | None,
    signer: Signer,
) -> bytes:
    """The response's body. Raises Refused before anything is done, or where the database gave up: then what is answered by then is
    done, and sending it again with its key does no harm."""
    variables = operation.variables(given)
    type_, fields = _fields(operation, variables)
    plans = {key: plan_of_payload(schema, operation.node, operation.fragments, variables, key) for key in fields}
    parts, cost = [], sum(one.cost for one in plans.values())
    for key, nodes in fields.items():
        if nodes[0].name.value == "__typename":
            parts.append(b'"%b":"%b"' % (key.encode(), type_.name.encode()))
            continue
        data = await _done(writers, plans[key], nodes[0], variables, context, account, signer)
        parts.append(data[1:-1])
    return b'{"data":{%b},"extensions":{"cost":{"requested":%d,"limit":%d}}}' % (b",".join(parts), cost, COST_LIMIT)


def root_fields(operation: Operation, given: Mapping[str, Any]) -> tuple[int, int]:
    """How many of its root fields anybody may have done, and how many need an account. Raises Refused."""
    type_, fields = _fields(operation, operation.variables(given))
    names = [nodes[0].name.value for nodes in fields.values() if nodes[0].name.value != "__typename"]
    public = sum(cast("Does", Planning.fields(type_)[name]).public for name in names)
    return public, len(names) - public


def _fields(operation: Operation, variables: Variables) -> tuple[GraphQLObjectType, Mapping[str, Sequence[FieldNode]]]:
    type_ = schema.mutation_type
    assert type_ is not None
    selected = operation.node.selection_set
    return type_, collect_fields(schema, dict(operation.fragments), dict(variables), type_, selected)


async def _done(
    writers: asyncpg.Pool,
    plan: Plan,
    node: FieldNode,
    variables: Variables,
    context: Mapping[str, Any],
    account: Account | None,
    signer: Signer,
) -> bytes:
    type_ = schema.mutation_type
    assert type_ is not None
    arguments = get_argument_values(type_.fields[node.name.value], node, dict(variables))
    field = cast("Does", Planning.fields(type_)[node.name.value])
    ending = False
    given = arguments["input"]
    if field.prepared:
        given = await asyncio.to_thread(field.prepared, given)
    try:
        async with writers.acquire(timeout=PATIENCE) as connection:
            transaction = connection.transaction(isolation="read_committed")
            await transaction.start()
            await connection.execute("savepoint nothing_done")  # what a refusal answers with is the record as it was
            try:
                outcome = await field.done(Doing(connection, account, signer), given)
                told = {**context, "done": orjson.dumps(_told(outcome)).decode()}
                parameters = plan.parameters(variables, told)
                if outcome.refusals and not outcome.kept:
                    await connection.execute("rollback to savepoint nothing_done")
                row = await connection.fetchrow(plan.sql, *parameters, timeout=PATIENCE)
            except BaseException:
                await transaction.rollback()
                raise
            ending = outcome.kept
            await (transaction.commit() if outcome.kept else transaction.rollback())
    except (asyncpg.QueryCanceledError, TimeoutError):
        if ending:  # whether it was done is not known: the same as when the record is out of reach in that moment
            raise
        message = (
            f"Others were publishing for {PATIENCE:.0f} seconds, and this had to wait: nothing was done. Send it again."
        )
        raise Refused([refusal(message, ErrorCode.TIMEOUT, [node], [node.name.value])], plan.cost) from None
    assert row is not None
    return cast("bytes", row["data"])


def _told(outcome: Outcome) -> Mapping[str, Any]:
    refusals = [{name: value for name, value in vars(one).items() if value is not None} for one in outcome.refusals]
    published = outcome.published
    return {
        "proposal": outcome.proposal,
        "round": outcome.round,
        "submission": outcome.proposal if outcome.kept or outcome.refusals else None,
        "first": published and published.first,
        "last": published and published.last,
        "report": outcome.report,
        "refusals": refusals,
    }
