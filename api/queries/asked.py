"""GET /graphql.FORM?query=…: any query by a plain GET, in any form."""

from starlette.requests import Request
from starlette.responses import Response

from api.faults import telling
from api.moments import READERS
from api.queries.answered import answered, suffix_of
from api.queries.written import written
from api.request import read
from api.timegate import TimeGate
from api.trusted import trusted
from api.v1.parameters import OF_FORMS, refuse_unknown

KNOWN = ("query", "documentId", "operationName", "variables", "extensions")


@telling
async def asked(request: Request) -> Response:
    """The answer; what cannot be answered is a problem, whatever the form."""
    refuse_unknown(request.query_params, [*KNOWN, *READERS, *OF_FORMS])
    sent = read(request.scope, dict(request.headers.raw), b"")
    if sent.document_id is not None:
        sent = await trusted(request.state.pool, sent)
    one = written(sent.query, sent.operation_name, sent.variables)
    suffix = suffix_of(request, one.field, request.path_params["suffix"])
    if isinstance(suffix, Response):
        return suffix
    name = one.operation.node.name.value if one.operation.node.name else one.field or "answer"
    return await answered(request, one, TimeGate.of(request, sent.moment), suffix, name)
