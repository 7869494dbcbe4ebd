"""What is dear in a query and what would make it cheaper, in sentences."""

from collections.abc import Iterator, Mapping, Sequence

from schema.planning import Charge, Listed, Path

CHEAP = 1_000
"""About fifty rows with what they lead to: cheaper than this, nothing needs advice."""

WHOLE = 200
"""The largest page: who asks for it often wants the list."""

SHARE = 4
"""Of the cost, one part in so many is worth a word."""


def advice(cost: int, limit: int, charges: Sequence[Charge], lists: Mapping[Path, Listed]) -> list[str]:
    """charges: one for each path, the dearest first. lists: those in pages."""
    return list(dict.fromkeys(_sentences(cost, limit, charges, lists)))


def _sentences(cost: int, limit: int, charges: Sequence[Charge], lists: Mapping[Path, Listed]) -> Iterator[str]:
    if cost > limit:
        yield f"This would be refused: it may cost {cost:,}, and the limit is {limit:,}."
    if cost < CHEAP:
        return
    dear = [charge for charge in charges if charge.cost * SHARE >= cost]
    for charge in dear:
        yield from _about(cost, charge, lists)
    for charge in dear:
        yield from (_unsaid(path, lists[path]) for path in _around(charge, lists) if not lists[path].said)
    if cost > limit or any(len(path) == 1 and listed.size >= WHOLE for path, listed in lists.items()):
        yield "A list that you want whole is cheaper by a plain GET (/v1, as CSV or JSON Lines): there it costs one for each row."


def _about(cost: int, charge: Charge, lists: Mapping[Path, Listed]) -> Iterator[str]:
    takes = f"{_told(charge.path)} takes {charge.cost:,} of the {cost:,}"
    if charge.rows > charge.cost:
        rows = f"it goes over {charge.rows:,} rows, however few it answers with"
        yield f"{takes}: {rows}. Ask for it once, not with each page or row."
        return
    yield f"{takes}: that may be {charge.rows:,} rows."
    around = _around(charge, lists)
    if len(around) > 1:
        each = ", each with up to ".join(f"{lists[path].size} of {_told(path)}" for path in around)
        yield f"These are lists inside lists: {each}. Ask for fewer (first) of any, and the cost shrinks in proportion."
    elif around:
        yield f"Ask for fewer of {_told(around[0])} at once (first, and after for the next page)."


def _around(charge: Charge, lists: Mapping[Path, Listed]) -> Sequence[Path]:
    """The lists whose pages multiply a charge, the outermost first; of a list's own count, not that list."""
    counts = charge.rows > charge.cost
    return sorted(
        (path for path in lists if charge.path[: len(path)] == path and len(path) < len(charge.path) - counts), key=len
    )


def _unsaid(path: Path, listed: Listed) -> str:
    return f"{_told(path)} does not say how many it wants, which counts as {listed.size}: give it first."


def _told(path: Path) -> str:
    return f"“{'.'.join(path)}”"
