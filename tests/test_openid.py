"""Access tokens of an OpenID Connect issuer, which the tests run themselves: whose are good, as what, and which are refused."""

import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from api.identity.issuer_keys import LARGEST
from api.settings import BadSetting, OpenID
from db import accounts
from db.embedded import Embedded
from tests.conftest import cloned
from tests.opsc import opsc
from tests.served import listening, served
from tests.test_identity import REFUSED

AUDIENCE = "https://opsc.example"
QUERY = "{ viewer { name role expiresAt } }"
HOUR = 3600

addresses = count(1)


@dataclass
class Login:
    """The issuer: the keys that it publishes, and how often it was asked for them. said: otherwise than it should."""

    keys: list[Key]
    url: str = ""
    asked: int = 0
    said: Callable[[Request], Response] | None = None
    configuration: dict[str, Any] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.configured),
                Route("/keys", self.published),
                Route("/elsewhere", self.all_keys),
            ]
        )

    async def configured(self, _request: Request) -> Response:
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.configuration})

    async def published(self, request: Request) -> Response:
        self.asked += 1
        return self.said(request) if self.said else await self.all_keys(request)

    async def all_keys(self, _request: Request) -> Response:
        """And others, which are not for us."""
        secret = {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}
        others = [secret, {"kty": "AKP", "kid": "later"}, {"kty": "EC", "crv": "?"}]
        return JSONResponse({"keys": [*others, *(key.as_dict(private=False) for key in self.keys)]})

    def claims(self, **otherwise: Any) -> dict[str, Any]:
        """None: without."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": AUDIENCE, "sub": "7", "exp": now + HOUR, "iat": now, "opsc_role": "reviewer"}
        return {name: value for name, value in (claims | otherwise).items() if value is not None}

    def token(self, key: Key | None = None, alg: str | None = None, header: Any = None, **otherwise: Any) -> str:
        key = key or self.keys[0]
        head = {
            "alg": alg or {"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}[key.key_type],
            "kid": key.kid,
            **(header or {}),
        }
        head = {name: value for name, value in head.items() if value is not None}
        signed = f"{encoded(head)}.{encoded(self.claims(**otherwise))}"
        return f"{signed}.{encoded(JWSRegistry.algorithms[head['alg']].sign(signed.encode(), key))}"

    def token_by_secret(self, secret: bytes, kid: str) -> str:
        """By hand: no library of good sense signs so."""
        signed = f"{encoded({'alg': 'HS256', 'kid': kid})}.{encoded(self.claims())}"
        return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), 'sha256'))}"


def encoded(part: Any) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.fixture(scope="module")
def rsa() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})


def ec(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


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
async def login(rsa: RSAKey) -> AsyncIterator[Login]:
    """One for the tests that change nothing of it."""
    login = Login([rsa, ec("ec"), OKPKey.generate_key("Ed25519", {"kid": "ed"})])
    async with listening(login.app()) as client:
        login.url = str(client.base_url).rstrip("/")
        yield login


@pytest.fixture(scope="module")
async def client(database: Embedded, login: Login) -> AsyncIterator[httpx2.AsyncClient]:
    async with served(database.url, OpenID(login.url, AUDIENCE)) as client:
        yield client


async def asked(client: httpx2.AsyncClient, token: str) -> httpx2.Response:
    """From an address of its own, as a proxy tells it: what was refused before does not count."""
    headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": f"192.0.2.{next(addresses)}"}
    return await client.post("/graphql", json={"query": QUERY}, headers=headers)


async def viewer(client: httpx2.AsyncClient, token: str) -> Any:
    answer = await asked(client, token)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]["viewer"]


async def status(client: httpx2.AsyncClient, token: str) -> int:
    answer = await asked(client, token)
    if answer.status_code == 401:
        assert answer.json() == REFUSED
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="opsc", error="invalid_token"'
    return answer.status_code


# ── Who it is ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_comes_first_has_an_account_from_then_on_that_does_not_say_who_they_are(
    client: httpx2.AsyncClient, owner: asyncpg.Connection, login: Login
) -> None:
    token = login.token(sub="maria-77", name="M. Example", email="m@example.org", exp=4_000_000_000)
    first = await viewer(client, token)
    assert first == await viewer(client, token)
    assert first == {"name": first["name"], "role": "REVIEWER", "expiresAt": "2096-10-02T07:06:40.000000Z"}
    assert first["name"].startswith("contributor-")
    rows = await owner.fetch(
        "select p.* from account a join account_person p on p.account_id = a.id where name = $1", first["name"]
    )
    assert [tuple(row)[1:] for row in rows] == [(None, login.url, "maria-77")]
    assert (await viewer(client, login.token(sub="maria-78")))["name"] != first["name"]


async def test_each_kind_of_key_is_good(client: httpx2.AsyncClient, login: Login) -> None:
    rsa, ec, ed = login.keys
    tokens = [login.token(rsa), login.token(rsa, "PS256"), login.token(ec), login.token(ed), login.token(ed, "Ed25519")]
    assert len({(await viewer(client, token))["name"] for token in tokens}) == 1


@pytest.mark.parametrize(
    ("claimed", "role"),
    [("admin", "ADMIN"), (["contributor", "other", "REVIEWER"], "REVIEWER"), (["contributor", 7, None], "CONTRIBUTOR")],
)
async def test_the_role_is_the_highest_that_is_known_and_is_kept(
    client: httpx2.AsyncClient, owner: asyncpg.Connection, login: Login, claimed: Any, role: str
) -> None:
    told = await viewer(client, login.token(sub="whose role changes", opsc_role=claimed))
    assert told["role"] == role
    assert await owner.fetchval("select role from account where name = $1", told["name"]) == role


async def test_an_account_made_before_is_found_by_its_subject_and_refused_when_disabled(
    client: httpx2.AsyncClient, owner: asyncpg.Connection, login: Login
) -> None:
    await accounts.add(owner, "linnet", "CONTRIBUTOR", None, login.url, "linnet-1")
    token = login.token(sub="linnet-1", aud=["another", AUDIENCE])
    assert (await viewer(client, token))["name"] == "linnet"
    await accounts.disable(owner, "linnet")
    assert await status(client, token) == 401
    await accounts.enable(owner, "linnet")
    assert await status(client, token) == 200


async def test_our_own_tokens_are_good_beside(client: httpx2.AsyncClient, owner: asyncpg.Connection) -> None:
    await accounts.add(owner, "siskin", "ADMIN")
    token, _ = await accounts.create_token(owner, "siskin")
    assert (await viewer(client, token))["name"] == "siskin"
    assert await status(client, token[:-1]) == 401


async def test_without_an_issuer_its_tokens_are_nothing(database: Embedded, login: Login) -> None:
    async with served(database.url) as client:
        assert await status(client, login.token()) == 401


# ── What is refused ─────────────────────────────────────────────────────────────────────────────────────────────────────


NOW = int(time.time())

CLAIMS: Mapping[str, Mapping[str, Any]] = {
    "another audience": {"aud": "https://other.example"},
    "other audiences": {"aud": ["https://other.example", f"{AUDIENCE}/"]},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://login.example"},
    "no issuer": {"iss": None},
    "expired an hour ago": {"exp": NOW - HOUR},
    "never expires": {"exp": None},
    "expires in words": {"exp": "tomorrow"},
    "expires after all years": {"exp": 10**30},
    "not good for an hour": {"nbf": NOW + HOUR},
    "issued in an hour": {"iat": NOW + HOUR},
    "nobody": {"sub": None},
    "nobody's name": {"sub": ""},
    "a number": {"sub": 7},
    "half a character": {"sub": "\ud800"},
    "two lines": {"sub": "a\nb"},
    "nothing of a name": {"sub": "\x00"},
    "a long name": {"sub": "x" * 256},
    "no role": {"opsc_role": None},
    "an unknown role": {"opsc_role": "superuser"},
    "unknown roles": {"opsc_role": ["superuser", {"admin": True}]},
    "roles by name": {"opsc_role": {"admin": True}},
}


async def test_what_a_token_must_say_it_must_say(
    client: httpx2.AsyncClient, owner: asyncpg.Connection, login: Login
) -> None:
    assert await status(client, login.token(exp=int(time.time()) - 30, nbf=int(time.time()) + 30)) == 200
    before = await owner.fetchval("select count(*) from account")
    for name, otherwise in CLAIMS.items():
        assert await status(client, login.token(**otherwise)) == 401, name
    assert await owner.fetchval("select count(*) from account") == before


async def test_what_is_not_signed_by_the_issuer_is_nothing(
    client: httpx2.AsyncClient, login: Login, rsa: RSAKey
) -> None:
    good = login.token()
    head, body, signature = good.split(".")
    other, ec_key = RSAKey.generate_key(2048, {"kid": "rsa"}), login.keys[1]
    unsigned = encoded({"alg": "none", "kid": "rsa"})
    bad = {
        "unsigned": f"{unsigned}.{body}.",
        "unsigned, in capitals": f"{encoded({'alg': 'NONE'})}.{body}.",
        "unsigned, with a signature": f"{unsigned}.{body}.{signature}",
        "the public key as a secret": login.token_by_secret(rsa.as_pem(private=False), "rsa"),
        "a secret that is published": login.token_by_secret(b"secret", "secret"),
        "another key of that name": login.token(other),
        "a key of its own": login.token(other, header={"jwk": other.as_dict(private=False)}),
        "an unknown key": login.token(other, header={"kid": "unknown"}),
        "no key's name": login.token(header={"kid": None}),
        "an algorithm that is not allowed": login.token(rsa, "RS512"),
        "another key's algorithm": f"{encoded({'alg': 'ES256', 'kid': 'rsa'})}.{body}.{signature}",
        "another key's name": login.token(ec_key, header={"kid": "ed"}),
        "other claims": f"{head}.{encoded(login.claims(opsc_role='admin'))}.{signature}",
        "without its signature": f"{head}.{body}.",
        "what is critical and unknown": f"{encoded({'alg': 'RS256', 'kid': 'rsa', 'crit': ['x'], 'x': 1})}.{body}.{signature}",
        "a token to log out": login.token(header={"typ": "logout+jwt"}),
        "claims that are a list": f"{head}.{encoded([1])}.{signature}",
    }
    for name, token in bad.items():
        assert await status(client, token) == 401, name
    assert await status(client, login.token(header={"typ": "at+jwt", "nonce": "passed over"})) == 200


@pytest.mark.parametrize(
    "garbage",
    [
        ".",
        "..",
        "...",
        "a.b.c",
        f"{encoded(b'[]')}..",
        f"{encoded(['alg'])}.e30.e30",
        f"{encoded('alg')}.e30.e30",
        f"{encoded({'alg': []})}.e30.e30",
        f"{encoded({'alg': 'RS256', 'kid': {}})}.e30.e30",
        f"{encoded({'alg': 'RS256', 'kid': 'rsa', 'b64': False, 'crit': ['b64']})}.e30.e30",
        encoded(b"[" * 3_000) + ".e30.e30",
        encoded(b'{"alg":' + b"[" * 2_900) + ".e30.e30",
        "x" * 20_000,
        "eyJ" + "." * 5_000,
    ],
    ids=lambda garbage: garbage[:20],
)
async def test_garbage_is_nothing(client: httpx2.AsyncClient, garbage: str) -> None:
    assert await status(client, garbage) == 401


# ── The issuer's keys ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_keys_are_fetched_once_and_anew_for_one_that_is_unknown_but_not_for_each(database: Embedded) -> None:
    login = Login([ec("first")])
    async with listening(login.app()) as issuer:
        login.url = str(issuer.base_url).rstrip("/")
        async with served(database.url, OpenID(login.url, AUDIENCE)) as client:
            first = login.token()
            assert [await status(client, first) for _ in range(3)] == [200] * 3
            assert await status(client, login.token(header={"kid": None})) == 200
            assert login.asked == 1
            login.keys = [ec("second")]
            assert [await status(client, login.token()) for _ in range(3)] == [200] * 3
            assert await status(client, first) == 401
            assert login.asked == 2
            login.keys = [ec("third")]
            assert [await status(client, login.token()) for _ in range(3)] == [401] * 3
            assert login.asked == 2


WRONG: Mapping[str, Callable[[Request], Response]] = {
    "a fault": lambda _: Response("no", 500),
    "no JSON": lambda _: Response("no"),
    "a list": lambda _: JSONResponse([]),
    "no keys": lambda _: JSONResponse({"keys": []}),
    "keys of no kind": lambda _: JSONResponse({"keys": [7]}),
    "too much": lambda _: Response(b" " * (LARGEST + 1)),
    "elsewhere": lambda _: RedirectResponse("/elsewhere"),
}


@pytest.fixture(scope="module")
async def away() -> AsyncIterator[Login]:
    login = Login([ec("only")])
    async with listening(login.app()) as client:
        login.url = str(client.base_url).rstrip("/")
        yield login


@pytest.mark.parametrize("wrong", WRONG)
async def test_an_issuer_that_tells_no_keys_is_said_to_be_away(database: Embedded, away: Login, wrong: str) -> None:
    await _is_away(database, replace(away, said=WRONG[wrong]), away)


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "https://other.example"},
        {"jwks_uri": "ftp://x.example"},
        {"jwks_uri": 7},
    ],
)
async def test_an_issuer_that_is_another_or_whose_keys_are_elsewhere_is_not_believed(
    database: Embedded, away: Login, configuration: dict[str, Any]
) -> None:
    await _is_away(database, replace(away, configuration=configuration), away)


async def test_keys_in_a_file_of_ours_are_not_the_issuers(database: Embedded, away: Login, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in away.keys]}), "utf-8")
    await _is_away(database, replace(away, configuration={"jwks_uri": file.as_uri()}), away)


async def _is_away(database: Embedded, so: Login, login: Login) -> None:
    login.said, login.configuration, login.asked = so.said, so.configuration, 0
    async with served(database.url, OpenID(login.url, AUDIENCE)) as client:
        with capture_logs() as logs:
            for _ in range(2):
                answer = await asked(client, login.token())
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert [login.url in str(log["exc_info"]) for log in logs] == [True, True]
        (error,) = answer.json()["errors"]
        assert error["extensions"] == {"code": "INTERNAL"}
        assert error["message"].startswith("Whoever issued this token cannot be asked for the keys to check it (logged")
        assert login.asked <= 1
        assert (await client.post("/graphql", json={"query": QUERY})).json()["data"] == {"viewer": None}


async def test_an_issuer_that_does_not_listen_is_away_and_known_keys_go_on(database: Embedded) -> None:
    login = Login([ec("only")])
    async with listening(login.app()) as issuer:
        login.url = str(issuer.base_url).rstrip("/")
        served_here = served(database.url, OpenID(login.url, AUDIENCE))
        client = await served_here.__aenter__()
        assert await status(client, login.token()) == 200
    assert await status(client, login.token()) == 200
    with capture_logs():
        assert await status(client, login.token(ec("another"))) == 503
    await served_here.__aexit__(None, None, None)


# ── Its settings ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_issuer_is_trusted_when_it_is_named_with_an_audience() -> None:
    assert OpenID.from_environment({}) is None
    assert OpenID.from_environment({"OIDC_ISSUER": "", "OIDC_AUDIENCE": ""}) is None
    named = {"OIDC_ISSUER": "https://login.example/", "OIDC_AUDIENCE": "opsc", "OIDC_ROLE_CLAIM": "roles"}
    assert OpenID.from_environment(named) == OpenID("https://login.example/", "opsc", "roles")
    assert OpenID.from_environment(named | {"OIDC_ROLE_CLAIM": ""}) == OpenID("https://login.example/", "opsc")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"OIDC_ISSUER": "https://login.example"}, "OIDC_ISSUER and OIDC_AUDIENCE belong together"),
        ({"OIDC_AUDIENCE": "opsc"}, "OIDC_ISSUER and OIDC_AUDIENCE belong together"),
        *(
            ({"OIDC_ISSUER": issuer, "OIDC_AUDIENCE": "opsc"}, f"OIDC_ISSUER={issuer} is no address")
            for issuer in ("http://login.example", "login.example", "https://", "https://[", "file:///etc")
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadSetting, match="OIDC_") as refused:
        OpenID.from_environment(settings)
    assert str(refused.value).startswith(sentence)


def test_serving_does_not_begin_with_them() -> None:
    ran = opsc("serve", "--data", "/nowhere", OIDC_ISSUER="https://login.example")
    sentence = (
        "OIDC_ISSUER and OIDC_AUDIENCE belong together: whose tokens are accepted, and for whom they must be meant."
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", f"opsc: {sentence}\n")
