"""How a source is cited: a document of others, with where this record has it. As an item of CSL JSON, and as an entry of BibTeX.

How a record is cited, the database says (revision_citation()); sources are in a bibliography alone. The keys of both are made by
one rule: opsc-, the id with hyphens for all that is neither letter nor digit and, of a record, the number of its revision.
"""

import re
from collections.abc import Mapping
from typing import Any

from api.about import NAME
from api.pages.facts import followed

KINDS = {
    "TREATY_TEXT": "treaty",
    "TREATY_DEPOSITARY": "webpage",
    "STATUTE": "legislation",
    "NEWS": "article-newspaper",
    "DATASET": "dataset",
    "WEB_PAGE": "webpage",
    "MEETING_SUMMARY": "webpage",
    "OTHER": "document",
}
"""SourceKind → the type of a CSL item; all others are reports."""

ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "&%$#_"},
    }
)
"""What TeX would read as a command, as in_bibtex() of the database writes it."""

IN_ADDRESS = str.maketrans({"\\": "%5C", "{": "%7B", "}": "%7D"})
"""Addresses stand in BibTeX as they are, but for what would end their field."""

UNLIKE_KEYS = re.compile("[^A-Za-z0-9]+")


def csl_of(source: Mapping[str, Any]) -> Mapping[str, Any]:
    """An item of the Citation Style Language's JSON."""
    item = {
        "id": source["id"],
        "type": KINDS.get(source["kind"], "report"),
        "title": _line(source["title"]),
        "publisher": _line(source["publisher"]),
        "number": source["symbol"],
        "URL": followed(source["url"]) or followed(source["readAt"]),
        "issued": _date(source["publishedOn"]),
        "accessed": _date(source["accessedOn"]),
        "language": source["language"],
        "note": _note(source),
    }
    return {name: value for name, value in item.items() if value is not None}


def bibtex_of(source: Mapping[str, Any]) -> str:
    """An entry for BibTeX. Its key has no number: the document is cited, and no revision of what the record says of it."""
    item = csl_of(source)
    year, month, day = [*(source["publishedOn"] or "").split("-"), "", ""][:3]
    texts = {
        "title": f"{{{_escaped(item['title'])}}}",
        "howpublished": _escaped(item["publisher"]),
        "number": _escaped(source["symbol"]),
        "year": year,
        "month": str(int(month)) if month else "",
        "day": str(int(day)) if day else "",
        "url": (item.get("URL") or "").translate(IN_ADDRESS),
        "urldate": source["accessedOn"],
        "language": _escaped(source["language"]),
        "note": _escaped(item["note"]),
    }
    fields = ",\n".join(f"  {name} = {{{text}}}" for name, text in texts.items() if text)
    return f"@misc{{opsc-{UNLIKE_KEYS.sub('-', source['id'])},\n{fields}\n}}"


def _note(source: Mapping[str, Any]) -> str:
    archived = f"Archived: {source['archivedUrl']}. " if source["archivedUrl"] else ""
    return f"{archived}In the {NAME}: {source['id']}, {source['permalink']}"


def _date(partial: str | None) -> Mapping[str, Any] | None:
    return {"date-parts": [[int(part) for part in partial.split("-")]]} if partial else None


def _line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str | None) -> str:
    return (text or "").translate(ESCAPED)
