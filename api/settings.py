"""What an installation can set, by environment variables; `opsc serve` sets them for its workers from its options."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

HERE = ("localhost", "127.0.0.1", "::1")

VALKEY = ("valkey", "valkeys")
"""Schemes of addresses of a Valkey: plain, and over TLS."""


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
class FairUse:
    """What one asker's requests may cost in an hour, by address and by token; 0: as much as they like. valkey_url: where several
    processes add up what askers have had, each for itself without it. trusted_proxies: addresses or networks whose
    X-Forwarded-For says where a request comes from."""

    allowance: int = 5_000_000
    allowance_with_token: int = 50_000_000
    valkey_url: str | None = None
    trusted_proxies: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "FairUse":
        """Raises BadSetting."""
        proxies = [one.strip() for one in environment.get("OPSC_TRUSTED_PROXIES", "").split(",") if one.strip()]
        for proxy in proxies:
            _is_network(proxy)
        url = environment.get("OPSC_LIMITS_URL") or None
        if url and urlsplit(url).scheme not in VALKEY:
            raise BadSetting(f"OPSC_LIMITS_URL={url} is no address of a Valkey: write it as valkey://localhost:6379.")
        return cls(
            allowance=_count(environment, "OPSC_ALLOWANCE", cls.allowance),
            allowance_with_token=_count(environment, "OPSC_ALLOWANCE_WITH_TOKEN", cls.allowance_with_token),
            valkey_url=url,
            trusted_proxies=tuple(proxies),
        )


def _is_network(proxy: str) -> None:
    try:
        ip_network(proxy)
    except ValueError:
        raise BadSetting(
            f"OPSC_TRUSTED_PROXIES: {proxy} is neither an address nor a network: write 10.0.0.7 or 10.0.0.0/8, several with"
            " commas between them."
        ) from None


def _count(environment: Mapping[str, str], name: str, otherwise: int) -> int:
    said = environment.get(name)
    if not said:
        return otherwise
    if not (said.isascii() and said.isdigit()):
        raise BadSetting(f"{name}={said} is no count: write a number, as {otherwise}, or 0 for no limit.")
    return int(said)


@dataclass(frozen=True)
class Settings:
    """database_url: postgresql://…; public_url: where readers find this record, without a slash at the end; data: the data folder,
    where the key lies that signs publications, if not in OPSC_LOG_KEY; openid: whose access tokens are accepted beside ours;
    fair_use: what askers may have; cache_bytes: of the answers that each process keeps, 0: none; private_webhooks: whether webhooks
    may lead to addresses that only this network has."""

    database_url: str
    public_url: str = "http://127.0.0.1:8000"
    pool_size: int = 4
    data: Path | None = None
    openid: OpenID | None = None
    cache_bytes: int = 64 * 1024 * 1024
    private_webhooks: bool = False
    fair_use: FairUse = FairUse()

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
            fair_use=FairUse.from_environment(environment),
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
