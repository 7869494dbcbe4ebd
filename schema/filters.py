"""Filters: an input object whose fields each say which rows they match. They are joined by and, the values of a list by or."""

from collections.abc import Callable, Container, Mapping
from typing import Any, cast

import graphene
import sqlalchemy as sa
from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type, get_nullable_type, is_list_type
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

from db.tables import recommendation, state_party
from schema.identity import well_formed, well_formed_all
from schema.keyset import UNSPEAKABLE
from schema.refusals import BadValue
from schema.vocabulary import RegionalGroup, Theme

Where = Callable[[Any, Any, Any], sa.ColumnElement[bool]]
"""(at, row, value) → the condition that the row matches the bound value."""

TYPES: Mapping[str, Any] = {
    "Boolean": sa.Boolean(),
    "Date": sa.Date(),
    "DateTime": TIMESTAMP(timezone=True),
    "Int": sa.Integer(),
}
"""GraphQL's scalars → SQL's types; all others are text."""


class Matches(graphene.InputField):
    """A field of a filter."""

    def __init__(self, type_: Any, where: Where, **options: Any) -> None:
        super().__init__(type_, **options)
        self.where = where


def any_of(type_: Any, where: Where, description: str) -> Matches:
    """A field that takes several values, any of which may match."""
    return Matches(graphene.List(graphene.NonNull(type_)), where, description=description)


def one_of(column: str) -> Where:
    """That a column holds one of the values."""
    return lambda _at, row, values: row.c[column] == sa.any_(values)


def conditions(at: Any, row: Any, among: Container[str] | None = None) -> list[sa.ColumnElement[bool]]:
    """What the field's argument `filter` says of a row; none when it is not given. among: which of its fields, if not all."""
    if "filter" not in at.given:
        return []
    type_ = cast("GraphQLInputObjectType", get_nullable_type(at.given["filter"].type))
    fields = type_.graphene_type._meta.fields  # type: ignore[attr-defined]
    by_name = {field.name or graphene.utils.str_converters.to_camel_case(key): field for key, field in fields.items()}
    given = at.given.within("filter")
    found = []
    for name in given:
        if among is not None and name not in among:
            continue
        argument = given[name]
        is_list = is_list_type(get_nullable_type(argument.type))
        scalar = TYPES.get(get_named_type(argument.type).name, sa.Text())
        value = at.plan.bind(at, argument, ARRAY(scalar) if is_list else scalar, _check(argument.type))
        found.append(by_name[name].where(at, row, value))
    return found


def _check(type_: Any) -> Callable[[Any], Any] | None:
    named = get_named_type(type_)
    if named.name == "ID":
        return well_formed_all if is_list_type(get_nullable_type(type_)) else well_formed
    return speakable if named.name == "String" or isinstance(named, GraphQLEnumType) else None


def speakable(value: Any) -> Any:
    """Text, or a list of texts, that PostgreSQL can hold. Raises BadValue."""
    for text in value if isinstance(value, list) else [value]:
        if UNSPEAKABLE.search(text):
            raise BadValue("this text holds a NUL character or half a surrogate pair, which no record can hold.")
    return value


def overlaps_from(column: str) -> Where:
    """That a partial date may be on the asked day or later."""
    return lambda _at, row, day: row.c[f"{column}_latest"] >= day


def overlaps_to(column: str) -> Where:
    return lambda _at, row, day: row.c[f"{column}_earliest"] <= day


# ── What a row concerns: States parties and recommendations, which several nouns are filtered by ────────────────────────


def by_state(column: str) -> Where:
    """(column of State parties: region, group, …) of rows that name a State party by state_party_code."""

    def where(at: Any, row: Any, values: Any) -> sa.ColumnElement[bool]:
        state = at.plan.alias(state_party)
        codes = sa.select(state.c.code).where(at.clock.stands(state), state.c[column] == sa.any_(values))
        return cast("sa.ColumnElement[bool]", row.c.state_party_code.in_(codes.correlate_except(state)))

    return where


def by_recommendation(condition: Callable[[Any, Any], sa.ColumnElement[bool]]) -> Where:
    """(recommendation, value) of rows that name a recommendation, or several, of which one must match."""

    def where(at: Any, row: Any, value: Any) -> sa.ColumnElement[bool]:
        asked = at.plan.alias(recommendation)
        codes = sa.select(asked.c.code).where(at.clock.stands(asked), condition(asked, value)).correlate_except(asked)
        matching = sa.func.array(
            codes.scalar_subquery(), type_=ARRAY(sa.Text())
        )  # found once, whatever the planner guesses
        if "recommendation_code" in row.c:
            return cast("sa.ColumnElement[bool]", row.c.recommendation_code == sa.any_(matching))
        return cast("sa.ColumnElement[bool]", row.c.recommendation_codes.op("&&", is_comparison=True)(matching))

    return where


def names(row: Any, code: Any) -> sa.ColumnElement[bool]:
    """That a measure or an assessment names the recommendation of this code."""
    one = sa.func.array_append(sa.literal_column("'{}'::text[]", ARRAY(sa.Text())), code)
    return cast("sa.ColumnElement[bool]", row.c.recommendation_codes.op("@>", is_comparison=True)(one))


def in_section(recommendation_: Any, numbers: Any) -> sa.ColumnElement[bool]:
    """In one of the sections, or in one below it: III.A is in III."""
    asked = sa.func.unnest(numbers, type_=sa.Text()).column_valued("asked")
    number = recommendation_.c.section_number
    return sa.exists(
        sa.select(asked).where(sa.or_(number == asked, number.startswith(asked + "."))).correlate(recommendation_)
    )


def matches_text(_at: Any, row: Any, words: Any) -> sa.ColumnElement[bool]:
    """Full-text search in the row's words."""
    query = sa.select(sa.func.search_query(words)).scalar_subquery()
    return cast("sa.ColumnElement[bool]", row.c.search.op("@@", is_comparison=True)(query))


TEXT = "Words to find, in English, in any order; stems count (law finds laws), accents do not, slips of the pen are forgiven."
STATE = "ISO 3166-1 alpha-3 codes of States parties. Unknown codes match nothing in a query; addresses under /v1 refuse them."
REGION = 'Regions, as UN M49 names them: "Africa", "Asia".'
RECOMMENDATION = 'Codes of recommendations, like "IVC-05".'
SECTION = 'Numbers of sections of the Guidelines, with the sections below them: "III" matches III.A, too.'


def concerning(*, states: bool = True, recommendations: bool = True, groups: bool = True) -> dict[str, Matches]:
    """The fields that filters by State party and by recommendation have in common."""
    fields: dict[str, Matches] = {}
    if states:
        fields["state_party"] = any_of(graphene.String, one_of("state_party_code"), STATE)
        fields["region"] = any_of(graphene.String, by_state("region"), REGION)
    if groups:
        fields["group"] = any_of(RegionalGroup, by_state("group"), "Regional groups of the United Nations.")
    if recommendations:
        among = by_recommendation(lambda asked, codes: asked.c.code == sa.any_(codes))
        fields["recommendation"] = any_of(graphene.String, among, RECOMMENDATION)
        fields["section"] = any_of(graphene.String, by_recommendation(in_section), SECTION)
    return fields


def of_recommendations() -> dict[str, Matches]:
    """Filters by what recommendations are like."""
    return {
        "theme": any_of(
            Theme,
            by_recommendation(lambda asked, themes: asked.c.themes.op("&&", is_comparison=True)(themes)),
            "Themes of recommendations; one of several is enough.",
        ),
        "digital": Matches(
            graphene.Boolean,
            by_recommendation(lambda asked, value: asked.c.digital == value),
            description="true: bears on a recommendation about the digital environment; false: on one that is not about it.",
        ),
        "private_sector": Matches(
            graphene.Boolean,
            by_recommendation(lambda asked, value: asked.c.private_sector == value),
            description="true: bears on a recommendation about duties of companies; false: on one that is not about them.",
        ),
    }
