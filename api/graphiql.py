"""GraphiQL: a page to write queries in, from this origin alone; its scripts come with a package, none with this repository."""

from importlib.util import find_spec
from pathlib import Path

from starlette.applications import Starlette
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

PACKAGE = "graphene_django_graphiql_static"
PAGES = Path(__file__).parent / "pages"


def _scripts() -> Path:
    """Where the package's files are; it is found, not imported: it would import Django."""
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "static" / PACKAGE


files = Starlette(
    routes=[
        Mount("/ours", StaticFiles(directory=PAGES)),
        Mount("/", StaticFiles(directory=_scripts())),
    ]
)
"""Its scripts and styles."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Nothing is loaded from elsewhere. Inline styles are the editor's own."""


def page() -> Response:
    """The page. A query in its address (?query=…) is shown, and five examples where there is none."""
    html = (PAGES / "graphiql.html").read_text("utf-8")
    return HTMLResponse(html, headers={"Content-Security-Policy": POLICY, "Vary": "Accept"})
