"""Feeds of changes as feed readers take them: Atom, and JSON Feed."""

from collections.abc import AsyncGenerator

from api.about import NAME
from api.atom import Link, feed
from api.indented import indented
from api.v1.feed import feed_of
from api.v1.listing import Listing


async def as_atom(listing: Listing) -> AsyncGenerator[bytes]:
    """RFC 4287; older changes in pages (RFC 5005)."""
    told = await feed_of(listing)
    links = [Link("self", told.address), Link("alternate", told.about, "text/html")]
    if told.first != told.address:
        links.append(Link("first", told.first))
    if told.next:
        links.append(Link("next", told.next))
    yield feed(told.id, told.title, told.subtitle, told.updated, NAME, told.entries, links)


async def as_json_feed(listing: Listing) -> AsyncGenerator[bytes]:
    """JSON Feed 1.1."""
    told = await feed_of(listing)
    items = [
        {
            "id": one.id,
            "url": one.link,
            "title": one.title,
            "content_html": one.html,
            "content_text": one.summary,
            "date_published": one.published,
            "date_modified": one.updated,
            "authors": [{"name": one.author}],
            "tags": [label for _, label in one.categories],
            "_opsc": {"about": listing.asked.public_url, "position": row["position"], "recordId": row["recordId"]},
        }
        for one, row in zip(told.entries, told.rows, strict=True)
    ]
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": told.title,
        "description": told.subtitle,
        "home_page_url": told.about,
        "feed_url": told.address,
        **({"next_url": told.next} if told.next else {}),
        "language": "en",
        "authors": [{"name": NAME, "url": listing.asked.public_url}],
        "items": items,
    }
    yield indented(document)
