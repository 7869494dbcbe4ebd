"""OpenID Connect: which access tokens (JWT) of the issuer that an installation trusts are good, and whose they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import JWTClaimsRegistry

from api.identity.issuer_keys import IssuerKeys
from api.settings import OpenID
from db.vocabulary import Role

LEEWAY = 60
"""Seconds by which the issuer's clock and ours may differ."""

LONGEST_SUBJECT = 255
"""Letters: as OpenID Connect has it."""

TYPES = {"jwt", "at+jwt", "application/at+jwt"}
"""What a token may say that it is, if it does: not one that logs out, or proves possession."""

ROLES = [str(role) for role in Role]
"""The highest last."""


class _Algorithms(JWSRegistry):
    """Those with a public key alone. Whoever does not know what a header says about them is safe to pass over it, unless it is
    said to be critical."""

    max_header_length = 4_096

    def __init__(self) -> None:
        super().__init__(algorithms=["RS256", "PS256", "ES256", "EdDSA", "Ed25519"], strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        """Without the warning that EdDSA has another name by now: issuers go on using this one."""
        return self.algorithms[name] if name == "EdDSA" else super().get_alg(name)


ALGORITHMS = _Algorithms()

NO_TOKEN = (JoseError, ValueError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading something raises that is no token, or no good one."""


@dataclass(frozen=True)
class Vouched:
    """Whom the issuer vouches for, as what, until when."""

    issuer: str
    subject: str
    role: str
    expires_at: datetime


class Issuer:
    def __init__(self, trusted: OpenID) -> None:
        self._trusted = trusted
        self._keys = IssuerKeys(trusted.issuer)
        self._claims = JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": trusted.issuer},
            aud={"essential": True, "value": trusted.audience},
            sub={"essential": True},
            exp={"essential": True},
        )

    async def vouched(self, token: str) -> Vouched | None:
        """Whose token this is; None of one that is not good: who asks is not told why. Raises IssuerAway."""
        try:
            kid = _kid(extract_compact(token.encode(), registry=ALGORITHMS).headers())
        except NO_TOKEN:
            return None
        key = await self._keys.key(kid)
        if key is None:
            return None
        try:
            claims = jwt.decode(token, key, registry=ALGORITHMS).claims
            self._claims.validate(claims)
            expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        except NO_TOKEN:
            return None
        subject, role = claims["sub"], _role(claims.get(self._trusted.role_claim))
        if role is None or not (subject.isascii() and subject.isprintable() and len(subject) <= LONGEST_SUBJECT):
            return None
        return Vouched(self._trusted.issuer, subject, role, expires_at)


def _kid(header: Mapping[str, Any]) -> str | None:
    """Before anybody's keys are fetched for it, all that a header alone can be refused for. Raises one of NO_TOKEN."""
    ALGORITHMS.check_header(dict(header))
    ALGORITHMS.get_alg(header["alg"])
    if str(header.get("typ", "JWT")).lower() not in TYPES:
        raise ValueError(header["typ"])
    kid: str | None = header.get("kid")
    return kid


def _role(claimed: Any) -> str | None:
    """The highest that is known of those claimed."""
    said = {one.upper() for one in (claimed if isinstance(claimed, list) else [claimed]) if isinstance(one, str)}
    return next((role for role in reversed(ROLES) if role in said), None)
