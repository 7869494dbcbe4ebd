"""What a request costs: said by whoever answers it, counted by api/fair_use/counted.py."""

from starlette.types import Scope

COST = "opsc.cost"

FREE = ("/healthz", "/readyz", "/docs")
"""Beginnings of the addresses that cost nothing: who has used up all else can still read why, and what to do."""


def charge(scope: Scope, cost: int) -> None:
    """The request costs so much, which is counted when its answer begins; 1 where nothing else is said."""
    scope[COST] = max(1, cost)
