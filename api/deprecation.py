"""How an answer tells that its request used something that is to go: Deprecation (RFC 9745), Sunset (RFC 8594), and a link."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from email.utils import format_datetime

from schema.deprecation import Deprecation

ABOUT = "/docs/stability"
"""Where it is written how long deprecated things live."""


def telling_of(used: Sequence[Deprecation], headers: Mapping[str, str], public_url: str) -> dict[str, str]:
    """The headers of an answer; of what was used, the earliest days are told."""
    if not used:
        return dict(headers)
    since, until = (
        datetime.combine(min(days), time(), UTC) for days in ([one.since for one in used], [one.until for one in used])
    )
    link = f'<{public_url}{ABOUT}>; rel="deprecation"; type="text/html"'
    return {
        **headers,
        "Deprecation": f"@{since.timestamp():.0f}",
        "Sunset": format_datetime(until, usegmt=True),
        "Link": f"{headers['Link']}, {link}" if "Link" in headers else link,
    }
