"""The log as the folder that `verify_log.py download` would make of it, so that `verify_log.py check` checks a download, too."""

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping

from api.dataset.snapshot import Snapshot
from api.v1.copying import chunks
from schema.log_rows import REVISIONS

FOLDER = "log"


async def log_lines(found: Snapshot, since: int = 0) -> AsyncGenerator[bytes]:
    """revisions.jsonl: each revision after a position, as a line of JSON. To be read to its end, or closed."""
    rows = REVISIONS.rows(found.moment.shape, as_cells=False)
    parameters = rows.plan.parameters({}, {**found.context, "beyond": since})
    async for chunk in chunks(found.connection, rows, parameters):
        yield chunk


def log_files(found: Snapshot) -> Mapping[str, bytes]:
    """What there is beside, by its place in the folder."""
    signed = found.signed
    told = {"origin": signed.origin, "keys": signed.keys}
    return {
        "log.json": json.dumps(told, indent=2).encode() + b"\n",
        **{_place("checkpoints", size, note): note.encode() for size, note in signed.checkpoints.items()},
        **{_place("keys", size, note): note.encode() for size, note in signed.successions.items()},
    }


def _place(folder: str, size: int, note: str) -> str:
    return f"{folder}/{size:010}-{hashlib.sha256(note.encode()).hexdigest()[:8]}.txt"
