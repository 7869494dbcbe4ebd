"""What a process that writes a file is told first, as a line of JSON; the rows follow it, as CSV without a header.

That process imports this, too, and would wait for each thing that it does not need: so nothing of the schema is here but columns.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from api.apart.refused import NotAll
from schema.column import Column


@dataclass(frozen=True)
class Table:
    """total: how many rows there are to be; about: what the file says of itself, by its name."""

    columns: Sequence[Column]
    total: int
    about: Mapping[str, str]

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    def is_all(self, rows: int) -> None:
        """Raises NotAll: the end of what was sent may be the end of who sent it."""
        if rows != self.total:
            raise NotAll(f"{rows} rows came of {self.total}")


def read(line: bytes) -> Table:
    """Of such a line. Raises NotAll where it is none."""
    if not line.endswith(b"\n"):
        raise NotAll("nothing came")
    told: dict[str, Any] = json.loads(line)
    return Table([Column(**one) for one in told["columns"]], told["total"], told["about"])
