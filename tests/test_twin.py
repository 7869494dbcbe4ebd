"""The GET twin: lists by address, a page in JSON and whole in the other forms, equal to what GraphQL says."""

import csv
import io
from typing import Any

import httpx2
import orjson
import pytest

from api.endpoints import ENDPOINTS
from tests.flattened import flattened


async def rows(client: httpx2.AsyncClient, address: str) -> list[dict[str, str]]:
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def nodes(client: httpx2.AsyncClient, address: str) -> list[Any]:
    """A list as lines of JSON."""
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    found = [orjson.loads(line) for line in answer.content.splitlines()]
    assert answer.headers["row-count"] == str(len(found))
    return found


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_every_form_of_a_list_says_the_same(client: httpx2.AsyncClient, name: str) -> None:
    whole = await nodes(client, f"/v1/{name}.jsonl")
    table = await rows(client, f"/v1/{name}.csv")
    page = (await client.get(f"/v1/{name}?first=200")).json()[ENDPOINTS[name].list]
    assert page["totalCount"] == len(whole) == len(table)
    assert page["nodes"] == whole[:200]
    filled = [{column: cell for column, cell in row.items() if cell} for row in table]
    assert filled == [flattened(node) for node in whole]


async def test_filters_orders_and_pages_are_graphql_s_own(client: httpx2.AsyncClient) -> None:
    query = '{ measures(filter: { stateParty: ["PHL", "AUT"], status: [IN_FORCE] }, orderBy: [DATE_DESC]) { nodes { id } } }'
    said = (await client.post("/graphql", json={"query": query})).json()["data"]["measures"]["nodes"]
    address = "/v1/measures.jsonl?stateParty=PHL,AUT&status=IN_FORCE&orderBy=DATE_DESC"
    assert [{"id": node["id"]} for node in await nodes(client, address)] == said
    again = "/v1/measures.csv?stateParty=PHL&stateParty=AUT&status=IN_FORCE&orderBy=DATE_DESC&first=3"
    assert [row["id"] for row in await rows(client, again)] == [one["id"] for one in said[:3]]


async def test_many_are_had_at_once_by_their_ids(client: httpx2.AsyncClient) -> None:
    found = await nodes(client, "/v1/measures.jsonl?id=Measure:PHL-0002,Measure:AFG-0001")
    assert [node["id"] for node in found] == ["Measure:AFG-0001", "Measure:PHL-0002"]


async def test_a_page_leads_to_the_next_until_the_last(client: httpx2.AsyncClient) -> None:
    seen: list[str] = []
    address: str | None = "/v1/statements?first=7"
    while address:
        answer = await client.get(address)
        seen += [node["id"] for node in answer.json()["statements"]["nodes"]]
        link = answer.links.get("next")
        address = link["url"].removeprefix("https://opsc.example") if link else None
    assert seen == [node["id"] for node in await nodes(client, "/v1/statements.jsonl")]


async def test_an_answer_says_which_clocks_it_stands_for(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/state-parties.csv?valid=2005-01-01")
    told = answer.headers
    assert (told["record-position"], told["record-valid"]) == ("4727", "2005-01-01")
    assert int(told["row-count"]) == len(answer.text.splitlines()) - 1 < 178
    page = (await client.get("/v1/state-parties?valid=2005-01-01")).json()
    assert (page["clock"]["valid"], page["stateParties"]["totalCount"]) == ("2005-01-01", int(told["row-count"]))


async def test_an_empty_list_is_a_header_alone(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/measures.csv?stateParty=XXX")
    assert (answer.headers["row-count"], len(answer.text.splitlines())) == ("0", 1)


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/v1/measures?statePart=PHL", 400, "Did you mean stateParty?"),
        ("/v1/measures.csv?nothing=1", 400, "There is no parameter nothing."),
        ("/v1/measures.csv?status=FORCE", 400, "FORCE"),
        ("/v1/measures?first=many", 400, "first: 'many' is no whole number."),
        ("/v1/measures?first=201", 400, "ask for 1 to 200"),
        ("/v1/measures.jsonl?first=0", 400, "ask for 1 or more"),
        ("/v1/measures?digital=yes", 400, "digital: write true or false"),
        ("/v1/measures.csv?after=x", 400, "this is no cursor"),
        ("/v1/measures.csv?text=%00", 400, "NUL"),
        ("/v1/measures?position=99999999", 404, "position"),
        ("/v1/measures.csv?known=1999-01-01T00:00:00Z", 404, "known"),
        ("/v1/measures?first=1&first=2", 400, "first: it is given 2 times"),
        ("/v1/nothing", 404, "/v1/measures"),
        ("/v1/measures.exe", 404, ".csv"),
    ],
)
async def test_what_cannot_be_answered_is_told_as_a_problem(
    client: httpx2.AsyncClient, address: str, status: int, told: str
) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]
    assert "content-disposition" not in answer.headers


async def test_accept_chooses_the_form_where_the_address_does_not(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/statements", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"


async def test_readers_who_leave_early_keep_no_connection(client: httpx2.AsyncClient) -> None:
    for _ in range(6):  # more than there are connections for whole lists
        async with client.stream("GET", "/v1/measures.jsonl") as answer:
            async for _chunk in answer.aiter_raw():
                break
    assert len(await nodes(client, "/v1/statements.jsonl")) == 38
