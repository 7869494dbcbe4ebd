"""Calls that nobody would think of, made by schemathesis of what is described: none is a fault of ours, and all are answered so."""

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from typing import Any

import httpx2
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes

from api.openapi.document import described
from schema.query import sdl
from tests.described import Described

CALLS = int(os.environ.get("OPSC_GENERATED_CALLS", "2000"))
"""In all. The environment may lower it while one works on something else."""

OF_GRAPHQL = CALLS // 4

AT_ONCE = 6

DOCUMENT = described("https://opsc.example")
DESCRIBED = Described(DOCUMENT)

schemathesis.graphql.scalar("Date", st.dates().map(str).map(nodes.String))
schemathesis.graphql.scalar("DateTime", st.datetimes().map(lambda at: f"{at.isoformat()}Z").map(nodes.String))
schemathesis.graphql.scalar("PartialDate", st.dates().map(lambda day: str(day)[:7]).map(nodes.String))
schemathesis.graphql.scalar("JSON", st.text().map(nodes.String))


def cases(schema: Any, calls: int) -> list[Any]:
    """So many calls, evenly of all operations; the same each time."""
    made: list[Any] = []
    operations = [one.ok() for one in schema.get_all_operations()]
    for index, operation in enumerate(operations):
        share = calls * (index + 1) // len(operations) - calls * index // len(operations)
        made += _cases(operation, share, index) if share else []
    return made


def _cases(operation: Any, calls: int, number: int) -> list[Any]:
    made: list[Any] = []

    @seed(number)
    @settings(
        max_examples=calls,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy())
    def gather(case: Any) -> None:
        made.append(case)

    gather()
    return [made[index % len(made)] for index in range(calls)]


async def answers(
    client: httpx2.AsyncClient, made: Iterable[Any]
) -> list[tuple[Any, httpx2.Response | httpx2.TransportError]]:
    """Each call with its answer, or with how the connection broke."""
    at_once = asyncio.Semaphore(AT_ONCE)

    async def sent(case: Any) -> tuple[Any, httpx2.Response | httpx2.TransportError]:
        told = case.as_transport_kwargs(base_url=str(client.base_url))
        parts = {name: told[name] for name in ("params", "json") if told.get(name)}
        parts["headers"] = {
            name: value.strip() for name, value in (told.get("headers") or {}).items()
        }  # HTTP has none around
        async with at_once:
            try:
                return case, await client.request(told["method"], told["url"], **parts)
            except httpx2.ReadError:  # a connection that was idle may be closed just then
                return case, await client.request(told["method"], told["url"], **parts)
            except httpx2.TransportError as error:
                return case, error

    return list(await asyncio.gather(*map(sent, made)))


def sensible(made: Iterable[Any]) -> Iterable[Any]:
    """Every second call that is of a record, of one that there is, as nobody guesses ids; of four whole lists, three cut short."""
    for index, case in enumerate(made):
        if index % 2 and "id" in case.path_parameters:
            case.path_parameters["id"] = _example(case, "id")
        if index % 4 and "form" in case.path_parameters and "last" not in case.query and not _is_record(case):
            case.query.setdefault("first", 100)
        if case.path == "/v1/dataset.{form}":
            case.path_parameters["form"] = "jsonld"  # the others take seconds each, and have tests of their own
        yield case


def _is_record(case: Any) -> bool:
    return bool(case.path.endswith("/{id}.{form}")) or case.path.startswith(("/v1/coverage-summary", "/v1/dataset"))


def _example(case: Any, name: str) -> Any:
    operation = DOCUMENT["paths"][case.path][case.method.lower()]
    parameters = [
        DOCUMENT["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        for one in operation["parameters"]
    ]
    return next(one["example"] for one in parameters if one["name"] == name)


async def test_no_call_of_an_address_is_a_fault_of_ours(anybody: httpx2.AsyncClient) -> None:
    made = sensible(cases(schemathesis.openapi.from_dict(DOCUMENT), CALLS - OF_GRAPHQL))
    found, faults = Counter[int](), list[str]()
    for case, answer in await answers(anybody, made):
        if isinstance(answer, httpx2.TransportError):
            faults.append(f"{case.as_curl_command()[:2_000]}: {answer!r}")
            continue
        found[answer.status_code // 100] += 1
        told = DESCRIBED.faults(case.path, case.method.lower(), answer)
        faults += [f"{answer.request.method} {answer.request.url}: {one}" for one in told]
    assert faults == [], "\n".join(faults[:20])
    assert found.total() == CALLS - OF_GRAPHQL
    assert found[2] > CALLS // 5, found


async def test_no_operation_of_graphql_is_a_fault_of_ours(anybody: httpx2.AsyncClient) -> None:
    made = cases(schemathesis.graphql.from_file(sdl()), OF_GRAPHQL)
    for case in made:
        case.path = "/graphql"
    found, faults = Counter[str](), list[str]()
    for case, answer in await answers(anybody, made):
        assert isinstance(answer, httpx2.Response), answer
        told = answer.json()
        codes = [one["extensions"]["code"] for one in told.get("errors", ())]
        found.update(codes or ["DATA"])
        if answer.status_code >= 500 or "INTERNAL" in codes:
            faults.append(f"{case.body}: {answer.text[:300]}")
        faults += DESCRIBED.faults("/graphql", "post", answer)
    assert faults == [], "\n".join(faults[:20])
    assert found["DATA"] > OF_GRAPHQL // 5, found
