"""How to cite a query's answer: what was asked, of which state of the record, and at which address that is found again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from api.about import NAME
from api.citing import citation as cited


@dataclass(frozen=True)
class Citation:
    """title: what was asked; address: of the answer, frozen; position, known, valid: the state of the record; accessed: when."""

    title: str
    address: str
    position: int
    known: str
    valid: str
    accessed: date

    @property
    def text(self) -> str:
        """As a footnote has it."""
        day = f"{self.accessed.day} {self.accessed:%B %Y}"
        return f"{cited(self.title, vars(self), self.address)}, accessed {day}."

    @property
    def told(self) -> Mapping[str, Any]:
        """As JSON."""
        return {
            "text": self.text,
            "title": self.title,
            "publisher": NAME,
            "address": self.address,
            "position": self.position,
            "known": self.known,
            "valid": self.valid,
            "accessed": self.accessed.isoformat(),
        }


def citation(title: str, address: str, clock: Mapping[str, Any], *, frozen: bool, accessed: date) -> Citation:
    """address: of the query; of a live one, the citation's is that of its answer as it was read."""
    at = {"position": clock["position"], "valid": clock["valid"]}
    there = address if frozen else f"{address}?{urlencode(at)}"
    return Citation(title, there, clock["position"], clock["known"], clock["valid"], accessed)
