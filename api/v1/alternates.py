"""Where the same is in its other forms: links (RFC 8288) by which a program that has JSON finds the table, the feed, the page."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request

from api.media_types import HTML
from api.mementos import LONGEST
from api.v1.asked_for import PAGING
from api.v1.endpoints import Endpoint, listing_of
from api.v1.forms import FORMS


def alternates(request: Request, endpoint: Endpoint, pinned: Mapping[str, str]) -> list[str]:
    """A link to each, with what the address asks for, but for its page: they are whole. None where that would be too long for
    headers. pinned: the moment that Accept-Datetime led to, as a parameter."""
    others = {suffix: form.media_type for suffix, form in FORMS.items() if form.fits(listing_of(endpoint).field)}
    if endpoint.is_record:
        others = {"html": HTML, **others}
    path = request.url.path.removesuffix("/").removesuffix(".json")
    asked_for = [(name, value) for name, value in request.query_params.multi_items() if name not in PAGING]
    asked = urlencode([*asked_for, *pinned.items()])
    address, query = f"{request.state.settings.public_url}{path}", f"?{asked}" if asked else ""
    links = [
        f'<{address}.{suffix}{query}>; rel="alternate"; type="{media_type.partition(";")[0]}"'
        for suffix, media_type in others.items()
    ]
    return links if sum(map(len, links)) <= LONGEST else []
