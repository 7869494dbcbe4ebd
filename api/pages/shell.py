"""Pages for readers: a template within the shell that all pages share (api/pages/shell.html), without scripts.

Whatever the record says is escaped; and a browser is told to load nothing, and to run nothing, should that ever fail.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from api.about import LICENCE_NAME, LICENCE_URL
from api.pages.spelling import day, moment, spelt

PAGES = Path(__file__).parent

STYLE = (PAGES / "shell.css").read_text("utf-8")

POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The shell's style, and nothing else."""

HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}

TEMPLATES = Environment(
    loader=FileSystemLoader(PAGES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
TEMPLATES.globals |= {"style": Markup(STYLE), "licence": LICENCE_NAME, "licence_url": LICENCE_URL}
TEMPLATES.filters |= {"day": day, "moment": moment, "spelt": spelt}


def page(template: str, status: int = 200, headers: Mapping[str, str] | None = None, **said: Any) -> Response:
    """said: what the template tells, by the names that it has for it."""
    return HTMLResponse(fragment(template, **said), status, {**HEADERS, **(headers or {})})


def fragment(template: str, **said: Any) -> str:
    """A template's HTML, escaped."""
    return TEMPLATES.get_template(template).render(**said)
