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
    """One thing that waits. id: a URI that stays; updated: RFC 3339; link: where it can be read in full."""

    id: str
    title: str
    author: str
    published: str
    updated: str
    link: str
    summary: str


def feed(feed_id: str, title: str, subtitle: str, updated: str, author: str, entries: Sequence[Entry]) -> bytes:
    """The document. It has no link to itself where its address is a secret: whoever passes it on would pass that on, too."""
    root = ET.Element("feed", {"xmlns": NAMESPACE, "xml:lang": "en"})
    for name, text in (("id", feed_id), ("title", title), ("subtitle", subtitle), ("updated", updated)):
        _said(root, name, text)
    _said(ET.SubElement(root, "author"), "name", author)
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
        _said(entry, "summary", one.summary)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _said(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = NOT_IN_XML.sub("\ufffd", text)
