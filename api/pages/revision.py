"""A revision as a page: what it did and why, what it changed, the whole document, and how to check that it is in the log."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from starlette.responses import Response

from api.pages.facts import TRUTHS, Fact, Words, followed, named
from api.pages.meanings import meaning
from api.pages.record import pointing_out
from api.pages.shell import page
from api.pages.spelling import label, spelt
from schema.document import document

ASKED = document((Path(__file__).parent / "revision.graphql").read_text("utf-8")).operation(None)


def revision_page(revision: Mapping[str, Any], public_url: str, headers: Mapping[str, str]) -> Response:
    """revision: as ASKED answers it, with the address of its redaction where its words are gone."""
    said = revision["document"] or {}
    redaction = revision["operation"] == "REDACT"
    return page(
        "revision.html",
        200,
        headers,
        id=revision["recordId"],
        revision={"redaction": None, **revision},
        record=f"{public_url}/r/{revision['recordId']}",
        type=spelt(revision["recordType"]),
        name=None if redaction else named(said),
        said=[] if redaction else list(_facts(said)),
        written=orjson.dumps(revision["document"], option=orjson.OPT_INDENT_2).decode() if said else None,
        meaning=meaning,
        **pointing_out(revision["recordId"], public_url),
    )


def _facts(document: Mapping[str, Any]) -> Iterator[Fact]:
    """The document's fields that say something, as they are coded."""
    for field, value in document.items():
        words = list(_words(value))
        if words:
            yield Fact(label(field, document.get("kind")), words)


def _words(value: Any) -> Iterator[Words]:
    match value:
        case None | "":
            return
        case list():
            for one in value:
                yield from _words(one)
        case dict():
            yield Words(", ".join(f"{key}: {one}" for key, one in value.items() if one is not None))
        case bool():
            yield Words(TRUTHS[value])
        case _:
            yield Words(str(value), followed(str(value)))
