"""The parameters of the read endpoints: variables of their operations, described as GraphQL describes what they are for."""

from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    GraphQLObjectType,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from api.moments import READERS
from api.openapi.values import JsonSchema, leaf, schema_of_present
from api.v1.endpoints import Endpoint
from api.v1.parameters import known_parameters
from schema.query import schema

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "StateParties": {"region": ["Asia"], "first": 3},
    "Recommendations": {"theme": ["ONLINE"], "first": 3},
    "Measures": {"stateParty": ["PHL", "AUT"], "status": ["IN_FORCE"], "first": 3},
    "Assessments": {"verdict": ["CONCERN"], "first": 3},
    "ReportingEvents": {"stateParty": ["PHL"]},
    "Statements": {"kind": ["RESERVATION"], "first": 3},
    "Sources": {"kind": ["STATE_REPORT"], "first": 3},
    "Coverages": {"stateParty": ["PHL"], "theme": ["ONLINE"]},
    "CoverageSummary": {"by": ["REGION"]},
    "Changes": {"after": 4700, "first": 3},
    "Revisions": {"first": 3},
    "Diff": {"fromPosition": 4700, "toPosition": 4720, "first": 3},
    "Search": {"text": "online", "first": 3},
}
"""Operation → parameters that together ask for something worth seeing; the seeded record answers each."""

OF_RECORDS: Mapping[str, str] = {
    "StateParty": "PHL",
    "Recommendation": "IVC-05",
    "Measure": "PHL-0001",
    "Assessment": "AGO-A001",
    "ReportingEvent": "AGO-E01",
    "Statement": "ARG-S01",
    "Source": "S-0001",
}
"""Record type → the name of one."""

FIXED = ("id",)
"""Variables that the path says."""


def clock_parameters() -> Mapping[str, JsonSchema]:
    """Those of every reading: Query.at has the same."""
    arguments = cast("GraphQLObjectType", schema.query_type).fields["at"].args
    return {name: _parameter(name, arguments[name].type, arguments[name].description) for name in READERS}


def parameters_of(endpoint: Endpoint) -> Mapping[str, JsonSchema]:
    """Name → parameter object, but for clocks and forms."""
    examples = EXAMPLES.get(endpoint.operation_name, {})
    fixed = FIXED if endpoint.record_type else ()
    described = _descriptions(endpoint)
    return {
        name: _parameter(name, type_, described.get(name), examples.get(name))
        for name, (_, type_) in known_parameters(endpoint.operation, fixed).items()
    }


def path_parameter(endpoint: Endpoint) -> JsonSchema:
    assert endpoint.record_type
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "The record's id, with or without what comes before the colon.",
        "schema": {"type": "string"},
        "example": OF_RECORDS[endpoint.record_type],
    }


def _descriptions(endpoint: Endpoint) -> Mapping[str, str | None]:
    """Of each parameter: what the argument of the listed field says that its variable is given to, or the field of its filter."""
    operation = endpoint.operation
    listed = next(
        node
        for node in operation.node.selection_set.selections
        if isinstance(node, FieldNode) and (node.alias or node.name).value == endpoint.field
    )
    arguments = cast("GraphQLObjectType", schema.query_type).fields[listed.name.value].args
    found = {
        one.value.name.value: arguments[one.name.value].description
        for one in listed.arguments
        if isinstance(one.value, VariableNode)
    }
    filter_ = get_named_type(operation.types["filter"]) if "filter" in operation.types else None
    if isinstance(filter_, GraphQLInputObjectType):
        found |= {name: field.description for name, field in filter_.fields.items()}
    return found


def _parameter(name: str, type_: Any, description: str | None, example: Any = None) -> JsonSchema:
    several = is_list_type(get_nullable_type(type_))
    told = f"{description} Several: with commas, or the parameter several times." if several else description
    return {
        "name": name,
        "in": "query",
        "description": told or "",
        "schema": schema_of_present(type_, leaf),
        **({"required": True} if is_non_null_type(type_) and not several else {}),
        **({"style": "form", "explode": False} if several else {}),
        **({"example": example} if example is not None else {}),
    }
