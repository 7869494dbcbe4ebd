"""A saved query as a page for people: what it asks, of when, its answer in each form, and how to cite it. It needs no script."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.responses import Response

from api.accept import HTML

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "Vary": "Accept",
}

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50em;margin:2em auto;padding:0 1em;color:#222}"
    "pre{background:#f4f4f2;padding:1em;overflow:auto}blockquote{margin:0;padding-left:1em;border-left:3px solid #888}"
)


def page(told: Mapping[str, Any]) -> Response:
    """told: what api/queries/described.py says of it."""
    links = " · ".join(
        f'<a href="{escape(address)}">{escape(suffix)}</a>'
        for suffix, address in told["forms"].items()
        if suffix != "html"
    )
    cited = told["citation"]
    body = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(told["title"])} – OPSC Tracker</title>
<link rel="canonical" href="{escape(told["address"])}">
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(told["title"])}</h1>
<p>{_clock(told)}</p>
<h2>The answer</h2>
<p>{links}</p>
<h2>The query</h2>
<pre>{escape(told["query"])}</pre>
<h2>Its variables</h2>
<pre>{escape(json.dumps(told["variables"], ensure_ascii=False, indent=2))}</pre>
<h2>Cite this</h2>
<blockquote>{escape(cited["text"])}</blockquote>
{"" if told["frozen"] else _freezing(told)}
</main>
</body>
</html>
"""
    return Response(body, 200, HEADERS, f"{HTML}; charset=utf-8")


def _clock(told: Mapping[str, Any]) -> str:
    cited = told["citation"]
    state = (
        f"position {cited['position']} of the log, known {escape(cited['known'] or '')}, as of {escape(cited['valid'])}"
    )
    if told["frozen"]:
        return f"A frozen query: it answers with what the record said at {state}, and always will."
    return f"A live query: it answers with what the record says when it is asked; now at {state}."


def _freezing(told: Mapping[str, Any]) -> str:
    """A form that saves the same query, frozen."""
    return f"""<form method="post" action="/q">
<input type="hidden" name="documentId" value="{escape(told["id"])}">
<input type="hidden" name="freeze" value="now">
<button>Freeze it as it answers now</button>
</form>"""
