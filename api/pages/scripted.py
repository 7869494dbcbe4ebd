"""Pages whose scripts come with a package: from this origin alone, and none with this repository but what starts them."""

import mimetypes
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.kept import PRESENT
from api.unchanging import unchanging

PAGES = Path(__file__).parent

OURS = PAGES / "scripts"
"""What starts the packages' scripts."""

A_DAY = "public, max-age=86400"
"""How long a package's files may be given without asking again: their names stay where the package is another. Ours change with the
page that they start."""

HEADERS = {"X-Content-Type-Options": "nosniff"}


def scripts_of(package: str, folder: str) -> Sequence[BaseRoute]:
    """A package's scripts and styles, and ours beside them. The package is found, not imported: it would import its framework."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    theirs = Path(spec.origin).parent / folder
    files = {**_files(theirs, "", A_DAY), **_files(OURS, "ours/", PRESENT)}

    async def file(request: Request) -> Response:
        path, cache_control = files.get(request.path_params["path"], (None, ""))
        if path is None:
            raise HTTPException(404)
        media_type = mimetypes.guess_type(path.name)[0] or "text/plain"
        return await unchanging(request, _read(path), media_type, {"Cache-Control": cache_control, **HEADERS})

    return [Route("/{path:path}", file)]


def _files(folder: Path, below: str, cache_control: str) -> dict[str, tuple[Path, str]]:
    """All that there is, by address: nothing else can be asked for."""
    found = (file for file in folder.rglob("*") if file.is_file())
    return {f"{below}{file.relative_to(folder).as_posix()}": (file, cache_control) for file in found}


@cache
def _read(file: Path) -> bytes:
    """Kept, since it is sent in several codings, each made once."""
    return file.read_bytes()
