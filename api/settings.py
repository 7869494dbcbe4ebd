"""What an installation can set, by environment variables; `opsc serve` sets them for its workers from its options."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

HERE = ("localhost", "127.0.0.1", "::1")


class BadSetting(Exception):
    """An environment variable cannot be as it is: says which, and what to do, to the person at the terminal."""


@dataclass(frozen=True)
class OpenID:
    """Whose access tokens are accepted, if they are meant for this audience; the claim that says what somebody may do."""

    issuer: str
    audience: str
    role_claim: str = "opsc_role"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "OpenID | None":
        """None where no issuer is trusted. Raises BadSetting."""
        issuer, audience = environment.get("OIDC_ISSUER"), environment.get("OIDC_AUDIENCE")
        if not issuer and not audience:
            return None
        if not issuer or not audience:
            raise BadSetting(
                "OIDC_ISSUER and OIDC_AUDIENCE belong together: whose tokens are accepted, and for whom they must be meant."
            )
        try:
            address = urlsplit(issuer)
        except ValueError:
            address = urlsplit("")
        if not address.hostname or not (
            address.scheme == "https" or (address.scheme == "http" and address.hostname in HERE)
        ):
            raise BadSetting(f"OIDC_ISSUER={issuer} is no address that begins https://, as an issuer's does.")
        return cls(issuer, audience, environment.get("OIDC_ROLE_CLAIM") or cls.role_claim)


@dataclass(frozen=True)
class Settings:
    """database_url: postgresql://…; public_url: where readers find this record, without a slash at the end; data: the data folder,
    where the key lies that signs publications, if not in OPSC_LOG_KEY; openid: whose access tokens are accepted beside ours;
    cache_bytes: of the answers that each process keeps, 0: none; private_webhooks: whether webhooks may lead to addresses that only
    this network has."""

    database_url: str
    public_url: str = "http://127.0.0.1:8000"
    pool_size: int = 4
    data: Path | None = None
    openid: OpenID | None = None
    cache_bytes: int = 64 * 1024 * 1024
    private_webhooks: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises KeyError without DATABASE_URL, and BadSetting."""
        return cls(
            database_url=environment["DATABASE_URL"],
            public_url=environment.get("OPSC_PUBLIC_URL", cls.public_url).rstrip("/"),
            pool_size=int(environment.get("OPSC_POOL_SIZE", cls.pool_size)),
            data=Path(environment["OPSC_DATA"]) if environment.get("OPSC_DATA") else None,
            openid=OpenID.from_environment(environment),
            cache_bytes=_bytes(environment),
            private_webhooks=_private_webhooks(environment.get("OPSC_WEBHOOK_PRIVATE", "")),
        )


def _bytes(environment: Mapping[str, str]) -> int:
    """Raises BadSetting."""
    told = environment.get("OPSC_CACHE_BYTES", str(Settings.cache_bytes))
    if not (told.isascii() and told.isdigit()):
        raise BadSetting(
            f"OPSC_CACHE_BYTES={told} is no number of bytes: write it as 67108864, or 0 to keep no answers."
        )
    return int(told)


def _private_webhooks(said: str) -> bool:
    """Raises BadSetting."""
    if said not in ("", "allow"):
        raise BadSetting(f"OPSC_WEBHOOK_PRIVATE={said} is neither “allow” nor left out.")
    return said == "allow"
