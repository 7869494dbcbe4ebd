"""A saved query as a page for people: what it asks, of when, its answer in each form, and how to cite it. It needs no script."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api.pages import shell
from api.queries.answered import about_of
from api.v1.forms import media_type_of

HEADERS = {
    "Content-Security-Policy": shell.POLICY.replace("form-action 'none'", "form-action 'self'"),
    "Vary": "Accept",
    "Cache-Control": "no-store",
}
"""Its one form saves the same query, frozen. Nobody keeps it: what it says may be withdrawn."""


def page(told: Mapping[str, Any]) -> Response:
    """told: what api/queries/described.py says of it."""
    variables = json.dumps(told["variables"], ensure_ascii=False, indent=2)
    return shell.page(
        "query.html", 200, HEADERS, **told, written_variables=variables, media_type_of=media_type_of, about_of=about_of
    )
