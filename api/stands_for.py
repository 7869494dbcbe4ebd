"""What an answer stands for, told in its headers and in its body: a position of the log, when that was known, and a day."""

from collections.abc import Mapping
from typing import Any

POSITION, KNOWN, VALID = "Record-Position", "Record-Known", "Record-Valid"


def told_clock(clock: Mapping[str, Any]) -> dict[str, str]:
    """clock: position, known and valid, as GraphQL has them."""
    return {POSITION: str(clock["position"]), KNOWN: str(clock["known"]), VALID: str(clock["valid"])}


def in_json(headers: Mapping[str, str]) -> bytes:
    """What the headers tell, as GraphQL has a clock; null where they tell nothing."""
    if POSITION not in headers:
        return b"null"
    told = int(headers[POSITION]), headers[KNOWN].encode(), headers[VALID].encode()
    return b'{"position":%d,"known":"%b","valid":"%b"}' % told
