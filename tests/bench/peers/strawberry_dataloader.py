"""Strawberry with its DataLoaders, its parser and validation caches and its own ASGI view: `uvicorn … --factory`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from enum import Enum
from functools import partial
from typing import Any

import asyncpg
import orjson
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

from api.settings import Settings
from db.pool import open_pool
from tests.bench.peers import rows


class Loaders:
    """Of one request."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.state = DataLoader(partial(rows.states_by_code, pool))
        self.measures_of_state = DataLoader(partial(rows.measures_by_state, pool))
        self.recommendations = DataLoader(partial(rows.recommendations_by_measure, pool))
        self.revisions = DataLoader(partial(rows.revisions_by_measure, pool))


Info = strawberry.Info[Loaders, None]


@strawberry.enum
class MeasureOrder(Enum):
    STATE_PARTY_ASC = "STATE_PARTY_ASC"
    DATE_DESC = "DATE_DESC"


@strawberry.enum
class CoverageDimension(Enum):
    REGION = "REGION"


@strawberry.type
class Recommendation:
    code: str
    title: str


@strawberry.type
class Revision:
    position: int
    number: int
    recorded_at: datetime
    author: str


@strawberry.type
class RevisionConnection:
    nodes: list[Revision]


@strawberry.type
class Measure:
    id: strawberry.ID
    title: str
    kind: str
    status: str | None
    in_force_on: str | None
    state_party_code: strawberry.Private[str]

    @classmethod
    def of(cls, row: rows.Row) -> "Measure":
        return cls(
            id=row["id"],
            title=row["title"],
            kind=row["kind"],
            status=row["status"],
            in_force_on=row["in_force_on"],
            state_party_code=row["state_party_code"],
        )

    @strawberry.field
    async def state_party(self, info: Info) -> "StateParty":
        row = await info.context.state.load(self.state_party_code)
        assert row is not None, "the foreign key holds it"
        return StateParty.of(row)

    @strawberry.field
    async def recommendations(self, info: Info) -> list[Recommendation]:
        found = await info.context.recommendations.load(self.id)
        return [Recommendation(code=row["code"], title=row["title"]) for row in found]

    @strawberry.field
    async def revisions(self, info: Info, last: int) -> RevisionConnection:
        found = await info.context.revisions.load((self.id, last))
        return RevisionConnection(
            nodes=[
                Revision(**{name: row[name] for name in ("position", "number", "recorded_at", "author")})
                for row in found
            ]
        )


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class MeasureConnection:
    nodes: list[Measure]
    page_info: PageInfo | None = None


@strawberry.type
class StateParty:
    code: str
    name: str
    region: str
    consent_on: date

    @classmethod
    def of(cls, row: rows.Row) -> "StateParty":
        return cls(code=row["code"], name=row["name"], region=row["region"], consent_on=row["consent_on"])

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(self.code)

    @strawberry.field
    async def measures(self, info: Info, first: int) -> MeasureConnection:
        found = await info.context.measures_of_state.load((self.code, first))
        return MeasureConnection(nodes=[Measure.of(row) for row in found])


@strawberry.type
class StatePartyConnection:
    nodes: list[StateParty]


@strawberry.type
class CoverageCount:
    state: str
    count: int


@strawberry.type
class CoverageGroup:
    key: list[str]
    label: list[str]
    total: int
    counts: list[CoverageCount]


@strawberry.type
class Query:
    @strawberry.field
    async def state_party(self, info: Info, code: str) -> StateParty | None:
        row = await info.context.state.load(code)
        return StateParty.of(row) if row else None

    @strawberry.field
    async def state_parties(self, info: Info, first: int) -> StatePartyConnection:
        return StatePartyConnection(nodes=[StateParty.of(row) for row in await rows.states(info.context.pool, first)])

    @strawberry.field
    async def measures(
        self, info: Info, first: int, order_by: list[MeasureOrder], after: str | None = None
    ) -> MeasureConnection:
        page, more = await rows.measures(info.context.pool, order_by[0].value, after, first)
        end = rows.cursor(page[-1]) if page else None
        return MeasureConnection(
            nodes=[Measure.of(row) for row in page], page_info=PageInfo(has_next_page=more, end_cursor=end)
        )

    @strawberry.field
    async def coverage_summary(self, info: Info, by: list[CoverageDimension]) -> list[CoverageGroup]:
        assert by == [CoverageDimension.REGION]
        return [
            CoverageGroup(
                key=group["key"],
                label=group["label"],
                total=group["total"],
                counts=[CoverageCount(**count) for count in group["counts"]],
            )
            for group in await rows.coverage_by_region(info.context.pool)
        ]


class View(GraphQL[Loaders, None]):
    async def get_context(self, request: Any, response: Any) -> Loaders:  # noqa: ARG002 (its name is Strawberry's)
        return Loaders(request.app.state.pool)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)


def create() -> Starlette:
    settings = Settings.from_environment()
    schema = strawberry.Schema(query=Query, extensions=[ParserCache, ValidationCache])

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with await open_pool(settings.database_url, size=settings.pool_size) as pool:
            app.state.pool = pool
            yield {}

    return Starlette(routes=[Route("/graphql", View(schema))], lifespan=lifespan)
