"""Cursors at the same places of the long list, in each server's own form."""

import base64
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

import orjson

Ask = Callable[[str, Mapping[str, Any]], dict[str, Any]]
"""Sends a document and its variables; the answer's data."""

WALK = """query walk($after: String) {
  measures(first: 200, after: $after, orderBy: [DATE_DESC]) { edges { cursor } pageInfo { hasNextPage endCursor } }
}"""
LOOK = """query look($offset: Int!) {
  measures: allMeasures(first: 1, offset: $offset, orderBy: [DATED_EARLIEST_DESC, DATED_LATEST_DESC, ROW_ID_ASC]) {
    pageInfo { endCursor }
  }
}"""


class Key(NamedTuple):
    """A row of the long list: place counts from 1."""

    place: int
    earliest: date
    latest: date
    measure_id: str


def by_walking(ask: Ask, keys: list[Key]) -> list[str]:
    """Ours are for us to give: the list is walked, page by page."""
    cursors: list[str] = []
    after = None
    while len(cursors) < keys[-1].place:
        page = ask(WALK, {"after": after})["measures"]
        cursors += [edge["cursor"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    return [cursors[key.place - 1] for key in keys]


def by_offset(ask: Ask, keys: list[Key]) -> list[str]:
    """PostGraphile's."""
    return [ask(LOOK, {"offset": key.place - 1})["measures"]["pageInfo"]["endCursor"] for key in keys]


def of_rows(_ask: Ask, keys: list[Key]) -> list[str]:
    """Those of the peers that were written here."""
    return [base64.b64encode(orjson.dumps(list(key[1:]))).decode() for key in keys]


def plain_key(_ask: Ask, keys: list[Key]) -> list[str]:
    """The hand-written SQL's."""
    return [f"{key.earliest} {key.latest} {key.measure_id}" for key in keys]
