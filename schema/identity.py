"""Ids as clients see them: "Measure:PHL-0007". Opaque to clients, final, and never reused."""

import re
from typing import Any

from schema.refusals import BadValue

WELL_FORMED = re.compile(r"([A-Z][A-Za-z]{1,40}):[A-Za-z0-9._:-]{1,80}", re.ASCII)

TYPES = frozenset(
    (
        "StateParty",
        "Signatory",
        "Section",
        "Article",
        "Instrument",
        "Recommendation",
        "Measure",
        "Assessment",
        "Statement",
        "ReportingEvent",
        "Source",
        "Coverage",
        "Revision",
        "Submission",
        "ErrorReport",
    )
)
"""What an id can be of."""

LARGEST_POSITION = 2_147_483_646


def type_of(node_id: Any) -> str | None:
    """The type that an id names; None where it names none of ours."""
    name = str(node_id).partition(":")[0]
    return name if name in TYPES else None


def well_formed(node_id: str) -> str:
    """The id. Raises BadValue for what can be no id."""
    if not WELL_FORMED.fullmatch(node_id):
        raise BadValue('an id is a type and a name, like "Measure:PHL-0007".')
    return node_id


def well_formed_all(node_ids: list[str]) -> list[str]:
    return [well_formed(node_id) for node_id in node_ids]
