"""Maintainers for tests: accounts with tokens, and what they send to a server of the test's own."""

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx2

from db import accounts
from db.embedded import Embedded
from tests.served import served

SUBMIT = """
mutation ($input: SubmitInput!) {
  submit(input: $input) {
    submission { id state needs author }
    plan { hash added changed unchanged differences { operation recordId kinds sentence fieldChanges { field before after } }
           warnings { code message record } }
    refusals { code message record field expected found yours path row }
  }
}
"""

REVIEW = """
mutation ($input: ReviewInput!) {
  review(input: $input) {
    submission { id state needs reviews { reviewer decision text } }
    revisions { position recordId operation number reason author reviewer submission { id } }
    refusals { code message record field expected found yours }
  }
}
"""


@dataclass
class Maintainer:
    """Somebody with a token, or without one: the public."""

    name: str
    client: httpx2.AsyncClient
    token: str | None = None

    async def asks(self, query: str, **variables: Any) -> httpx2.Response:
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = json.dumps({"query": query, "variables": variables})  # as JSON may be written: half a character, too
        return await self.client.post("/graphql", content=body, headers=headers)

    async def gets(self, query: str, **variables: Any) -> Any:
        answer = (await self.asks(query, **variables)).json()
        assert "errors" not in answer, answer
        return answer["data"]

    async def submits(self, *changes: Mapping[str, Any], **given: Any) -> Any:
        asked = {
            "key": str(uuid.uuid4()),
            "title": "A law",
            "reason": "It was adopted.",
            "changes": list(changes),
            **given,
        }
        return (await self.gets(SUBMIT, input=asked))["submit"]

    async def reviews(self, submission: str, decision: str = "ACCEPT", text: str | None = None) -> Any:
        asked = {"submission": submission, "decision": decision, "text": text}
        return (await self.gets(REVIEW, input=asked))["review"]

    async def published(self, reviewer: "Maintainer", *changes: Mapping[str, Any], **given: Any) -> Any:
        """What the acceptance of the submission answers."""
        submitted = await self.submits(*changes, **given)
        assert submitted["refusals"] == []
        accepted = await reviewer.reviews(submitted["submission"]["id"])
        assert accepted["refusals"] == []
        return accepted


@dataclass
class Maintainers:
    """ana contributes, and has published before; ben and cara review; dora is an admin; anybody has no account."""

    ana: Maintainer
    ben: Maintainer
    cara: Maintainer
    dora: Maintainer
    anybody: Maintainer


ROLES = {"ana": "CONTRIBUTOR", "ben": "REVIEWER", "cara": "REVIEWER", "dora": "ADMIN"}


async def introduced(people: Maintainers) -> None:
    """Lets ana, ben and dora publish a first submission each, so that later ones need one reviewer alone."""
    for place, one in enumerate((people.ana, people.ben, people.dora)):
        change = amended(f"Measure:AFG-000{place + 1}", note="A first change, invented for tests.")
        submitted = await one.submits(change)
        for other in (people.ben, people.cara, people.dora):
            if other is not one and (await other.reviews(submitted["submission"]["id"]))["revisions"]:
                break


@asynccontextmanager
async def maintainers(database: Embedded) -> AsyncIterator[Maintainers]:
    owner = await asyncpg.connect(database.owner_url)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(served(database.url))
        made = {}
        for name, role in ROLES.items():
            await accounts.add(owner, name, role)
            made[name] = Maintainer(name, client, (await accounts.create_token(owner, name))[0])
        await owner.close()
        yield Maintainers(**made, anybody=Maintainer("anybody", client))


def new_measure(**fields: Any) -> dict[str, Any]:
    """A change that creates a measure of the Philippines."""
    document = {
        "stateParty": "PHL",
        "kind": "LEGISLATION",
        "title": "An act on online safety, invented for tests",
        "summary": "It makes platforms report material.",
        "status": "ADOPTED",
        "adoptedOn": "2021-05",
        "reportedBy": "STATE",
        "recommendations": ["IVC-05"],
        "confidence": "HIGH",
        **fields,
    }
    cited = [{"source": "Source:S-0001", "locator": "p. 1"}]
    return {
        "operation": "CREATE",
        "recordType": "MEASURE",
        "kind": "STATE_ACTED",
        "document": document,
        "citations": cited,
    }


def amended(
    record_id: str = "Measure:PHL-0001", base: int = 1, kind: str = "CORRECTED", **fields: Any
) -> dict[str, Any]:
    """A change that amends a measure."""
    return {
        "operation": "AMEND",
        "recordType": "MEASURE",
        "recordId": record_id,
        "baseRevision": base,
        "kind": kind,
        "document": fields,
    }
