"""A query's answer in any form: JSON as it is; in every other form the whole of its list, or else its answer as one row."""

from collections.abc import Collection, Mapping
from typing import Any, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.deprecation import telling_of
from api.fair_use.cost import charge
from api.faults import problem
from api.kept import KeptAnswers, Made, key_of, made
from api.media_types import JSON
from api.queries.written import Written, newest
from api.stands_for import told_clock
from api.timegate import TimeGate
from api.v1 import listing
from api.v1.fields_of_forms import with_fields_of
from api.v1.forms import FORMS, ONLY_CSV, accepted_form, chosen, for_excel, media_type_of
from api.v1.twin import address_as, whole
from schema.answer import answer
from schema.refusals import BadValue


async def answered(request: Request, query: Written, gate: TimeGate, suffix: str, name: str) -> Response:
    """gate: as of when; name: for a file. Raises what refuses it, before anything is answered."""
    public_url = request.state.settings.public_url
    if suffix == "json":
        if for_excel(request.query_params):
            raise BadValue(ONLY_CSV)
        return await _json(request, query, gate)
    form = chosen(suffix, request.query_params)
    if form.of is not None:
        query = Written(with_fields_of(form, query.operation, query.field), query.given)
    if form.newest:
        query = newest(query, form.newest)
    then = await gate.then(request.state.pool)
    address = then.address(address_as(request, suffix))
    asked = listing.Request(
        query.operation, query.field, query.given, then.moment, public_url, name, address, title=query.title
    )
    return await whole(request, asked, suffix, form, then)


async def _json(request: Request, query: Written, gate: TimeGate) -> Response:
    state, headers = request.state, dict(request.headers.raw)
    public_url, answers = state.settings.public_url, cast("KeptAnswers", state.kept)

    async def make() -> Made:
        then = await gate.then(state.pool)
        found = await answer(state.pool, query.operation, query.given, public_url, then.moment)
        charge(request.scope, found.cost)
        clock = await listing.clock_of(state.pool, found.position, then.moment, public_url)
        used = query.operation.deprecated.of(query.given)
        told = {**told_clock(clock), **await then.told(state.pool), "Content-Type": JSON}
        told = telling_of(used, told, public_url)
        body = found.data if "clock" in query.operation.keys else _with_clock(found.data, clock)
        return then.kept(await made(state.pool, body, told, then.moment, found))

    return await answers.answered(headers, key_of(request.scope, headers, JSON), gate.vary, make)


def _with_clock(data: bytes, clock: Mapping[str, Any]) -> bytes:
    """data: a JSON object."""
    rest = data[1:] if data == b"{}" else b"," + data[1:]
    return b'{"clock":%b%b' % (orjson.dumps(clock), rest)


def forms_of(field: str) -> list[str]:
    """The suffixes of the forms that a query of this field of Query has."""
    return ["json", *(suffix for suffix, form in FORMS.items() if form.fits(field))]


def suffix_of(request: Request, field: str, given: str | None, *, others: Collection[str] = ()) -> str | Response:
    """The form that is asked for, by the address or by Accept; or why that is none. others: suffix → of the address's own."""
    there = [*forms_of(field), *others]
    if given is not None:
        if given in there:
            return given
        told = ", ".join(f".{one}" for one in there)
        return problem(404, "Not found", f"This query does not come as .{given}, but as {told}.")
    best = accepted_form(request.headers.get("accept"), there)
    named = ", ".join(media_type_of(suffix) for suffix in there)
    return best or problem(406, "Not acceptable", f"This answers as one of: {named}.")


def about_of(suffix: str) -> str:
    """For whom a form is, in a sentence."""
    return FORMS[suffix].about if suffix in FORMS else ABOUT[suffix]


ABOUT = {
    "json": "The answer as GraphQL has it, and the clock that it stands for.",
    "graphql": "The query itself.",
    "html": "This page.",
}
