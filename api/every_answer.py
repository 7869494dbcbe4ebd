"""What is so of every answer: pages of any origin may read it, and what it cost is counted and told. What is kept goes out from
here, before anything else is looked for."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import cors
from api.fair_use.cost import COST, FREE
from api.fair_use.counted import counted
from api.faults import problem
from api.request import NotRead

Form = Callable[[Scope, NotRead], Response]


class EveryAnswer:
    """The application, of whose answers all this is so. It answers nobody who has used up what they may have.

    forms: at which addresses that is said otherwise than as a problem (RFC 9457).
    """

    def __init__(self, app: ASGIApp, forms: Mapping[str, Form]) -> None:
        self.app, self.forms = app, forms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app, it = self.app, None
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if cors.is_asked_beforehand(scope):
            app = cors.answer_beforehand
        elif not scope["path"].startswith(FREE) and (it := await counted(scope)) and it.refused:
            app = self.forms.get(scope["path"], _problem)(scope, it.refused)
        elif kept := scope["state"]["kept"].given_at_once(scope):
            # not by way of told(): that takes a tenth of such an answer's time
            beside = it.headers(1) if it else ()
            await send(
                {
                    "type": "http.response.start",
                    "status": kept.status_code,
                    "headers": [*kept.raw_headers, *cors.OPEN, *beside],
                }
            )
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else kept.body})
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                beside = it.headers(scope.get(COST, 1)) if it else ()
                message["headers"] = [*message["headers"], *cors.OPEN, *beside]
            await send(message)

        await app(scope, receive, told)


def _problem(_scope: Scope, refused: NotRead) -> Response:
    return problem(refused.status, HTTPStatus(refused.status).phrase, str(refused), refused.headers)
