"""How a delivery is signed, as Standard Webhooks has it: HMAC-SHA256 over its id, its moment and its body."""

import base64
import hashlib
import hmac
from collections.abc import Sequence


def headers(delivery: str, moment: int, body: bytes, secrets: Sequence[bytes]) -> list[tuple[str, str]]:
    """moment: seconds since 1970; secrets: each signs, so that a receiver has time to learn a new one."""
    signed = b"%b.%d.%b" % (delivery.encode(), moment, body)
    signatures = (base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in secrets)
    return [
        ("webhook-id", delivery),
        ("webhook-timestamp", str(moment)),
        ("webhook-signature", " ".join(f"v1,{signature}" for signature in signatures)),
        ("content-type", "application/json"),
        ("user-agent", "opsc-tracker"),
    ]


def written(secret: bytes) -> str:
    """whsec_…, as it is told to who registers."""
    return f"whsec_{base64.b64encode(secret).decode()}"
