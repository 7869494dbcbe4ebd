"""The parameters of a statement: where each request's values come from, and the errors of those that cannot be."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLError

from schema.arguments import Read, Variables
from schema.refusals import BadValue, refusal


@dataclass(frozen=True)
class Bound:
    """A parameter of the statement: how to read it from a request's variables, and whose argument it is."""

    name: str
    read: Read
    check: Callable[[Any], Any] | None
    path: tuple[str, ...]
    nodes: Sequence[FieldNode]

    def value(self, variables: Variables) -> Any:
        """Raises BadValue."""
        value = self.read(variables)
        return value if self.check is None else self.check(value)


def misfits(bound: Iterable[Bound], variables: Variables) -> Iterator[GraphQLError]:
    """An error for each value of a request that cannot be."""
    for one in bound:
        try:
            one.value(variables)
        except BadValue as bad:
            yield bad_value(one.name, bad, one.nodes, one.path)


def bad_value(name: str | None, bad: BadValue, nodes: Sequence[FieldNode], path: Sequence[str]) -> GraphQLError:
    """The error of an argument, or of a field's arguments together."""
    return refusal(f"{name}: {bad}" if name else str(bad), nodes=nodes, path=path)


def distinct(errors: Iterable[GraphQLError]) -> list[GraphQLError]:
    """Each error once: a cursor is read several times."""
    seen = {(error.message, tuple(error.path or ())): error for error in errors}
    return list(seen.values())
