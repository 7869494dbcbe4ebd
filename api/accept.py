"""Which media type a client wants its answer in (RFC 9110, GraphQL over HTTP)."""

from functools import lru_cache

from api.media_types import GRAPHQL, HTML, JSON


@lru_cache(256)
def negotiated(accept: str | None, *, pages: bool) -> str | None:
    """The type that the client likes best; JSON when it does not care; None when it wants nothing that we have.

    pages: whether a page (HTML) is among what we have; one is only for those who name it.
    """
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()] or [("*/*", 1.0)]
    named = [name for name, _ in ranges]
    best, chosen = 0.0, ""
    for media_type in (JSON, GRAPHQL, HTML):
        if media_type == HTML and not (pages and HTML in named):
            continue
        quality = _quality(ranges, media_type)
        earlier = chosen in named and media_type in named and named.index(media_type) < named.index(chosen)
        more_precise = quality == best and media_type in named and chosen not in named
        if quality > best or (quality == best > 0 and (earlier or more_precise)):
            best, chosen = quality, media_type
    return chosen or None


def _range(part: str) -> tuple[str, float]:
    """A media range and its quality; one that cannot be read counts for nothing."""
    name, *parameters = [piece.strip().lower() for piece in part.split(";")]
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return name, min(1.0, max(0.0, float(parameter[2:])))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _quality(ranges: list[tuple[str, float]], media_type: str) -> float:
    """That of the most precise range that fits."""
    for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        fitting = [quality for one, quality in ranges if one == name]
        if fitting:
            return max(fitting)
    return 0.0


@lru_cache(1024)
def preferred(accept: str | None, media_types: tuple[str, ...]) -> str | None:
    """The one of these types that the client likes best, the first when it does not care; None when it wants none."""
    ranges = [_range(part) for part in (accept or "*/*").split(",") if part.strip()] or [("*/*", 1.0)]
    best = max(media_types, key=lambda one: _quality(ranges, one))
    return best if _quality(ranges, best) > 0 else None
