"""Every connection of the schema, as lists small enough to be paged through one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type

PAGED = """
query ($first: Int, $after: String, $last: Int, $before: String) {
  %s
}
"""
PAGE = """page: %s(first: $first, after: $after, last: $last, before: $before%s) {
    totalCount
    nodes { id }
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }"""

THEN = 'at(position: 4800, valid: "2021-03-31")'
"""Within the history, whose first 4,700 positions are the seed's."""

STATES = '["PHL", "FRA", "AGO", "XXX"]'

CHOSEN = {
    "Query.stateParties": ('filter: {subregion: ["Southern Asia"]}', "%s"),
    "Query.recommendations": ('filter: {section: ["III.A", "II"]}', "%s"),
    "Query.measures": (f"filter: {{stateParty: {STATES}, kind: [LEGISLATION, POLICY]}}", "%s"),
    "Query.assessments": (f"filter: {{stateParty: {STATES}, verdict: [NOT_MENTIONED, NONE_REPORTED]}}", "%s"),
    "Query.reportingEvents": (
        f"filter: {{stateParty: {STATES}, kind: [INITIAL_REPORT_OVERDUE, LIST_OF_ISSUES]}}",
        "%s",
    ),
    "Query.statements": (f"filter: {{stateParty: {STATES}, kind: [DECLARATION, OBJECTION]}}", "%s"),
    "Query.sources": ("filter: {kind: [STATUTE, DATASET, NGO_REPORT]}", "%s"),
    "Query.coverage": ('filter: {stateParty: ["PHL", "AFG"], section: ["III.A"]}', "%s"),
    "Query.submissions": ("filter: {state: [PUBLISHED], mine: false}", "%s"),
    "Query.diff": (f"filter: {{stateParty: {STATES}, kind: [CORRECTED, RECODED]}}", "%s"),
    "Query.search": ('text: "vwyqzk", types: [MEASURE, SOURCE, ASSESSMENT]', "%s"),
    "StateParty.measures": ("filter: {kind: [LEGISLATION, POLICY, DATA]}", 'stateParty(code: "PHL") { %s }'),
    "StateParty.assessments": ("filter: {verdict: [NOT_MENTIONED]}", 'stateParty(code: "FRA") { %s }'),
    "StateParty.reportingEvents": ("", 'stateParty(code: "AGO") { %s }'),
    "StateParty.statements": ("", 'stateParty(code: "CHE") { %s }'),
    "StateParty.coverage": ('filter: {section: ["III.B"]}', 'stateParty(code: "AFG") { %s }'),
    "Recommendation.measures": (f"filter: {{stateParty: {STATES}}}", 'recommendation(code: "IIIA-04") { %s }'),
    "Recommendation.assessments": ("", 'recommendation(code: "IIIA-05") { %s }'),
    "Recommendation.coverage": ('filter: {region: ["Oceania"]}', 'recommendation(code: "IIIA-04") { %s }'),
    "Instrument.measures": (None, 'instrument: node(id: "Instrument:ILO_C182") { ... on Instrument { %s } }'),
    "Source.citedBy": (None, 'source(id: "Source:S-0098") { %s }'),
}
"""Connection → arguments that leave a dozen or two, and where it hangs. Those of `revisions` hang on each record's type."""

NOT_PUBLIC = {"Query.errorReports"}
"""Empty without an account."""

MIXED = {
    "stateParties": (("MEASURE_COUNT_DESC", "NAME_ASC"), ("CONSENT_ON_ASC", "NAME_DESC")),
    "recommendations": (("MEASURE_COUNT_ASC", "CODE_DESC"), ("MEASURE_COUNT_DESC", "CODE_ASC")),
    "measures": (
        ("STATE_PARTY_DESC", "DATE_ASC", "TITLE_DESC"),
        ("DATE_DESC", "CHANGED_AT_ASC"),
        ("TITLE_ASC", "DATE_DESC"),
    ),
    "assessments": (("ASSESSED_ON_DESC", "STATE_PARTY_ASC"), ("STATE_PARTY_DESC", "ASSESSED_ON_ASC")),
    "reportingEvents": (("HAPPENED_ON_ASC", "STATE_PARTY_DESC"), ("STATE_PARTY_ASC", "HAPPENED_ON_DESC")),
}
"""Lists of orders, up and down mixed."""


@dataclass(frozen=True)
class List:
    """A connection in an order: `text` is a query of a page of it, under the response key page."""

    name: str
    order: Sequence[str]
    text: str

    def __str__(self) -> str:
        return f"{self.name} by {', '.join(self.order) or 'default'}"


def connections_of(schema: GraphQLSchema) -> set[str]:
    """Each connection that the schema has for the public: Type.field."""
    found = {
        f"{type_.name}.{name}"
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType)
        for name, field in type_.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    }
    return found - NOT_PUBLIC


def lists(schema: GraphQLSchema) -> Iterator[List]:
    """Every connection in its default order, in each order that it offers, and in mixed ones; those of Reading in their default
    one, about a day: in other orders they are Query's."""
    for name, (arguments, where) in CHOSEN.items():
        type_name, _, field_name = name.partition(".")
        type_: GraphQLObjectType = schema.type_map[type_name]  # type: ignore[assignment]
        orders: list[Sequence[str]] = [()]
        if "orderBy" in type_.fields[field_name].args:
            enum: GraphQLEnumType = get_named_type(type_.fields[field_name].args["orderBy"].type)
            orders += [*((value,) for value in enum.values), *MIXED[field_name]]
        for order in orders:
            given = [arguments or "", f"orderBy: [{', '.join(order)}]" if order else ""]
            told = "".join(f", {one}" for one in given if one)
            page = PAGE if name != "Query.diff" else PAGE.replace("{ id }", "{ id: recordId }")
            yield List(name, order, PAGED % (where % (page % (field_name, told))))
        if type_name == "Query" and field_name in schema.type_map["Reading"].fields:  # type: ignore[attr-defined]
            page = PAGE % (field_name, f", {arguments}" if arguments else "")
            yield List(f"Reading.{field_name}", (), PAGED % f"{THEN} {{ {page} }}")
    record: GraphQLInterfaceType = schema.type_map["Record"]  # type: ignore[assignment]
    for name in (*(type_.name for type_ in schema.get_implementations(record).objects), "Tombstone"):
        hung = f"node(id: $id) {{ ... on {name} {{ {PAGE % ('revisions', '')} }} }}"
        yield List(f"{name}.revisions", (), PAGED.replace("($first", "($id: ID!, $first") % hung)
