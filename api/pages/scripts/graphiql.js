// Five queries that teach, each in a tab of its own; or the query and variables of the page's address, at its moment.
"use strict";

const EXAMPLES = [
  `# 1. One State party, and what is reported of it.
# Press Ctrl-Enter to run. Hover over a name to read what it means; Ctrl-Space lists what else there is.
query OneState {
  stateParty(code: "PHL") {
    name
    consentOn
    inForceOn
    dateConfidence
    measures(first: 10, orderBy: [DATE_DESC]) {
      totalCount
      nodes {
        title
        status
        inForceOn
        reportedBy
        confidence
        citations { source { title url } }
      }
    }
  }
}`,
  `# 2. A filter, a page, and the next one: put endCursor into the variable \`after\`.
# The list stays as it was at its first page, whatever is published meanwhile.
query OnlineMeasures($after: String) {
  measures(
    filter: { theme: [ONLINE], status: [IN_FORCE], region: ["Asia"] }
    orderBy: [DATE_DESC]
    first: 20
    after: $after
  ) {
    totalCount
    nodes { id title inForceOn stateParty { code name } recommendations { code title } }
    pageInfo { hasNextPage endCursor }
  }
}`,
  `# 3. What the record has for each State and recommendation, counted.
# Most cells are NOT_YET_CODED: nobody has coded them here yet, which says nothing about the State.
query Coverage {
  coverageSummary(by: [REGION]) {
    key
    total
    counts { state count }
  }
  stateParty(code: "PHL") {
    coverage(first: 5, filter: { state: [MEASURE_IN_FORCE, MEASURE_REPORTED] }) {
      nodes { recommendation { code title } state sentence since latest { title } }
    }
  }
}`,
  `# 4. Search, and fragments on whatever is found.
query Search {
  search(text: "live streaming", first: 10) {
    totalCount
    edges {
      rank
      snippet
      node {
        id
        ... on Measure { title stateParty { name } }
        ... on Recommendation { title verification }
        ... on Source { title url }
      }
    }
  }
}`,
  `# 5. What changed since you last looked: keep lastPosition, and give it as \`after\` next time.
# Every revision says who changed what, why, and how to cite it.
query Changes {
  clock { known valid position }
  changes(after: 4700, first: 5) {
    nodes {
      position
      recordId
      operation
      kind
      reason
      recordedAt
      author
      fieldChanges { sentence }
      citation
    }
    lastPosition
    hasMore
  }
}`,
];

const asked = new URLSearchParams(window.location.search);
const moment = new URLSearchParams([...asked].filter(([name]) => ["known", "position", "valid"].includes(name)));
const properties = {
  fetcher: GraphiQL.createFetcher({ url: `/graphql?${moment}` }),
  shouldPersistHeaders: false,
  defaultTabs: EXAMPLES.map((query) => ({ query })),
};
if (asked.has("query")) {
  properties.query = asked.get("query");
  properties.variables = asked.get("variables") ?? "";
}
ReactDOM.render(React.createElement(GraphiQL, properties), document.getElementById("graphiql"));
