"""/docs/api: Swagger UI, in which one can try every address; from this origin alone, its scripts come with a package.

Considered beside it: Redoc, which cannot try anything; Scalar, RapiDoc and Stoplight Elements, which no package on PyPI carries
that keeps up with them and needs little beside. mkdocs-swagger-ui-tag does, and needs no more than an HTML parser.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.kept import PRESENT
from api.pages.scripted import PAGES, scripts_of

files = scripts_of("mkdocs_swagger_ui_tag", "swagger-ui")
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
