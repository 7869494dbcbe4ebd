"""Mementos (RFC 7089): the headers by which archives' tools find their way from an address to its past, and back.

Pattern 1.2 of that RFC: an address answers for its own past, by Accept-Datetime, and each state has an address, which adds ?known=.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote, unquote_plus

LINK_FORMAT = "application/link-format"

LONGEST = 1_500
"""Characters of an address that headers repeat: proxies take some 4 kB of headers in all, and a query may be longer."""

NEAREST = "select greatest(least($1, statement_timestamp()), min(recorded_at)) from revision"
"""The moment, or the end of the record that lies nearest."""

RECORDED = """
select "position", recorded_at from revision where "position" = coalesce($2, (
  select "position" from revision where recorded_at <= $1 order by recorded_at desc, "position" desc limit 1))
"""
"""The newest position that was known at a moment, or the one that is given; and when it was recorded."""

CHANGED = "select array(select distinct recorded_at from revision where record_id = $1 order by recorded_at)"
"""The moments at which a record changed."""


def http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def at(original: str, known: datetime) -> str:
    """The address of what an address says at a moment."""
    return f"{original}{'&' if '?' in original else '?'}known={written(known)}"


def written(moment: datetime) -> str:
    """A moment as the record writes it, to the microsecond."""
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def original(address: str, query: bytes) -> str:
    """The address with its query, but for what says what was known, as headers can hold it."""
    parts = [part for part in query.split(b"&") if part and not _says_what_was_known(part)]
    kept = quote(b"&".join(parts), safe="%!$&'()*+,;=:@/?-._~")
    return f"{address}?{kept}" if kept else address


def _says_what_was_known(part: bytes) -> bool:
    return unquote_plus(part.partition(b"=")[0].decode("latin-1")) in ("known", "position")


def of_answer(original: str | None, recorded: datetime, accepted: datetime | None) -> dict[str, str]:
    """The headers of a query's answer from the past. original: its address, which a POST has not; accepted: where Accept-Datetime
    led to."""
    headers = {"Memento-Datetime": http_date(recorded)}
    if original and len(original) <= LONGEST:
        headers["Link"] = _link_to_original(original)
        if accepted:
            headers["Content-Location"] = at(original, accepted)
    return headers


def nearest(moments: Sequence[datetime], wanted: datetime) -> datetime:
    """The last one by then, or the first one of all."""
    return moments[max(0, bisect_right(moments, wanted) - 1)]


def of_record(original: str, moments: Sequence[datetime], seen: datetime) -> dict[str, str]:
    """The headers of a record's answer from the past. moments: all at which it changed; seen: what it was read at."""
    shown = bisect_right(moments, seen) - 1
    places = {"first": 0, "prev": shown - 1, "": shown, "next": shown + 1, "last": len(moments) - 1}
    beside = sorted({place for place in places.values() if 0 <= place < len(moments)})
    relations = ([name for name, place in places.items() if name and place == index] for index in beside)
    links = [_link_to(original, moments[index], names) for index, names in zip(beside, relations, strict=True)]
    return {"Memento-Datetime": http_date(moments[shown]), "Link": ", ".join([links_of_record(original), *links])}


def links_of_record(original: str) -> str:
    """What every answer of a record's address tells: that it answers for its own past, and where all of that is listed."""
    timemap = f"{original.partition('?')[0]}/timemap"
    return f'{_link_to_original(original)}, <{timemap}>; rel="timemap"; type="{LINK_FORMAT}"'


def timemap(original: str, moments: Sequence[datetime]) -> str:
    """The list of all states that a record was in, the first one first."""
    span = f'from="{http_date(moments[0])}"; until="{http_date(moments[-1])}"'
    ends = {0: ["first"], len(moments) - 1: ["last"]} if len(moments) > 1 else {0: ["first", "last"]}
    links = [_link_to(original, moment, ends.get(index, [])) for index, moment in enumerate(moments)]
    itself = f'<{original}/timemap>; rel="self"; type="{LINK_FORMAT}"; {span}'
    return ",\n".join([_link_to_original(original), itself, *links]) + "\n"


def _link_to_original(original: str) -> str:
    return f'<{original}>; rel="original timegate"'


def _link_to(original: str, moment: datetime, relations: Sequence[str]) -> str:
    return f'<{at(original, moment)}>; rel="{" ".join([*relations, "memento"])}"; datetime="{http_date(moment)}"'
