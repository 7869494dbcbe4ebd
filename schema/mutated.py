"""Mutations, run: each field in a transaction of its own, in order, with its payload planned as queries are and read inside it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import asyncpg
import orjson
from graphql import FieldNode, GraphQLObjectType
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values
from structlog import get_logger

from db.accounts import Account
from db.log import PATIENCE, OthersPublish
from db.outcomes import Outcome
from schema.arguments import Variables
from schema.document import Operation
from schema.mutation import Does, Doing
from schema.plan import COST_LIMIT, Plan, plan_of_payload
from schema.planning import Planning
from schema.query import schema
from schema.refusals import ErrorCode, Refused, refusal

Signer = Any


@dataclass(frozen=True)
class Kept:
    """A field that was done, and stays so: its key in the response, and whether anybody may have it done."""

    name: str
    key: str
    public: bool


class Stopped(Exception):
    """A fault, its cause, came after some fields were done, or while one was being kept. It says which, in sentences."""


class _PerhapsKept(Exception):
    """The database was lost while it kept what was done: its cause."""


async def mutated(
    writers: asyncpg.Pool,
    operation: Operation,
    given: Mapping[str, Any],
    context: Mapping[str, Any],
    account: Account | None,
    signer: Signer,
    kept: list[Kept],
) -> bytes:
    """The response's body. kept: gets each field that was done and stays so, however this ends. Raises Refused, before anything is
    done or where the database gave up, or Stopped; both say what was done before."""
    variables = operation.variables(given)
    type_, fields = _fields(operation, variables)
    plans = {key: plan_of_payload(schema, operation.node, operation.fragments, variables, key) for key in fields}
    for one in plans.values():
        one.parameters(variables, {**context, "done": None})  # what cannot be is refused before anything is done
    parts, cost = [], sum(one.cost for one in plans.values())
    for key, nodes in fields.items():
        if nodes[0].name.value == "__typename":
            parts.append(b'"%b":"%b"' % (key.encode(), type_.name.encode()))
            continue
        name = nodes[0].name.value
        try:
            data = await _done(writers, plans[key], nodes[0], key, variables, context, account, signer, kept)
        except (asyncpg.QueryCanceledError, TimeoutError) as error:
            message = _gave_up(kept, name, key, waited=isinstance(error, OthersPublish))
            raise Refused([refusal(message, ErrorCode.TIMEOUT, nodes, [key])], cost) from None
        except _PerhapsKept as error:
            follows = "" if key == [*fields][-1] else ", and what follows it was not"
            unknown = f"Whether {_field(name, key)} was done is not known{follows}: look before you send it again."
            raise Stopped(f"{_were(kept)}. {unknown}" if kept else unknown) from error.__cause__
        except Exception as error:
            if not kept:
                raise
            raise Stopped(_before(kept)) from error
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
    key: str,
    variables: Variables,
    context: Mapping[str, Any],
    account: Account | None,
    signer: Signer,
    kept: list[Kept],
) -> bytes:
    """Raises OthersPublish, asyncpg.QueryCanceledError or TimeoutError where the database gave up, and nothing was done then."""
    type_ = schema.mutation_type
    assert type_ is not None
    arguments = get_argument_values(type_.fields[node.name.value], node, dict(variables))
    field = cast("Does", Planning.fields(type_)[node.name.value])
    given = arguments["input"]
    unfit = field.refuses(given)
    if field.prepared and not unfit:
        given = await asyncio.to_thread(field.prepared, given)
    try:
        connection = await writers.acquire(timeout=PATIENCE)
    except TimeoutError as error:
        raise OthersPublish("All connections that write are taken.") from error
    try:
        transaction = connection.transaction(isolation="read_committed")
        await transaction.start()
        await connection.execute("savepoint nothing_done")  # what a refusal answers with is the record as it was
        try:
            outcome = unfit or await field.done(Doing(connection, account, signer), given)
            told = {**context, "done": orjson.dumps(_told(outcome)).replace(b"\\u0000", b"\\ufffd").decode()}
            if outcome.refusals and not outcome.kept:
                await connection.execute("rollback to savepoint nothing_done")
            row = await connection.fetchrow(plan.sql, *plan.parameters(variables, told), timeout=PATIENCE)
        except BaseException:
            await transaction.rollback()
            raise
        if outcome.kept:
            try:
                await transaction.commit()
            except Exception as error:
                raise _PerhapsKept from error
            if not outcome.repeated:
                kept.append(Kept(node.name.value, key, field.public))
                _log(node.name.value, outcome, account)
        else:
            await transaction.rollback()
    finally:
        await writers.release(connection)
    assert row is not None
    return cast("bytes", row["data"])


def _log(name: str, outcome: Outcome, account: Account | None) -> None:
    """Who used which token to change what. Who reads is not logged, nor who points out an error without an account."""
    if account is None:
        return
    about = {
        "submission": outcome.proposal and f"Submission:P{outcome.proposal}",
        "report": outcome.report and f"ErrorReport:{outcome.report}",
    }
    known = {key: node_id for key, node_id in about.items() if node_id}
    get_logger().info("changed", account=account.name, token=account.token_id, field=name, **known)


def _gave_up(kept: Sequence[Kept], name: str, key: str, *, waited: bool) -> str:
    what = _field(name, key) if kept else "this"
    if waited:
        why = f"Others were publishing for {PATIENCE:.0f} seconds, and {what} had to wait"
    else:
        why = f"{what[0].upper() if not kept else what[0]}{what[1:]} took too long, and was given up"
    advice = f"Send {'the rest' if kept else 'it'} again." if waited else "Send less at once."
    return f"{why}. {_before(kept)} {advice}" if kept else f"{why}: nothing was done. {advice}"


def _before(kept: Sequence[Kept]) -> str:
    """Which fields were done before one failed, in a sentence."""
    return f"{_were(kept)}; what followed was not."


def _were(kept: Sequence[Kept]) -> str:
    names = ", ".join(_field(one.name, one.key) for one in kept)
    return f"{names} {'was' if len(kept) == 1 else 'were'} done before"


def _field(name: str, key: str) -> str:
    return name if name == key else f"{name} (as “{key}”)"


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
