"""Coverage: the state of each cell on a day, worked out cell by cell, and cells counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from itertools import product
from typing import Any

from graphql import GraphQLEnumType, GraphQLSchema

from tests.oracle import days
from tests.oracle.guidelines import Place, place
from tests.oracle.log import Reading, Row

SPEAKS = {"IN_FORCE": "MEASURE_IN_FORCE", "ADOPTED": "MEASURE_REPORTED", "DRAFTED": "MEASURE_REPORTED"}
SPEAKS |= {"ANNOUNCED": "MEASURE_REPORTED", "ENDED": "MEASURE_ENDED"}
"""A measure's status → the state that it speaks for."""

OF_RECOMMENDATIONS = ("RECOMMENDATION", "SECTION", "THEME")

Part = tuple[Any, str, str]
"""What a cell is counted under in one dimension: its order, its key, its label."""


@dataclass(eq=False)
class Cell:
    """A State party and a recommendation in a reading."""

    reading: Reading
    state: Row
    recommendation: Row

    typename = "Coverage"

    @property
    def id(self) -> str:
        return f"Coverage:{self.state.document['code']}:{self.recommendation.document['code']}"

    @cached_property
    def place(self) -> tuple[str, Place]:
        return self.state.id, place(self.recommendation)

    @cached_property
    def measures(self) -> Sequence[Row]:
        return self._bearing("Measure")

    @cached_property
    def assessments(self) -> Sequence[Row]:
        return self._bearing("Assessment")

    @property
    def told(self) -> str:
        return self._told[0]

    @property
    def since(self) -> str | None:
        return self._told[1]

    @property
    def latest(self) -> Row | None:
        """The measure with the latest milestone; of several, the one last changed."""
        never = (date.min, date.min)
        return max(
            self.measures,
            key=lambda row: (days.span_of_latest(row.document) or never, row.revision.position),
            default=None,
        )

    def _bearing(self, typename: str) -> Sequence[Row]:
        """The records of a type that name this State and this recommendation, by id."""
        pairs = self.reading.kept.get(("bearing", typename))
        if pairs is None:
            pairs = self.reading.kept["bearing", typename] = {}
            for row in self.reading.all(typename):
                for code in row.document["recommendations"]:
                    pairs.setdefault((row.document["stateParty"], code), []).append(row)
        rows: Sequence[Row] = pairs.get((self.state.document["code"], self.recommendation.document["code"]), ())
        return rows

    @cached_property
    def _told(self) -> tuple[str, str | None]:
        """The first state that holds, and the date of the milestone that made it."""
        for state in ("MEASURE_IN_FORCE", "MEASURE_REPORTED", "MEASURE_ENDED"):
            speaking = [row for row in self.measures if row.status and SPEAKS[row.status] == state]
            if speaking:
                first = min(speaking, key=lambda row: (row.reached[row.status or ""], row.id))
                return state, first.document[days.DATED_BY[first.status or ""]]
        for verdict in ("NONE_REPORTED", "NOT_MENTIONED"):
            if any(self._concludes(row, verdict) for row in self.assessments):
                return verdict, None
        return silence(self.state), None

    def _concludes(self, row: Row, verdict: str) -> bool:
        ours = row.document["assessorKind"] == "TRACKER" and row.document["verdict"] == verdict
        return ours and row.happened_by("assessedOn") <= self.reading.day


def silence(state: Row) -> str:
    """Why the record shows no measure in a cell of this State."""
    reading = state.reading
    if ("silence", state.id) not in reading.kept:
        events = reading.naming("ReportingEvent", "stateParty", state.document["code"])

        def happened(*kinds: str) -> bool:
            return any(one.document["kind"] in kinds and one.happened_by("happenedOn") <= reading.day for one in events)

        if happened("INITIAL_REPORT_SUBMITTED", "INITIAL_REPORT_PUBLISHED"):
            kept = "NOT_YET_CODED"
        elif happened("INITIAL_REPORT_OVERDUE"):
            kept = "REPORT_OVERDUE"
        else:
            kept = "REPORT_NOT_DUE" if reading.day < report_due_on(state) else "NOT_YET_CODED"
        reading.kept["silence", state.id] = kept
    told: str = reading.kept["silence", state.id]
    return told


def report_due_on(state: Row) -> date:
    in_force = date.fromisoformat(state.document["inForceOn"])
    try:
        return in_force.replace(year=in_force.year + 2)
    except ValueError:  # 29 February
        return date(in_force.year + 2, 2, 28)


def is_party(state: Row) -> bool:
    return date.fromisoformat(state.document["consentOn"]) <= state.reading.day


def cells(reading: Reading) -> Mapping[str, Cell]:
    """All cells by id, by State code and in the Guidelines' order."""
    if "cells" not in reading.kept:
        asked = sorted(reading.all("Recommendation"), key=place)
        listed = [Cell(reading, state, one) for state in reading.all("StateParty") if is_party(state) for one in asked]
        reading.kept["cells"] = {cell.id: cell for cell in listed}
    found: Mapping[str, Cell] = reading.kept["cells"]
    return found


def cells_of(row: Row, reading: Reading) -> Sequence[Cell]:
    """Those of a State party or of a recommendation."""
    if "cells of" not in reading.kept:
        found: dict[str, list[Cell]] = defaultdict(list)
        for cell in cells(reading).values():
            found[cell.state.id].append(cell)
            found[cell.recommendation.id].append(cell)
        reading.kept["cells of"] = found
    of: Sequence[Cell] = reading.kept["cells of"].get(row.id, ())
    return of


def summary(found: Iterable[Cell], by: Sequence[str], schema: GraphQLSchema) -> list[dict[str, Any]]:
    """Cells counted: a group for each combination of the dimensions that some cell has."""
    dimension = cache(_dimension)
    counted: dict[tuple[Part, ...], Counter[str]] = defaultdict(Counter)
    for cell in found:
        parts = [dimension(cell.recommendation if one in OF_RECOMMENDATIONS else cell.state, one, schema) for one in by]
        for combination in product(*parts):
            counted[combination][cell.told] += 1
    states: GraphQLEnumType = schema.type_map["CoverageState"]  # type: ignore[assignment]
    return [
        {
            "key": [part[1] for part in combination],
            "label": [part[2] for part in combination],
            "total": counted[combination].total(),
            "counts": [{"state": state, "count": counted[combination][state]} for state in states.values],
        }
        for combination in sorted(counted)
    ]


def _dimension(row: Row, dimension: str, schema: GraphQLSchema) -> list[Part]:
    """What a State party or a recommendation is counted under; several for themes."""
    document = row.document
    match dimension:
        case "STATE_PARTY":
            return [(document["code"], document["code"], document["names"]["EN"])]
        case "REGION" | "SUBREGION":
            name = document[dimension.lower()]
            return [(name, name, name)]
        case "GROUP":
            groups: GraphQLEnumType = schema.type_map["RegionalGroup"]  # type: ignore[assignment]
            told = groups.values[document["group"]].description or ""
            return [(document["group"], document["group"], told.rstrip(".").partition(":")[0])]
        case "RECOMMENDATION":
            return [(place(row), document["code"], document["title"])]
        case "SECTION":
            section = row.reading.rows[f"Section:{document['section']}"]
            return [(place(section), section.document["number"], section.document["heading"])]
    return [(theme, theme, theme.replace("_", " ").capitalize()) for theme in document["themes"]]
