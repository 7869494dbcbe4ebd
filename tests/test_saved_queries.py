"""Saved queries: an address for a document and its variables, live or frozen, in every form; and any query by a plain GET."""

from typing import Any

import httpx2
import pytest

from tests.maintainers import Maintainers

LAWS = """
query LawsOfAState($state: [String!]) {
  measures(filter: { stateParty: $state, kind: [LEGISLATION] }, orderBy: [DATE_DESC]) {
    totalCount
    nodes { id title status stateParty { code } recommendations { code } }
  }
}
"""

PHL = {"query": LAWS, "variables": {"state": ["PHL"]}}


@pytest.fixture(scope="module")
async def client(people_of_the_module: Maintainers) -> httpx2.AsyncClient:
    return people_of_the_module.anybody.client


async def saved(client: httpx2.AsyncClient, status: int = 201, **asked: Any) -> Any:
    answer = await client.post("/q", json=asked)
    assert answer.status_code == status, answer.text
    told = answer.json()
    assert answer.headers["location"] == told["address"] == f"https://opsc.example/q/{told['id']}"
    return told


async def test_a_query_is_saved(client):
    told = await saved(client, **PHL)
    print(told)
    for s in ("", ".json", ".jsonl", ".csv", ".graphql", ".html"):
        a = await client.get(f"/q/{told['id']}{s}")
        print(s, a.status_code, a.headers, a.text[:1500])
    a = await client.get(
        "/graphql.csv", params={"query": '{ stateParty(code: "PHL") { code name measures(first:2) { nodes { id } } } }'}
    )
    print(a.text)
    a = await client.get(
        "/graphql.csv",
        params={"query": '{ search(text: "law", first: 5) { edges { rank node { id ... on Measure {title}}} } }'},
    )
    print(a.text)
    a = await client.get("/v1/search.csv?text=law&first=3")
    print(a.text)
    a = await client.get("/v1/coverage-summary.csv?by=REGION")
    print(a.text)
    assert 0
