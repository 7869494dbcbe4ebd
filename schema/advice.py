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
        around = [path for path in lists if charge.path[: len(path)] == path]
        yield from _about(cost, charge, lists, around)
    for charge in dear:
        around = [path for path in lists if charge.path[: len(path)] == path]
        yield from (
            _unsaid(path, lists[path]) for path in around if not lists[path].said and len(path) < len(charge.path)
        )
    if cost > limit or any(len(path) == 1 and listed.size >= WHOLE for path, listed in lists.items()):
        yield "A list that you want whole is cheaper by a plain GET (/v1, as CSV or JSON Lines): there it costs one for each row."


def _about(cost: int, charge: Charge, lists: Mapping[Path, Listed], around: Sequence[Path]) -> Iterator[str]:
    where = _told(charge.path)
    if charge.rows > charge.cost:
        yield (
            f"{where} takes {charge.cost:,} of the {cost:,}: it goes over {charge.rows:,} rows, whatever it answers with. Ask for"
            " it once, and not with each page."
        )
        return
    yield f"{where} takes {charge.cost:,} of the {cost:,}: that may be {charge.rows:,} rows."
    inside = [path for path in around if len(path) < len(charge.path)]
    if len(inside) > 1:
        each = ", each with up to ".join(f"{lists[path].size} of {_told(path)}" for path in sorted(inside, key=len))
        yield f"These are lists inside lists: {each}. Ask for fewer (first) in any of them, and the cost shrinks as much."
    elif inside:
        yield f"Ask for fewer of {_told(inside[0])} at once (first, and after for the next page)."


def _unsaid(path: Path, listed: Listed) -> str:
    return f"{_told(path)} does not say how many it wants, which counts as {listed.size}: give it first."


def _told(path: Path) -> str:
    return f"“{'.'.join(path)}”"
