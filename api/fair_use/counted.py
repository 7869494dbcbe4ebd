"""Fair use: what requests cost is counted for each asker, at one place for the whole house, and told in the fields RateLimit and
RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers). Reading needs no key; who sends a token has more.

The library `limits` adds up what several processes count (shared_allowance.py). What this process counts is in its own table: the
library's memory looks through all askers at every request, which takes 12 ms where there are 100,000 of them; this, 1 µs.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from starlette.types import Scope

from api.fair_use.allowance import Allowance, Had, asker
from api.faults import UNREACHABLE
from api.identity.bearer import identified
from api.request import Headers, NotRead
from api.settings import FairUse
from db.accounts import Account
from schema.refusals import ErrorCode

READING = ("/graphql", "/v1/", "/q/", "/sheets/", "/webhooks")
"""Beginnings of the addresses at which a token gives its holder's allowance; to others, a browser may send what is none."""

COUNTED = "opsc.counted"

CHANGING = 100
"""What a mutation costs, whatever it does; reading costs what its plan does, all else 1."""


@dataclass(slots=True)
class Counted:
    """A request whose asker is known. refused: why nothing is answered: the token is not good, or what one may have is used up."""

    used: Allowance
    asker: str
    name: str
    quota: int
    had: Had
    refused: NotRead | None = None

    def go_on(self) -> None:
        """Raises NotRead where its answer is to end, for its asker has nothing left."""
        had = self.had = self.used.of(self.asker)
        if had.count >= self.quota:
            raise _used_up(self.name, self.quota, self.used.left(had))

    def spend(self, cost: int) -> None:
        """Its answer, which was begun long ago, has cost so much more."""
        self.had = self.used.spend(self.asker, cost)

    def headers(self, cost: int) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """What is told of it, when its answer begins and its cost is known."""
        had = self.had
        if cost > 1 and not self.refused:
            self.used.spend(self.asker, cost - 1, had)
        name, policy = _policy(self.name, self.quota, self.used.seconds)
        told = name, max(0, self.quota - had.count), math.ceil(self.used.left(had))
        return policy, (b"ratelimit", b'"%b";r=%d;t=%d' % told)


def counted_as(scope: Scope) -> Counted | None:
    """What a request is counted as while it is answered; None where all may have as much as they like."""
    found: Counted | None = scope.get(COUNTED)
    return found


async def counted(scope: Scope) -> Counted | None:
    """Takes a request's least cost, 1, from what its asker may have; None where all may have as much as they like."""
    used: Allowance = scope["state"]["used"]
    fair_use: FairUse = scope["state"]["settings"].fair_use
    who, name, quota, refused = asker(scope), "default", fair_use.allowance, None
    if scope["path"].startswith(READING) and (token := _token(scope)):
        try:
            if account := await _holder(scope, token):
                who, name, quota = f"account/{account.id}", "account", fair_use.allowance_with_token
        except NotRead as error:
            refused = error
    if not quota:
        return None
    had = used.of(who)
    if had.count >= quota:
        return Counted(used, who, name, quota, had, _used_up(name, quota, used.left(had)))
    scope[COUNTED] = it = Counted(used, who, name, quota, used.spend(who, 1, had), refused)
    return it


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
def _policy(name: str, quota: int, seconds: float) -> tuple[bytes, tuple[bytes, bytes]]:
    """The name as headers have it, and the header that says what may be had."""
    return name.encode(), (b"ratelimit-policy", b'"%b";q=%d;qu="cost";w=%d' % (name.encode(), quota, seconds))


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
