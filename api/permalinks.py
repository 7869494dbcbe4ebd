"""/r/ID and /r/ID/NUMBER: a record and a revision at addresses of their own, as JSON. Each is a GraphQL document.

These addresses stay: a record that was retracted says so at its own, one that was merged leads to the record that it went into.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import mementos
from api.accept import JSON
from api.faults import problem, telling
from api.kept import PAST, UNKEPT, KeptAnswers, Made, is_settled, key_of
from api.moments import accepted, asked_in, says_what_was_known
from schema.answer import Answer, answer
from schema.clock import PRESENT, Moment
from schema.document import document
from schema.identity import WELL_FORMED
from schema.scalars import DateTime

HERE = Path(__file__).parent / "documents"
RECORD = document((HERE / "record.graphql").read_text("utf-8"))
REVISION = document((HERE / "revision.graphql").read_text("utf-8"))

POSITION = 'select "position" from revision where record_id = $1 and number = $2'

REDACTED_BY = """select number from revision where record_id = $1 and operation = 'REDACT' and $2 = any(redacts)
                 order by "position" limit 1"""


@telling
async def record(request: Request) -> Response:
    """The record as it stands, or stood at the moment asked for: its newest revision, with its document."""
    asked = asked_in(request.query_params)
    return await _kept(
        request, "" if says_what_was_known(asked) else "Accept-Datetime", lambda: _record(request, asked)
    )


async def _record(request: Request, asked: Moment) -> Made | Response:
    record_id = request.path_params["id"]
    wanted = accepted(dict(request.headers.raw), asked)
    headers = {} if says_what_was_known(asked) else {"Vary": "Accept-Datetime"}
    if not WELL_FORMED.fullmatch(record_id):
        return _nothing(record_id, headers)
    moments = await _changed(request, record_id) if wanted or says_what_was_known(asked) else []
    if wanted and moments:
        asked = replace(asked, known=mementos.nearest(moments, wanted))
    answered = await _asked(request, RECORD, {"id": record_id}, asked)
    found = orjson.loads(answered.data)
    node = found["node"]
    if not node or "revision" not in node:
        return _nothing(record_id, headers, asked)
    original = _address(request, record_id) + (f"?valid={asked.valid}" if asked.valid else "")
    if moments:
        headers |= mementos.of_record(original, moments, DateTime.read(found["clock"]["known"]))
    else:
        headers["Link"] = mementos.links_of_record(original)
    if node["id"] != record_id:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/r/{node['id']}{query}", 308, {**headers, "Cache-Control": UNKEPT})
    if wanted and asked.known:
        headers["Content-Location"] = mementos.at(original, asked.known)
    body = _json({**node, "clock": found["clock"]})
    if node["type"] == "Tombstone":
        return Response(body, 410, {**headers, "Cache-Control": UNKEPT}, JSON)
    if moments and is_settled(DateTime.read(found["clock"]["known"])):
        headers["Cache-Control"] = (
            PAST  # the body is final; where the links lead changes with the record, so it is made anew here
        )
    return Made(body, {**headers, "Content-Type": JSON}, answered.position)


@telling
async def timemap(request: Request) -> Response:
    """Every state that the record was in, as RFC 7089 lists them."""
    record_id = request.path_params["id"]
    moments = await _changed(request, record_id) if WELL_FORMED.fullmatch(record_id) else []
    if not moments:
        return _nothing(record_id)
    return Response(mementos.timemap(_address(request, record_id), moments), media_type=mementos.LINK_FORMAT)


@telling
async def revision(request: Request) -> Response:
    """One revision: its envelope's exact text, its document, its hashes; once redacted, which revision took its document.

    Clocks only decide whether it was there. Redacted words are gone at every clock, so what took them is told at every clock, too.
    """
    return await _kept(request, "", lambda: _revision(request))


async def _revision(request: Request) -> Made | Response:
    record_id, number = request.path_params["id"], request.path_params["number"]
    asked = asked_in(request.query_params)
    if not WELL_FORMED.fullmatch(record_id) or not (number.isascii() and number.isdigit() and len(number) < 10):
        return _nothing(f"{record_id}/{number}")
    pool = request.state.pool
    position = await pool.fetchval(POSITION, record_id, int(number))
    answered = await _asked(request, REVISION, {"position": position}, asked) if position else None
    found = orjson.loads(answered.data)["revision"] if answered else None
    if not answered or not found:
        return _nothing(f"{record_id}/{number}", {}, asked)
    if found["document"] is None:
        redaction = await pool.fetchval(REDACTED_BY, record_id, position)
        found["redaction"] = f"{_address(request, record_id)}/{redaction}"
    recorded_at = DateTime.read(found["recordedAt"])
    return Made(_json(found), {"Content-Type": JSON}, answered.position, recorded_at)


async def _kept(request: Request, vary: str, make: Callable[[], Awaitable[Made | Response]]) -> Response:
    answers: KeptAnswers = request.state.kept
    headers = dict(request.headers.raw)
    return await answers.answered(headers, key_of(request.scope, headers, JSON), vary, make)


async def _changed(request: Request, record_id: str) -> list[Any]:
    """The moments at which the record changed."""
    moments: list[Any] = await request.state.pool.fetchval(mementos.CHANGED, record_id)
    return moments


async def _asked(request: Request, kept: Any, variables: dict[str, Any], moment: Moment = PRESENT) -> Answer:
    state = request.state
    return await answer(state.pool, kept.operation(None), variables, state.settings.public_url, moment)


def _address(request: Request, record_id: str) -> str:
    return f"{request.state.settings.public_url}/r/{record_id}"


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _nothing(name: str, headers: Mapping[str, str] | None = None, asked: Moment = PRESENT) -> Response:
    then = " at that moment" if says_what_was_known(asked) else ""
    detail = f'There is no "{name}" in this record{then}. Ids look like Measure:PHL-0007.'
    return problem(404, "Not found", detail, headers)
