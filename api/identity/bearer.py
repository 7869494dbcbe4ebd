"""Who asks: the account whose token a request carries. Nobody is asked to carry one."""

from collections.abc import Mapping
from typing import cast

from starlette.types import Scope

from api.fair_use.allowance import asker
from api.faults import logged
from api.identity.issuer_keys import IssuerAway
from api.request import NotRead
from db.accounts import Account, authenticated, of_subject
from db.token_text import is_token
from schema.refusals import ErrorCode

REALM = 'Bearer realm="opsc"'

IDENTIFIED = "opsc.identified"
"""Where a request's scope says whose it is, once that is known."""

GUESSES, WHILE = 10, 60
"""How many tokens that are no good one address may send in so many seconds; each worker counts those that it is sent."""


async def identified(scope: Scope, headers: Mapping[bytes, bytes]) -> Account | None:
    """The account; None for the public. Raises NotRead for a token that is not good, never saying why. Asked once a request."""
    if IDENTIFIED in scope:
        return cast("Account", scope[IDENTIFIED])
    said = headers.get(b"authorization")
    if said is None:
        return None
    guesses, asked_from = scope["state"]["guesses"], asker(scope)
    until = guesses.wait(asked_from, GUESSES)
    if until is not None:  # before the token is looked at: a good one is not told from others
        wait = max(1, round(until))
        message = (
            f"Too many tokens from your address were not good: wait {wait} seconds, and see that every program of yours sends a"
            " good one, or none: reading needs none."
        )
        raise NotRead(429, message, ErrorCode.RATE_LIMITED, {"Retry-After": str(wait)})
    scheme, _, token = said.decode("latin-1").partition(" ")
    account = await _account(scope, token.strip()) if scheme.lower() == "bearer" else None
    if account is None:
        guesses.take(asked_from, GUESSES)
        message = (
            "This token is not good here. Ask whoever keeps this record for one, or leave it out: reading needs none."
        )
        challenge = {"WWW-Authenticate": f'{REALM}, error="invalid_token"'}
        raise NotRead(401, message, ErrorCode.UNAUTHENTICATED, challenge)
    scope[IDENTIFIED] = account
    return account


async def _account(scope: Scope, token: str) -> Account | None:
    """Whose token it is: one of ours, or of the issuer that is trusted beside us."""
    pool, issuer = scope["state"]["pool"], scope["state"]["issuer"]
    if issuer is None or is_token(token):
        return await authenticated(pool, token)
    try:
        vouched = await issuer.vouched(token)
    except IssuerAway as error:
        message = (
            f"Whoever issued this token cannot be asked for the keys to check it (logged as {logged(error, scope)}): try again"
            " soon, or leave it out: reading needs none."
        )
        raise NotRead(503, message, ErrorCode.INTERNAL, {"Retry-After": "5"}) from None
    if vouched is None:
        return None
    return await of_subject(pool, vouched.issuer, vouched.subject, vouched.role, vouched.expires_at)
