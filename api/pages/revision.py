"""A revision as a page: what it did and why, what it changed, the whole document, and how to check that it is in the log."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
from starlette.responses import Response

from api.pages.facts import named
from api.pages.meanings import meaning
from api.pages.record import pointing_out
from api.pages.said import Names, said
from api.pages.shell import page
from api.pages.spelling import spelt
from schema.document import document

PAGES = document((Path(__file__).parent / "revision.graphql").read_text("utf-8"))
ASKED = PAGES.operation("RevisionPage")
NAMED = PAGES.operation("Named")
"""What the records are called to which its document refers."""


def revision_page(revision: Mapping[str, Any], names: Names, public_url: str, headers: Mapping[str, str]) -> Response:
    """revision: as ASKED answers it, with the address of its redaction where its words are gone. names: as NAMED answers, by id."""
    document_ = revision["document"] or {}
    redaction = revision["operation"] == "REDACT"
    return page(
        "revision.html",
        200,
        headers,
        id=revision["recordId"],
        revision={"redaction": None, **revision},
        record=f"{public_url}/r/{revision['recordId']}",
        type=spelt(revision["recordType"]),
        name=None if redaction else named(document_),
        said=[] if redaction else list(said(revision["recordType"], document_, names)),
        written=orjson.dumps(revision["document"], option=orjson.OPT_INDENT_2).decode() if document_ else None,
        meaning=meaning,
        **pointing_out(revision["recordId"], public_url),
    )
