"""Coverage counted: by State party, region, group, recommendation, section, theme, or all together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import graphene
import sqlalchemy as sa

from db import tables
from db.vocabulary import CoverageState as State
from schema.arguments import given_arguments
from schema.coverage import CoverageFilter
from schema.fields import Planned
from schema.filters import conditions
from schema.json_text import Json, array, as_sql, escaped, literal, members, plain
from schema.planning import At
from schema.refusals import BadValue
from schema.vocabulary import CoverageDimension, CoverageState, RegionalGroup, Theme

INFINITY: Any = sa.literal_column("'infinity'::date")

OF_STATES = {"stateParty", "region", "group"}
"""Fields of CoverageFilter that ask about States parties; the others, but for `state`, about recommendations."""


class CoverageCount(graphene.ObjectType):
    """How many cells have one state."""

    state = graphene.Field(graphene.NonNull(CoverageState), description="The state.")
    count = graphene.Int(required=True, description="How many cells have it.")


class CoverageGroup(graphene.ObjectType):
    """A group of cells, counted."""

    key = graphene.NonNull(
        graphene.List(graphene.NonNull(graphene.String)),
        description="What the group has in common: one code for each dimension.",
    )
    label = graphene.NonNull(
        graphene.List(graphene.NonNull(graphene.String)),
        description="The same for people: one name for each dimension.",
    )
    total = graphene.Int(required=True, description="How many cells the group has.")
    count = graphene.Int(
        required=True,
        state=graphene.Argument(graphene.NonNull(CoverageState), description="The state."),
        description="How many cells have one state: under an alias for each, a table has a column for each.",
    )
    counts = graphene.NonNull(
        graphene.List(graphene.NonNull(CoverageCount)),
        description="How many cells have each state: every state, in the order in which they are tried, 0 where there is none.",
    )


@dataclass(frozen=True)
class _Dimension:
    """What a row of `side` is counted under, how that is called, and its place among the others."""

    side: str
    groups: int
    key: Callable[[Any], Any]
    label: Callable[[Any], Any]
    order: Callable[[Any], Any]


def _called(words: Any) -> Callable[[Any], Any]:
    """Names for the words of a closed list: their descriptions, or the words themselves."""

    def label(key: Any) -> Any:
        names_ = {word.value: word.value.replace("_", " ").capitalize() for word in words._meta.enum}
        if words is RegionalGroup:
            names_ = {
                word.value: words._meta.description(word).rstrip(".").partition(":")[0] for word in words._meta.enum
            }
        return sa.case(*((key == literal(word), literal(name)) for word, name in names_.items()))

    return label


def _by_column(side: str, groups: int, key: str, label: str | None = None, order: str | None = None) -> _Dimension:
    return _Dimension(
        side, groups, lambda row: row.c[key], lambda row: row.c[label or key], lambda row: row.c[order or key]
    )


DIMENSIONS = {
    "STATE_PARTY": _by_column("state", 200, "code", "name"),
    "REGION": _by_column("state", 6, "region"),
    "SUBREGION": _by_column("state", 25, "subregion"),
    "GROUP": _Dimension(
        "state", 6, lambda row: row.c.group, lambda row: _called(RegionalGroup)(row.c.group), lambda row: row.c.group
    ),
    "RECOMMENDATION": _by_column("recommendation", 150, "code", "title", "place"),
    "SECTION": _by_column("section", 30, "number", "heading", "place"),
    "THEME": _Dimension(
        "theme", 17, lambda row: row.c.theme, lambda row: _called(Theme)(row.c.theme), lambda row: row.c.theme
    ),
}


class CoverageSummary(Planned):
    """Cells counted by dimensions. of: the column that holds the row's own code; cells: how many there may be, for the cost."""

    def __init__(self, of: str | None = None, *, cells: int, filtered: bool = False, description: str) -> None:
        by = graphene.Argument(
            graphene.NonNull(graphene.List(graphene.NonNull(CoverageDimension))),
            description="What to count by, in this order; an empty list counts everything together.",
        )
        arguments = {"by": by}
        if filtered:
            arguments["filter"] = CoverageFilter(description="Which cells to count; all when it is left out.")
        super().__init__(
            graphene.NonNull(graphene.List(graphene.NonNull(CoverageGroup))), args=arguments, description=description
        )
        self.of, self.cells, self.filtered = of, cells, filtered

    def json(self, at: At) -> Json:
        by = [str(dimension) for dimension in at.given.shape("by")]
        if len(set(by)) < len(by):
            raise BadValue("by: names a dimension twice; give each once.")
        groups = 1
        for dimension in by:
            groups *= DIMENSIONS[dimension].groups
        at.plan.charge(at.path, self.cells // 10 + min(groups, self.cells), self.cells)
        counted = self.counted(at, {DIMENSIONS[dimension].side for dimension in by})
        return _grouped(at, by, counted)

    def counted(self, at: At, sides: set[str]) -> Any:
        """Cells counted by state, and by the codes of those sides that are asked for."""
        codes = ["state_party_code"] if "state" in sides else []
        if sides - {"state"}:
            codes.append("recommendation_code")
        kept = self.kept(at, codes) if at.clock.lasts else None
        if kept is not None:
            return self.counted_before(at, codes, kept)
        cells = self.cells_that(at, codes, lambda _cell: sa.true()).subquery(at.plan.name("u"))
        columns = [cells.c[code] for code in codes]
        summed = sa.select(*columns, cells.c.state, sa.func.sum(cells.c.n).label("n")).group_by(*columns, cells.c.state)
        return summed.correlate_except(cells).subquery(at.plan.name("u"))

    def counted_before(self, at: At, codes: Sequence[str], kept: sa.Table) -> Any:
        """What lasts, as the database has counted it; and cells, one by one, whose state begins or ends some day to come."""
        counts, late = at.plan.alias(kept), at.plan.alias(kept)
        counted = sa.select(*(counts.c[code] for code in codes), counts.c.state, counts.c.cells.label("n"))
        counted = counted.where(counts.c.latest <= at.clock.day, *self.asked(at, counts)).correlate_except(counts)
        own = next(column.name for column in kept.primary_key)

        def is_late(cell: Any) -> sa.ColumnElement[bool]:
            same = sa.and_(cell.c[own] == late.c[own], cell.c.state == late.c.state)
            return sa.and_(cell.c.valid_to == INFINITY, same, late.c.latest > at.clock.day)

        lasting = self.cells_that(at, codes, is_late, late)
        passing = self.cells_that(at, codes, lambda cell: cell.c.valid_to < INFINITY)
        return sa.union_all(counted, lasting, passing).subquery(at.plan.name("u"))

    def kept(self, at: At, codes: Sequence[str]) -> sa.Table | None:
        """The counts that the database keeps, where they tell apart all that is asked to be."""
        filters = set(at.given.within("filter")) if self.filtered else set()
        told_apart = {*codes, *([self.of] if self.of else [])}
        told_apart |= {"state_party_code"} if filters & OF_STATES else set()
        told_apart |= {"recommendation_code"} if filters - OF_STATES - {"state"} else set()
        if told_apart <= {"state_party_code"}:
            return tables.coverage_by_state_party
        return tables.coverage_by_recommendation if told_apart <= {"recommendation_code"} else None

    def cells_that(
        self, at: At, codes: Sequence[str], which: Callable[[Any], sa.ColumnElement[bool]], *beside: Any
    ) -> sa.Select[Any]:
        cell = at.plan.alias(tables.coverage)
        found = sa.select(*(cell.c[code] for code in codes), cell.c.state, sa.literal_column("1").label("n"))
        return found.where(at.clock.holds(cell), which(cell), *self.asked(at, cell)).correlate_except(cell, *beside)

    def asked(self, at: At, cells: Any) -> list[sa.ColumnElement[bool]]:
        own = [cells.c[self.of] == at.row.c.code] if self.of else []
        return [*own, *(conditions(at, cells) if self.filtered else [])]


def _grouped(at: At, by: Sequence[str], counted: Any) -> Json:
    source, rows = _joined(at, by, counted)
    chosen = [(DIMENSIONS[dimension], rows[DIMENSIONS[dimension].side]) for dimension in by]
    keys = [dimension.key(row) for dimension, row in chosen]
    labels = [dimension.label(row) for dimension, row in chosen]
    orders = [dimension.order(row) for dimension, row in chosen]
    json = _group_json(at, keys, labels, counted)
    groups = sa.select(as_sql(json).label("j")).select_from(source)
    groups = groups.group_by(*keys, *labels, *orders).having(sa.func.count() > 0).order_by(*orders)
    listed = groups.correlate_except(*source._from_objects).subquery(at.plan.name("r"))
    return (sa.select(as_sql(array(listed.c.j))).select_from(listed).correlate_except(listed).scalar_subquery(),)


def _joined(at: At, by: Sequence[str], counted: Any) -> tuple[Any, dict[str, Any]]:
    """Counted cells beside the rows that the dimensions read."""
    source = counted
    rows: dict[str, Any] = {}
    sides = {DIMENSIONS[dimension].side for dimension in by}
    if "state" in sides:
        state = rows["state"] = at.plan.alias(tables.state_party)
        source = source.join(state, sa.and_(at.clock.stands(state), state.c.code == counted.c.state_party_code))
    if sides - {"state"}:
        asked = rows["recommendation"] = at.plan.alias(tables.recommendation)
        source = source.join(asked, sa.and_(at.clock.stands(asked), asked.c.code == counted.c.recommendation_code))
    if "section" in sides:
        section = rows["section"] = at.plan.alias(tables.section)
        source = source.join(section, sa.and_(at.clock.stands(section), section.c.number == asked.c.section_number))
    if "theme" in sides:
        themes = sa.func.unnest(asked.c.themes).table_valued(sa.column("theme", sa.Text()), name=at.plan.name("t"))
        themes = themes.render_derived()
        rows["theme"] = themes
        source = source.join(themes, sa.true())
    return source, rows


def _group_json(at: At, keys: Sequence[Any], labels: Sequence[Any], counted: Any) -> Json:
    pairs: list[tuple[str, Json]] = []
    for key, nodes in at.plan.subfields(at.target, at.nodes).items():
        match nodes[0].name.value:
            case "__typename":
                pairs.append((key, (f'"{at.target.name}"',)))
            case "key":
                pairs.append((key, _list(keys)))
            case "label":
                pairs.append((key, _list(labels)))
            case "total":
                pairs.append((key, plain(sa.func.sum(counted.c.n))))
            case "count":
                pairs.append((key, plain(_in_state(counted, _state_asked(at, key, nodes)))))
            case "counts":
                pairs.append((key, _counts(at, nodes, counted)))
    return members(pairs)


def _list(values: Sequence[Any]) -> Json:
    parts: list[Any] = []
    for value in values:
        parts += [",", *escaped(value)]
    return ("[", *parts[1:], "]")


def _state_asked(at: At, key: str, nodes: Any) -> sa.ColumnElement[str]:
    """The argument `state` of a group's `count`."""
    values = {argument.name.value: argument.value for argument in nodes[0].arguments}
    given = given_arguments(at.target.fields["count"].args, values, at.plan.variables)
    return replace(at, given=given, nodes=nodes, path=(*at.path, key)).bind("state", sa.Text)


def _in_state(counted: Any, state: sa.ColumnElement[str]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(counted.c.n).filter(counted.c.state == state), sa.literal_column("0"))


def _counts(at: At, nodes: Any, counted: Any) -> Json:
    parts: list[Any] = []
    count_type: Any = CoverageCount
    fields = at.plan.subfields(at.plan.schema.get_type(count_type.__name__), nodes)  # type: ignore[arg-type]
    for state in State:
        count = plain(_in_state(counted, literal(state)))
        one: dict[str, Json] = {"state": (f'"{state}"',), "count": count, "__typename": ('"CoverageCount"',)}
        parts += [",", *members((key, one[subnodes[0].name.value]) for key, subnodes in fields.items())]
    return ("[", *parts[1:], "]")
