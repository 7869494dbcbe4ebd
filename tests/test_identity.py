"""Tokens over HTTP: whose is known, which are refused, alike, and how guessing at them ends."""

from collections.abc import AsyncIterator

import asyncpg
import httpx2
import pytest

from api.identity.bearer import GUESSES, WHILE
from db import accounts
from db.embedded import Embedded
from db.token_text import new_token
from schema.plan import COST_LIMIT
from tests.conftest import cloned
from tests.served import served

QUERY = "{ viewer { name role expiresAt } }"
REFUSED = {
    "errors": [
        {
            "message": "This token is not good here. Ask whoever keeps this record for one, or leave it out: reading needs none.",
            "extensions": {"code": "UNAUTHENTICATED"},
        }
    ],
    "extensions": {"cost": {"requested": 0, "limit": COST_LIMIT}},
}


@pytest.fixture(scope="module")
async def database(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[Embedded]:
    async with cloned(administrator, server, migrated_template) as database:
        yield database


@pytest.fixture(scope="module")
async def owner(database: Embedded) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def maria(owner: asyncpg.Connection) -> str:
    """A good token of a reviewer."""
    await accounts.add(owner, "maria", "REVIEWER")
    return (await accounts.create_token(owner, "maria"))[0]


@pytest.fixture
async def client(database: Embedded) -> AsyncIterator[httpx2.AsyncClient]:
    """Of a server for each test: what was guessed in another does not count."""
    async with served(database.url) as client:
        yield client


async def asked(client: httpx2.AsyncClient, authorization: str | None, query: str = QUERY) -> httpx2.Response:
    headers = {} if authorization is None else {b"Authorization": authorization.encode("latin-1")}
    return await client.post("/graphql", json={"query": query}, headers=headers)


async def test_whose_token_is_good_is_told_who_they_are(
    client: httpx2.AsyncClient, owner: asyncpg.Connection, maria: str
) -> None:
    answer = await asked(client, f"Bearer {maria}")
    ends = await owner.fetchval(
        "select to_char(max(expires_at) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS') from token"
    )
    viewer = answer.json()["data"]["viewer"]
    assert (answer.status_code, viewer["name"], viewer["role"]) == (200, "maria", "REVIEWER")
    assert viewer["expiresAt"].startswith(ends)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Authorization" in answer.headers["Vary"]


async def test_the_scheme_is_bearer_in_any_case_and_by_get_too(client: httpx2.AsyncClient, maria: str) -> None:
    assert (await asked(client, f"bEARER   {maria}")).json()["data"]["viewer"]["name"] == "maria"
    got = await client.get("/graphql", params={"query": QUERY}, headers={"Authorization": f"Bearer {maria}"})
    assert (got.json()["data"]["viewer"]["name"], got.headers["Cache-Control"]) == ("maria", "private, no-store")
    assert "Authorization" in got.headers["Vary"]


async def test_the_public_is_nobody_and_needs_no_token(client: httpx2.AsyncClient) -> None:
    answer = await asked(client, None)
    assert (answer.status_code, answer.json()["data"]) == (200, {"viewer": None})
    assert "Cache-Control" not in answer.headers
    assert "Authorization" in answer.headers["Vary"]


async def test_what_is_not_good_is_refused_alike_whatever_it_is(
    client: httpx2.AsyncClient, owner: asyncpg.Connection, maria: str
) -> None:
    bad = {
        "unknown": new_token(),
        "malformed": "zzz",
        "two": "a b",
        "other": "eyJhbGciOiJub25lIn0.e30.",
        "odd": "é",
    }
    for name, statement in {
        "expired": "update token set created_at = now() - interval '2 d', expires_at = now() - interval '1 d' where id = $1",
        "revoked": "update token set revoked_at = now() where id = $1",
        "disabled": "update account set disabled_at = now() where id = (select account_id from token where id = $1)",
    }.items():
        await accounts.add(owner, name, "ADMIN")
        bad[name] = (await accounts.create_token(owner, name))[0]
        await owner.execute(statement, await owner.fetchval("select max(id) from token"))
    answers = [await asked(client, f"Bearer {token}") for token in bad.values()]
    answers.append(await asked(client, f"Basic {maria}"))
    answers.append(await asked(client, "Bearer"))
    assert len(answers) == GUESSES
    told = {(answer.status_code, answer.content, tuple(_lasting(answer))) for answer in answers}
    assert len(told) == 1
    assert (answers[0].status_code, answers[0].json()) == (401, REFUSED)
    assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="opsc", error="invalid_token"'
    assert "Authorization" in answers[0].headers["Vary"]


def _lasting(answer: httpx2.Response) -> list[tuple[str, str]]:
    """Its headers, but for those that differ from one answer to the next."""
    return sorted((name, value) for name, value in answer.headers.items() if name not in ("date", "ratelimit"))


async def test_who_guesses_waits_and_so_does_a_good_token_from_there(client: httpx2.AsyncClient, maria: str) -> None:
    for _ in range(GUESSES):
        assert (await asked(client, f"Bearer {new_token()}")).status_code == 401
    for token in (new_token(), maria):
        answer = await asked(client, f"Bearer {token}")
        wait = int(answer.headers["Retry-After"])
        assert (answer.status_code, 0 < wait <= WHILE) == (429, True)
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": "RATE_LIMITED"}
        assert error["message"] == (
            f"Too many tokens from your address were not good: wait {wait} seconds, and see that every program of yours sends a"
            " good one, or none: reading needs none."
        )
    assert (await asked(client, None)).json()["data"] == {"viewer": None}


async def test_good_tokens_are_never_made_to_wait(client: httpx2.AsyncClient, maria: str) -> None:
    for _ in range(2 * GUESSES):
        assert (await asked(client, f"Bearer {maria}")).status_code == 200


async def test_where_the_database_is_away_a_token_is_not_called_bad(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> None:
    async with cloned(administrator, server, migrated_template) as gone, served(gone.url) as client:
        name = gone.url.partition("?")[0].rpartition("/")[2]
        await administrator.execute(f'alter database "{name}" allow_connections false')
        await administrator.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", name)
        answer = await asked(client, f"Bearer {new_token()}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
