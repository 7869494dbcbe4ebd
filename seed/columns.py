"""What each file may hold: its columns in order, the kind of each, what must be there and which file it refers to."""

from dataclasses import dataclass

from db.vocabulary import (
    Confidence,
    ConsentKind,
    DateConfidence,
    Language,
    MeasureKind,
    MeasureStatus,
    RegionalGroup,
    Reporter,
    ReportingEventKind,
    SourceKind,
    StatementKind,
    Strength,
    Theme,
    Verdict,
    Verification,
)
from seed.kinds import Reads, day, number, partial_day, pattern, several, text, truth, word


@dataclass(frozen=True)
class Column:
    """A column of a file. refers_to: the table whose key each of its values must be."""

    name: str
    kind: Reads = text
    required: bool = False
    refers_to: str | None = None


@dataclass(frozen=True)
class Table:
    """A file NAME.csv. record: the first half of its records' ids ("Measure" of "Measure:PHL-0007"); none: it is joined in."""

    name: str
    record: str | None
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    cited: bool = False

    @property
    def file(self) -> str:
        return f"{self.name}.csv"


def _required(name: str, kind: Reads = text, refers_to: str | None = None) -> Column:
    return Column(name, kind, required=True, refers_to=refers_to)


STATE = pattern(r"[A-Z]{3}", "an ISO 3166-1 alpha-3 code, like PHL")
ALPHA2 = pattern(r"[A-Z]{2}", "an ISO 3166-1 alpha-2 code, like PH")
SECTION = pattern(r"[IVX]+(\.[A-Z](\.[1-9][0-9]?)?)?", "a section of the Guidelines, like III.A")
INSTRUMENT = pattern(r"[A-Z][A-Z0-9_]{1,63}", "a code in capitals, like ILO_C182")
RECOMMENDATION = pattern(r"[IVX]+[A-Z]?-[0-9]{2,3}", "a code of section and number, like IVC-05")
SOURCE = pattern(r"S-[0-9]{4,}", "an id like S-0042")
ADDRESS = pattern(r"https?://\S+", "an address that begins with http:// or https:// and holds no blanks")
RECORD = pattern(r"[A-Z][A-Za-z]+:\S+", "a record as Type:id, like Measure:PHL-0007")


def _id(letter: str) -> Reads:
    return pattern(rf"[A-Z]{{3}}-{letter}[0-9]{{2,}}", f"an id of State code and number, like PHL-{letter}001")


TABLES: tuple[Table, ...] = (
    # each after those it refers to, which is the order in which their records can be made
    Table(
        "sources",
        "Source",
        ("id",),
        (
            _required("id", SOURCE),
            _required("kind", word(SourceKind)),
            _required("title"),
            _required("publisher"),
            Column("symbol"),
            Column("url", ADDRESS),
            Column("published_on", partial_day),
            Column("read_at"),
        ),
    ),
    Table(
        "articles",
        "Article",
        ("article",),
        (_required("article", number), _required("subject"), _required("one_liner")),
    ),
    Table(
        "sections",
        "Section",
        ("number",),
        (
            _required("number", SECTION),
            Column("parent", SECTION, refers_to="sections"),
            _required("heading"),
            Column("first_paragraph", number),
            Column("page_en", number),
            Column("articles", several(text)),
            Column("note"),
        ),
    ),
    Table(
        "instruments",
        "Instrument",
        ("code",),
        (
            _required("code", INSTRUMENT),
            _required("name"),
            _required("kind"),
            _required("body"),
            Column("year", several(number, "/")),
            Column("url", ADDRESS),
            _required("followed", truth),
            Column("relevance"),
            Column("named_in_guidelines"),
            Column("note"),
        ),
    ),
    Table(
        "recommendations",
        "Recommendation",
        ("code",),
        (
            _required("code", RECOMMENDATION),
            _required("section", SECTION, refers_to="sections"),
            _required("title"),
            _required("text"),
            Column("themes", several(word(Theme))),
            Column("articles", several(text)),
            Column("evidence_kinds", several(text)),
            _required("digital", truth),
            _required("private_sector", truth),
            _required("strength", word(Strength)),
            _required("verification", word(Verification)),
            Column("certainty"),
            Column("basis"),
            Column("note"),
        ),
        cited=True,
    ),
    Table(
        "state_parties",
        "StateParty",
        ("code",),
        (
            _required("code", STATE),
            _required("alpha2", ALPHA2),
            _required("m49", number),
            _required("name"),
            _required("region"),
            _required("subregion"),
            _required("group", word(RegionalGroup)),
            Column("signed_on", day),
            _required("consent_on", day),
            _required("consent", word(ConsentKind)),
            _required("in_force_on", day),
            _required("date_confidence", word(DateConfidence)),
            Column("note"),
        ),
        cited=True,
    ),
    Table(
        "state_party_names",
        None,
        ("code", "language"),
        (
            _required("code", STATE, refers_to="state_parties"),
            _required("language", word(Language)),
            _required("name"),
        ),
    ),
    Table(
        "signatories",
        "Signatory",
        ("code",),
        (
            _required("code", STATE),
            _required("alpha2", ALPHA2),
            _required("m49", number),
            _required("name"),
            _required("region"),
            _required("subregion"),
            _required("group", word(RegionalGroup)),
            _required("signed_on", day),
            _required("still_signatory_only", truth),
            Column("checked_on", day),
            Column("note"),
        ),
        cited=True,
    ),
    Table(
        "measures",
        "Measure",
        ("id",),
        (
            _required("id", _id("")),
            _required("code", STATE, refers_to="state_parties"),
            _required("kind", word(MeasureKind)),
            Column("instrument", INSTRUMENT, refers_to="instruments"),
            Column("consent", word(ConsentKind)),
            _required("title"),
            _required("summary"),
            _required("status", word(MeasureStatus)),
            Column("announced_on", partial_day),
            Column("adopted_on", partial_day),
            Column("in_force_on", partial_day),
            Column("date_basis"),
            _required("reported_by", word(Reporter)),
            Column("reported_on", partial_day),
            Column("recommendations", several(RECOMMENDATION), refers_to="recommendations"),
            _required("confidence", word(Confidence)),
            Column("note"),
        ),
        cited=True,
    ),
    Table(
        "assessments",
        "Assessment",
        ("id",),
        (
            _required("id", _id("A")),
            _required("code", STATE, refers_to="state_parties"),
            _required("assessor"),
            _required("assessor_kind", word(Reporter)),
            _required("verdict", word(Verdict)),
            Column("criterion"),
            Column("summary"),
            Column("recommendations", several(RECOMMENDATION), refers_to="recommendations"),
            Column("assessed_on", partial_day),
        ),
        cited=True,
    ),
    Table(
        "statements",
        "Statement",
        ("id",),
        (
            _required("id", _id("S")),
            _required("code", STATE, refers_to="state_parties"),
            _required("kind", word(StatementKind)),
            Column("made_on", partial_day),
            Column("date_basis"),
            Column("articles", several(text)),
            Column("target", STATE, refers_to="state_parties"),
            _required("summary"),
            Column("evidence"),
            Column("note"),
        ),
        cited=True,
    ),
    Table(
        "reporting_events",
        "ReportingEvent",
        ("id",),
        (
            _required("id", _id("E")),
            _required("code", STATE, refers_to="state_parties"),
            _required("kind", word(ReportingEventKind)),
            Column("happened_on", partial_day),
            Column("document_symbol"),
        ),
        cited=True,
    ),
    Table(
        "citations",
        None,
        ("record", "source", "locator", "note"),
        (
            _required("record", RECORD),
            _required("source", SOURCE, refers_to="sources"),
            Column("locator"),
            Column("note"),
        ),
    ),
)
