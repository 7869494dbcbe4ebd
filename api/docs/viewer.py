"""/docs/api: Swagger UI, in which one can try every address; from this origin alone, its scripts come with a package.

Considered beside it: Redoc, which cannot try anything; Scalar, RapiDoc and Stoplight Elements, which no package on PyPI carries
that keeps up with them and needs little beside. mkdocs-swagger-ui-tag does, and needs no more than an HTML parser.
"""

from importlib.util import find_spec
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from api.kept import PRESENT

PACKAGE = "mkdocs_swagger_ui_tag"
PAGES = Path(__file__).parent.parent / "pages"


def _scripts() -> Path:
    """Where the package's files are; it is found, not imported: it would import MkDocs."""
    spec = find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "swagger-ui"


files = Starlette(routes=[Mount("/ours", StaticFiles(directory=PAGES)), Mount("/", StaticFiles(directory=_scripts()))])
"""Its scripts and styles."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Nothing is loaded from elsewhere. Inline styles are the viewer's own."""


HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Cache-Control": PRESENT}


async def viewer(_request: Request) -> Response:
    html = (PAGES / "viewer.html").read_text("utf-8")
    return HTMLResponse(html, headers=HEADERS)
