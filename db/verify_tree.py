"""What `opsc verify` finds of the tree and its checkpoints: nodes and roots made anew from the leaves, signatures checked."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import NamedTuple

import asyncpg

from db.signed_note import BadNote, PublicKey, opened
from db.verify_log import Node, Tree

BATCH = 5_000
"""Leaves, or nodes, held in memory at once."""

TOLD = 20
"""Nodes told by name: one leaf that was changed changes all above it."""


class Fault(NamedTuple):
    """What is wrong, where: ("checkpoint", "of size 4,727", "its root is …")."""

    table: str
    place: str | None
    sentence: str


async def faults(connection: asyncpg.Connection) -> list[Fault]:
    """In the caller's transaction, which sees one snapshot."""
    checkpoints = await connection.fetch(
        'select c.*, r.recorded_at from public.checkpoint c left join public.revision r on r."position" = c.size order by size'
    )
    keys = await connection.fetch("select * from public.log_key order by number")
    roots: dict[int, bytes] = {}
    found: list[Fault] = []
    untold = 0
    async for fault in _nodes(connection, {row["size"] for row in checkpoints} | {row["since"] for row in keys}, roots):
        if len(found) < TOLD:
            found.append(fault)
        else:
            untold += 1
    if untold:
        found.append(Fault("tree_node", None, f"and {untold:,} nodes more"))
    return [*found, *_checkpoints(checkpoints, keys, roots), *_keys(keys, roots)]


async def _nodes(connection: asyncpg.Connection, sizes: Iterable[int], roots: dict[int, bytes]) -> AsyncIterator[Fault]:
    """Nodes that are kept otherwise than the leaves make them; `roots` gets those of the sizes."""
    wanted = set(sizes)
    kept = aiter(
        connection.cursor(
            "select level, place, hash from public.tree_node order by (place::bigint + 1) << level, level",
            prefetch=BATCH,
            timeout=None,
        )
    )
    tree = Tree()
    if 0 in wanted:
        roots[0] = tree.root()
    at = await anext(kept, None)
    async for row in connection.cursor(
        'select leaf_hash from public.revision order by "position"', prefetch=BATCH, timeout=None
    ):
        for node in tree.add(row["leaf_hash"]):
            while at and _order(at) < _order(node):
                yield _extra(at)
                at = await anext(kept, None)
            if at is None or _order(at) > _order(node):
                yield Fault("tree_node", _name(node), "the log makes this node, but it is not there")
                continue
            if at["hash"] != node.hash:
                yield Fault("tree_node", _name(node), f"its hash is {at['hash'].hex()}, by the log {node.hash.hex()}")
            at = await anext(kept, None)
        if tree.size in wanted:
            roots[tree.size] = tree.root()
    while at:
        yield _extra(at)
        at = await anext(kept, None)


def _order(node: Node | asyncpg.Record) -> tuple[int, int]:
    """Nodes by the size at which they become complete, upwards."""
    level, place = node[0], node[1]
    return (place + 1) << level, level


def _name(node: Node | asyncpg.Record) -> str:
    return f"level {node[0]} place {node[1]:,}"


def _extra(node: asyncpg.Record) -> Fault:
    return Fault("tree_node", _name(node), "this node is there, but the log does not make it")


def _checkpoints(
    checkpoints: list[asyncpg.Record], keys: list[asyncpg.Record], roots: dict[int, bytes]
) -> Iterator[Fault]:
    public = {row["number"]: row["public_key"] for row in keys}
    yield from _gone(checkpoints, keys)
    yield from _moments(checkpoints, keys)
    for row in checkpoints:
        for sentence in _note(row["note"], row["size"], row["root_hash"], None, [public.get(row["key"])], roots):
            yield Fault("checkpoint", f"of size {row['size']:,}", sentence)


def _gone(checkpoints: list[asyncpg.Record], keys: list[asyncpg.Record]) -> Iterator[Fault]:
    """Checkpoints are numbered without gaps, and each key begins at one. What is gone at the end may never have been signed."""
    number = 0
    for row in checkpoints:
        name = f"of size {row['size']:,}"
        if row["number"] > number + 1:
            missing = f"{number + 1:,}" + (f" to {row['number'] - 1:,}" if row["number"] > number + 2 else "")
            yield Fault("checkpoint", name, f"number {missing} is missing before it, which is number {row['number']:,}")
        elif row["number"] <= number:
            yield Fault("checkpoint", name, f"it is number {row['number']:,}, but one before it is number {number:,}")
        number = row["number"]
    sizes = {row["size"] for row in checkpoints}
    for row in keys:
        if row["since"] not in sizes:
            sentence = f"it signs since size {row['since']:,}, but the checkpoint of that size is not there"
            yield Fault("log_key", f"number {row['number']}", sentence)


def _moments(checkpoints: list[asyncpg.Record], keys: list[asyncpg.Record]) -> Iterator[Fault]:
    """Each is signed after what it signs was recorded, after its key was there and after the checkpoint before it."""
    added = {row["number"]: row["added_at"] for row in keys}
    before = None
    for row in checkpoints:
        for what, moment in (
            ("its newest revision was recorded", row["recorded_at"]),
            ("its key was there", added.get(row["key"])),
            ("the checkpoint before it was", before),
        ):
            if moment and row["signed_at"] < moment:
                yield Fault("checkpoint", f"of size {row['size']:,}", f"it was signed before {what}")
        before = row["signed_at"]
    signed = {row["size"]: row["signed_at"] for row in checkpoints}
    for row in keys[1:]:
        if row["since"] in signed and row["added_at"] < signed[row["since"]]:
            yield Fault(
                "log_key", f"number {row['number']}", "it was added before the checkpoint that it begins at was signed"
            )


def _keys(keys: list[asyncpg.Record], roots: dict[int, bytes]) -> Iterator[Fault]:
    """Each key but the first is vouched for by the one before; or, where that was lost, by none, as its note then shows."""
    before = None
    for place, row in enumerate(keys, 1):
        name = f"number {row['number']}"
        if row["number"] != place:
            yield Fault("log_key", name, f"it is the log's key number {place}")
        if place > 1:
            root = roots.get(row["since"], b"")
            lost = (row["note"] or "").rpartition("\n\n")[2].count("\n") == 1
            signing = [row["public_key"]] if lost else [before, row["public_key"]]
            for sentence in _note(row["note"], row["since"], root, row["public_key"], signing, roots):
                yield Fault("log_key", name, sentence)
        before = row["public_key"]


def _note(
    note: str | None,
    size: int,
    root: bytes,
    successor: str | None,
    public_keys: list[str | None],
    roots: dict[int, bytes],
) -> Iterator[str]:
    """What is wrong with a row's note that should be the checkpoint of a size, signed with each of the keys, and name the next."""
    if size not in roots:
        yield f"the log has not so many revisions as the {size:,} that were signed: its end was cut off"
    elif root != roots[size]:
        yield f"its root is {root.hex()}, by the log {roots[size].hex()}: revisions were changed after they were signed"
    for public_key in public_keys:
        try:
            key = PublicKey.read(public_key or "")
            said = opened(note or "", [key])
        except BadNote as bad:
            yield f"its note does not verify: {bad}"
            continue
        if (said.origin, said.size, said.root, said.successor) != (key.name, size, root, successor):
            yield f"its note says {said.origin}, {said.size:,}, {said.root.hex()}, and not what its row says"
