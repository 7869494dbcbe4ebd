"""/v1/…: whatever a query can say, by a plain GET. A list is a page in JSON; in every other form it is whole, unless `first` asks
for less; and it is read at one position, which the answer's headers tell with the count of its rows, and of how many these are.
"""

import difflib
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import orjson
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.apart.answered import answered, in_turn
from api.apart.ranges import asked_part
from api.codings import IDENTITY, wanted, written_as_it_comes
from api.deprecation import telling_of
from api.fair_use.cost import charge
from api.faults import problem, telling
from api.indented import indented
from api.kept import PRESENT, UNKEPT, KeptAnswers, Made, key_of, made
from api.media_types import JSON
from api.sending.sent import Sent
from api.stands_for import told_clock
from api.timegate import Then, TimeGate
from api.v1 import listing
from api.v1.alternates import alternates
from api.v1.asked_for import states
from api.v1.endpoints import ENDPOINTS, RECORD, Endpoint, endpoint_of, listing_of
from api.v1.forms import FORMS, ONLY_CSV, Form, accepted_form, chosen, for_excel, media_type_of, split
from api.v1.ids import followed, type_of
from api.v1.linked import linking, links_of_page
from api.v1.listing import Listing
from api.v1.parameters import variables_of, whole_id
from schema.answer import answer
from schema.identity import WELL_FORMED
from schema.paged import LARGEST_PAGE
from schema.refusals import BadValue

NAMED = 5
"""States, at most, that a file's name names."""

EXISTS = "select exists (select from revision where record_id = $1)"


@dataclass(frozen=True)
class Asked:
    """suffix: of the form that is asked for, by the address or by Accept; id: of the record that the address names; gate: as of
    when."""

    endpoint: Endpoint
    suffix: str
    id: str | None
    parameters: QueryParams
    gate: TimeGate


async def index(request: Request) -> Response:
    """What there is."""
    public_url = request.state.settings.public_url
    listed = [
        {
            "address": f"{public_url}{path}",
            "about": endpoint.about,
            "forms": [
                "json",
                *(["html"] if endpoint.is_record else []),
                *(suffix for suffix, form in FORMS.items() if form.fits(listing_of(endpoint).field)),
            ],
        }
        for path, endpoint in ENDPOINTS.items()
    ]
    body = indented({"endpoints": listed})
    return Response(body, headers={"Cache-Control": PRESENT}, media_type=JSON)


@telling
async def found(request: Request) -> Response:
    """One of the endpoints, in one of the forms."""
    if not request.path_params["path"]:
        return await index(request)
    asked = _asked(request)
    if isinstance(asked, Response):
        return asked
    if asked.suffix == "json":
        return await _kept(request, asked)
    if asked.endpoint.is_record:
        listed = await _record(request, asked)
        assert isinstance(listed, Response), "only JSON is kept"
        return listed
    if asked.id and not await request.state.pool.fetchval(EXISTS, asked.id):
        return _no_record(asked.id)
    then = await asked.gate.then(request.state.pool)
    return await _listed(request, asked, asked.endpoint, await _variables(request, asked, then), then)


async def _variables(request: Request, asked: Asked, then: Then) -> dict[str, Any]:
    """What a list is asked for. Raises BadValue, for what it never had, too."""
    endpoint, fixed = asked.endpoint, {"id": asked.id} if asked.id else {}
    variables = variables_of(endpoint.operation, asked.parameters, fixed, type_of(endpoint))
    await request.state.codes.refuse_strangers(endpoint, variables)
    return await followed(request.state.pool, endpoint, variables, then.moment)


async def _kept(request: Request, asked: Asked) -> Response:
    """A record or a page of a list, in JSON: kept, or made now."""

    async def make() -> Made | Response:
        if asked.endpoint.is_record:
            return await _record(request, asked)
        if asked.id and not await request.state.pool.fetchval(EXISTS, asked.id):
            return _no_record(asked.id)
        return await _page(request, asked)

    headers = dict(request.headers.raw)
    answers: KeptAnswers = request.state.kept
    return await answers.answered(headers, key_of(request.scope, headers, JSON), asked.gate.vary, make)


def _asked(request: Request) -> Asked | Response:
    """Or why that is nothing."""
    *before, last = request.path_params["path"].removesuffix("/").split("/")
    segment, suffix = split(last)
    parts = [*before, segment]
    if len(parts) > 1:
        name, parts[1] = parts[1], "{id}"
    endpoint = ENDPOINTS.get(f"/v1/{'/'.join(parts)}")
    if endpoint is None:
        there = [path for path in ENDPOINTS if "{" not in path]
        near = difflib.get_close_matches(f"/v1/{parts[0]}", there, 1, 0.7)
        told = f"Did you mean {near[0]}? " if near else ""
        detail = f"There is nothing at {request.url.path}. {told}There are: {', '.join(there)}; all of them, with their forms: /v1."
        return problem(404, "Not found", detail)
    forms = {suffix: form for suffix, form in FORMS.items() if form.fits(listing_of(endpoint).field)}
    if suffix is None:
        come_as = ("json", *(["html"] if endpoint.is_record else []), *forms)
        suffix = accepted_form(request.headers.get("accept"), come_as)
        if suffix is None:
            named = ", ".join(media_type_of(one) for one in come_as)
            return problem(406, "Not acceptable", f"This answers as one of: {named}.")
    elif suffix != "json" and suffix not in forms and not (suffix == "html" and endpoint.is_record):
        told = ", ".join(f".{one}" for one in ("json", *forms, *(["html"] if endpoint.is_record else [])))
        path = request.url.path.removesuffix("/").removesuffix(f".{suffix}")
        return problem(404, "Not found", f"{path} does not come as .{suffix}, but as {told}.")
    record_id = whole_id(name, endpoint.record_type) if endpoint.record_type else None
    return Asked(endpoint, suffix, record_id, request.query_params, TimeGate.of(request))


async def _record(request: Request, asked: Asked) -> Made | Response:
    """One record: gone for good where it was retracted, and where it was merged, at its survivor's address."""
    endpoint, state, record_id = asked.endpoint, request.state, asked.id or ""
    variables_of(endpoint.operation, asked.parameters, {"id": record_id})  # refuses what there is none of
    if not WELL_FORMED.fullmatch(record_id) or not record_id.startswith(f"{endpoint.record_type}:"):
        return _no_record(record_id)
    if asked.suffix == "html":
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/r/{record_id}.html{query}", 303, {"Vary": "Accept"})
    then = await asked.gate.then(state.pool, record_id)
    answered = await answer(state.pool, endpoint.operation, {"id": record_id}, state.settings.public_url, then.moment)
    charge(request.scope, answered.cost)
    data = orjson.loads(answered.data)
    record = data[RECORD]
    if not record:
        return _no_record(record_id)
    headers = {**told_clock(data["clock"]), **await then.told(state.pool)}
    headers = linking(headers, f'<{record["permalink"]}>; rel="canonical"')
    headers = telling_of(endpoint.uses({"id": record_id}), headers, state.settings.public_url)
    if record["id"] != record_id:
        path = f"/v1/{request.path_params['path']}".replace(
            quote(record_id.partition(":")[2]), quote(record["id"].partition(":")[2])
        )
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{path}{query}", 308, {**headers, "Cache-Control": UNKEPT})
    if record["__typename"] == "Tombstone":
        return Response(answered.data, 410, {**headers, "Cache-Control": UNKEPT}, JSON)
    if asked.suffix == "json":
        headers = linking({**headers, "Content-Type": JSON}, *alternates(request, endpoint, then.pinned))
        return then.kept(await made(state.pool, answered.data, headers, then.moment, answered))
    return await _listed(request, asked, listing_of(endpoint), {"filter": {"id": [record_id]}}, then)


def _no_record(record_id: str) -> Response:
    endpoint = endpoint_of(record_id.partition(":")[0])
    told = f"{listing_of(endpoint).path}.csv has all that there are." if endpoint else "Ids look like Measure:PHL-0007."
    return problem(404, "Not found", f'There is no "{record_id[:100]}" in this record. {told}')


async def _page(request: Request, asked: Asked) -> Made:
    endpoint, state = asked.endpoint, request.state
    then = await asked.gate.then(state.pool)
    variables = await _variables(request, asked, then)
    if for_excel(asked.parameters):
        raise BadValue(ONLY_CSV)
    answered = await answer(state.pool, endpoint.operation, variables, state.settings.public_url, then.moment)
    charge(request.scope, answered.cost)
    data = orjson.loads(answered.data)
    headers = {**told_clock(data["clock"]), **await then.told(state.pool)}
    address = f"{state.settings.public_url}{request.url.path}"
    given = [*asked.parameters.multi_items(), *then.pinned.items()]
    headers = linking(
        headers, *links_of_page(address, given, data[endpoint.field]), *alternates(request, endpoint, then.pinned)
    )
    headers = telling_of(endpoint.uses(variables), {**headers, "Content-Type": JSON}, state.settings.public_url)
    return then.kept(await made(state.pool, answered.data, headers, then.moment, answered))


async def _listed(
    request: Request, asked: Asked, endpoint: Endpoint, variables: dict[str, Any], then: Then
) -> Response:
    """The list of an endpoint, as a whole. then: what it is read at."""
    form = chosen(asked.suffix, asked.parameters)
    if form.newest:
        variables = _newest(variables, form.newest)
    named = [asked.id.partition(":")[2]] if asked.id else (variables.get("filter") or {}).get("stateParty") or []
    name = "-".join([asked.endpoint.name, *named[:NAMED]])
    settings = request.state.settings
    what = listing.Request(
        endpoint.of_form(form.file),
        endpoint.field,
        variables,
        then.moment,
        settings.public_url,
        name,
        then.address(address_as(request, asked.suffix)),
        asked.endpoint.deprecated,
    )
    return await whole(request, what, asked.suffix, form, then)


def address_as(request: Request, suffix: str) -> str:
    """The address of what is asked for, in a form whatever Accept says: who is led to it may ask otherwise."""
    path, query = request.url.path.removesuffix("/"), f"?{request.url.query}" if request.url.query else ""
    ending = "" if path.endswith(f".{suffix}") else f".{suffix}"
    return f"{request.state.settings.public_url}{path}{ending}{query}"


def _newest(variables: dict[str, Any], newest: int) -> dict[str, Any]:
    """So many, where the address does not say how many: a feed is held as a whole, so that it is no place for everything."""
    for name in ("first", "last"):
        if variables.get(name, 0) > LARGEST_PAGE:
            raise BadValue(
                f"{name}: a feed shows up to {LARGEST_PAGE} changes at once; .jsonl and .csv have all of them."
            )
    return variables if {"first", "last"} & set(variables) else {**variables, "last": newest}


async def whole(request: Request, what: listing.Request, suffix: str, form: Form, then: Then) -> Response:
    """A list in a form, streamed: it is all of what the headers say, or breaks off. then: what it is read at. Raises what refuses
    it before it begins."""
    answers: KeptAnswers = request.state.kept
    asked_with = dict(request.headers.raw)
    key = key_of(request.scope, asked_with, form.media_type)
    vary = then.gate.vary
    if unchanged := await answers.ready(asked_with, key, vary):
        return unchanged
    begun = await answers.begun()
    if form.titled:
        what = replace(what, states=await states(request.state.pool, what.public_url))
    async with AsyncExitStack() as opened:
        if not form.write:
            await opened.enter_async_context(in_turn(request.state.apart))
        rows = await opened.enter_async_context(listing.opened(request.state, what, as_cells=form.as_cells))
        charge(request.scope, rows.cost)
        headers = {
            **told_clock(rows.clock),
            **await then.told(request.state.pool),
            "Row-Count": str(rows.total),
            "Total-Count": str(rows.of),
            "Content-Disposition": f'{"inline" if form.newest else "attachment"}; filename="{what.name}.{suffix}"',
        }
        headers = telling_of(what.uses(), headers, what.public_url)
        of_it = then.kept(await made(request.state.pool, b"", headers, what.moment, rows.basis))
        coding = wanted(asked_with.get(b"accept-encoding", b"")) if form.write else IDENTITY
        ready = await answers.streamed(asked_with, key, vary, of_it, begun, coding)
        if ready.status_code != 200:
            return ready
        ranged = form.in_parts and request.method != "HEAD"
        part = asked_part(asked_with, dict(ready.raw_headers).get(b"etag")) if ranged else None
        response = await _whole(request, rows, suffix, form, coding, part, opened)
    response.raw_headers += ready.raw_headers
    return response


async def _whole(
    request: Request, rows: Listing, suffix: str, form: Form, coding: str, part: str | None, opened: AsyncExitStack
) -> Response:
    """The answer, but for the headers that tell of it; what it is read from stays open until it is sent."""
    if request.method == "HEAD" and form.write:
        response = Response(None, 200, media_type=form.media_type)
        del response.headers["Content-Length"]  # nobody knows it yet; readers that ask for it first took 0 at its word
        return response
    if form.write:
        until_sent = opened.pop_all()
        content = request.state.ahead.of(written_as_it_comes(form.write(rows), coding), until_sent)
        return Sent(content, 200, until_sent, form.media_type)
    told = {"Accept-Ranges": "bytes"} if form.in_parts else {}
    return await answered(request, rows, suffix, told, form.media_type, part)


routes = [Route("/v1", index), Route("/v1/{path:path}", found)]
