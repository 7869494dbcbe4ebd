"""/r/ID and /r/ID/NUMBER: a record and a revision at addresses of their own: JSON or, for browsers and with .html, a page.

Each is a GraphQL document.

These addresses stay: a record that was retracted says so at its own, one that was merged leads to the record that it went into.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import accept, mementos, record_page, revision_page
from api.faults import problem, telling
from api.moments import accepted, asked_in, says_what_was_known
from api.page import page
from schema.answer import answer
from schema.clock import PRESENT, Moment
from schema.document import Operation, document
from schema.identity import WELL_FORMED
from schema.scalars import DateTime

HERE = Path(__file__).parent / "documents"
RECORD = document((HERE / "record.graphql").read_text("utf-8")).operation(None)
REVISION = document((HERE / "revision.graphql").read_text("utf-8")).operation(None)

POSITION = 'select "position" from revision where record_id = $1 and number = $2'

REDACTED_BY = """select number from revision where record_id = $1 and operation = 'REDACT' and $2 = any(redacts)
                 order by "position" limit 1"""


FORMS = {".html": accept.HTML, ".json": accept.JSON}
"""What an address may end in to ask for a form, whatever Accept says."""


@dataclass(frozen=True)
class Named:
    """What the end of an address names. vary: the request's headers that the form depends on."""

    name: str
    media_type: str
    suffix: str
    vary: Sequence[str]

    @property
    def as_page(self) -> bool:
        return self.media_type == accept.HTML


@telling
async def record(request: Request) -> Response:
    """The record as it stands, or stood at the moment asked for: its newest revision, with its document."""
    named, asked = _named(request, "id"), asked_in(request.query_params)
    record_id, state = named.name, request.state
    wanted = accepted(dict(request.headers.raw), asked)
    headers = _varying(*named.vary, *(() if says_what_was_known(asked) else ("Accept-Datetime",)))
    if not WELL_FORMED.fullmatch(record_id):
        return _nothing(named, headers)
    moments = await _changed(request, record_id) if wanted or says_what_was_known(asked) else []
    if wanted and moments:
        asked = replace(asked, known=mementos.nearest(moments, wanted))
    kept = (record_page.operation(record_id) if named.as_page else None) or RECORD
    found = await _asked(request, kept, {"id": record_id}, asked)
    node = found["node"]
    if not node or "revision" not in node:
        return _nothing(named, headers, asked)
    original = _address(request, record_id) + (f"?valid={asked.valid}" if asked.valid else "")
    if moments:
        headers |= mementos.of_record(original, moments, DateTime.read(found["clock"]["known"]))
    else:
        headers["Link"] = mementos.links_of_record(original)
    if node["id"] != record_id:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/r/{node['id']}{named.suffix}{query}", 308, headers)
    if wanted and asked.known:
        headers["Content-Location"] = mementos.at(original, asked.known)
    status = 410 if node["type"] == "Tombstone" else 200
    if named.as_page:
        past = bool(wanted) or says_what_was_known(asked)
        return record_page.record_page(
            found, state.settings.public_url, request.query_params, past=past, status=status, headers=headers
        )
    return _json({**node, "clock": found["clock"]}, status, headers)


@telling
async def timemap(request: Request) -> Response:
    """Every state that the record was in, as RFC 7089 lists them."""
    named = Named(request.path_params["id"], accept.JSON, "", ())
    moments = await _changed(request, named.name) if WELL_FORMED.fullmatch(named.name) else []
    if not moments:
        return _nothing(named)
    return Response(mementos.timemap(_address(request, named.name), moments), media_type=mementos.LINK_FORMAT)


@telling
async def revision(request: Request) -> Response:
    """One revision: its envelope's exact text, its document, its hashes; once redacted, which revision took its document.

    Clocks only decide whether it was there. Redacted words are gone at every clock, so what took them is told at every clock, too.
    """
    record_id, named, asked = request.path_params["id"], _named(request, "number"), asked_in(request.query_params)
    number, whole = named.name, replace(named, name=f"{record_id}/{named.name}")
    headers = _varying(*named.vary)
    if not WELL_FORMED.fullmatch(record_id) or not (number.isascii() and number.isdigit() and len(number) < 10):
        return _nothing(whole, headers)
    pool = request.state.pool
    position = await pool.fetchval(POSITION, record_id, int(number))
    kept = revision_page.ASKED if named.as_page else REVISION
    found = (await _asked(request, kept, {"position": position}, asked))["revision"] if position else None
    if not found:
        return _nothing(whole, headers, asked)
    if found["document"] is None:
        redaction = await pool.fetchval(REDACTED_BY, record_id, position)
        found["redaction"] = f"{_address(request, record_id)}/{redaction}"
    if named.as_page:
        return revision_page.revision_page(found, request.state.settings.public_url, headers)
    return _json(found, 200, headers)


def _named(request: Request, parameter: str) -> Named:
    """The last part of the address, and the form that it, or Accept, asks for: JSON, where a client does not ask for a page."""
    written = request.path_params[parameter]
    for suffix, media_type in FORMS.items():
        if written.endswith(suffix):
            return Named(written.removesuffix(suffix), media_type, suffix, ())
    chosen = accept.preferred(request.headers.get("accept"), (accept.JSON, accept.HTML))
    return Named(written, chosen or accept.JSON, "", ("Accept",))


def _varying(*names: str) -> dict[str, str]:
    return {"Vary": ", ".join(names)} if names else {}


async def _changed(request: Request, record_id: str) -> list[Any]:
    """The moments at which the record changed."""
    moments: list[Any] = await request.state.pool.fetchval(mementos.CHANGED, record_id)
    return moments


async def _asked(request: Request, kept: Operation, variables: dict[str, Any], moment: Moment = PRESENT) -> Any:
    state = request.state
    found = await answer(state.pool, kept, variables, state.settings.public_url, moment)
    return orjson.loads(found.data)


def _address(request: Request, record_id: str) -> str:
    return f"{request.state.settings.public_url}/r/{record_id}"


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Response(body, status, headers, "application/json")


def _nothing(named: Named, headers: Mapping[str, str] | None = None, asked: Moment = PRESENT) -> Response:
    then = " at that moment" if says_what_was_known(asked) else ""
    detail = f'There is no "{named.name}" in this record{then}. Ids look like Measure:PHL-0007.'
    if named.as_page:
        return page("nothing.html", 404, headers, detail=detail)
    return problem(404, "Not found", detail, headers)
