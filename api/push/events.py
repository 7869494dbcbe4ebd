"""Server-sent events, as GraphQL over SSE has them in its distinct connections mode: bytes of a stream's parts."""

from collections.abc import Sequence

MEDIA_TYPE = "text/event-stream"

HEADERS: Sequence[tuple[bytes, bytes]] = (
    (b"content-type", f"{MEDIA_TYPE}; charset=utf-8".encode()),
    (b"cache-control", b"no-store"),
    (b"vary", b"Accept, Authorization"),
    (b"x-accel-buffering", b"no"),  # proxies that would hold events back until there are many
)

COMPLETE = b"event: complete\ndata: \n\n"
"""With data, though there is none: browsers pass over an event without."""


def next_event(result: bytes, position: int | None = None) -> bytes:
    """One result, JSON in a line. position: by which a reader who comes back says how far they got (Last-Event-ID)."""
    told = b"" if position is None else b"id: %d\n" % position
    return b"event: next\n%bdata: %b\n\n" % (told, result)


def told_at_once(result: bytes) -> bytes:
    """The whole stream of what has one result: a query's answer, or why there is none."""
    return next_event(result) + COMPLETE


def come_back_in(seconds: int) -> bytes:
    """Before the event of which it is a field: how long a browser waits until it asks again."""
    return b"retry: %d\n" % (seconds * 1000)


def beat(position: int) -> bytes:
    """A comment, so that whoever stands between knows that the stream is alive, and a reader who comes back how far it had told."""
    return b":\nid: %d\n\n" % position


def accepted(accept: str) -> bool:
    """Whether a stream is named among what a client accepts: nobody who does not name it gets one."""
    return any(_names_it(part) for part in accept.split(","))


def _names_it(part: str) -> bool:
    name, *parameters = [piece.strip().lower() for piece in part.split(";")]
    return name == MEDIA_TYPE and not any(one.replace(" ", "") in ("q=0", "q=0.0") for one in parameters)
