"""Parts of a file by their bytes (RFC 9110, 14): programs that read Parquet from an address ask for its end first."""

import re
from collections.abc import Mapping

PART = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)


def asked_part(headers: Mapping[bytes, bytes], etag: bytes | None) -> str | None:
    """What part a request asks for, if any; of a file that has changed since it had the others, none."""
    if b"range" not in headers or headers.get(b"if-range", etag) != etag:
        return None
    return headers[b"range"].decode("latin-1")


def part_of(size: int, asked: str | None) -> range | None:
    """The bytes; none, where a file of this size has none such; None for all of it, as also where what is asked does not read."""
    found = PART.fullmatch(asked or "")
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)
