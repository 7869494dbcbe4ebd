"""How what the record answered is cited, as a footnote has it: what was asked, of which state of the record, and where that is.

How a revision is cited, the database says (revision_citation()).
"""

from collections.abc import Mapping
from typing import Any

from api.about import NAME


def citation(what: str | None, clock: Mapping[str, Any], address: str) -> str:
    """Without a full stop. what: a title; clock: position, known and valid."""
    title = f"“{what}”, " if what else ""
    return f"{NAME}, {title}position {clock['position']} of the log (known {clock['known']}, of {clock['valid']}), {address}"
