"""The tables of the record: the lists of the GET twin, what has no pages there, and the log."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from graphql import get_named_type

from api.dataset.fields import Field, field_of
from api.v1.endpoints import ENDPOINTS
from schema.document import Operation, document
from schema.log_rows import REVISIONS, SUBMISSION_ID, SUBMISSIONS
from schema.plan import Plan
from schema.query import schema
from schema.rows import Rows, counted, rows_of

HERE = Path(__file__).parent / "documents"

PARTIES = "state-parties"
"""The one table that a valid day leaves rows out of, so that others may name what is not in it."""

LEADS = {
    "stateParty.code": (PARTIES, "code"),
    "recommendation.code": ("recommendations", "code"),
    "instrument.code": ("instruments", "code"),
    "section.number": ("sections", "number"),
    "parent.number": ("sections", "number"),
    SUBMISSION_ID: ("submissions", SUBMISSION_ID),
}
"""Column → the table and the column where what it names is described."""


@dataclass(frozen=True)
class Table:
    """name: of its file; type: of its elements, in GraphQL; rows and counted: the statements for a moment that is given by these
    clocks; key: the columns that tell its rows apart."""

    name: str
    about: str
    type: str
    rows: Callable[[Collection[str]], Rows] = field(repr=False)
    counted: Callable[[Collection[str]], Plan] = field(repr=False)
    key: Sequence[str] = ("id",)

    @property
    def fields(self) -> list[Field]:
        return list(_fields(self.name))

    def leads(self, *, parties_are_whole: bool) -> Mapping[str, tuple[str, str]]:
        """Its columns that name rows of other tables, all of which are there."""
        found = {one.name: LEADS[one.name] for one in self.fields if one.name in LEADS}
        return {
            name: to
            for name, to in found.items()
            if to != (self.name, name) and (parties_are_whole or to[0] != PARTIES)
        }


@cache
def _fields(name: str) -> Sequence[Field]:
    table = TABLES[name]
    return [field_of(table.type, column) for column in table.rows(()).columns]


def _listed(name: str, field_name: str, about: str, operation: Operation, key: Sequence[str] = ("id",)) -> Table:
    def rows(clocks: Collection[str]) -> Rows:
        found = rows_of(operation, operation.variables({}), clocks, as_cells=True)
        assert found is not None, f"{name} lists nothing"
        return found

    return Table(name, about, _element(field_name), rows, lambda clocks: counted(operation, {}, clocks), key)


def _element(field_name: str) -> str:
    """The type of a list's elements."""
    query = schema.query_type
    assert query is not None
    listed = get_named_type(query.fields[field_name].type)
    nodes = getattr(listed, "fields", {}).get("nodes")
    return str(get_named_type(nodes.type).name if nodes else listed.name)


def _without_pages(name: str) -> Table:
    query = schema.query_type
    assert query is not None
    operation = document((HERE / f"{name}.graphql").read_text("utf-8")).operation(None)
    return _listed(name, name, query.fields[name].description or "", operation)


OF_THE_TWIN = (
    "state-parties",
    "recommendations",
    "measures",
    "assessments",
    "reporting-events",
    "statements",
    "sources",
    "coverage",
)
"""Its lists of records, and the matrix."""

KEYS = {"coverage": ("stateParty.code", "recommendation.code")}

TABLES: Mapping[str, Table] = {
    one.name: one
    for one in (
        *(
            _listed(one.name, one.field, one.about, one.operation, KEYS.get(one.name, ("id",)))
            for one in (ENDPOINTS[f"/v1/{name}"] for name in OF_THE_TWIN)
        ),
        *map(_without_pages, ("sections", "articles", "instruments", "signatories")),
        Table(
            "revisions",
            "The log: each change of each record, with the whole record after it, who made it and why, and what its hashes"
            " are made of.",
            "Revision",
            REVISIONS.rows,
            REVISIONS.counted,
            ("position",),
        ),
        Table(
            "submissions",
            "What was published together, by whom, reviewed by whom, and why.",
            "Submission",
            SUBMISSIONS.rows,
            SUBMISSIONS.counted,
            (SUBMISSION_ID,),
        ),
    )
}
