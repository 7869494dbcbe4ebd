"""What HTTP's parser refuses before any address is looked up: told as a problem, as everything else is, to pages of any origin."""

import asyncio
import json

import httpx2
import pytest

from api.protocol import NO_ADDRESS, NO_REQUEST


@pytest.mark.parametrize(
    ("asked", "detail"),
    [
        ("GET /v1/search?text=niños HTTP/1.1\r\nHost: opsc.example\r\n\r\n", NO_ADDRESS),
        ("GET /v1/niños HTTP/1.1\r\nHost: opsc.example\r\n\r\n", NO_ADDRESS),
        ("GET /v1/search?text=child helpline HTTP/1.1\r\nHost: opsc.example\r\n\r\n", NO_REQUEST),
        ("\x16\x03\x01", NO_REQUEST),
    ],
)
async def test_a_request_that_cannot_be_read_is_told_what_to_do_and_the_connection_ends(
    client: httpx2.AsyncClient, asked: str, detail: str
) -> None:
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    writer.write(asked.encode())
    async with asyncio.timeout(10):
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    status, *lines = head.decode().split("\r\n")
    assert status == "HTTP/1.1 400 Bad Request"
    assert {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines} == {
        "cache-control": "no-store",
        "content-length": str(len(body)),
        "content-type": "application/problem+json",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "*",
        "connection": "close",
    }
    assert json.loads(body) == {"type": "about:blank", "status": 400, "title": "Bad request", "detail": detail}


async def test_what_is_advised_there_finds_what_was_meant(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/search?text=ni%C3%B1os")
    assert answer.status_code == 200
    assert str(answer.url).endswith("/v1/search?text=ni%C3%B1os")
