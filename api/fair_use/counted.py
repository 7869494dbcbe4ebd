"""Fair use: what requests cost is counted for each asker, at one place for the whole house, and told in the fields RateLimit and
RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers). Reading needs no key; who sends a token has more.

The library `limits` adds up what several processes count (shared_allowance.py). What this process counts is in its own cache: the
library's memory looks through all askers at every request, which takes 12 ms where there are 100,000 of them; this, 2 µs.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.fair_use.allowance import asker
from api.fair_use.cost import COST
from api.fair_use.shared_allowance import SharedAllowance
from api.faults import UNREACHABLE, problem
from api.identity.bearer import identified
from api.request import Headers, NotRead
from api.settings import FairUse
from db.accounts import Account
from schema.refusals import ErrorCode

FREE = {"/healthz", "/readyz"}

READING = ("/graphql", "/v1/", "/q/")
"""Beginnings of the addresses at which a token gives its holder's allowance; to others, a browser may send what is none."""

CHANGING = 100
"""What a mutation costs, whatever it does; reading costs what its plan does, all else 1."""

Form = Callable[[Scope, NotRead], Response]


class Counted:
    """The application, whose answers are counted, and which answers nobody who has used up what they may have.

    forms: at which addresses that is said otherwise than as a problem (RFC 9457).
    """

    def __init__(self, app: ASGIApp, forms: Mapping[str, Form]) -> None:
        self.app, self.forms = app, forms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in FREE:
            await self.app(scope, receive, send)
            return
        used: SharedAllowance = scope["state"]["used"]
        fair_use: FairUse = scope["state"]["settings"].fair_use
        who, name, quota = asker(scope), "default", fair_use.allowance
        app = self.app
        if scope["path"].startswith(READING) and (token := _token(scope)):
            try:
                if account := await _holder(scope, token):
                    who, name, quota = f"account/{account.id}", "account", fair_use.allowance_with_token
            except NotRead as error:
                app = self._refusal(scope, error)
        if not quota:
            await app(scope, receive, send)
            return
        used_up = used.had(who)
        if used_up and used_up.count < quota:
            used_up = None
        if used_up:
            app = self._refusal(scope, _used_up(name, quota, used.left(used_up)))

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                had = used_up or used.spend(who, scope.get(COST, 1))
                left, seconds = max(0, quota - had.count), math.ceil(used.left(had))
                told = (b"ratelimit", b'"%b";r=%d;t=%d' % (name.encode(), left, seconds))
                message["headers"] = [*message["headers"], _policy(name, quota, used.window), told]
            await send(message)

        await app(scope, receive, counted)

    def _refusal(self, scope: Scope, refused: NotRead) -> ASGIApp:
        return self.forms.get(scope["path"], _problem)(scope, refused)


def _token(scope: Scope) -> Headers | None:
    """The header with a token that a request carries."""
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return {name: value}
    return None


async def _holder(scope: Scope, token: Headers) -> Account | None:
    """Whose token it is; None where that cannot be known now. Raises NotRead for one that is not good."""
    try:
        return await identified(scope, token)
    except UNREACHABLE:
        return None  # which is told by whoever asks the database next


@cache
def _policy(name: str, quota: int, seconds: int) -> tuple[bytes, bytes]:
    return b"ratelimit-policy", b'"%b";q=%d;qu="cost";w=%d' % (name.encode(), quota, seconds)


def _used_up(name: str, quota: int, wait: float) -> NotRead:
    until = datetime.now(UTC) + timedelta(seconds=wait)
    whose = "With your token" if name == "account" else "From your address"
    more = "" if name == "account" else " Whoever keeps this record gives tokens, which have more."
    message = (
        f"{whose}, requests may cost {quota:,} in an hour, and that is used up. Ask again after {until:%H:%M:%S} UTC, in"
        f" {_in_words(wait)}. Smaller pages cost less, and what has not changed costs 1 (explain says what a query costs).{more}"
    )
    return NotRead(429, message, ErrorCode.RATE_LIMITED, {"Retry-After": str(math.ceil(wait))})


def _in_words(seconds: float) -> str:
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minutes" if minutes > 1 else "a minute"


def _problem(_scope: Scope, refused: NotRead) -> Response:
    return problem(refused.status, HTTPStatus(refused.status).phrase, str(refused), refused.headers)
