"""Relay's connection types, one pair a noun."""

from typing import Any

import graphene


class PageInfo(graphene.ObjectType):
    """Where a page stands in its list."""

    has_next_page = graphene.Boolean(required=True, description="Whether more follows.")
    has_previous_page = graphene.Boolean(required=True, description="Whether something comes before.")
    start_cursor = graphene.String(description="The cursor of the page's first element; null when the page is empty.")
    end_cursor = graphene.String(
        description="The cursor of the page's last element: give it as `after` for the next page."
    )


def connection(name: str, node: Any, plural: str, **edge_fields: Any) -> Any:
    """NameConnection over `node`, and its NameEdge with further fields."""
    edge = type(
        f"{name}Edge",
        (graphene.ObjectType,),
        {
            "__doc__": f"One of the {plural} of a page, with its cursor.",
            "cursor": graphene.String(required=True, description="Its place in the list, for `after` and `before`."),
            "node": graphene.Field(graphene.NonNull(node), description="The element itself."),
            **edge_fields,
        },
    )
    return type(
        f"{name}Connection",
        (graphene.ObjectType,),
        {
            "__doc__": f"A page of {plural}.",
            "edges": graphene.NonNull(
                graphene.List(graphene.NonNull(edge)), description="The page's elements, each with its cursor."
            ),
            "nodes": graphene.NonNull(graphene.List(graphene.NonNull(node)), description="The page's elements."),
            "page_info": graphene.Field(graphene.NonNull(PageInfo), description="Where this page stands in the list."),
            "total_count": graphene.Int(
                required=True, description="How many elements the whole list has, the same on every page."
            ),
        },
    )
