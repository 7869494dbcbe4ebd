"""Sixteen maintainers at once, two by two, of a record that is served in processes of its own; and what each was told.

A round of two: both submit at once, and two others accept each submission, all four acceptances at once. Nothing of one round
depends on another's answers, so a round that was cut off is settled by sending all of it again, each submission with its key.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx2

from db import accounts
from db.embedded import Embedded
from tests.maintainers import REVIEW, SUBMIT, amended, new_measure

CLIENTS = 16

REASON = "To try it."

WITHDRAW = "mutation ($input: WithdrawInput!) { withdraw(input: $input) { submission { state } refusals { code } } }"


class CutOff(Exception):
    """A request without an answer, or answered that the record cannot be reached: what became of it, its client cannot know."""


@dataclass
class Work:
    """A submission as its client knows it: what it sends, and what it was told so far."""

    author: str
    reviewers: tuple[str, str]
    changes: Sequence[dict[str, Any]]
    title: str
    rebase: bool = False
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    submission: str | None = None  # its id, once that was acknowledged
    planned: list[str] | None = None
    positions: list[int] | None = None  # once its publication was acknowledged
    told: list[str] = field(default_factory=list)  # what both its reviewers were told last

    @property
    def submitted(self) -> dict[str, Any]:
        told = {"key": self.key, "title": self.title, "reason": REASON, "rebase": self.rebase}
        return {**told, "changes": self.changes}


@dataclass
class Two:
    """Two clients; together: what their submissions have in common: nothing, a field of a record, or a record."""

    number: int
    together: str  # "nothing", "a field", "a record"
    done: list[tuple[Work, Work]] = field(default_factory=list)
    now: tuple[Work, Work] | None = None

    @property
    def record_id(self) -> str:
        """What both change, where they do."""
        return f"Measure:PHL-{2 * self.number + 1:04}"

    def next(self) -> tuple[Work, Work]:
        """The round that is under way, or a new one."""
        self.now = self.now or (self._work(0), self._work(1))
        return self.now

    @property
    def may_publish(self) -> int:
        """How many of a round's two submissions: of two changes of one field, one is a conflict."""
        return 1 if self.together == "a field" else 2

    def _work(self, which: int) -> Work:
        client, rounds = 2 * self.number + which, len(self.done)
        title = f"Round {rounds} of {name(client)}"
        base = 1 + rounds * (2 if self.together == "a record" else 1)  # so many are published each round
        field = "note" if self.together == "a field" else ("note", "summary")[which]
        if self.together == "nothing":
            source = {"kind": "STATUTE", "title": title, "publisher": "A gazette", "url": "https://gazette.example/"}
            created = new_measure(title=title) | {"citations": [{"newSource": source, "locator": "p. 1"}]}
            changes = [created, amended(f"Measure:PHL-{client + 1:04}", base, note=title)]
        else:
            changes = [amended(self.record_id, base, **{field: title})]
        reviewers = name((client + 2) % CLIENTS), name((client + 5) % CLIENTS)
        return Work(name(client), reviewers, changes, title, rebase=self.together == "a record")


@dataclass
class Crowd:
    """heard: how many answers came; cut_off: how many did not, by what was asked. ending: no new round is begun."""

    tokens: dict[str, str]
    address: str = ""
    twos: list[Two] = field(
        default_factory=lambda: [Two(one, ("nothing", "a field", "nothing", "a record")[one % 4]) for one in range(8)]
    )
    heard: int = 0
    cut_off: Counter[str] = field(default_factory=Counter)
    ending: bool = False
    _awaited: int = 0
    _reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def rounds(self, number: int | None = None) -> None:
        """So many of each two, or till they are cut off."""
        self.ending = False
        async with self._client() as client:
            await asyncio.gather(*(self._rounds(client, two, number) for two in self.twos))

    async def hear(self, more: int) -> None:
        """Waits for so many more answers."""
        self._awaited = self.heard + more
        self._reached.clear()
        await self._reached.wait()

    async def settle(self) -> None:
        """Sends again all that was under way; raises CutOff if that is, too."""
        async with self._client() as client:
            await asyncio.gather(*(self._round(client, two) for two in self.twos if two.now))

    def works(self) -> list[Work]:
        return [work for two in self.twos for pair in (*two.done, *([two.now] if two.now else [])) for work in pair]

    def _client(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=self.address, timeout=60, limits=httpx2.Limits(max_connections=2 * CLIENTS))

    async def _rounds(self, client: httpx2.AsyncClient, two: Two, number: int | None) -> None:
        with suppress(CutOff):
            while not self.ending and len(two.done) != number:
                await self._round(client, two)

    async def _round(self, client: httpx2.AsyncClient, two: Two) -> None:
        pair = two.next()
        await _all(*(self._submit(client, work) for work in pair))
        await _all(*(self._accept(client, work) for work in pair))
        await _all(*(self._withdraw(client, work) for work in pair if work.positions is None))
        two.done.append(pair)
        two.now = None

    async def _submit(self, client: httpx2.AsyncClient, work: Work) -> None:
        answer = (await self._sent(client, work.author, "submit", SUBMIT, work.submitted))["submit"]
        assert answer["refusals"] == [], answer
        planned = [f"{one['operation']} {one['recordId']}" for one in answer["plan"]["differences"]]
        # sent again, it is the same
        assert work.submission in (None, answer["submission"]["id"]), answer
        assert work.planned in (None, planned), answer
        work.submission, work.planned = answer["submission"]["id"], planned

    async def _accept(self, client: httpx2.AsyncClient, work: Work) -> None:
        work.told = []
        asked = {"submission": work.submission, "decision": "ACCEPT"}
        await _all(*(self._accepted(client, work, reviewer, asked) for reviewer in work.reviewers))

    async def _accepted(self, client: httpx2.AsyncClient, work: Work, reviewer: str, asked: dict[str, Any]) -> None:
        answer = (await self._sent(client, reviewer, "review", REVIEW, asked))["review"]
        if answer["revisions"]:
            assert [f"{one['operation']} {one['recordId']}" for one in answer["revisions"]] == work.planned, answer
            positions = [one["position"] for one in answer["revisions"]]
            assert work.positions in (None, positions), answer
            work.positions = positions
        work.told.append(",".join(refusal["code"] for refusal in answer["refusals"]) or "PUBLISHED")

    async def _withdraw(self, client: httpx2.AsyncClient, work: Work) -> None:
        answer = await self._sent(client, work.author, "withdraw", WITHDRAW, {"submission": work.submission})
        assert answer["withdraw"] == {"submission": {"state": "WITHDRAWN"}, "refusals": []}, answer

    async def _sent(self, client: httpx2.AsyncClient, who: str, what: str, query: str, asked: dict[str, Any]) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"}
        try:
            response = await client.post(
                "/graphql", json={"query": query, "variables": {"input": asked}}, headers=headers
            )
        except httpx2.TransportError:
            self.cut_off[what] += 1
            raise CutOff from None
        if response.status_code == 503:
            self.cut_off[what] += 1
            raise CutOff
        assert response.status_code == 200, response.text
        answer = response.json()
        assert "errors" not in answer, answer
        self.heard += 1
        if self.heard == self._awaited:
            self._reached.set()
        return answer["data"]


async def crowd(embedded: Embedded) -> Crowd:
    """Its accounts and tokens are made; all of them may review."""
    owner = await asyncpg.connect(embedded.owner_url)
    try:
        tokens = {}
        for one in range(CLIENTS):
            await accounts.add(owner, name(one), "REVIEWER")
            tokens[name(one)] = (await accounts.create_token(owner, name(one)))[0]
    finally:
        await owner.close()
    return Crowd(tokens)


def name(client: int) -> str:
    return f"client {client:02}"


async def _all(*asked: Any) -> None:
    """Waits for all of them, also where one is cut off: nothing is under way afterwards."""
    for answer in await asyncio.gather(*asked, return_exceptions=True):
        if answer is not None:
            raise answer
