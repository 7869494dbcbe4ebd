"""Addresses that answer for their own past, by Accept-Datetime too (RFC 7089): what is read for a request, and what its answer
tells of that. Where the address itself says what was known, the header has no say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from starlette.requests import Request

from api import mementos
from api.kept import Made, is_settled
from api.moments import accepted, asked_in, says_what_was_known
from schema.clock import Moment


@dataclass(frozen=True)
class TimeGate:
    """asked: by the address; wanted: by Accept-Datetime; original: the address, but for what says what was known."""

    asked: Moment
    wanted: datetime | None
    original: str
    by_form: tuple[str, ...] = ("Accept",)

    @classmethod
    def of(cls, request: Request, asked: Moment | None = None, *, by_form: tuple[str, ...] = ("Accept",)) -> "TimeGate":
        """asked: where that is not what the address alone says; by_form: the headers that the form depends on. Raises BadValue."""
        moment = asked_in(request.query_params) if asked is None else asked
        address = request.state.settings.public_url + quote(request.scope["path"], safe="/:")
        wanted = accepted(dict(request.headers.raw), moment)
        return cls(moment, wanted, mementos.original(address, request.scope["query_string"]), by_form)

    @property
    def vary(self) -> str:
        """The headers that an answer depends on."""
        return ", ".join([*self.by_form, *(() if says_what_was_known(self.asked) else ("Accept-Datetime",))])

    async def then(self, pool: Any, record_id: str | None = None) -> "Then":
        """The moment to read at: of one record, the nearest of its own moments; else the nearest that the whole record has."""
        if self.wanted is None:
            return Then(self, self.asked)
        moments = await pool.fetchval(mementos.CHANGED, record_id) if record_id else []
        known = (
            mementos.nearest(moments, self.wanted) if moments else await pool.fetchval(mementos.NEAREST, self.wanted)
        )
        return Then(self, replace(self.asked, known=known), known)


@dataclass(frozen=True)
class Then:
    """What a request is read at. known: where Accept-Datetime led to."""

    gate: TimeGate
    moment: Moment
    known: datetime | None = None

    @property
    def pinned(self) -> Mapping[str, str]:
        """The parameter by which an address that this answer leads to is of the same moment."""
        return {"known": mementos.written(self.known)} if self.known else {}

    def address(self, address: str) -> str:
        """An address of this answer, by which it is had again."""
        return mementos.at(address, self.known) if self.known else address

    async def told(self, pool: Any) -> dict[str, str]:
        """The headers that tell of it."""
        vary = {"Vary": self.gate.vary}
        if not says_what_was_known(self.moment):
            return vary
        recorded = await pool.fetchrow(mementos.RECORDED, self.moment.known, self.moment.position)
        if recorded is None:  # which is refused by whoever makes the answer
            return vary
        return vary | mementos.of_answer(self.gate.original, recorded["recorded_at"], self.known)

    def kept(self, made: Made) -> Made:
        """An answer, not to be kept where it was asked for of a moment to come: it is told of the moment of the asking."""
        wanted = self.gate.wanted
        return made if wanted is None or is_settled(wanted) else made._replace(position=None, recorded_at=None)
