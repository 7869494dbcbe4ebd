"""What a query would cost, and where the cost comes from: told without running it."""

from collections.abc import Mapping
from typing import Any

import graphene
from graphql import GraphQLError

from schema.advice import advice
from schema.fields import Planned
from schema.introspection import executed
from schema.json_text import Json
from schema.planning import At, Charge, Path, Planning
from schema.refusals import BadValue, ErrorCode, Refused, refusal
from schema.scalars import JSON

EXPLAINING = 10_000
"""Planning a large query takes as long as reading some thousand rows, and every reader waits meanwhile."""


class CostLine(graphene.ObjectType):
    """A place of a query that costs something."""

    path = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="The place: response keys (aliases, where the query gives them) from the root.",
    )
    rows = graphene.Int(required=True, description="How many rows may have to be read for it, at most.")
    cost = graphene.Int(required=True, description="What it costs, without the places inside it.")


class Explanation(graphene.ObjectType):
    """What a query costs, found without running it: the same that its answer says in extensions.cost.requested."""

    cost = graphene.Int(required=True, description="About one for each row that may have to be read.")
    limit = graphene.Int(required=True, description="The most that a query may cost. One that costs more is refused.")
    depth = graphene.Int(required=True, description="How deep its fields nest.")
    lines = graphene.List(
        graphene.NonNull(CostLine),
        required=True,
        description="Where the cost comes from, the dearest places first. Their costs add up to cost.",
    )
    advice = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="What is dear, and what would make it cheaper, in sentences; none for a query that is cheap.",
    )


class Explained(Planned):
    """Of a query that is given as text."""

    def __init__(self, description: str) -> None:
        arguments = {
            "query": graphene.Argument(
                graphene.NonNull(graphene.String), description="The GraphQL document. Nothing of it is run."
            ),
            "variables": graphene.Argument(
                JSON, description="Values of its variables, as a JSON object: page sizes among them make a difference."
            ),
            "operationName": graphene.Argument(
                graphene.String, description="Which of its operations, where it has several."
            ),
        }
        super().__init__(graphene.NonNull(Explanation), args=arguments, description=description)

    def json(self, at: At) -> Json:
        explain, given = at.plan.explain, at.given
        assert explain is not None, "only queries explain queries"
        at.plan.charge(at.path, EXPLAINING)

        def explained(later: Mapping[str, Any]) -> Mapping[str, Any]:
            query: str = given["query"].read(later)
            variables, name = (
                given[key].read(later) if key in given else None for key in ("variables", "operationName")
            )
            if not isinstance(variables, dict | None):
                raise BadValue("they must be a JSON object.")
            try:
                return explain(query, variables or {}, name)
            except Refused as refused:
                raise Refused([_inside(error, at) for error in refused.errors]) from None

        made = executed(at.plan.schema, at.plan.fragments, at.path[-1], at.nodes, explained)
        return at.plan.beforehand("variables", made, at.path, at.nodes)


def _inside(error: GraphQLError, at: At) -> GraphQLError:
    """An error of the query to explain, as this field's: its places are told in words, for those of errors are of this request."""
    place = next(iter(error.locations or ()), None)
    where = f"In the query to explain, line {place.line}, column {place.column}" if place else "In the query to explain"
    code = (error.extensions or {}).get("code", ErrorCode.BAD_USER_INPUT)
    return refusal(f"{where}: {error.message}", ErrorCode(code), at.nodes, at.path)


def explanation(planning: Planning, limit: int, depth: int) -> Mapping[str, Any]:
    """An Explanation's fields, of a query that was planned."""
    charges: dict[Path, Charge] = {}
    for one in planning.charges:
        before = charges.get(one.path, Charge(one.path, 0, 0))
        charges[one.path] = Charge(one.path, before.rows + one.rows, before.cost + one.cost)
    dearest = sorted(charges.values(), key=lambda charge: -charge.cost)
    return {
        "cost": planning.cost,
        "limit": limit,
        "depth": depth,
        "lines": [vars(one) for one in dearest if one.cost],
        "advice": advice(planning.cost, limit, dearest, planning.lists),
    }
