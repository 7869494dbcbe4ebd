"""Which records are likely the same thing told twice: of one State and one date, with titles that nearly agree.

Titles are compared by the trigrams they share, and only within a State and a date; numbers in them must agree ("Law No. 9208" is
not "Law No. 9775"). Where very many are to be compared, each is compared with those next to it in order of title.
"""

import bisect
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

ALIKE = 0.85
"""Of the trigrams of two titles, the part in both from which on they are alike."""

COMPARED_WHOLE = 30
"""Records of one State and date up to which each is compared with all others; and how many neighbours are, beyond."""


class Alike(NamedTuple):
    """What of a record tells whether it is another one's duplicate. dates: those known, each with its field."""

    record_id: str
    state_party: str | None
    title: str
    dates: frozenset[tuple[str, str]]
    type: str


class Telling(NamedTuple):
    """The fields of a type's documents that tell duplicates: what it is called, its dates, what else must agree exactly."""

    title: str
    dates: tuple[str, ...]
    same: tuple[str, ...] = ()


TELLING: Mapping[str, Telling] = {
    "MEASURE": Telling("title", ("announcedOn", "adoptedOn", "inForceOn", "endedOn")),
    "ASSESSMENT": Telling("summary", ("assessedOn",), ("verdict",)),
    "STATEMENT": Telling("summary", ("madeOn",), ("kind",)),
    "REPORTING_EVENT": Telling("kind", ("happenedOn",)),
    "SOURCE": Telling("url", ()),
}
"""Of sources, what is at one address is one; titles of the same series nearly agree and mean different documents."""


def of_document(record_id: str, record_type: str, document: Mapping[str, Any]) -> Alike | None:
    """None: the document does not say what it would be known by."""
    telling = TELLING.get(record_type)
    if telling is None or not document.get(telling.title):
        return None
    title = " ".join(str(document[field]) for field in (*telling.same, telling.title))
    dates = frozenset((field, document[field]) for field in telling.dates if document.get(field))
    return Alike(record_id, document.get("stateParty"), title, dates, record_type)


class Likenesses:
    """The records that there are, so that those like another one are found without comparing all with all."""

    def __init__(self, records: Iterable[Alike]) -> None:
        self._read = {record: _Titled(record) for record in records}
        rooms: defaultdict[Any, dict[str, _Titled]] = defaultdict(dict)
        for record, titled in self._read.items():
            for room in titled.rooms:
                rooms[room][record.record_id] = titled
        self._rooms = {room: sorted(there.values(), key=lambda one: one.title) for room, there in rooms.items()}

    def of(self, record: Alike) -> Iterator[str]:
        """The ids of the records that are like this one, in order."""
        titled = self._read.get(record) or _Titled(record)
        found = {
            other.record_id
            for room in titled.rooms
            for other in _near(titled, self._rooms.get(room, []))
            if other.record_id != record.record_id and _agree(titled, other)
        }
        yield from sorted(found)


class _Titled:
    """A record's title as it is compared, and the rooms in which those are that it may be like: one for each of its dates; those
    without any date share one."""

    def __init__(self, record: Alike) -> None:
        self.record_id = record.record_id
        self.title = _address(record.title) if record.type == "SOURCE" else _words(record.title)
        place = (
            record.type,
            record.state_party,
            self.title if record.type == "SOURCE" else tuple(_numbers(self.title)),
        )
        self.rooms = [(place, date) for date in record.dates or (None,)]

    @cached_property
    def trigrams(self) -> frozenset[str]:
        padded = f"  {self.title} "
        return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


def _words(title: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKD", title).casefold()))


def _numbers(title: str) -> list[str]:
    return sorted(re.findall(r"\d+", title))


def _address(url: str) -> str:
    return re.sub(r"^https?://(www\.)?|/$", "", url)


def _near(titled: _Titled, room: Sequence[_Titled]) -> Sequence[_Titled]:
    if len(room) <= COMPARED_WHOLE:
        return room
    place = bisect.bisect_left(room, titled.title, key=lambda one: one.title)
    return room[max(0, place - COMPARED_WHOLE // 2) : place + COMPARED_WHOLE // 2]


def _agree(one: _Titled, other: _Titled) -> bool:
    if one.title == other.title:
        return True
    shared = len(one.trigrams & other.trigrams)
    return 2 * shared >= ALIKE * (len(one.trigrams) + len(other.trigrams))
