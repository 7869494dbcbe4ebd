"""Checkpoints as files that others keep: who has them can show that the log was rewritten, whatever its operator signs afterwards.

    checkpoints/4727   the checkpoint of the log's first 4,727 revisions
    keys/1             the first public key;  keys/2, …: those after it
    keys/2.checkpoint  the checkpoint by which the key before has signed for that one, or, where it was lost, that one alone
    latest             the newest checkpoint, again

No file but `latest` ever changes.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import asyncpg

from db.signed_note import BadNote, PublicKey, opened

PARTS = ("keys", "checkpoints")
"""The folders in it."""

OURS = re.compile(r"[0-9]+(\.checkpoint)?", re.ASCII)
"""Names that we give to files in the folders."""


class LogRewrittenError(Exception):
    """The files say otherwise than the log does: `sentences`, one a contradiction."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n  ".join(["THE LOG WAS REWRITTEN, or these files were changed:", *sentences]))
        self.sentences = sentences


class Written(NamedTuple):
    """How many checkpoints were new, of how many; the newest one's size, None where nothing is signed yet; and the log's."""

    new: int
    kept: int
    size: int | None
    log: int


async def write(connection: asyncpg.Connection, folder: Path) -> Written:
    """Writes what the folder has not. Raises LogRewrittenError, having written nothing, where what is there is not the log's."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        keys = await connection.fetch("select number, public_key, note from log_key order by number")
        checkpoints = await connection.fetch("select size, note, key from checkpoint order by size")
        size = await connection.fetchval("select tree_size()")
        files = {f"keys/{row['number']}": f"{row['public_key']}\n" for row in keys}
        files |= {f"keys/{row['number']}.checkpoint": row["note"] for row in keys if row["note"]}
        files |= {f"checkpoints/{row['size']}": row["note"] for row in checkpoints}
        found = {name: (folder / name).read_bytes() for name in _names(folder)}
        told = [*_contradictions(files, found), *await _broken(connection, found)]
    latest, notes = folder / "latest", [*(row["note"] for row in [*keys, *checkpoints])]
    if latest.exists() and latest.read_bytes() not in [note.encode() for note in notes if note]:
        told.append("latest is no checkpoint of this log.")
    if told:
        raise LogRewrittenError(told)
    if not checkpoints:
        return Written(0, 0, None, size)
    missing = [name for name in files if name not in found]
    for name in missing:
        _write(folder / name, files[name])
    newest = next((row["note"] for row in reversed(keys) if _covers(row["note"], checkpoints[-1]["size"])), None)
    _write(latest, newest or checkpoints[-1]["note"])
    new = sum(name.startswith("checkpoints/") for name in missing)
    return Written(new, len(checkpoints), checkpoints[-1]["size"], size)


def _covers(note: str | None, size: int) -> bool:
    return note is not None and note.split("\n")[1] == str(size)


def _names(folder: Path) -> Iterator[str]:
    for part in PARTS:
        if (folder / part).is_dir():
            yield from (f"{part}/{file.name}" for file in (folder / part).iterdir() if OURS.fullmatch(file.name))


def _contradictions(files: dict[str, str], found: dict[str, bytes]) -> Iterator[str]:
    for name in sorted(found, key=_place):
        if name not in files:
            yield f"{name} is there, but this log has never signed it."
        elif found[name] != files[name].encode():
            yield f"{name} is there, but this log has another one."


async def _broken(connection: asyncpg.Connection, found: dict[str, bytes]) -> list[str]:
    """What the newest checkpoint there says, that does not hold of the log."""
    names = sorted((name for name in found if name.startswith("checkpoints/")), key=_place)
    if not names:
        return []
    try:
        keys = [PublicKey.read(found[name].decode().strip()) for name in found if re.fullmatch("keys/[0-9]+", name)]
        said = opened(found[names[-1]].decode(), keys)
    except (BadNote, UnicodeDecodeError) as bad:
        return [f"{names[-1]} cannot be read: {bad}."]
    size = await connection.fetchval("select tree_size()")
    if said.size > size:
        return [f"{names[-1]} is of {said.size:,} revisions, but the log has {size:,}: its end was cut off."]
    root = await connection.fetchval("select tree_root($1)", said.size)
    if root != said.root:
        return [
            f"{names[-1]} has the root {said.root.hex()}, but the log's first {said.size:,} revisions now {root.hex()}."
        ]
    return []


def _place(name: str) -> tuple[str, int]:
    return name.partition("/")[0], int(re.sub("[^0-9]", "", name))


def _write(file: Path, text: str) -> None:
    """Whole, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.write_bytes(text.encode())
    beside.replace(file)
