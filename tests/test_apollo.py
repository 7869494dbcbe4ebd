"""Clients that keep a normalised cache hold several clocks at once: a real InMemoryCache, set up as the README says (RISKS 23)."""

import asyncio
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import orjson
import pytest

from schema.query import schema
from tests.npm import Unavailable, installed, node
from tests.record_documents import BEGINNING, amend, create, measure, published, restore, retract, state_party
from tests.served import served

HERE = Path(__file__).parent
PLAIN = "const cache = new InMemoryCache({ possibleTypes })"
OPERATION = """
query Compare($then: Int!, $day: Date!, $today: Date!) {
  then: at(position: $then, valid: $day) { ...Told }
  later: at(position: $then, valid: $today) { ...Told }
  now: at(valid: $today) { ...Told }
  measure(id: "Measure:AAA-0001") { ...Shown }
  goneThen: at(position: $then) { __typename node(id: "Measure:AAA-0003") { ...Gone } }
  gone: node(id: "Measure:AAA-0003") { ...Gone }
  halfway: at(position: 2) { __typename node(id: "Submission:1") { ...Published } }
  published: submission(id: "Submission:1") { ...Published }
}
fragment Published on Submission { __typename id state revisions { __typename id recordId } }
fragment Gone on Tombstone { __typename id versionId revision { __typename id reason } }
fragment Told on Reading {
  __typename
  clock { __typename known valid position }
  measure(id: "Measure:AAA-0001") { ...Shown }
  measures(first: 5) { __typename nodes { ...Shown } pageInfo { __typename endCursor } }
  stateParty(code: "AAA") { __typename id ... on Record { versionId permalink } name region }
  coverage(first: 4) { __typename nodes { __typename id state latest { __typename id versionId status } } }
}
fragment Shown on Measure {
  __typename id versionId title status adoptedOn
  stateParty { __typename id versionId name measures { __typename totalCount } }
  revision { __typename id number record { __typename id ... on Record { versionId } ... on Measure { title } } }
  revisions { __typename nodes { __typename id number record { __typename id ... on Measure { versionId title } } } }
  citations { __typename locator source { __typename id versionId title } }
}"""


@dataclass
class Client:
    """What a client knows: the server's answer, the types that its interfaces can be, and where its packages are."""

    variables: dict[str, Any]
    data: dict[str, Any]
    possible_types: dict[str, list[str]]
    command: list[str | Path]

    async def reads(self, code: str) -> Any:
        """The answer as it comes out of the cache that this code makes."""
        told = {"code": code, "possibleTypes": self.possible_types, "query": OPERATION}
        given = orjson.dumps({**told, "variables": self.variables, "data": self.data})
        done = await asyncio.to_thread(subprocess.run, self.command, input=given, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        return orjson.loads(done.stdout)


@pytest.fixture
async def apollo(empty: asyncpg.Connection, empty_url: str) -> Client:
    try:
        binary, packages = node(20), await asyncio.to_thread(installed, HERE / "apollo", "opsc-apollo")
    except Unavailable as reason:
        pytest.skip(str(reason))
    shutil.copy(HERE / "apollo/cache.mjs", packages)
    dated = measure("AAA", status="IN_FORCE", adoptedOn="2010-03-01", inForceOn="2015-01-01")
    gone = "Measure:AAA-0003", measure("AAA")
    await published(empty, *BEGINNING, create("Measure:AAA-0002", dated), create(*gone))
    then = await published(empty, retract(*gone), reason="A duplicate")
    await published(empty, restore(*gone))
    await published(empty, retract(*gone), reason="A duplicate after all")
    again = {**dated, "title": "A better law"}
    amended = amend("StateParty:AAA", state_party("AAA", names={"EN": "State AAA, renamed"}))
    await published(empty, amended, amend("Measure:AAA-0001", again), amend("Measure:AAA-0002", again))
    variables = {"then": then.last, "day": "2012-06-30", "today": "2024-06-30"}
    async with served(empty_url) as client:
        data = await _asked(client, OPERATION, variables)
        told = await _asked(client, "{ __schema { types { name possibleTypes { name } } } }", {})
    possible_types = {
        one["name"]: [type_["name"] for type_ in one["possibleTypes"]]
        for one in told["__schema"]["types"]
        if one["possibleTypes"]
    }
    return Client(variables, data, possible_types, [binary, packages / "cache.mjs"])


async def _asked(client: httpx2.AsyncClient, query: str, variables: dict[str, Any]) -> Any:
    return (await client.post("/graphql", json={"query": query, "variables": variables})).json()["data"]


async def test_a_cache_keyed_by_version_keeps_several_clocks_apart(apollo: Client) -> None:
    then, later, now = (apollo.data[name]["measure"] for name in ("then", "later", "now"))
    assert (then["title"], later["title"], now["title"]) == ("A law", "A law", "A better law")
    assert len({one["versionId"] for one in (then, later, now, apollo.data["measure"])}) == 4
    (told,) = re.findall(r"```js\n(const cache = .*?)```", (HERE.parent / "README.md").read_text("utf-8"), re.DOTALL)
    assert await apollo.reads(told) == apollo.data


async def test_a_cache_keyed_by_id_shows_one_clock_as_another(apollo: Client) -> None:
    """So the test above can fail: this is what clients do that are not told otherwise."""
    read = await apollo.reads(PLAIN)
    assert read != apollo.data
    assert read["then"]["measure"]["title"] == "A better law"


@pytest.mark.parametrize("name", ["Record", "Tombstone", "Coverage", "Revision", "Submission"])
async def test_each_type_that_the_readme_names_needs_its_policy(apollo: Client, name: str) -> None:
    policies = {
        "Record": {"keyFields": ["versionId"]},
        "Tombstone": {"keyFields": ["versionId"]},
        "Coverage": {"keyFields": False},
        "Revision": {"keyFields": False},
        "Submission": {"keyFields": False},
    }
    del policies[name]
    text = orjson.dumps(policies).decode()
    code = f"const cache = new InMemoryCache({{ possibleTypes, typePolicies: {text} }})"
    assert await apollo.reads(code) != apollo.data


def test_the_types_that_have_ids_and_are_no_records_are_those_that_the_readme_names() -> None:
    """A type more, and the README's policies need it."""
    nodes, records = (_implementing(name) for name in ("Node", "Record"))
    assert nodes - records == {"Coverage", "ErrorReport", "Revision", "Submission", "Tombstone"}


def _implementing(interface: str) -> set[str]:
    return {one.name for one in schema.get_implementations(schema.type_map[interface]).objects}


def test_the_packages_lock_names_no_registry() -> None:
    assert "://" not in (HERE / "apollo/package-lock.json").read_text("utf-8")
