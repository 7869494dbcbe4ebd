"""CSV and JSON Lines: a list as text, each row as it comes."""

import csv
import io
from collections.abc import AsyncGenerator
from contextlib import aclosing

from api.v1.listing import Listing

BYTE_ORDER_MARK = "\ufeff".encode()


async def as_csv(listing: Listing) -> AsyncGenerator[bytes]:
    """RFC 4180, in UTF-8."""
    async for chunk in csv_of([column.name for column in listing.columns], listing.csv()):
        yield chunk


async def as_csv_for_excel(listing: Listing) -> AsyncGenerator[bytes]:
    """With semicolons and a byte order mark: Excel takes it for a table in UTF-8 then, whatever the language of the machine."""
    yield BYTE_ORDER_MARK
    async for chunk in csv_of([column.name for column in listing.columns], listing.csv(";"), ";"):
        yield chunk


async def as_json_lines(listing: Listing) -> AsyncGenerator[bytes]:
    async with aclosing(listing.lines()) as lines:
        async for chunk in lines:
            yield chunk


async def csv_of(names: list[str], rows: AsyncGenerator[bytes], delimiter: str = ",") -> AsyncGenerator[bytes]:
    """A table: its first line, and its rows as PostgreSQL writes them."""
    yield header(names, delimiter)
    within = False
    async with aclosing(rows):
        async for chunk in rows:
            ended, within = _ended(chunk, within)
            yield ended


def header(names: list[str], delimiter: str = ",") -> bytes:
    """The first line."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, lineterminator="\r\n").writerow(names)
    return line.getvalue().encode()


def _ended(chunk: bytes, within: bool) -> tuple[bytes, bool]:
    """PostgreSQL ends lines by a newline, RFC 4180 by two characters; newlines within quotes are the record's own. within: whether
    the chunk begins, or the next one will, within quotes."""
    if not within and b'"' not in chunk:
        return chunk.replace(b"\n", b"\r\n"), False
    pieces = chunk.split(b'"')
    outside = slice(1 if within else 0, None, 2)
    pieces[outside] = [piece.replace(b"\n", b"\r\n") for piece in pieces[outside]]
    return b'"'.join(pieces), within != (len(pieces) % 2 == 0)
