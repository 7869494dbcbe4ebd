"""Reads the record in process, over a wire that is listened to."""

from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import parse

from schema.answer import answer
from schema.document import document
from schema.refusals import Refused
from tests.oracle.agreement import today
from tests.oracle.answers import difference
from tests.oracle.executor import Oracle
from tests.oracle.resolvers import PUBLIC_URL
from tests.oracle.wire import Wire


@dataclass
class Reader:
    """A record, read over a wire that is listened to, and the plain executor."""

    pool: asyncpg.Pool
    wire: Wire
    oracle: Oracle

    async def data(self, text: str, /, **variables: Any) -> Any:
        found = await answer(self.pool, document(text).operation(None), variables, PUBLIC_URL)
        return orjson.loads(found.data)

    async def agrees(self, text: str, /, **variables: Any) -> Any:
        """The data, which must be the plain executor's."""
        data = await self.data(text, **variables)
        assert difference(self.oracle.data(parse(text), variables, today()), data) is None
        return data

    async def errors(self, text: str, /, **variables: Any) -> list[tuple[str, list[str | int] | None]]:
        """The messages and paths of a refusal for bad values, before which nothing ran."""
        before = self.wire.messages.total()
        with pytest.raises(Refused) as refused:
            await self.data(text, **variables)
        assert self.wire.messages.total() == before
        assert {(error.extensions or {})["code"] for error in refused.value.errors} == {"BAD_USER_INPUT"}
        return [(error.message, error.path) for error in refused.value.errors]
