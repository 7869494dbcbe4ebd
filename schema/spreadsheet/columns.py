"""The sheets and their columns: each type's fields, as its documents name them, with the meaning that the schema gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from schema import vocabulary
from schema.assessment import Assessment
from schema.measure import Measure
from schema.reporting_event import ReportingEvent
from schema.source import Source
from schema.spreadsheet.kinds import DAY, NUMBER, PARTIAL_DAY, TEXT, Kind, pattern, word
from schema.statement import Statement


@dataclass(frozen=True)
class Column:
    """A column. required: never blank; many: a list, of values of this kind."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    many: bool = False


@dataclass(frozen=True)
class Sheet:
    """The sheet of one record type. fields: the columns that are fields of its documents; cited: so are its sources."""

    name: str
    record_type: str
    record: str
    identity: Column
    fields: tuple[Column, ...]
    cited: bool = True

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in order."""
        return (self.identity, BASE_REVISION, CHANGE_KIND, *self.fields, *(CITATION if self.cited else ()))


class NoSheet(Exception):
    """No sheet has that name; the message tells those there are."""


def sheet_named(name: str) -> Sheet:
    """Raises NoSheet."""
    if name in SHEETS:
        return SHEETS[name]
    close = get_close_matches(name.casefold(), list(SHEETS), 1)
    meant = f" Did you mean {close[0]}?" if close else ""
    raise NoSheet(f"There is no sheet {name!r}; the sheets are {', '.join(SHEETS)}.{meant}")


STATE = pattern(r"[A-Z]{3}", "a State's ISO 3166-1 alpha-3 code, like PHL")
INSTRUMENT = pattern(r"[A-Z][A-Z0-9_]{1,63}", "an instrument's code in capitals, like ILO_C182")
RECOMMENDATION = pattern(r"[IVX]+[A-Z]?-[0-9]{2,3}", "a recommendation's code of section and number, like IVC-05")
ADDRESS = pattern(r"https?://\S+", "an address that begins with http:// or https:// and holds no blanks")
SOURCE = pattern(r"(?!Source:)[A-Za-z0-9._-]{1,64}", "the id of a source, like S-0042")

BASE_REVISION = Column(
    "baseRevision",
    NUMBER,
    "The number of the revision that this row was exported from. Leave it as it is; blank for a new record. It tells whether"
    " somebody else has changed the record meanwhile.",
)
CHANGE_KIND = Column(
    "changeKind",
    word(vocabulary.ChangeKind),
    "Why this record changes. Blank: as is said for the whole file.",
)
SOURCES = Column(
    "sources",
    SOURCE,
    "The sources that say so, by id: S-0001; S-0002.",
    required=True,
    many=True,
)
LOCATORS = Column(
    "locators",
    TEXT,
    "Where in each source, in the order of sources: para. 12; p. 4. A place may be blank: ; p. 4.",
    many=True,
)
CITATION_NOTES = Column(
    "citationNotes",
    TEXT,
    "What a reader should know about each citation, in the order of sources. A place may be blank.",
    many=True,
)
CITATION = (SOURCES, LOCATORS, CITATION_NOTES)


@dataclass(frozen=True)
class _Fields:
    """Makes the columns of a type, with the descriptions that its GraphQL fields have."""

    noun: Any

    def __call__(
        self, name: str, kind: Kind = TEXT, *, field: str, required: bool = False, many: bool = False
    ) -> Column:
        return Column(name, kind, self.noun._meta.fields[field].description, required, many)

    def identity(self) -> Column:
        """Type and name: a name alone such as MAR-0001 would be a day in March to a spreadsheet."""
        kind = pattern(
            rf"{self.noun.__name__}:[A-Za-z0-9._-]{{1,64}}", f"the id of a record as {self.noun.__name__}:…, or nothing"
        )
        return Column("id", kind, "The record's id. Leave it as it is; blank for a new record.")


_measure, _assessment, _statement = _Fields(Measure), _Fields(Assessment), _Fields(Statement)
_reporting_event, _source = _Fields(ReportingEvent), _Fields(Source)

_SHEETS = (
    Sheet(
        "measures",
        "MEASURE",
        "Measure",
        _measure.identity(),
        (
            _measure("stateParty", STATE, field="state_party", required=True),
            _measure("kind", word(vocabulary.MeasureKind), field="kind", required=True),
            _measure("title", field="title", required=True),
            _measure("summary", field="summary", required=True),
            _measure("status", word(vocabulary.MeasureStatus), field="stated_status", required=True),
            _measure("announcedOn", PARTIAL_DAY, field="announced_on"),
            _measure("adoptedOn", PARTIAL_DAY, field="adopted_on"),
            _measure("inForceOn", PARTIAL_DAY, field="in_force_on"),
            _measure("endedOn", PARTIAL_DAY, field="ended_on"),
            _measure("dateBasis", field="date_basis"),
            _measure("reportedBy", word(vocabulary.Reporter), field="reported_by", required=True),
            _measure("reportedOn", PARTIAL_DAY, field="reported_on"),
            _measure("instrument", INSTRUMENT, field="instrument"),
            _measure("consent", word(vocabulary.ConsentKind), field="consent"),
            _measure("recommendations", RECOMMENDATION, field="recommendations", many=True),
            _measure("confidence", word(vocabulary.Confidence), field="confidence", required=True),
            _measure("note", field="note"),
        ),
    ),
    Sheet(
        "assessments",
        "ASSESSMENT",
        "Assessment",
        _assessment.identity(),
        (
            _assessment("stateParty", STATE, field="state_party", required=True),
            _assessment("assessor", field="assessor", required=True),
            _assessment("assessorKind", word(vocabulary.Reporter), field="assessor_kind", required=True),
            _assessment("verdict", word(vocabulary.Verdict), field="verdict", required=True),
            _assessment("criterion", field="criterion"),
            _assessment("summary", field="summary"),
            _assessment("recommendations", RECOMMENDATION, field="recommendations", many=True),
            _assessment("assessedOn", PARTIAL_DAY, field="assessed_on"),
        ),
    ),
    Sheet(
        "reporting-events",
        "REPORTING_EVENT",
        "ReportingEvent",
        _reporting_event.identity(),
        (
            _reporting_event("stateParty", STATE, field="state_party", required=True),
            _reporting_event("kind", word(vocabulary.ReportingEventKind), field="kind", required=True),
            _reporting_event("happenedOn", PARTIAL_DAY, field="happened_on"),
            _reporting_event("documentSymbol", field="document_symbol"),
        ),
    ),
    Sheet(
        "statements",
        "STATEMENT",
        "Statement",
        _statement.identity(),
        (
            _statement("stateParty", STATE, field="state_party", required=True),
            _statement("kind", word(vocabulary.StatementKind), field="kind", required=True),
            _statement("madeOn", PARTIAL_DAY, field="made_on"),
            _statement("dateBasis", field="date_basis"),
            _statement("articles", field="articles", many=True),
            _statement("target", STATE, field="target"),
            _statement("summary", field="summary", required=True),
            _statement("evidence", field="evidence"),
            _statement("note", field="note"),
        ),
    ),
    Sheet(
        "sources",
        "SOURCE",
        "Source",
        _source.identity(),
        (
            _source("kind", word(vocabulary.SourceKind), field="kind", required=True),
            _source("title", field="title", required=True),
            _source("publisher", field="publisher", required=True),
            _source("symbol", field="symbol"),
            _source("url", ADDRESS, field="url"),
            _source("readAt", field="read_at"),
            _source("archivedUrl", ADDRESS, field="archived_url"),
            _source("publishedOn", PARTIAL_DAY, field="published_on"),
            _source("accessedOn", DAY, field="accessed_on"),
            _source("language", field="language"),
            _source("licence", field="licence"),
        ),
        cited=False,
    ),
)

SHEETS: Mapping[str, Sheet] = MappingProxyType({sheet.name: sheet for sheet in _SHEETS})
"""By name, as `opsc template` knows them."""
