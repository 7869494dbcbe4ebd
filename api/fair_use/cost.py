"""What a request costs: said by whoever answers it, counted by api/fair_use/counted.py."""

from starlette.types import Scope

COST = "opsc.cost"


def charge(scope: Scope, cost: int) -> None:
    """The request costs so much, which is counted when its answer begins; 1 where nothing else is said."""
    scope[COST] = max(1, cost)
