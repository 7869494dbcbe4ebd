"""/r/ID and /r/ID/NUMBER: a record and a revision at addresses of their own: JSON or, for browsers and with .html, a page.

Each is a GraphQL document.

These addresses stay: a record that was retracted says so at its own, one that was merged leads to the record that it went into.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from api import accept, mementos
from api.faults import problem, telling
from api.indented import indented
from api.kept import PAST, UNKEPT, KeptAnswers, Made, is_settled, key_of
from api.kept import PRESENT as FOR_A_MINUTE
from api.media_types import HTML, JSON
from api.moments import accepted, asked_in, says_what_was_known
from api.pages import record as record_page
from api.pages import revision as revision_page
from api.pages.said import referred
from api.v1.endpoints import endpoint_of, listing_of
from api.v1.forms import FORMS as LISTED
from api.v1.forms import accepted_form, split
from schema.answer import Answer, answer
from schema.clock import PRESENT, Moment
from schema.document import Operation, document
from schema.identity import WELL_FORMED
from schema.scalars import DateTime

HERE = Path(__file__).parent / "documents"
RECORD = document((HERE / "record.graphql").read_text("utf-8")).operation(None)
REVISION = document((HERE / "revision.graphql").read_text("utf-8")).operation(None)

POSITION = 'select "position" from revision where record_id = $1 and number = $2'

REVISIONS = "select max(number) from revision where record_id = $1"

REDACTED_BY = """select number from revision where record_id = $1 and operation = 'REDACT' and $2 = any(redacts)
                 order by "position" limit 1"""

MERGED = """select merged.record_id as id, merged.number, merged.recorded_at from survivor_version version
            join revision merged on merged.record_id = version.id and merged.operation = 'MERGE' and merged."position" <= $2
            where version.survivor_id = $1 and version.known_from <= $2 and version.known_to > $2 order by merged."position" """
"""What was merged into a record, directly or by way of others."""

OTHER = {"StateParty": "Signatory", "Signatory": "StateParty"}
"""A State is the one or the other, or was."""

FORMS = {".html": HTML, ".json": JSON}
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
        return self.media_type == HTML


@telling
async def record(request: Request) -> Response:
    """The record as it stands, or stood at the moment asked for: its newest revision, with its document."""
    if elsewhere := _in_a_form(request):
        return elsewhere
    named, asked = _named(request, "id"), asked_in(request.query_params)
    vary = [*named.vary, *(() if says_what_was_known(asked) else ("Accept-Datetime",))]
    return await _kept(request, named, vary, lambda: _record(request, named, asked, _varying(*vary)))


async def _record(request: Request, named: Named, asked: Moment, headers: dict[str, str]) -> Made | Response:
    record_id, state = named.name, request.state
    wanted = accepted(dict(request.headers.raw), asked)
    if not WELL_FORMED.fullmatch(record_id):
        return _nothing(named, headers)
    moments = await _changed(request, record_id) if wanted or says_what_was_known(asked) else []
    if wanted and moments:
        asked = replace(asked, known=mementos.nearest(moments, wanted))
    operation = (record_page.operation(record_id) if named.as_page else None) or RECORD
    answered = await _asked(request, operation, {"id": record_id}, asked)
    found = orjson.loads(answered.data)
    node = found["node"]
    if not node or "revision" not in node:
        type_, _, code = record_id.partition(":")
        other = f"{OTHER[type_]}:{code}" if type_ in OTHER else ""
        return _nothing(named, headers, asked, other=other if other and await _changed(request, other) else "")
    original = _address(request, record_id) + (f"?valid={asked.valid}" if asked.valid else "")
    if moments:
        headers |= mementos.of_record(original, moments, DateTime.read(found["clock"]["known"]))
    else:
        headers["Link"] = mementos.links_of_record(original)
    if node["id"] != record_id:
        query = f"?{request.url.query}" if request.url.query else ""
        address = f"/r/{node['id']}{named.suffix}{query}"
        return RedirectResponse(address, 308, {**headers, "Cache-Control": UNKEPT})
    if wanted and asked.known:
        headers["Content-Location"] = mementos.at(original, asked.known)
    gone = node["type"] == "Tombstone"
    if gone:
        headers["Cache-Control"] = UNKEPT
    elif moments and is_settled(DateTime.read(found["clock"]["known"])):
        headers["Cache-Control"] = (
            PAST  # the body is final; where the links lead changes with the record, so it is made anew here
        )
    if named.as_page:
        past = bool(wanted) or says_what_was_known(asked)
        shown = record_page.record_page(
            found,
            state.settings.public_url,
            request.query_params,
            past=past,
            merged=await state.pool.fetch(MERGED, record_id, found["clock"]["position"]),
            status=410 if gone else 200,
            headers=headers,
        )
    else:
        shown = _json({**node, "clock": found["clock"]}, 410 if gone else 200, headers)
    return shown if gone else _made(shown, answered)


@telling
async def timemap(request: Request) -> Response:
    """Every state that the record was in, as RFC 7089 lists them."""
    named = Named(request.path_params["id"], JSON, "", ())
    moments = await _changed(request, named.name) if WELL_FORMED.fullmatch(named.name) else []
    if not moments:
        return _nothing(named)
    listed = mementos.timemap(_address(request, named.name), moments)
    return Response(listed, headers={"Cache-Control": FOR_A_MINUTE}, media_type=mementos.LINK_FORMAT)


@telling
async def revision(request: Request) -> Response:
    """One revision: its envelope's exact text, its document, its hashes; once redacted, which revision took its document.

    Clocks only decide whether it was there. Redacted words are gone at every clock, so what took them is told at every clock, too.
    """
    named = _named(request, "number")
    return await _kept(request, named, named.vary, lambda: _revision(request, named))


async def _revision(request: Request, named: Named) -> Made | Response:
    record_id, number, asked = request.path_params["id"], named.name, asked_in(request.query_params)
    whole, headers = replace(named, name=f"{record_id}/{number}"), _varying(*named.vary)
    if not WELL_FORMED.fullmatch(record_id) or not (number.isascii() and number.isdigit() and len(number) < 10):
        return _nothing(whole, headers)
    pool = request.state.pool
    position = await pool.fetchval(POSITION, record_id, int(number))
    operation = revision_page.ASKED if named.as_page else REVISION
    answered = await _asked(request, operation, {"position": position}, asked) if position else None
    found = orjson.loads(answered.data)["revision"] if answered else None
    if not answered or not found:
        return _nothing(whole, headers, asked, has=await pool.fetchval(REVISIONS, record_id))
    if found["document"] is None:
        redaction = await pool.fetchval(REDACTED_BY, record_id, position)
        found["redaction"] = f"{_address(request, record_id)}/{redaction}"
    if named.as_page:
        names = await _names(request, found)
        return _made(revision_page.revision_page(found, names, request.state.settings.public_url, headers), answered)
    return _made(_json(found, 200, headers), answered)._replace(recorded_at=DateTime.read(found["recordedAt"]))


async def _names(request: Request, revision: Mapping[str, Any]) -> Mapping[str, str]:
    """What the records were called to which a revision's document refers, once all was published that it came with."""
    ids = [] if revision["operation"] == "REDACT" else referred(revision["recordType"], revision["document"] or {})
    if not ids:
        return {}
    then = Moment(known=DateTime.read(revision["recordedAt"]))
    found = orjson.loads((await _asked(request, revision_page.NAMED, {"ids": ids}, then)).data)["nodes"]
    return {record_id: next(iter(one.values())) for record_id, one in zip(ids, found, strict=True) if one}


def _made(shown: Response, answered: Answer) -> Made:
    headers = {name: value for name, value in shown.headers.items() if name != "content-length"}
    return Made(bytes(shown.body), {name.title(): value for name, value in headers.items()}, answered.position)


async def _kept(
    request: Request, named: Named, vary: Sequence[str], make: Callable[[], Awaitable[Made | Response]]
) -> Response:
    answers: KeptAnswers = request.state.kept
    headers = dict(request.headers.raw)
    return await answers.answered(headers, key_of(request.scope, headers, named.media_type), ", ".join(vary), make)


def _named(request: Request, parameter: str) -> Named:
    """The last part of the address, and the form that it, or Accept, asks for: JSON, where a client does not ask for a page."""
    written = request.path_params[parameter]
    for suffix, media_type in FORMS.items():
        if written.endswith(suffix):
            return Named(written.removesuffix(suffix), media_type, suffix, ())
    chosen = accept.preferred(request.headers.get("accept"), (JSON, HTML))
    return Named(written, chosen or JSON, "", ("Accept",))


def _in_a_form(request: Request) -> Response | None:
    """Where it is in a form that this address has not: among the read endpoints."""
    name, suffix = split(request.path_params["id"])
    type_, _, name = name.partition(":")
    endpoint = endpoint_of(type_)
    if endpoint is None or not WELL_FORMED.fullmatch(f"{type_}:{name}"):
        return None
    forms = [suffix for suffix, form in LISTED.items() if form.fits(listing_of(endpoint).field)]
    asked = suffix or accepted_form(request.headers.get("accept"), ("json", "html", *forms))
    if asked not in forms:
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    address = f"{endpoint.path.replace('{id}', name)}.{asked}{query}"
    return RedirectResponse(address, 303, _varying(*([] if suffix else ["Accept"])))


def _varying(*names: str) -> dict[str, str]:
    return {"Vary": ", ".join(names)} if names else {}


async def _changed(request: Request, record_id: str) -> list[Any]:
    """The moments at which the record changed."""
    moments: list[Any] = await request.state.pool.fetchval(mementos.CHANGED, record_id)
    return moments


async def _asked(request: Request, kept: Operation, variables: dict[str, Any], moment: Moment = PRESENT) -> Answer:
    state = request.state
    return await answer(state.pool, kept, variables, state.settings.public_url, moment)


def _address(request: Request, record_id: str) -> str:
    return f"{request.state.settings.public_url}/r/{record_id}"


def _json(value: Any, status: int, headers: Mapping[str, str]) -> Response:
    body = indented(value)
    return Response(body, status, headers, JSON)


def _nothing(
    named: Named,
    headers: Mapping[str, str] | None = None,
    asked: Moment = PRESENT,
    *,
    has: int | None = None,
    other: str = "",
) -> Response:
    """has: how many revisions the record has, where one of these was asked for; other: what the same State is there as."""
    then = " at that moment" if says_what_was_known(asked) else ""
    record_id = named.name.partition("/")[0]
    told = "Ids look like Measure:PHL-0007."
    if other:
        told = f"The State is there as {other}: /r/{other}."
    if has:
        told = f"{record_id} has {has:,} revision{'s' if has > 1 else ''} by now: /r/{record_id}/1"
        told += f" to /r/{record_id}/{has}." if has > 1 else "."
    detail = f'There is no "{named.name}" in this record{then}. {told}'
    return problem(404, "Not found", detail, headers)
