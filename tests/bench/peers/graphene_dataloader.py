"""graphene with aiodataloader on Starlette, documents parsed and validated once: `uvicorn … --factory`."""
# ruff: noqa: ARG002, N805 (resolvers are called with what graphene passes, and their first argument is the parent)
# mypy: allow-untyped-defs, disallow-subclassing-any=False

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from typing import Any

import asyncpg
import graphene
import orjson
from aiodataloader import DataLoader
from graphql import DocumentNode, execute, parse, validate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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


class MeasureOrder(graphene.Enum):
    STATE_PARTY_ASC = "STATE_PARTY_ASC"
    DATE_DESC = "DATE_DESC"


class Region(graphene.Enum):
    class Meta:
        name = "CoverageDimension"

    REGION = "REGION"


class Recommendation(graphene.ObjectType):
    code = graphene.String(required=True)
    title = graphene.String(required=True)


class Revision(graphene.ObjectType):
    position = graphene.Int(required=True)
    number = graphene.Int(required=True)
    recorded_at = graphene.DateTime(required=True)
    author = graphene.String(required=True)


class RevisionConnection(graphene.ObjectType):
    nodes = graphene.List(graphene.NonNull(Revision), required=True)


class Measure(graphene.ObjectType):
    id = graphene.ID(required=True)
    title = graphene.String(required=True)
    kind = graphene.String(required=True)
    status = graphene.String()
    in_force_on = graphene.String()
    state_party = graphene.Field(lambda: StateParty, required=True)
    recommendations = graphene.List(graphene.NonNull(Recommendation), required=True)
    revisions = graphene.Field(RevisionConnection, required=True, last=graphene.Int(required=True))

    async def resolve_state_party(measure, info):
        return await info.context.state.load(measure["state_party_code"])

    async def resolve_recommendations(measure, info):
        return await info.context.recommendations.load(measure["id"])

    async def resolve_revisions(measure, info, last):
        return {"nodes": await info.context.revisions.load((measure["id"], last))}


class PageInfo(graphene.ObjectType):
    has_next_page = graphene.Boolean(required=True)
    end_cursor = graphene.String()


class MeasureConnection(graphene.ObjectType):
    nodes = graphene.List(graphene.NonNull(Measure), required=True)
    page_info = graphene.Field(PageInfo, required=True)


class StateParty(graphene.ObjectType):
    id = graphene.ID(required=True)
    code = graphene.String(required=True)
    name = graphene.String(required=True)
    region = graphene.String(required=True)
    consent_on = graphene.Date(required=True)
    measures = graphene.Field(MeasureConnection, required=True, first=graphene.Int(required=True))

    def resolve_id(state, info):
        return state["code"]

    async def resolve_measures(state, info, first):
        return {"nodes": await info.context.measures_of_state.load((state["code"], first))}


class StatePartyConnection(graphene.ObjectType):
    nodes = graphene.List(graphene.NonNull(StateParty), required=True)


class CoverageCount(graphene.ObjectType):
    state = graphene.String(required=True)
    count = graphene.Int(required=True)


class CoverageGroup(graphene.ObjectType):
    key = graphene.List(graphene.NonNull(graphene.String), required=True)
    label = graphene.List(graphene.NonNull(graphene.String), required=True)
    total = graphene.Int(required=True)
    counts = graphene.List(graphene.NonNull(CoverageCount), required=True)


class Query(graphene.ObjectType):
    state_party = graphene.Field(StateParty, code=graphene.String(required=True))
    state_parties = graphene.Field(StatePartyConnection, required=True, first=graphene.Int(required=True))
    measures = graphene.Field(
        MeasureConnection,
        required=True,
        first=graphene.Int(required=True),
        after=graphene.String(),
        order_by=graphene.List(graphene.NonNull(MeasureOrder), required=True),
    )
    coverage_summary = graphene.List(
        graphene.NonNull(CoverageGroup), required=True, by=graphene.List(graphene.NonNull(Region), required=True)
    )

    async def resolve_state_party(root, info, code):
        return await info.context.state.load(code)

    async def resolve_state_parties(root, info, first):
        return {"nodes": await rows.states(info.context.pool, first)}

    async def resolve_measures(root, info, first, order_by, after=None):
        page, more = await rows.measures(info.context.pool, order_by[0].value, after, first)
        return {
            "nodes": page,
            "page_info": {"has_next_page": more, "end_cursor": rows.cursor(page[-1]) if page else None},
        }

    async def resolve_coverage_summary(root, info, by):
        return await rows.coverage_by_region(info.context.pool)


schema = graphene.Schema(query=Query).graphql_schema


@lru_cache(1000)
def document(text: str) -> DocumentNode:
    parsed = parse(text)
    if errors := validate(schema, parsed):
        raise errors[0]
    return parsed


async def graphql(request: Request) -> Response:
    asked = orjson.loads(await request.body())
    made = execute(
        schema,
        document(asked["query"]),
        variable_values=asked.get("variables"),
        context_value=Loaders(request.state.pool),
    )
    result = made if not hasattr(made, "__await__") else await made
    return Response(orjson.dumps(result.formatted), media_type="application/json")


def create() -> Starlette:
    settings = Settings.from_environment()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        async with await open_pool(settings.database_url, size=settings.pool_size) as pool:
            yield {"pool": pool}

    return Starlette(routes=[Route("/graphql", graphql, methods=["POST"])], lifespan=lifespan)
