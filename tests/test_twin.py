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
    assert table == [flattened(node) for node in whole]
