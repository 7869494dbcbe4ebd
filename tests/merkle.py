"""RFC 9162's Merkle tree as the RFC defines it, recursively, over leaf hashes; and its proofs, made and checked."""

import hashlib
from collections.abc import Sequence
from functools import cached_property


def above(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def _part(size: int) -> int:
    """The greatest power of two below a size."""
    part = 1
    while part * 2 < size:
        part *= 2
    return part


class Tree:
    """Over these leaf hashes; what was worked out is kept."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = leaves
        self._known: dict[tuple[int, int], bytes] = {}

    @cached_property
    def size(self) -> int:
        return len(self.leaves)

    def root(self, size: int) -> bytes:
        return self._hash(0, size)

    def _hash(self, start: int, end: int) -> bytes:
        """MTH(D[start:end])"""
        if start == end:
            return hashlib.sha256(b"").digest()
        if end - start == 1:
            return self.leaves[start]
        if (start, end) not in self._known:
            part = start + _part(end - start)
            self._known[start, end] = above(self._hash(start, part), self._hash(part, end))
        return self._known[start, end]

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """PATH(position - 1, D[0:size])"""
        return self._path(position - 1, 0, size)

    def _path(self, leaf: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        part = start + _part(end - start)
        if leaf < part:
            return [*self._path(leaf, start, part), self._hash(part, end)]
        return [*self._path(leaf, part, end), self._hash(start, part)]

    def consistency(self, first: int, second: int) -> list[bytes]:
        """PROOF(first, D[0:second]); nothing for the empty tree."""
        return self._subproof(first, 0, second, True) if first else []

    def _subproof(self, first: int, start: int, end: int, whole: bool) -> list[bytes]:
        if first == end:
            return [] if whole else [self._hash(start, end)]
        part = start + _part(end - start)
        if first <= part:
            return [*self._subproof(first, start, part, whole), self._hash(part, end)]
        return [*self._subproof(first, part, end, False), self._hash(start, part)]


def included(leaf: bytes, position: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2: verifying an inclusion proof, by the RFC's own steps."""
    place, last, found = position - 1, size - 1, leaf
    if not 0 <= place < size:
        return False
    for node in proof:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = above(node, found)
            while not place % 2 and place:
                place, last = place // 2, last // 2
        else:
            found = above(found, node)
        place, last = place // 2, last // 2
    return last == 0 and found == root


def consistent(first: int, second: int, old: bytes, new: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2: verifying a consistency proof, by the RFC's own steps; the empty tree is the beginning of all."""
    if first == second or first == 0:
        return not proof and (first == 0 or old == new)
    nodes = [old, *proof] if first & (first - 1) == 0 else list(proof)
    if not nodes:
        return False
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place // 2, last // 2
    was = found = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            was, found = above(node, was), above(node, found)
            while not place % 2 and place:
                place, last = place // 2, last // 2
        else:
            found = above(found, node)
        place, last = place // 2, last // 2
    return last == 0 and was == old and found == new
