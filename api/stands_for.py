"""The headers that say what an answer stands for: a position of the log, the moment by which that was known, and a day."""

from collections.abc import Mapping
from typing import Any

POSITION, KNOWN, VALID = "Record-Position", "Record-Known", "Record-Valid"


def told_clock(clock: Mapping[str, Any]) -> dict[str, str]:
    """clock: position, known and valid, as GraphQL has them."""
    return {POSITION: str(clock["position"]), KNOWN: str(clock["known"]), VALID: str(clock["valid"])}
