"""What others' tools read of an answer before its body: fields as HTTP has them (httplint), at one address of every kind."""

import time
from collections.abc import Mapping
from urllib.parse import quote

import httpx2
import pytest
from httplint import HttpRequestLinter, HttpResponseLinter, levels

QUERY = quote("{ stateParties(first: 2) { nodes { code } } }")
LONG = quote("{ measures(first: 100) { nodes { id title } } }")
PAGE = {"Accept": "text/html"}
ZIPPED = {"Accept-Encoding": "gzip"}

MEANT = {
    "STORE_PUBLIC_UNNECESSARY",  # also of what was asked with a token, which caches would else not keep
    "STATUS_BAD_REQUEST",  # which is what is asked here
    "VARY_COMPLEX",  # of /graphql: a page or JSON, of now or then, to the public or an account, in a coding
}
"""What httplint would not do."""

ANSWERS: Mapping[str, tuple[int, Mapping[str, str]]] = {
    "/": (307, {}),
    f"/graphql?query={QUERY}": (200, {}),
    f"/graphql?query={LONG}": (200, ZIPPED),
    f"/graphql?query={QUERY}&position=100": (200, {}),
    "/graphql?query=%7B": (200, {}),
    "/graphql": (400, {}),
    f"/graphql.csv?query={QUERY}": (200, {}),
    f"/graphql.json?query={QUERY}": (200, {}),
    "/v1": (200, {}),
    "/v1/measures": (200, ZIPPED),
    "/v1/measures?position=100": (200, {}),
    "/v1/measures?fist=1": (400, {}),
    "/v1/measures.csv?first=20": (200, {}),
    "/v1/measures.jsonl?first=20": (200, {}),
    "/v1/measures.xlsx?first=20": (200, {}),
    "/v1/measures.parquet?first=20": (200, {}),
    "/v1/measures.bib?first=20": (200, {}),
    "/v1/measures.csl.json?first=20": (200, {}),
    "/v1/changes.atom": (200, {}),
    "/v1/changes.feed.json": (200, {}),
    "/v1/reporting-events.ics": (200, {}),
    "/v1/measures/PHL-0001": (200, {}),
    "/v1/measures/PHL-0001.html": (303, {}),
    "/v1/measures/PHL-9999": (404, {}),
    "/v1/measures/PHL-0001/revisions": (200, {}),
    "/v1/dataset": (303, {}),
    "/v1/dataset.jsonld": (200, {}),
    "/v1/dataset.zip": (200, {}),
    "/v1/dataset.parquet.zip": (200, {}),
    "/v1/dataset.delta.jsonl?fromPosition=4700": (200, {}),
    "/r/Measure:PHL-0001": (200, {}),
    "/r/Measure:PHL-0001.html": (200, PAGE),
    "/r/Measure:PHL-0001/1": (200, {}),
    "/r/Measure:PHL-0001/timemap": (200, {}),
    "/q/00000000000000000000": (404, {}),
    "/webhooks": (401, {}),
    "/sheets/measures.csv": (200, {}),
    "/schema.graphql": (200, {}),
    "/openapi.json": (200, ZIPPED),
    "/docs": (200, {}),
    "/docs/clocks": (200, {}),
    "/docs/api": (200, {}),
    "/verify_log.py": (200, {}),
    "/healthz": (200, {}),
    "/readyz": (200, {}),
    "/nothing": (404, {}),
}
"""Address → the status, and what it is asked with."""


def noted(answer: httpx2.Response, body: bytes, asked_at: float) -> list[str]:
    """What httplint finds wrong with an answer. body: as it came, in its coding; asked_at: Date tells that."""
    asked = answer.request
    request, response = (
        HttpRequestLinter(),
        HttpResponseLinter(start_time=asked_at, no_content=asked.method == "HEAD"),
    )
    request.process_request_topline(asked.method.encode(), str(asked.url).encode(), b"HTTP/1.1")
    request.process_headers(asked.headers.raw)
    request.finish_content(True)
    response.request = request
    response.process_response_topline(b"HTTP/1.1", b"%d" % answer.status_code, answer.reason_phrase.encode())
    response.process_headers(answer.headers.raw)
    response.feed_content(body)
    response.finish_content(True)
    wrong = [note for note in response.notes if note.level in (levels.BAD, levels.WARN)]
    return [f"{type(note).__name__}: {note.summary}" for note in wrong if type(note).__name__ not in MEANT]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("address", ANSWERS)
async def test_fields_are_such_as_http_has(client: httpx2.AsyncClient, address: str, method: str) -> None:
    status, headers = ANSWERS[address]
    asked_at = time.time()
    async with client.stream(method, address, headers={"Accept-Encoding": "identity", **headers}) as answer:
        body = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.status_code == status
    assert noted(answer, body, asked_at) == []
