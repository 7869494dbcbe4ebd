"""GraphiQL: a page to write queries in, from this origin alone; its scripts come with a package, none with this repository."""

from starlette.responses import HTMLResponse, Response

from api.pages.scripted import PAGES, scripts_of

PACKAGE = "graphene_django_graphiql_static"

files = scripts_of(PACKAGE, f"static/{PACKAGE}")
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
