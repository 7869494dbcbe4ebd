"""What is known of a file once it is written: how large it is, and its SHA-256."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """size in bytes; sha256 in hex."""

    name: str
    size: int
    sha256: str


def sums(files: Sequence[Written]) -> bytes:
    """As sha256sum writes them, and checks them with -c."""
    return "".join(f"{one.sha256}  {one.name}\n" for one in files).encode()
