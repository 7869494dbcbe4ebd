"""Operations of several kinds, and fields that take text from readers."""

from collections.abc import Sequence
from typing import Any

KINDS = (
    "{ clock { known valid position } }",
    "{ __typename }",
    '{ stateParty(code: "PHL") { measures(first: 20) { nodes { id recommendations { id } citations { source { id } } } } } }',
    "{ measures(last: 9, orderBy: [DATE_DESC]) { totalCount edges { cursor node { id revisions { nodes { id } } } } } }",
    '{ a: coverageSummary(by: [REGION]) { key total } b: coverage(first: 3, filter: {region: ["Asia"]}) { nodes { sentence } } }',
    '{ nodes(ids: ["Measure:PHL-0007", "Revision:1", "Nothing:1"]) { __typename } search(text: "law") { nodes { id } } }',
    "{ changes(first: 5) { nodes { fieldChanges { sentence } citation record { id } } } __schema { types { name } } }",
    "{ diff(fromPosition: 9, toPosition: 4000, first: 3) { nodes { kinds sentence fieldChanges { field } before { id } } } }",
    '{ clock { known } a: at(position: 9) { ...Told } b: at(position: 900, valid: "2031-01-01") { ...Told } c: at(known: '
    '"2999-01-01T00:00:00Z") @skip(if: true) { ...Told } d: at(valid: "2002-01-18") { ...Told } } fragment Told on Reading '
    "{ clock { known valid position } stateParties(first: 2) { totalCount nodes { versionId measures { totalCount } } } }",
    "{ viewer { name } submissions(first: 2) { totalCount nodes { id needs reviews { text } revisions { id submission { id } } } } "
    'submission(id: "Submission:1") { plan { hash } citations { locator } comments { text } } }',
    'query ($day: Date = "2020-01-01", $codes: [String!] = ["PHL"]) '
    "{ stateParties(filter: {consentTo: $day, code: $codes}) { nodes { name } } }",
)
"""Whole operations, whose every part is done otherwise."""

SPEAKING = (
    "stateParty(code: %s) { id }",
    "recommendation(code: %s) { id }",
    "section(number: %s) { id }",
    "node(id: %s) { id }",
    "nodes(ids: [%s]) { id }",
    "measure(id: %s) { id }",
    "source(id: %s) { id }",
    "search(text: %s) { totalCount }",
    "measures(after: %s) { totalCount }",
    "measures(filter: {stateParty: [%s]}) { totalCount }",
    "measures(filter: {id: [%s]}) { totalCount }",
    "measures(filter: {section: [%s]}) { totalCount }",
    "measures(filter: {text: %s}) { totalCount }",
    "stateParties(filter: {region: [%s]}) { totalCount }",
    "sources(filter: {symbol: [%s]}) { totalCount }",
    "changes(filter: {author: [%s]}) { lastPosition }",
    "changes(filter: {submission: %s}) { lastPosition }",
    "submission(id: %s) { id }",
    "submissions(after: %s) { totalCount }",
    "errorReports(after: %s) { totalCount }",
    "errorReports(filter: {record: [%s]}) { totalCount }",
    "diff(after: %s) { totalCount }",
    "diff(filter: {author: [%s]}) { totalCount }",
    "changes(filter: {recordId: [%s]}) { lastPosition }",
    'stateParty(code: "PHL") { measures { nodes { recommendations { coverage(filter: {stateParty: [%s]}) { totalCount } } } } }',
)
"""Fields of Query, with a place for a text each."""

SHAPED = """query ($first: Int, $last: Int, $order: [MeasureOrder!], $filter: MeasureFilter, $by: [CoverageDimension!] = [GROUP],
    $language: Language, $id: ID = "Source:S-0001", $ids: [ID!]!, $with: Boolean = true) {
    measures(first: $first, last: $last, orderBy: $order, filter: $filter) { nodes { id status } totalCount }
    stateParty(code: "FRA") { name(language: $language) coverageSummary(by: $by) @include(if: $with) { key total } }
    node(id: $id) { __typename id ... on Record { permalink } }
    nodes(ids: $ids) { id __typename } }"""

SHAPES: Sequence[dict[str, Any]] = [
    {"first": 3},
    {"first": 4},
    {"last": 2, "order": ["TITLE_DESC"]},
    {"last": 2, "first": None, "order": ["TITLE_ASC", "DATE_DESC"]},
    {"first": 2, "order": []},
    {"first": 2, "order": None, "filter": {"stateParty": ["PHL"]}},
    {"first": 2, "filter": {"stateParty": None, "kind": ["POLICY"]}},
    {"first": 2, "filter": {"stateParty": [], "kind": None}},
    {"first": 2, "filter": None, "language": "FR", "by": ["SECTION", "GROUP"]},
    {"first": 2, "language": None, "by": [], "with": False},
    {"first": 2, "by": ["THEME"], "id": "Measure:PHL-0007"},
    {"first": 2, "id": "Coverage:FRA:IVC-05"},
    {"first": 2, "id": "Nothing:1"},
]
"""Variables for that, no two of one shape, or alike in shape and not in value."""

IDS = (
    "Measure:PHL-0007", "Nothing:1", "Revision:3", "Measure:PHL-0007", "Coverage:PHL:IVC-05", "Article:1",
    "Article:99", "Revision:0", "Revision:007", "Revision:999999999", "Coverage:PHL", "Coverage:PHL:IVC-05:1", "Coverage::",
    "Article:1",
)  # fmt: skip
"""The seventh to the one before last name nothing, and the second."""
