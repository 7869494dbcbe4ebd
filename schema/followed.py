"""What a subscription follows, planned: where it begins, and how each batch of revisions is told, one SQL statement each."""

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from graphql.execution.collect_fields import collect_fields
from sqlalchemy.dialects.postgresql import aggregate_order_by

from schema.arguments import Variables, given_arguments
from schema.clock import NEWEST
from schema.document import Operation
from schema.filters import conditions
from schema.json_text import as_sql, literal, members
from schema.parameters import bad_value
from schema.plan import Plan, compiled, root_of
from schema.planning import At, Planned, Planning
from schema.query import schema
from schema.refusals import BadValue, Refused, refusal

BATCH = 20
"""Revisions that are read at once: what a reader has not taken yet is not held in memory beyond these."""


@dataclass(frozen=True)
class Follow:
    """start: a statement of (position): after which to begin; its parameter last_told overrules the operation's own. batch: of
    (positions, told): the first revisions beyond the position `beyond`, up to `up_to`, each told as JSON in UTF-8; null where there
    are none."""

    start: Plan
    batch: Plan


def follow(operation: Operation, variables: Variables) -> Follow:
    """The plans of a validated subscription. Raises Refused."""
    return Follow(_start(operation, variables), _batch(operation, variables))


def _start(operation: Operation, variables: Variables) -> Plan:
    at, _, _ = _asked(operation, variables)
    after = at.bind("after", sa.Integer()) if "after" in at.given else sa.null()
    last_told = sa.bindparam("last_told", type_=sa.Integer())
    begins = sa.func.coalesce(sa.cast(last_told, sa.Integer), sa.cast(after, sa.Integer), NEWEST)
    start = sa.func.feed_start(begins, NEWEST, at.place(), type_=sa.Integer())
    return compiled(at.plan, sa.select(start.label("position")))


def _batch(operation: Operation, variables: Variables) -> Plan:
    at, field, key = _asked(operation, variables)
    revision: Any = at.plan.rows(at)
    beyond, up_to = (sa.bindparam(name, type_=sa.Integer()) for name in ("beyond", "up_to"))
    rows = sa.select(revision).where(revision.c.position > beyond, revision.c.position <= up_to)
    try:
        rows = rows.where(*conditions(at, revision))
    except BadValue as bad:
        raise Refused([bad_value(None, bad, at.nodes, at.path)]) from None
    rows = rows.order_by(revision.c.position).limit(sa.literal_column(str(BATCH))).correlate_except(revision)
    page = at.plan.opened(rows.subquery(at.plan.name("r")))
    with at.plan.each(BATCH):
        told = members([("data", members([(key, field.json(replace(at, row=page)))]))])
    whole: Any = sa.func.convert_to(as_sql(told), literal("UTF8"), type_=sa.LargeBinary())
    listed: list[Any] = [
        sa.func.array_agg(aggregate_order_by(one, page.c.position)) for one in (page.c.position, whole)
    ]
    batch: sa.Select[Any] = sa.select(listed[0].label("positions"), listed[1].label("told"))
    return compiled(at.plan, batch.select_from(at.plan.joined(page)))


def _asked(operation: Operation, variables: Variables) -> tuple[At, Planned, str]:
    """Where the only field of a subscription stands, the field, and the key that it is asked under. Raises Refused."""
    planning = Planning(schema, operation.fragments, variables)
    type_ = schema.subscription_type
    assert type_ is not None
    root = root_of(planning, type_, ())
    fields = collect_fields(schema, dict(operation.fragments), dict(variables), type_, operation.node.selection_set)
    if not fields:
        raise Refused([refusal("This subscription skips its only field: there is nothing to follow.")])
    ((key, nodes),) = fields.items()
    name = nodes[0].name.value
    definition = type_.fields[name]
    values = {argument.name.value: argument.value for argument in nodes[0].arguments}
    try:
        given = given_arguments(definition.args, values, variables)
    except BadValue as bad:
        raise Refused([bad_value(None, bad, nodes, (key,))]) from None
    at = replace(root, given=given, type=definition.type, nodes=nodes, path=(key,))
    return at, planning.fields(type_)[name], key
