"""Ids: what they look like, by what they are named, and the next free ones for new records."""

import re

from db.documents import FIELDS, id_prefix
from db.offers import OfferedChange

TYPES = {word: id_prefix(word) for word in FIELDS}
"""MEASURE → Measure: the record type's name in ids."""

NAMED_BY = {record_type: name for record_type, fields in FIELDS.items() for name, field in fields.items() if field.key}
"""Of what has a name of its own, the field that its id ends in."""

NUMBERED = {"MEASURE": ("", 4), "ASSESSMENT": ("A", 3), "STATEMENT": ("S", 2), "REPORTING_EVENT": ("E", 2)}
"""Of what is numbered by State, as in Measure:PHL-0007 and Assessment:PHL-A001: the letter, and how many digits."""

WELL_FORMED = re.compile(r"[A-Z][A-Za-z]+:[A-Za-z0-9._-]{1,64}", re.ASCII)


def numbered(record_type: str, state_party: str) -> tuple[str, int]:
    letter, digits = NUMBERED[record_type]
    return f"{TYPES[record_type]}:{state_party}-{letter}", digits


def prefix_of(one: OfferedChange) -> str | None:
    """What the new id of a change begins with, where it needs one."""
    if one.operation != "CREATE" or one.record_id:
        return None
    if one.record_type == "SOURCE":
        return "Source:S-"
    state_party = (one.document or {}).get("stateParty")
    if one.record_type not in NUMBERED or not isinstance(state_party, str) or not re.fullmatch("[A-Z]{3}", state_party):
        return None
    return numbered(one.record_type, state_party)[0]
