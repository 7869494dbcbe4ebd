"""The feed of revisions: every change after a position, in order, never skipping one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import graphene
import sqlalchemy as sa
from graphql import FieldNode, GraphQLObjectType
from sqlalchemy.dialects.postgresql import aggregate_order_by

from db import tables
from schema.fields import Planned
from schema.filters import Matches, any_of, conditions, one_of
from schema.json_text import Json, array_of, as_sql, literal, members, plain
from schema.paged import LARGEST_PAGE, PAGE, rows_asked
from schema.planning import At, Listed
from schema.refusals import BadValue
from schema.revision import Revision
from schema.vocabulary import ChangeKind, Operation, RecordType

_OF_A_STATE = {
    "MEASURE": "state_party_code",
    "ASSESSMENT": "state_party_code",
    "STATEMENT": "state_party_code",
    "REPORTING_EVENT": "state_party_code",
    "STATE_PARTY": "code",
    "SIGNATORY": "code",
}
"""The record types that are about one State → the column with its code."""


def _was_known(at: Any, version: Any) -> sa.ColumnElement[bool]:
    """That the clock sees a version, even if it stands no longer: what is published between two pages does not count."""
    found: sa.ColumnElement[bool] = version.c.known_from <= at.clock.position
    return found


def _of_states(at: Any, row: Any, codes: Any) -> sa.ColumnElement[bool]:
    """Of records that are, or were in any version, about one of the States."""
    branches = []
    for record_type, column in _OF_A_STATE.items():
        table = tables.PROJECTIONS[record_type].alias()
        about = sa.select(table.c.id).where(table.c[column] == sa.any_(codes), _was_known(at, table))
        branches.append(about.correlate_except(table))
    return sa.or_(*(row.c.record_id.in_(branch) for branch in branches))


def _of_regions(at: Any, row: Any, regions: Any) -> sa.ColumnElement[bool]:
    state = tables.state_party.alias()
    codes = sa.select(state.c.code).where(state.c.region == sa.any_(regions), _was_known(at, state))
    codes = codes.correlate_except(state)
    return _of_states(at, row, sa.func.array(codes.scalar_subquery()))


def _of_recommendations(at: Any, row: Any, codes: Any) -> sa.ColumnElement[bool]:
    found = [row.c.record_id == sa.any_(sa.func.array(_prefixed(codes)))]
    for record_type in ("MEASURE", "ASSESSMENT"):
        table = tables.PROJECTIONS[record_type].alias()
        among = table.c.recommendation_codes.op("&&", is_comparison=True)(codes)
        naming = sa.select(table.c.id).where(among, _was_known(at, table))
        found.append(row.c.record_id.in_(naming.correlate_except(table)))
    return sa.or_(*found)


def _of_submission(at: Any, row: Any, submission: Any) -> sa.ColumnElement[bool]:
    trail = at.plan.alias(tables.submission_trail)
    numbers = sa.select(trail.c.submission_id).where(literal("Submission:") + trail.c.name == submission)
    return cast("sa.ColumnElement[bool]", row.c.submission_id.in_(numbers.correlate_except(trail)))


def _prefixed(codes: Any) -> Any:
    code = sa.func.unnest(codes, type_=sa.Text()).column_valued("code")
    return sa.select(literal("Recommendation:") + code).scalar_subquery()


class ChangeFilter(graphene.InputObjectType):
    """Which revisions. Fields are joined by and, the values of one list by or."""

    record_type = any_of(RecordType, one_of("record_type"), "Types of record.")
    record_id = any_of(graphene.ID, one_of("record_id"), "Records, by id.")
    state_party = any_of(
        graphene.String, _of_states, "States, by code: of records that are, or were, about one of them."
    )
    recommendation = any_of(
        graphene.String,
        _of_recommendations,
        "Recommendations, by code: of these, and of measures and assessments that name, or named, one of them.",
    )
    region = any_of(graphene.String, _of_regions, "Regions: of records that are, or were, about a State party there.")
    kind = any_of(ChangeKind, one_of("kind"), "Why a record changed.")
    operation = any_of(Operation, one_of("operation"), "What a revision did.")
    author = any_of(graphene.String, one_of("author"), "Who proposed it.")
    submission = Matches(
        graphene.ID,
        _of_submission,
        description='The submission that it came with: "Submission:P7"; "Submission:1" is what the seed published.',
    )


class ChangePage(graphene.ObjectType):
    """Revisions after a position."""

    nodes = graphene.NonNull(graphene.List(graphene.NonNull(Revision)), description="The revisions, oldest first.")
    last_position = graphene.Int(
        required=True, description="Everything that was asked for is told up to here: give it as `after` next time."
    )
    has_more = graphene.Boolean(required=True, description="Whether there is more already.")


class Changes(Planned):
    """The feed of revisions."""

    def __init__(self, description: str) -> None:
        arguments = {
            "filter": ChangeFilter(description="Which revisions; all when it is left out."),
            "after": graphene.Argument(
                graphene.Int,
                description="The position after which to begin: lastPosition of the page before; the newest one answers nothing "
                "yet. From the start: 0. What lies beyond the newest position is refused.",
            ),
            "first": graphene.Argument(
                graphene.Int, description=f"How many: 1 to {LARGEST_PAGE}; {PAGE} when it is left out."
            ),
            "last": graphene.Argument(
                graphene.Int,
                description=f"The newest so many instead, 1 to {LARGEST_PAGE}, oldest first: what a feed shows. Give first or "
                "last.",
            ),
            "before": graphene.Argument(
                graphene.Int,
                description="Only what comes before this position: with last, the page of a feed that is older than another.",
            ),
        }
        super().__init__(graphene.NonNull(ChangePage), args=arguments, description=description)

    def page(self, at: At) -> "RevisionsAfter":
        return RevisionsAfter(at)

    def json(self, at: At) -> Json:
        return self.page(at).json()


@dataclass
class RevisionsAfter:
    """One page of the feed while it is planned."""

    at: At

    @property
    def clock_at(self) -> At:
        return self.at

    @cached_property
    def element(self) -> GraphQLObjectType:
        return cast("GraphQLObjectType", self.at.plan.schema.get_type("Revision"))

    @cached_property
    def backwards(self) -> bool:
        return "last" in self.at.given

    @cached_property
    def after(self) -> Any:
        return _start(self.at) if "after" in self.at.given else sa.literal_column("0")

    def json(self) -> Json:
        at, size = self.at, self.size()
        at.plan.lists[at.path] = Listed(size, said="first" in at.given or self.backwards)
        page = self.limited(size if self.backwards else size + 1)
        pairs: list[tuple[str, Json]] = []
        for key, nodes in at.plan.subfields(at.target, at.nodes).items():
            match nodes[0].name.value:
                case "nodes":
                    with at.plan.each(size):
                        json = as_sql(self.node(at, nodes, (key,), page))
                    pairs.append((key, _first(page, json, size)))
                case name:
                    pairs.append((key, _fact(at, name, page, size)))
        whole = sa.select(as_sql(members(pairs)).label("j")).select_from(at.plan.joined(page))
        whole = whole.having(sa.literal_column("true")).correlate_except(page)  # one row, always
        found = at.plan.beside(at.row, whole)
        if "after" in at.given:  # it is looked up, whatever is asked of the page
            found = sa.case((self.after.is_not(None), found))
        return (found,)

    def size(self) -> int:
        if self.backwards and "first" in self.at.given:
            raise BadValue("first and last exclude each other: give one of them.")
        name = "last" if self.backwards else "first"
        size: int = self.at.given.shape(name, PAGE)
        if not 1 <= size <= LARGEST_PAGE:
            raise BadValue(f"{name}: {size} is no page size; ask for 1 to {LARGEST_PAGE}.")
        return size

    def rows(self, *, limited: bool = True) -> Any:
        """All of the revisions; limited: as many as `first` or `last` say, which may be more than a page has."""
        asked = rows_asked(self.at.given)
        return self.limited(asked if limited else None)

    def limited(self, size: int | None) -> Any:
        at = self.at
        revision = at.plan.rows(at, self.element)
        rows = sa.select(revision).where(revision.c.position > self.after, at.plan.stands(revision, at.clock))
        rows = rows.where(*conditions(at, revision))
        if "before" in at.given:
            rows = rows.where(revision.c.position < at.bind("before", sa.Integer))
        if size is not None:
            order = revision.c.position.desc() if self.backwards else revision.c.position
            rows = rows.order_by(order).limit(sa.literal_column(str(size)))
        return at.plan.opened(rows.correlate_except(revision).subquery(at.plan.name("r")))

    def in_its_order(self, rows: Any) -> list[sa.ColumnElement[Any]]:
        return [rows.c.position]

    def node(self, at: At, nodes: Sequence[FieldNode], path: tuple[str, ...], page: Any) -> Json:
        inside = replace(at, row=page, nodes=nodes, path=(*at.path, *path))
        return at.plan.members(inside, self.element, page)

    def listed(self, nodes: Sequence[FieldNode], key: str, page: Any) -> Any:
        return as_sql(self.node(self.at, nodes, (key,), page))


def _start(at: At) -> sa.ColumnElement[int]:
    """The position after which to begin, looked up once."""
    start = sa.func.feed_start(at.bind("after", sa.Integer), at.clock.position, at.place(), type_=sa.Integer())
    kept = sa.select(start.label("position")).cte(at.plan.name("c")).prefix_with("materialized", dialect="postgresql")
    return sa.select(kept.c.position).scalar_subquery()


def _end(at: At) -> sa.ColumnElement[int]:
    """The last position that could be told of."""
    if "before" not in at.given:
        return at.clock.position
    earlier = at.bind("before", sa.Integer) - sa.literal_column("1")
    return sa.func.greatest(sa.func.least(at.clock.position, earlier), sa.literal_column("0"), type_=sa.Integer())


def _in_order(page: Any, column: Any, type_: Any) -> Any:
    return sa.func.array_agg(aggregate_order_by(column, page.c.position), type_=sa.ARRAY(type_))


def _first(page: Any, json: Any, size: int) -> Json:
    listed = _in_order(page, json, sa.Text())[sa.literal_column("1") : sa.literal_column(str(size))]
    return array_of(listed)


def _fact(at: At, name: str, page: Any, size: int) -> Json:
    more = sa.func.count() > sa.literal_column(str(size))
    if name == "hasMore":
        return plain(more)
    if name == "lastPosition":
        last = _in_order(page, page.c.position, sa.Integer())[sa.literal_column(str(size))]
        return plain(sa.case((more, last), else_=_end(at)))
    return ('"ChangePage"',)
