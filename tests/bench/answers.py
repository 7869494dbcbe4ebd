"""Answers brought to one plain form, so that all servers' can be compared: what is asked for, whatever the shape it comes in."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

Plain = Any
Data = dict[str, Any]


def plain(query: str, data: Data) -> Plain:
    """The answer's data as tuples. Cursors and the ids of States are each server's own; recommendations have no set order."""
    return READS[query](data)


def _one_state(data: Data) -> Plain:
    state = data["stateParty"]
    return state and (state["code"], state["name"], [_measure(one) for one in state["measures"]["nodes"]])


def _all_states(data: Data) -> Plain:
    return sorted((one["code"], one["name"], one["region"], one["consentOn"]) for one in data["stateParties"]["nodes"])


def _history(data: Data) -> Plain:
    return [
        (
            one["id"],
            one["title"],
            (one["stateParty"]["code"], one["stateParty"]["name"]),
            _recommendations(one),
            [
                (revision["position"], revision["number"], _moment(revision["recordedAt"]), revision["author"])
                for revision in one["revisions"]["nodes"]
            ],
        )
        for one in data["measures"]["nodes"]
    ]


def _coverage(data: Data) -> Plain:
    groups = data["coverageSummary"]
    if isinstance(groups, dict):  # PostGraphile gives functions' rows as connections
        groups = groups["nodes"]
    return sorted(
        (
            group["key"],
            group["total"],
            sorted((count["state"], int(count["count"])) for count in group["counts"] if int(count["count"])),
        )
        for group in groups
    )


def _next_page(data: Data) -> Plain:
    page = data["measures"]
    measures = [(one["id"], one["title"], one["kind"], one["status"], one["inForceOn"]) for one in page["nodes"]]
    return measures, page["pageInfo"]["hasNextPage"]


def _measure(one: Data) -> Plain:
    return one["id"], one["title"], one["kind"], one["status"], one["inForceOn"], _recommendations(one)


def _recommendations(measure: Data) -> Plain:
    found = measure["recommendations"]
    if isinstance(found, dict):  # PostGraphile goes by the table between
        found = [link["recommendation"] for link in found["nodes"]]
    return sorted((one["code"], one["title"]) for one in found)


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told).astimezone(UTC)


READS: dict[str, Callable[[Data], Plain]] = {
    "one_state": _one_state,
    "all_states": _all_states,
    "history": _history,
    "coverage": _coverage,
    "next_page": _next_page,
    "state_as_of": lambda data: _one_state(data["at"]),
}
