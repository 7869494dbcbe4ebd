"""GET /q/ID.FORM: the answer of a saved query, live or at the clock that it is frozen at; without a form, as Accept has it."""

from starlette.requests import Request
from starlette.responses import Response

from api.faults import problem, telling
from api.moments import READERS, asked_in
from api.pages.query import page
from api.queries.answered import answered, suffix_of
from api.queries.described import described, written_in
from api.timegate import TimeGate
from api.trusted import moment_of
from api.v1.forms import media_type_of, split
from api.v1.parameters import OF_FORMS, refuse_unknown
from db.saved_queries import Withdrawn, find


@telling
async def saved(request: Request) -> Response:
    """Its answer, its document (.graphql), or its page (.html)."""
    query_id, given = split(request.path_params["name"])
    found = await find(request.state.pool, query_id)
    if found is None:
        detail = f"There is no saved query {query_id[:60]!r}. Queries are saved by POST to /q, which answers with their addresses."
        return problem(404, "Not found", detail)
    if isinstance(found, Withdrawn):
        detail = f"This query was withdrawn on {found.withdrawn_at:%Y-%m-%d}: {found.because}"
        return problem(410, "Gone", detail)
    query = found.query
    one = written_in(query)
    suffix = suffix_of(request, one.field, given, others=("html", "graphql"))
    if isinstance(suffix, Response):
        return suffix
    refuse_unknown(request.query_params, [*READERS, *OF_FORMS])
    if suffix == "graphql":
        return Response(
            query.document, headers={"Cache-Control": "no-store"}, media_type=f"{media_type_of(suffix)}; charset=utf-8"
        )
    asked = asked_in(request.query_params)
    if suffix == "html":
        return page(await described(request.state, query, asked))
    gate = TimeGate.of(request, moment_of(query, asked))
    return await answered(request, one, gate, suffix, f"query-{query.id}")
