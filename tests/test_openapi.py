"""/openapi.json: valid, complete, and true of what the addresses answer."""

from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from api.app import ROUTES
from api.openapi.document import described
from api.openapi.endpoints import example_of
from api.openapi.webhooks import WEBHOOKS
from api.v1.endpoints import ENDPOINTS, listing_of
from api.v1.forms import FORMS
from tests.described import Described

ADDRESS = "https://opsc.example"
DOCUMENT = described(ADDRESS)
TRUE, STRICTLY = Described(DOCUMENT), Described(DOCUMENT, strict=True)

OPERATIONS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]

UNDESCRIBED = {"/v1/{path:path}", "/v1/dataset", "/"}
"""Routes whose addresses stand in the table of endpoints, or lead elsewhere."""

TOKENS = {"/feeds/waiting/{token}.atom", *WEBHOOKS}
"""Addresses that only somebody with a token is answered at."""

EXAMPLES = [pytest.param(*one, id=f"{one[1]} {one[0]}") for one in OPERATIONS if one[0] not in TOKENS]


def resolved(parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: dict[str, Any] = DOCUMENT["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
    return found


def example(path: str, method: str) -> tuple[str, dict[str, str]]:
    """The address and the query that the examples of an operation's parameters make."""
    query: dict[str, str] = {}
    for parameter in map(resolved, DOCUMENT["paths"][path][method]["parameters"]):
        if "example" not in parameter:
            continue
        told = parameter["example"]
        written = ",".join(map(str, told)) if isinstance(told, list) else str(told)
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(written, safe=""))
        else:
            query[parameter["name"]] = written
    return path, query


def test_it_is_valid() -> None:
    assert [str(error) for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()] == []


async def test_it_is_served_with_the_public_address(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
    assert answer.json() == DOCUMENT
    assert answer.json()["servers"] == [{"url": ADDRESS}]


def test_every_route_and_every_endpoint_is_described() -> None:
    routes = [route for route in ROUTES if isinstance(route, Route)]
    assert {route.path.replace(":int", "") for route in routes} - UNDESCRIBED <= set(DOCUMENT["paths"])
    assert set(ENDPOINTS) <= set(DOCUMENT["paths"])


def test_every_form_is_described() -> None:
    for path, endpoint in ENDPOINTS.items():
        responses = DOCUMENT["paths"][f"{path}.{{form}}"]["get"]["responses"]
        forms = {form.media_type.partition(";")[0] for form in FORMS.values() if form.fits(listing_of(endpoint).field)}
        assert set(responses["200"]["content"]) == {"application/json", *forms}


def test_everything_has_a_sentence() -> None:
    poor = [
        f"{path} {parameter['name']}"
        for path, method in OPERATIONS
        for parameter in map(resolved, DOCUMENT["paths"][path][method]["parameters"])
        if len(parameter["description"]) < 5
    ]
    assert poor == []


@pytest.mark.parametrize(("path", "method"), EXAMPLES)
async def test_an_example_is_answered_as_described(anybody: httpx2.AsyncClient, path: str, method: str) -> None:
    address, query = example(path, method)
    operation = DOCUMENT["paths"][path][method]
    body = operation["requestBody"]["content"]["application/json"]["example"] if "requestBody" in operation else None
    answer = await anybody.request(method, address, params=query, json=body)
    assert (answer.status_code in (200, 201), STRICTLY.faults(path, method, answer)) == (True, []), answer.text[:500]
    told = operation["responses"][str(answer.status_code)].get("headers", {})
    always = {name for name in told if name.startswith(("Record-", "RateLimit"))}
    assert [name for name in always if name not in answer.headers] == []


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_an_example_shows_something(client: httpx2.AsyncClient, path: str) -> None:
    address = example_of(ENDPOINTS[path])
    assert f"`{address}`" in DOCUMENT["paths"][path]["get"]["description"]
    shown = (await client.get(address)).json()[ENDPOINTS[path].field]
    assert shown.get("nodes") or shown.get("edges") or shown.get("id") if isinstance(shown, dict) else shown


async def test_what_is_refused_is_answered_as_described(client: httpx2.AsyncClient) -> None:
    for address, path in {
        "/v1/measures?nothing=1": "/v1/measures",
        "/v1/measures.csv?first=x": "/v1/measures.{form}",
        "/v1/measures/NO-0001": "/v1/measures/{id}",
        "/r/nothing": "/r/{id}",
        "/sheets/statements.csv?stateParty=x": "/sheets/{file}",
        "/graphql?query=x": "/graphql",
    }.items():
        answer = await client.get(address)
        assert (answer.status_code >= 400 or path == "/graphql", TRUE.faults(path, "get", answer)) == (True, [])


async def test_what_is_described_wrongly_is_found(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/measures?first=1")
    assert TRUE.faults("/v1/measures", "get", answer) == []
    assert STRICTLY.faults("/v1/statements", "get", answer) != []
