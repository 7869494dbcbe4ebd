"""Documents that are named by their hash, or by a saved query's id, instead of being sent."""

import hashlib
from typing import Any

import httpx2
import pytest

from api.v1.endpoints import HERE
from tests.maintainers import Maintainers, amended

NOTE = 'query Note($id: ID! = "Measure:PHL-0001") { measure(id: $id) { id note } clock { position } }'


@pytest.fixture(scope="module")
def people(people_of_the_module: Maintainers) -> Maintainers:
    return people_of_the_module


@pytest.fixture(scope="module")
def client(people: Maintainers) -> httpx2.AsyncClient:
    return people.anybody.client


async def saved(client: httpx2.AsyncClient, **asked: Any) -> Any:
    answer = await client.post("/q", json=asked)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def answered(client: httpx2.AsyncClient, **asked: Any) -> Any:
    answer = await client.post("/graphql", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_saved_document_is_run_by_its_hash(client: httpx2.AsyncClient) -> None:
    told = await saved(client, query=NOTE)
    text = (await client.get(f"/q/{told['id']}.graphql")).content
    assert told["documentId"] == f"sha256:{hashlib.sha256(text).hexdigest()}"
    variables = {"id": "Measure:PHL-0002"}
    said = await answered(client, query=NOTE, variables=variables)
    assert await answered(client, documentId=told["documentId"], variables=variables) == said
    by_get = await client.get(
        "/graphql", params={"documentId": told["documentId"], "variables": '{"id": "Measure:PHL-0002"}'}
    )
    assert by_get.json() == said
    table = await client.get("/graphql.csv", params={"documentId": told["documentId"]})
    assert table.text.splitlines()[0] == "measure.id,measure.note,clock.position"


async def test_the_documents_of_the_read_endpoints_are_named_by_the_hashes_of_their_files(
    client: httpx2.AsyncClient,
) -> None:
    name = hashlib.sha256((HERE / "measures.graphql").read_bytes()).hexdigest()
    found = await answered(
        client,
        documentId=f"sha256:{name}",
        operationName="Measures",
        variables={"first": 2, "filter": {"stateParty": ["PHL"]}},
    )
    page = (await client.get("/v1/measures?first=2&stateParty=PHL")).json()
    assert found["data"] == page


async def test_a_saved_query_s_id_stands_for_its_variables_and_its_clock(
    people: Maintainers, client: httpx2.AsyncClient
) -> None:
    asked: dict[str, Any] = {"query": NOTE, "variables": {"id": "Measure:PHL-0003"}}
    live, frozen = await saved(client, **asked), await saved(client, **asked, freeze=True)
    before = await answered(client, documentId=frozen["id"])
    assert before["data"]["measure"]["id"] == "Measure:PHL-0003"
    await people.ana.published(people.cara, amended("Measure:PHL-0003", note="Invented for tests."))
    assert (await answered(client, documentId=frozen["id"])) == before
    by_get = await client.get("/graphql", params={"documentId": frozen["id"]})
    assert by_get.json() == before
    assert "memento-datetime" in by_get.headers
    now = await answered(client, documentId=live["id"])
    assert now["data"]["measure"]["note"] == "Invented for tests."
    other = await answered(client, documentId=live["id"], variables={"id": "Measure:PHL-0004"})
    assert other["data"]["measure"]["id"] == "Measure:PHL-0004"
    elsewhen = await client.get("/graphql", params={"documentId": frozen["id"], "position": "1"})
    assert (elsewhen.status_code, elsewhen.json()["errors"][0]["extensions"]) == (400, {"code": "BAD_USER_INPUT"})


@pytest.mark.parametrize("media_type", ["application/json", "application/graphql-response+json"])
@pytest.mark.parametrize("name", ["sha256:" + "0" * 64, "sha256:" + "0" * 63, "0" * 20, "x-ours:1", "../etc"])
async def test_an_unknown_document_is_one_error_with_its_code(
    client: httpx2.AsyncClient, media_type: str, name: str
) -> None:
    answer = await client.post("/graphql", json={"documentId": name}, headers={"accept": media_type})
    assert (answer.status_code, answer.headers["content-type"]) == (404, f"{media_type}; charset=utf-8")
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNKNOWN_DOCUMENT"}
    assert error["message"].startswith(f"There is no document '{name}' here.")
    assert "data" not in answer.json()


@pytest.mark.parametrize("asked", [{"documentId": 7}, {"documentId": ""}, {"documentId": "0" * 20, "query": NOTE}])
async def test_a_document_is_sent_or_named_and_not_both(client: httpx2.AsyncClient, asked: dict[str, Any]) -> None:
    answer = await client.post("/graphql", json=asked)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith("documentId must be text, and stands for a query")
