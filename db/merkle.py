"""The log's Merkle tree (RFC 9162) leaf by leaf, apart from the database's own: what `opsc verify` holds that one against."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple


class Node(NamedTuple):
    """A complete subtree above the leaves: over the 2^level of them from place · 2^level on."""

    level: int
    place: int
    hash: bytes


class Growing:
    """A tree that grows. It holds no more than its root needs: the largest complete subtrees, from the left."""

    def __init__(self) -> None:
        self.size = 0
        self._complete: list[bytes] = []

    def add(self, leaf: bytes) -> Iterator[Node]:
        """The nodes that become complete with a leaf's hash, upwards."""
        found, level = leaf, 0
        while self.size >> level & 1:
            found = _above(self._complete.pop(), found)
            level += 1
            yield Node(level, self.size >> level, found)
        self._complete.append(found)
        self.size += 1

    def root(self) -> bytes:
        if not self._complete:
            return hashlib.sha256(b"").digest()
        root = self._complete[-1]
        for left in reversed(self._complete[:-1]):
            root = _above(left, root)
        return root


def _above(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()
