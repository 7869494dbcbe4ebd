"""The five operations that are measured, in the contract's words, and what their variables go through."""

from dataclasses import dataclass, field
from typing import Any

Variables = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """cycles: what makes its variables differ from request to request: "states", "cursors" or nothing."""

    name: str
    title: str
    text: str
    cycles: str = field(default="")


QUERIES = (
    Query(
        "one_state",
        "one State, 20 measures, their recommendations",
        """query one_state($code: String!) {
  stateParty(code: $code) {
    id code name
    measures(first: 20) { nodes { id title kind status inForceOn recommendations { code title } } }
  }
}""",
        cycles="states",
    ),
    Query(
        "all_states",
        "all States, 4 fields",
        """query all_states {
  stateParties(first: 200) { nodes { code name region consentOn } }
}""",
    ),
    Query(
        "history",
        "100 measures, State, recommendations, last 5 revisions",
        """query history {
  measures(first: 100, orderBy: [STATE_PARTY_ASC]) {
    nodes {
      id title
      stateParty { code name }
      recommendations { code title }
      revisions(last: 5) { nodes { position number recordedAt author } }
    }
  }
}""",
    ),
    Query(
        "coverage",
        "coverage by region",
        """query coverage {
  coverageSummary(by: [REGION]) { key label total counts { state count } }
}""",
    ),
    Query(
        "next_page",
        "the next 50 of a long list",
        """query next_page($after: String!) {
  measures(first: 50, after: $after, orderBy: [DATE_DESC]) {
    nodes { id title kind status inForceOn }
    pageInfo { hasNextPage endCursor }
  }
}""",
        cycles="cursors",
    ),
)
