"""Notes signed with Ed25519 (C2SP signed-note), the checkpoints of logs among them (C2SP tlog-checkpoint), and their keys."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\1"
"""The signature type, as its byte."""

SUCCESSOR = "next "
"""What begins the line with the key that signs from a checkpoint on."""

NAME = re.compile(r"[^\s+\x00-\x1f\x7f]{1,200}")
"""Of a key, and so of a log."""


class BadNote(ValueError):
    """A text that is no key, no note, or no checkpoint, or a signature that is not the key's: says which."""


@dataclass(frozen=True)
class PublicKey:
    """A name and 32 bytes. Its text: NAME+ID+BASE64, as verifiers of C2SP notes take it."""

    name: str
    raw: bytes

    @classmethod
    def read(cls, text: str) -> "PublicKey":
        """Raises BadNote."""
        name, told_id, raw = _parts(text)
        key = cls(name, raw)
        if key.id.hex() != told_id:
            raise BadNote(f"The key {text} contradicts itself: its id would be {key.id.hex()}.")
        return key

    @cached_property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{_base64(ED25519 + self.raw)}"

    def check(self, text: str, signature: bytes) -> None:
        """Raises BadNote unless the signature is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            raise BadNote(f"the signature is not that of the key {self}") from None


@dataclass(frozen=True)
class PrivateKey:
    """A name and Ed25519's secret seed. Its text: PRIVATE+KEY+NAME+ID+BASE64, as signers of C2SP notes keep it."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def new(cls, name: str) -> "PrivateKey":
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, text: str) -> "PrivateKey":
        """Raises BadNote, which never says the text."""
        prefix = "PRIVATE+KEY+"
        if not text.startswith(prefix):
            raise BadNote("it does not begin PRIVATE+KEY+")
        try:
            name, told_id, seed = _parts(text.removeprefix(prefix).strip())
        except BadNote:
            raise BadNote("it is not whole: PRIVATE+KEY+NAME+ID+BASE64") from None
        key = cls(name, seed)
        if key.public.id.hex() != told_id:
            raise BadNote("it contradicts itself: its id is not that of its name and key")
        return key

    @cached_property
    def public(self) -> PublicKey:
        return PublicKey(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def text(self) -> str:
        return f"PRIVATE+KEY+{self.name}+{self.public.id.hex()}+{_base64(ED25519 + self.seed)}"

    def line(self, text: str) -> str:
        """The signature line below a note of this text."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"— {self.name} {_base64(self.public.id + signature)}\n"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: whose log, how many leaves, the root over them. successor: the public key that signs from here on,
    where the key is replaced; as an extension line, so that the key before signs for it."""

    origin: str
    size: int
    root: bytes
    successor: str | None = None

    @property
    def text(self) -> str:
        successor = f"{SUCCESSOR}{self.successor}\n" if self.successor else ""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n{successor}"

    def signed(self, *keys: PrivateKey) -> str:
        """The note, a signature line a key."""
        return f"{self.text}\n" + "".join(key.line(self.text) for key in keys)


def opened(note: str, keys: Sequence[PublicKey]) -> Checkpoint:
    """What a checkpoint says that at least one of these keys has signed, and none wrongly. Raises BadNote.

    Signatures by others are passed over, as the specification has it.
    """
    body, gap, below = note.rpartition("\n\n")
    text = body + "\n"
    lines = [line.split(" ") for line in below.splitlines()]
    if not gap or not below.endswith("\n") or any(len(line) != 3 or line[0] != "—" for line in lines):
        raise BadNote("it is no signed note")
    known = {(key.name, key.id): key for key in keys}
    verified = 0
    for _, name, encoded in lines:
        signature = _decoded(encoded)
        if key := known.get((name, signature[:4])):
            key.check(text, signature[4:])
            verified += 1
    if not verified:
        raise BadNote(f"it is not signed with {' or '.join(map(str, keys))}")
    return _said(text)


def _said(text: str) -> Checkpoint:
    lines = text.splitlines()
    if len(lines) not in (3, 4) or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1], re.ASCII):
        raise BadNote("it is no checkpoint: its lines are the log's origin, its size and its root")
    said = Checkpoint(lines[0], int(lines[1]), _decoded(lines[2]), "".join(lines[3:]).removeprefix(SUCCESSOR) or None)
    if said.text != text:
        raise BadNote("it is no checkpoint as checkpoints are written")
    return said


def _parts(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    told_id, _, encoded = rest.partition("+")
    raw = _decoded(encoded)
    if not NAME.fullmatch(name) or len(raw) != 33 or raw[:1] != ED25519:
        raise BadNote(f"{text} is no Ed25519 key as C2SP notes have them: NAME+ID+BASE64.")
    return name, told_id, raw[1:]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote(f"{text!r} is not base64") from None
