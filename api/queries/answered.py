"""A query's answer in any form: JSON as it is; in every other form the whole of its list, or else its answer as one row."""

from collections.abc import Collection, Mapping
from typing import Any, cast

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api import accept
from api.deprecation import telling_of
from api.fair_use.cost import charge
from api.faults import problem
from api.kept import KeptAnswers, Made, key_of, made
from api.media_types import HTML, JSON
from api.queries.written import Written, newest
from api.stands_for import told_clock
from api.v1 import listing
from api.v1.fields_of_forms import with_fields_of
from api.v1.forms import FORMS, ONLY_CSV, chosen, for_excel
from api.v1.twin import whole
from schema.answer import answer
from schema.clock import Moment
from schema.refusals import BadValue


async def answered(request: Request, query: Written, moment: Moment, suffix: str, name: str, address: str) -> Response:
    """name: for a file; address: of the answer, for readers. Raises what refuses it, before anything is answered."""
    public_url = request.state.settings.public_url
    if suffix == "json":
        if for_excel(request.query_params):
            raise BadValue(ONLY_CSV)
        return await _json(request, query, moment)
    form = chosen(suffix, request.query_params)
    if form.of is not None:
        query = Written(with_fields_of(form, query.operation, query.field), query.given)
    if form.newest:
        query = newest(query, form.newest)
    asked = listing.Request(
        query.operation, query.field, query.given, moment, public_url, name, address, title=query.title
    )
    return await whole(request, asked, suffix, form)


async def _json(request: Request, query: Written, moment: Moment) -> Response:
    state, headers = request.state, dict(request.headers.raw)
    public_url, answers = state.settings.public_url, cast("KeptAnswers", state.kept)

    async def make() -> Made:
        found = await answer(state.pool, query.operation, query.given, public_url, moment)
        charge(request.scope, found.cost)
        clock = await listing.clock_of(state.pool, found.position, moment, public_url)
        used = query.operation.deprecated.of(query.given)
        told = telling_of(used, {**told_clock(clock), "Content-Type": JSON}, public_url)
        body = found.data if "clock" in query.operation.keys else _with_clock(found.data, clock)
        return await made(state.pool, body, told, moment, found)

    return await answers.answered(headers, key_of(request.scope, headers, JSON), "Accept", make)


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
    media_types = {media_type_of(suffix): suffix for suffix in there}
    best = accept.preferred(request.headers.get("accept"), tuple(media_types))
    if best is None:
        return problem(406, "Not acceptable", f"This answers as one of: {', '.join(media_types)}.")
    return media_types[best]


def media_type_of(suffix: str) -> str:
    return OTHERS[suffix] if suffix in OTHERS else FORMS[suffix].media_type.partition(";")[0]


def about_of(suffix: str) -> str:
    """For whom a form is, in a sentence."""
    return FORMS[suffix].about if suffix in FORMS else ABOUT[suffix]


ABOUT = {
    "json": "The answer as GraphQL has it, and the clock that it stands for.",
    "graphql": "The query itself.",
    "html": "This page.",
}

OTHERS = {"json": JSON, "html": HTML, "graphql": "application/graphql"}
"""Suffix → media type, of what is no form of a list."""
