"""Public answers, kept as bytes: made once, then given from memory while they are true, with validators (RFC 9110, 9111).

An answer of the present is true while the log ends where it ended for the statement that made it, and the day is the same; one of
the past until words leave the log. What tells of more than the log (Answer.of_the_log) is never kept, nor what is for an account,
nor errors. Every endpoint that reads goes through here:

    await request.state.kept.answered(headers, key_of(request.scope, headers, media_type), "Accept", make)

where headers are dict(request.headers.raw), and `make` reads the database and answers with a Made, or with a Response that is
passed on as it is.
"""

import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from cachetools import LRUCache
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import mementos
from api.codings import IDENTITY, SMALLEST, wanted, written
from api.following import EMPTY, Following, Head, read_head
from api.moments import says_what_was_known
from api.stands_for import KNOWN, POSITION, VALID
from schema.answer import Basis
from schema.clock import Moment
from schema.refusals import ErrorCode, Refused, refusal

PRESENT = "public, max-age=60, stale-while-revalidate=60"
PAST = "public, max-age=86400"
UNKEPT = "no-cache"
"""How long others may give an answer without asking again: of the present a minute, of the past a day."""

DAY = 86_400
"""Seconds."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SETTLED = timedelta(minutes=1)
"""After which nothing is published any more under an earlier moment (RISKS 12): before, the past is not final."""

SHARE = 8
"""The part of the memory that one answer may take is one in so many."""

OVERHEAD = 2_000
"""Bytes that an answer takes beside its key and its body: headers and what Python needs."""

FORMS, LONGEST_ACCEPTED = 10_000, 500
"""Addresses whose form is remembered, with what was accepted there; and how many bytes that may have."""

REPEATED = {b"cache-control", b"content-location", b"etag", b"last-modified", b"vary"}
"""Headers that are told with “not modified”, too."""

RECORDED = 'select recorded_at from revision where "position" = $1'

Headers = list[tuple[bytes, bytes]]
Key = tuple[bytes | str, ...]
"""All of a request that its answer depends on, but for the coding: its address, its media type, a body if it has one."""


class Made(NamedTuple):
    """An answer as it was made. headers: its own, the media type among them; what is told of caching is added to them.

    position: the log's newest that its statement saw (Answer.position), whatever moment it is of; None where it tells of more than
    the log, or of the very moment. recorded_at: of what it stands for, where that is the past for good: is_settled() there.
    """

    body: bytes
    headers: Mapping[str, str]
    position: int | None
    recorded_at: datetime | None = None


class Begun(NamedTuple):
    """The day, and where the log ended, before an answer was made."""

    day: int
    newest: Head


class Ready(Response):
    """An answer to send as it is, with these headers and no others."""

    def __init__(self, status_code: int, headers: Headers, body: bytes) -> None:
        self.status_code, self.raw_headers, self.body, self.background = status_code, headers, body, None

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self.body})


async def made(pool: Any, body: bytes, headers: Mapping[str, str], moment: Moment, basis: Basis) -> Made:
    """An answer that was asked for at a moment. It is final if all of it is of that moment, and the moment is settled. Raises
    Refused where there was no such moment."""
    position = basis.position if basis.of_the_log else None
    if not (says_what_was_known(moment) and basis.at_one_clock) or (moment.known and not is_settled(moment.known)):
        return Made(body, headers, position)
    recorded = await pool.fetchrow(mementos.RECORDED, moment.known, moment.position)
    if recorded is None:  # what the list stands for was said beside, so that its statement never looked at this moment
        name, asked = ("known", moment.known) if moment.known else ("position", moment.position)
        message = (
            f"{name}: there is nothing at {asked}; leave it out, as what was asked says itself what it stands for."
        )
        raise Refused([refusal(message, ErrorCode.CLOCK_OUT_OF_RANGE)])
    return Made(body, headers, position, recorded["recorded_at"])


def is_settled(known: datetime) -> bool:
    """Whether what was known at a moment can no longer change, but by a redaction."""
    return known <= datetime.now(UTC) - SETTLED


def key_of(scope: Scope, headers: Mapping[bytes, bytes], form: str, body: bytes = b"") -> Key:
    """The key of a request. form: the media type of its answer; body: what it was asked with, if by POST."""
    gets = scope["method"] != "POST"
    beside = headers.get(b"accept-datetime", b"") if gets else headers.get(b"content-type", b"")
    method = b"GET" if gets else b"POST"
    return method, scope["path"], scope["query_string"], form, beside, body


class _Written(NamedTuple):
    """An answer in one coding, that it is unchanged, and its tag."""

    whole: Ready
    unchanged: Ready
    etag: bytes


@dataclass
class _Entry:
    """An answer, and how long it is true. written: by coding, ready to be sent, and as “not modified”."""

    body: bytes
    headers: Headers
    tag: str
    modified: bytes | None
    position: int | None  # of the present
    day: int | None
    redaction: int | None  # of the past
    key_size: int
    written: dict[str, _Written] = field(default_factory=dict)

    @property
    def stands(self) -> bool:
        """Whether it is known for how long it is true."""
        return self.position is not None or self.redaction is not None

    def is_true(self, head: Head, day: int) -> bool:
        if self.redaction is not None:
            return self.redaction == head.redaction
        return self.position == head.position and self.day == day

    def coding(self, headers: Mapping[bytes, bytes]) -> str:
        """In which of the codings it is wanted."""
        accepted = headers.get(b"accept-encoding")
        return wanted(accepted) if accepted and len(self.body) >= SMALLEST else IDENTITY

    def size(self) -> int:
        coded = [whole.body for whole, _, _ in self.written.values() if whole.body is not self.body]
        return OVERHEAD * (1 + len(self.written)) + self.key_size + len(self.body) + sum(map(len, coded))


class KeptAnswers:
    """The answers of one process, `most` bytes of them; 0: none, though validators are told and answered all the same."""

    def __init__(
        self,
        following: Following,
        pool: Any,
        most: int,
        public_url: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """clock: the seconds since 1970 began, which days are counted by."""
        self.following, self.pool, self.most, self.clock = following, pool, most, clock
        self._entries: LRUCache[Key, _Entry] = LRUCache(most, getsizeof=lambda entry: entry.size())
        self._forms: dict[tuple[bytes | str, bytes], str] = {}
        self._head = EMPTY
        self._salt = program() + public_url.encode()

    @property
    def size(self) -> int:
        """Bytes of all that is kept."""
        return int(self._entries.currsize)

    async def answered(
        self,
        headers: Mapping[bytes, bytes],
        key: Key,
        vary: str,
        make: Callable[[], Awaitable[Made | Response]],
    ) -> Response:
        """The answer to a public request, kept or made now; 304 where the client has it. vary: the headers that the answer depends
        on, Accept-Encoding aside, where a Made does not tell its own."""
        if found := await self.ready(headers, key, vary):
            self._learn_form(headers, key)
            return found
        begun = await self.begun()
        made = await make()
        if isinstance(made, Response):
            return made
        entry = await self._entry(key, vary, made, begun)
        written = await _written(entry, entry.coding(headers))
        if made.position and made.position > begun.newest.position:
            self.following.doubt()  # somebody has published, which we had not heard; what was read first may say less than the last
        elif self.most and entry.stands and self.following.head:
            self._keep(key, entry)
            self._learn_form(headers, key)
        return _chosen(entry, written, headers)

    def _learn_form(self, headers: Mapping[bytes, bytes], key: Key) -> None:
        """By what is accepted, an address has always the same form."""
        accepted = headers.get(b"accept", b"")
        if key[0] == b"GET" and len(accepted) <= LONGEST_ACCEPTED:
            if len(self._forms) >= FORMS:
                self._forms.clear()
            self._forms[key[1], accepted] = str(key[3])

    def given_at_once(self, scope: Scope) -> Ready | None:
        """What is kept, true and written for a request, before anything is looked for: no route, and no form."""
        headers = dict(scope["headers"])
        form = self._forms.get((scope["path"], headers.get(b"accept", b"")))
        if form is None or scope["method"] not in ("GET", "HEAD") or b"authorization" in headers:
            return None
        return self.given(headers, key_of(scope, headers, form))

    async def begun(self) -> Begun:
        """To be asked before an answer is made: what it rests on is then no older, and what midnight comes between is dropped."""
        return Begun(self._day(), self.following.head or await read_head(self.pool))

    async def stands_for(self, position: int) -> Mapping[str, str]:
        """What an answer of the present tells that was read at a position; nothing where the log is empty."""
        if not position:
            return {}
        return _present(await self._head_at(position, self.following.head), self._day())[0]

    async def streamed(
        self, headers: Mapping[bytes, bytes], key: Key, vary: str, made: Made, begun: Begun, coding: str
    ) -> Ready:
        """Of an answer that is too long to be kept, and whose bytes come later, in a coding: the headers to send it with, or 304.
        That it is unchanged is seen without the database, too, by ready() before."""
        entry = await self._entry(key, vary, made, begun)
        ready = _chosen(entry, await _written(entry, coding), headers)
        return Ready(ready.status_code, [pair for pair in ready.raw_headers if pair[0] != b"content-length"], b"")

    def given(self, headers: Mapping[bytes, bytes], key: Key) -> Ready | None:
        """What is kept, true, and written as this client wants it: the shortest way."""
        head = self._known()
        if head is None:
            return None
        try:
            entry = self._entries[key]  # get() would look twice
        except KeyError:
            return None
        written = entry.written.get(entry.coding(headers))
        return _chosen(entry, written, headers) if written and entry.is_true(head, self._day()) else None

    async def ready(self, headers: Mapping[bytes, bytes], key: Key, vary: str) -> Ready | None:
        """What can be answered without the database: what is kept and true, and that nothing changed since the client asked."""
        head, day = self._known(), self._day()
        if head is None:
            return None
        entry = self._entries.get(key)
        if entry and entry.is_true(head, day):
            return await self._ready(entry, headers, key)
        if b"if-none-match" in headers and key[0] == b"GET":
            return self._unchanged(headers, key, vary, head, day)
        return None

    def _known(self) -> Head | None:
        """Where the log ends, when what is kept has gone along; None where that is not known at the moment."""
        head = self.following.head
        if head is not None and head is not self._head:
            self._move(head)
        return head

    def _day(self) -> int:
        """The day in UTC, counted from 1970."""
        return int(self.clock() // DAY)

    def _move(self, head: Head) -> None:
        """What must go is not to stay in memory either; nor what was said by a log that came back another way from a backup."""
        before = self._head
        goes_on = head.position > before.position and head.recorded_at > before.recorded_at
        if (head.redaction, head.begins) != (before.redaction, before.begins) or not (goes_on or head == before):
            self._entries.clear()
        self._head = head

    def _unchanged(self, headers: Mapping[bytes, bytes], key: Key, vary: str, head: Head, day: int) -> Ready | None:
        """Only who was given an answer has its tag, so the tag alone says that the answer would be the same."""
        coding = wanted(headers.get(b"accept-encoding", b""))
        has = tags(headers[b"if-none-match"])
        for tag, cache_control in (
            (self._tag(key, *_of_the_present(head.position, head.recorded_at, day)), PRESENT),
            (self._tag(key, *_of_the_past(head)), PAST),
        ):
            for etag in (_etag(tag, coding), _etag(tag, IDENTITY)):
                if etag in has:
                    told = {"Vary": _varying(vary), "Cache-Control": cache_control}
                    return Ready(304, [*raw(told), (b"etag", etag)], b"")
        return None

    async def _entry(self, key: Key, vary: str, made: Made, begun: Begun) -> _Entry:
        """With the validators that it has; without any where nothing vouches for it."""
        gets, size, (day, newest) = key[0] == b"GET", sum(map(len, key)), begun
        told = {**made.headers, "Vary": _varying(made.headers.get("Vary", vary))}
        if not made.position or (made.recorded_at and made.position < newest.redaction):
            # an empty log tells the very moment; a standby may not have seen yet what was redacted
            headers = raw({**told, "Cache-Control": UNKEPT} if gets else told)
            return _Entry(made.body, headers, "", None, None, None, None, size)
        if made.recorded_at:
            tag = self._tag(key, *_of_the_past(newest)) if gets else ""
            modified = max(made.recorded_at, newest.redacted_at or made.recorded_at)
            exact = not newest.redaction
            entry = _Entry(made.body, [], tag, None, None, None, newest.redaction, size)
        else:
            head = await self._head_at(made.position, newest)
            present, modified, exact = _present(head, day)
            told = {**present, **told}
            tag = self._tag(key, *_of_the_present(made.position, head.recorded_at, day)) if gets else ""
            entry = _Entry(made.body, [], tag, None, made.position, day, None, size)
        if gets:
            last_modified = format_datetime(modified, usegmt=True)
            told = {"Last-Modified": last_modified, "Cache-Control": PAST if made.recorded_at else PRESENT, **told}
            entry.modified = last_modified.encode() if exact else None
        entry.headers = raw(told)
        return entry

    async def _head_at(self, position: int, believed: Head | None) -> Head:
        """The log's end as the statement saw it, which may not be where we believed it to be (RISKS 25)."""
        for head in (believed, self.following.head):
            if head and head.position == position:
                return head
        recorded_at = await self.pool.fetchval(RECORDED, position)
        return Head(position, recorded_at, alone=False, begins="", redaction=0, redacted_at=None)

    def _keep(self, key: Key, entry: _Entry) -> None:
        if entry.size() * SHARE <= self.most:
            self._entries[key] = entry

    async def _ready(self, entry: _Entry, headers: Mapping[bytes, bytes], key: Key) -> Ready:
        coding = entry.coding(headers)
        found = entry.written.get(coding)
        if found is None:
            found = await _written(entry, coding)
            if self._entries.get(key) is entry:  # it takes more room now
                del self._entries[key]
                self._keep(key, entry)
        return _chosen(entry, found, headers)

    def _tag(self, key: Key, *parts: bytes) -> str:
        found = hashlib.blake2b(self._salt, digest_size=12)
        for part in (*key, *parts):
            written = part if isinstance(part, bytes) else part.encode()
            found.update(b"%d:" % len(written))
            found.update(written)
        return found.hexdigest()


@lru_cache(8)
def _present(head: Head, day: int) -> tuple[Mapping[str, str], datetime, bool]:
    """What an answer of the present tells; when it last changed, and whether a second says that exactly."""
    today, recorded_at = EPOCH + timedelta(days=day), head.recorded_at
    told = {
        POSITION: str(head.position),
        KNOWN: mementos.written(recorded_at),
        VALID: str(today.date()),
    }
    exact = head.alone and recorded_at.replace(microsecond=0) != today
    return told, max(recorded_at, today), exact


def _of_the_present(position: int, recorded_at: datetime, day: int) -> tuple[bytes, ...]:
    """The moment beside the position: a record that was restored from a backup may go another way from there."""
    return b"present", b"%d" % position, recorded_at.isoformat().encode(), b"%d" % day


def _of_the_past(head: Head) -> tuple[bytes, ...]:
    return b"past", b"%d" % head.redaction, head.begins.encode()


async def _written(entry: _Entry, coding: str) -> _Written:
    body = entry.body if coding == IDENTITY else await written(entry.body, coding)
    headers = [*entry.headers, (b"content-length", b"%d" % len(body))]
    if coding != IDENTITY:
        headers.append((b"content-encoding", coding.encode()))
    whole = Ready(200, headers, body)
    if entry.tag:
        etag = _etag(entry.tag, coding)
        headers.append((b"etag", etag))
        repeated = [(name, value) for name, value in headers if name in REPEATED]
        found = _Written(whole, Ready(304, repeated, b""), etag)
    else:
        found = _Written(whole, whole, b"")  # there is nothing that could be unchanged
    entry.written[coding] = found
    return found


def _chosen(entry: _Entry, written: _Written, headers: Mapping[bytes, bytes]) -> Ready:
    """As a whole, or that the client has it."""
    if not entry.tag:
        return written.whole
    if if_none_match := headers.get(b"if-none-match"):
        if if_none_match == written.etag:
            return written.unchanged
        has = tags(if_none_match)
        return written.unchanged if written.etag in has or b"*" in has else written.whole
    if entry.modified and headers.get(b"if-modified-since") == entry.modified:
        return written.unchanged
    return written.whole


def _varying(vary: str) -> str:
    return f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"


def _etag(tag: str, coding: str) -> bytes:
    return f'"{tag}"'.encode() if coding == IDENTITY else f'"{tag}-{coding}"'.encode()


def tags(if_none_match: bytes) -> set[bytes]:
    """What the client has; ours hold no commas."""
    return {tag.strip().removeprefix(b"W/") for tag in if_none_match.split(b",")}


def raw(headers: Mapping[str, str]) -> Headers:
    return list(_raw(tuple(headers.items())))


@lru_cache(1024)
def _raw(headers: tuple[tuple[str, str], ...]) -> Headers:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]


@cache
def program() -> bytes:
    """A hash of this program's texts: answers of another are not the same, though the log is."""
    found = hashlib.blake2b(digest_size=16)
    rooms: Sequence[Path] = [Path(__file__).parents[1] / room for room in ("api", "schema", "db")]
    for file in sorted(one for room in rooms for one in room.rglob("*") if one.suffix in (".py", ".sql", ".graphql")):
        found.update(file.read_bytes())
    return found.digest()
