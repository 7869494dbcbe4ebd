"""Where a page of a list leads: the next one, the one before, the first (RFC 8288)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

PLACES = ("first", "last", "after", "before")
"""Parameters that say which page of a list it is."""

Parameters = Sequence[tuple[str, str]]


def linking(headers: Mapping[str, str], *links: str) -> dict[str, str]:
    """The headers, with links beside those that they have."""
    there = [headers["Link"]] if "Link" in headers else []
    return {**headers, "Link": ", ".join([*there, *links])} if there or links else dict(headers)


def links_of_page(address: str, given: Parameters, page: Any) -> Iterator[str]:
    """address: of the list, without parameters; given: those that the page was asked for with; page: as GraphQL has it. The
    others are as long as this one was to be, whichever way it was turned."""
    asked = dict(given)
    about = [(name, value) for name, value in given if name not in PLACES]
    size = asked.get("first") or asked.get("last")
    forwards, backwards = ([("first", size)], [("last", size)]) if size else ([], [])

    def link(relation: str, *place: tuple[str, str]) -> str:
        query = urlencode([*about, *place])
        return f'<{address}{f"?{query}" if query else ""}>; rel="{relation}"'

    match page:
        case {"pageInfo": {"hasNextPage": True, "endCursor": str(cursor)}}:
            yield link("next", *forwards, ("after", cursor))
        case {"hasMore": True, "lastPosition": int(position)}:
            until = [("before", asked["before"])] if "before" in asked else []
            yield link("next", *until, *forwards, ("after", str(position)))
    match page:
        case {"pageInfo": {"hasPreviousPage": True, "startCursor": str(cursor)}}:
            yield link("prev", *backwards, ("before", cursor))
            yield link("first", *forwards)
