"""Reading a checkpoint as its specifications say (C2SP signed-note v1, tlog-checkpoint), apart from our own code."""

import base64
import hashlib
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Read(NamedTuple):
    """A note's text, line by line, the names of the keys, among those that were given, that signed it, and lines more."""

    origin: str
    size: int
    root: bytes
    signers: list[str]
    more: list[str]


def read(note: str, *verifier_keys: str) -> Read:
    """Raises ValueError unless it is a checkpoint that one of these keys signed, and none of them wrongly."""
    if any(ord(sign) < 32 and sign != "\n" for sign in note) or not note.endswith("\n"):
        raise ValueError("no note")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    signers = []
    for line in signatures.removesuffix("\n").split("\n"):
        dash, name, encoded = line.split(" ")
        if dash != "\u2014":
            raise ValueError("no signature line")
        signature = base64.b64decode(encoded, validate=True)
        for vkey in verifier_keys:
            key_name, key_id, key = vkey.split("+", 2)
            raw = base64.b64decode(key, validate=True)
            if raw[0] != 1 or len(raw) != 33:
                raise ValueError("not Ed25519")
            if hashlib.sha256(key_name.encode() + b"\n" + raw).hexdigest()[:8] != key_id:
                raise ValueError("no key")
            if (name, signature[:4].hex()) != (key_name, key_id):
                continue
            try:
                Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], text.encode())
            except InvalidSignature:
                raise ValueError("a wrong signature") from None
            signers.append(vkey)
    if not signers:
        raise ValueError("not signed by any of these")
    origin, size, root, *more = text.removesuffix("\n").split("\n")
    if str(int(size)) != size:
        raise ValueError("leading zeros")
    return Read(origin, int(size), base64.b64decode(root, validate=True), signers, more)
