"""Rows that leave nothing out unsaid: what a table, or lines, of an operation could not hold is refused before anything is read."""

from collections.abc import Sequence
from typing import cast

from graphql import FieldNode, GraphQLInterfaceType, GraphQLObjectType, GraphQLOutputType, get_named_type, is_leaf_type

from schema.arguments import Variables, given_arguments
from schema.document import Operation
from schema.flattening import BESIDE, Table, has_pages, query_type, roots, table_of
from schema.introspection import INTROSPECTION
from schema.paged import LISTS
from schema.planning import Planning
from schema.query import schema
from schema.refusals import Refused, refusal

WITHIN = (*LISTS, "totalCount", "pageInfo", "hasMore", "lastPosition", "__typename")
"""Fields of a list with pages: what is no element says how many there are."""

TELLS_MORE = {"totalCount", "pageInfo", "hasMore"}
"""Fields that say whether a page is all of its list."""


def rows_table(operation: Operation, variables: Variables) -> Table:
    """The table of an operation, kept once it is made. Raises Refused where rows could not say that something is left out."""

    def made() -> Table:
        refuse_what_is_cut(operation, variables)
        return table_of(operation, variables)

    return operation.kept("table", variables, made, lambda table: "\n".join(flat.name for flat in table.columns) or "-")


def refuse_what_is_cut(operation: Operation, variables: Variables) -> None:
    """Raises Refused where rows would leave out something that is asked for, and not say so: what stands beside a list with pages,
    and lists with pages inside, unless they say how many they are to have, or ask how many there are."""
    planning, fields = roots(operation, variables)
    query = query_type()
    paged = [key for key, nodes in fields.items() if has_pages(query, nodes)]
    for key, nodes in fields.items():
        name = nodes[0].name.value
        if name in INTROSPECTION:
            raise Refused([refusal(f"{name}: what the schema is does not come as rows: ask for .json.", nodes=nodes)])
        if paged and key != paged[0] and name not in BESIDE:
            message = f"{key}: rows are of one list, and {paged[0]} is one: ask for each in a request of its own."
            raise Refused([refusal(message, nodes=nodes, path=(key,))])
        if name != "__typename":
            definition = query.fields[name]
            _refuse_within(planning, definition.type, nodes, (key,), rows=key in paged)


def _refuse_within(
    planning: Planning, type_: GraphQLOutputType, nodes: Sequence[FieldNode], path: tuple[str, ...], *, rows: bool
) -> None:
    """rows: whether it is the list whose elements are rows."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return
    possible = schema.get_possible_types(named) if isinstance(named, GraphQLInterfaceType) else [named]
    for one in cast("Sequence[GraphQLObjectType]", possible):
        among = planning.subfields(one, nodes)
        elements = [key for key, asked in among.items() if asked[0].name.value in LISTS] if rows else []
        for key, asked in among.items():
            name, inside = asked[0].name.value, (*path, key)
            if rows and (name not in WITHIN or (name in LISTS and key != elements[0])):
                message = (
                    f"{'.'.join(inside)}: rows are of {'.'.join((*path, elements[0]))}: leave this out."
                    if elements
                    else (f"{'.'.join(path)}: ask for nodes {{ … }}: they are what is listed.")
                )
                raise Refused([refusal(message, nodes=asked, path=inside)])
            if name == "__typename":
                continue
            if has_pages(one, asked) and not _tells_how_many(planning, one, asked):
                message = (
                    f"{'.'.join(inside)}: this is a list in pages inside another, and rows would hold its first page without saying"
                    " so: say how many it is to have (first: 200), or ask for its totalCount, too."
                )
                raise Refused([refusal(message, nodes=asked, path=inside)])
            _refuse_within(planning, one.fields[name].type, asked, inside, rows=False)


def _tells_how_many(planning: Planning, type_: GraphQLObjectType, nodes: Sequence[FieldNode]) -> bool:
    definition = type_.fields[nodes[0].name.value]
    values = {argument.name.value: argument.value for argument in nodes[0].arguments}
    given = given_arguments(definition.args, values, planning.variables)
    if "first" in given or "last" in given:
        return True
    named = get_named_type(definition.type)
    asked = planning.subfields(cast("GraphQLObjectType", named), nodes).values()
    return any(one[0].name.value in TELLS_MORE for one in asked)
