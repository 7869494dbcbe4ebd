"""What an installation can set, by environment variables; `opsc serve` sets them for its workers from its options."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """database_url: postgresql://…; public_url: where readers find this record, without a slash at the end; data: the data folder,
    where the key lies that signs publications, if not in OPSC_LOG_KEY."""

    database_url: str
    public_url: str = "http://127.0.0.1:8000"
    pool_size: int = 4
    data: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Raises KeyError without DATABASE_URL."""
        return cls(
            database_url=environment["DATABASE_URL"],
            public_url=environment.get("OPSC_PUBLIC_URL", cls.public_url).rstrip("/"),
            pool_size=int(environment.get("OPSC_POOL_SIZE", cls.pool_size)),
            data=Path(environment["OPSC_DATA"]) if environment.get("OPSC_DATA") else None,
        )
