"""The keys with which an OpenID Connect issuer signs, as it publishes them: fetched when they are needed, and kept for an hour."""

import asyncio
import json
import time
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

KEPT = 3600.0
"""Seconds after which keys are fetched anew: what the issuer has withdrawn is then no longer accepted."""

AGAIN = 30.0
"""Seconds between fetches for the sake of keys that are not among those fetched: anybody can name one."""

SOON = 5.0
"""Seconds before an issuer that could not be asked is asked again."""

PATIENCE = 5.0
"""Seconds to wait for the issuer, each time that it is silent."""

LARGEST = 500_000
"""Bytes of an answer of the issuer."""

SMALLEST_RSA = 2048
"""Bits."""

KINDS: Mapping[Any, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
"""Those with a public half: what is published can never be a secret that signs."""


class IssuerAway(Exception):
    """The issuer could not be asked for its keys, or answered with none: says why, for the log."""


class _NoRedirects(HTTPRedirectHandler):
    """The issuer's word is where it says that it is, not where that leads."""

    def redirect_request(self, *_: Any) -> Request | None:
        return None


class IssuerKeys:
    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._opener = build_opener(_NoRedirects)
        self._asking = asyncio.Lock()
        self._keys: Mapping[str | None, Key] = {}
        self._kept_until = self._not_before = 0.0
        self._failure: str | None = None

    async def key(self, kid: str | None) -> Key | None:
        """The key of this name; without one, the only key there is. None of what the issuer does not sign with. Raises
        IssuerAway."""
        if found := self._known(kid):
            return found
        async with self._asking:
            if not self._known(kid):  # who waited finds what others fetched
                await self._fetch()
            return self._known(kid)

    def _known(self, kid: str | None) -> Key | None:
        if time.monotonic() > self._kept_until:
            return None
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        now = time.monotonic()
        if now < self._not_before:
            if self._failure:
                raise IssuerAway(self._failure)
            return
        sought = now <= self._kept_until
        try:
            async with asyncio.timeout(2 * PATIENCE):  # its answers may trickle
                self._keys = await asyncio.to_thread(_published, self._opener, self._issuer)
        except (OSError, HTTPException, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            self._failure = f"{self._issuer}: {error!r}"
            self._not_before = time.monotonic() + SOON
            raise IssuerAway(self._failure) from error
        self._failure = None
        self._kept_until = now + KEPT
        self._not_before = now + AGAIN if sought else now


def _published(opener: OpenerDirector, issuer: str) -> Mapping[str | None, Key]:
    told = _json(opener, issuer.rstrip("/") + "/.well-known/openid-configuration")
    if told["issuer"] != issuer:
        raise ValueError(f"it calls itself {told['issuer']!r}: OIDC_ISSUER must be the same, to the letter")
    if urlsplit(told["jwks_uri"]).scheme not in ("https", urlsplit(issuer).scheme):
        raise ValueError(f"its keys are at {told['jwks_uri']!r}, which is not https")
    keys = [key for one in _json(opener, told["jwks_uri"])["keys"] if (key := _key(one))]
    if not keys:
        raise ValueError("it publishes no key that can be used here")
    return {key.kid: key for key in keys}


def _json(opener: OpenerDirector, address: str) -> Any:
    try:
        with opener.open(Request(address, headers={"Accept": "application/json"}), timeout=PATIENCE) as answer:
            body = answer.read(LARGEST + 1)
    except HTTPError as error:
        with error:
            raise ValueError(f"{address} answers {error.code}") from None
    if len(body) > LARGEST:
        raise ValueError(f"{address} answers with more than {LARGEST:,} bytes")
    return json.loads(body)


def _key(published: Mapping[str, Any]) -> Key | None:
    """None of what is not for signatures, or not known here: an issuer may publish more than we understand."""
    kind = KINDS.get(published.get("kty"))
    if kind is None or published.get("use", "sig") != "sig":
        return None
    if kind is RSAKey and 6 * len(published.get("n", "")) < SMALLEST_RSA:  # base64: six bits a letter
        return None
    try:
        return kind.import_key({**published})
    except (JoseError, ValueError, TypeError, KeyError):
        return None
