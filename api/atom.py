"""Atom (RFC 4287): entries, put together as a feed's XML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml"

NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


@dataclass(frozen=True)
class Entry:
    """One thing that waits, or happened. id: a URI that stays; updated: RFC 3339; link: where it can be read in full; html: the
    summary's words, for those who show HTML; categories: words of closed lists, each with its label."""

    id: str
    title: str
    author: str
    published: str
    updated: str
    link: str
    summary: str
    html: str | None = None
    categories: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Link:
    """Another address: its relation to the feed (RFC 5005 for the pages of one), and its type where that is not Atom."""

    relation: str
    address: str
    media_type: str = MEDIA_TYPE


def feed(
    feed_id: str,
    title: str,
    subtitle: str,
    updated: str,
    author: str,
    entries: Sequence[Entry],
    links: Sequence[Link] = (),
) -> bytes:
    """The document. It has no link to itself where its address is a secret: whoever passes it on would pass that on, too."""
    root = ET.Element("feed", {"xmlns": NAMESPACE, "xml:lang": "en"})
    for name, text in (("id", feed_id), ("title", title), ("subtitle", subtitle), ("updated", updated)):
        _said(root, name, text)
    _said(ET.SubElement(root, "author"), "name", author)
    for link in links:
        ET.SubElement(root, "link", {"rel": link.relation, "type": link.media_type, "href": link.address})
    for one in entries:
        entry = ET.SubElement(root, "entry")
        for name, text in (
            ("id", one.id),
            ("title", one.title),
            ("published", one.published),
            ("updated", one.updated),
        ):
            _said(entry, name, text)
        _said(ET.SubElement(entry, "author"), "name", one.author)
        ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": one.link})
        for term, label in one.categories:
            ET.SubElement(entry, "category", {"term": term, "label": label})
        _said(entry, "summary", one.summary)
        if one.html is not None:
            _said(entry, "content", one.html, type="html")
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _said(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = NOT_IN_XML.sub("\ufffd", text)
