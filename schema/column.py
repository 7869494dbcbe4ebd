"""A column of a table that is made of a list's elements. Nothing is imported here: processes that only write files read it, too."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """name: the path to the leaf, as "stateParty.code"; kind: GraphQL's scalar or enum that its cells hold, JSON, or String.
    among: the path to the list, where each cell holds one text for each of the list's elements."""

    name: str
    kind: str
    among: str | None = None
