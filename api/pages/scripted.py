"""Pages whose scripts come with a package: from this origin alone, and none with this repository but what starts them."""

from importlib.util import find_spec
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

PAGES = Path(__file__).parent

OURS = PAGES / "scripts"
"""What starts the packages' scripts."""


def scripts_of(package: str, folder: str) -> Starlette:
    """A package's scripts and styles, and ours beside them. The package is found, not imported: it would import its framework."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    theirs = Path(spec.origin).parent / folder
    return Starlette(routes=[Mount("/ours", StaticFiles(directory=OURS)), Mount("/", StaticFiles(directory=theirs))])
