"""Every table: the log (revision, submission) and its projections, which hold each record's every version, typed.

Columns are named as the GraphQL fields are. Text compares by code point (collation "C") on whatever server this runs.
One file, though long: who reads one table wants those it refers to beside it.
"""

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.schema import SchemaItem

from db.vocabulary import (
    ChangeKind,
    Confidence,
    ConsentKind,
    CoverageState,
    DateConfidence,
    Decision,
    DeliveryState,
    ErrorReportState,
    MeasureKind,
    MeasureStatus,
    Operation,
    RecordType,
    RegionalGroup,
    Reporter,
    ReportingEventKind,
    Role,
    SourceKind,
    StatementKind,
    Strength,
    SubmissionState,
    Theme,
    TokenReads,
    Verdict,
    Verification,
)

NOW = 2_147_483_647
"""known_to of the version that stands now: no position ever reaches it."""

metadata = sa.MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_exists",
        "ck": "%(table_name)s_%(constraint_name)s",
        "uq": "%(table_name)s_%(constraint_name)s_once",
    }
)


def text(name: str, *, required: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.Text(collation="C"), nullable=not required)


def texts(name: str) -> list[SchemaItem]:
    """A list that names each thing once."""
    return [
        sa.Column(name, ARRAY(sa.Text(collation="C")), nullable=False),
        sa.CheckConstraint(f"each_once({name})", name=f"{name}_each_once"),
    ]


def integer(name: str, *, required: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=not required)


def boolean(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def day(name: str, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Date, nullable=not required)


def word(name: str, vocabulary: type[StrEnum], *, required: bool = True) -> list[SchemaItem]:
    """A column that holds one word of a closed list."""
    return [
        text(name, required=required),
        sa.CheckConstraint(_one_of(f'"{name}"', vocabulary), name=f"{name}_is_known"),
    ]


def partial_day(name: str) -> list[SchemaItem]:
    """A date as precise as its source ("2012", "2012-05", "2012-05-14"), with the first and last day it can mean."""
    return [
        text(name, required=False),
        sa.Column(f"{name}_earliest", sa.Date, sa.Computed(f"earliest({name})", persisted=True)),
        sa.Column(f"{name}_latest", sa.Date, sa.Computed(f"latest({name})", persisted=True)),
    ]


def cited() -> list[SchemaItem]:
    """The record's citations, as in its document, and the ids of the sources they name."""
    return [
        sa.Column("citations", JSONB, nullable=False),
        sa.Column(
            "source_ids",
            ARRAY(sa.Text(collation="C")),
            sa.Computed("cited_source_ids(citations)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint("array_position(source_ids, null) is null", name="citations_name_sources"),
    ]


def named(record: str, column: sa.Column[Any]) -> list[SchemaItem]:
    """The column that a record's id ends in: others refer by it, and it can no more change than the id."""
    return [column, sa.CheckConstraint(f"id = '{record}:' || {column.name}", name="id_is_its_name")]


def searched(*columns: str) -> sa.Column[Any]:
    """What full-text search looks through: the first column weighs most."""
    rest = " || ' ' || ".join(f"coalesce({column}, '')" for column in columns[1:]) or "''"
    return sa.Column("search", TSVECTOR, sa.Computed(f"searchable({columns[0]}, {rest})", persisted=True))


def _one_of(column: str, vocabulary: type[StrEnum]) -> str:
    return f"{column} in ({', '.join(repr(str(value)) for value in vocabulary)})"


def _version_table(name: str, *items: SchemaItem | list[SchemaItem]) -> sa.Table:
    """A projection: one row a version, from the position that made it (known_from) to that which ended it (known_to)."""
    flat = [part for item in items for part in (item if isinstance(item, list) else [item])]
    table = sa.Table(
        f"{name}_version",
        metadata,
        text("id"),
        integer("known_from"),
        integer("known_to"),
        *flat,
        sa.PrimaryKeyConstraint("id", "known_from"),
        sa.CheckConstraint("known_from < known_to", name="known_in_order"),
    )
    now(table, "id", unique=True, name="now")
    if "source_ids" in table.c:
        now(table, "source_ids", gin=True, name="cites_now")
        ever(table, "source_ids", gin=True, name="cites")
    if "search" in table.c:
        now(table, "search", gin=True, name="search_now")
        ever(table, "search", gin=True, name="search")
    return table


def now(table: sa.Table, *columns: str, name: str, unique: bool = False, gin: bool = False) -> None:
    """An index over the versions that stand now: most reads."""
    sa.Index(
        f"{table.name}_{name}",
        *_keys(table, columns),
        unique=unique,
        postgresql_where=table.c.known_to == sa.literal_column(str(NOW)),
        postgresql_using="gin" if gin else "btree",
    )


def ever(table: sa.Table, *columns: str, name: str, gin: bool = False) -> None:
    """The same over all versions: reads of the past, and later pages, which are read at their first page's position."""
    keys = _keys(table, columns) if gin else [*_keys(table, columns), table.c.known_from, table.c.known_to]
    sa.Index(f"{table.name}_{name}", *keys, postgresql_using="gin" if gin else "btree")


def _keys(table: sa.Table, columns: tuple[str, ...]) -> list[Any]:
    return [table.c[column] if column in table.c else sa.text(column) for column in columns]


submission = sa.Table(
    "submission",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    text("title"),
    text("reason"),
    text("author"),
    text("reviewer", required=False),
    sa.Column("published_at", sa.DateTime(True), nullable=False),
    sa.CheckConstraint("author = 'seed' or reviewer is not null", name="is_reviewed"),
    sa.CheckConstraint(
        "reviewer <> author or strpos(reason, '(Reviewed by nobody else: ') > 0", name="is_reviewed_by_another"
    ),
)

revision = sa.Table(
    "revision",
    metadata,
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    *word("record_type", RecordType),
    text("record_id"),
    integer("number"),
    *word("operation", Operation),
    *word("kind", ChangeKind),
    text("reason"),
    text("author"),
    text("reviewer", required=False),
    sa.Column("submission_id", sa.Integer, sa.ForeignKey("submission.id"), nullable=False),
    sa.Column("recorded_at", sa.DateTime(True), nullable=False),
    text("merged_into", required=False),
    sa.Column("redacts", ARRAY(sa.Integer)),
    text("document", required=False),
    sa.Column("salt", sa.LargeBinary),
    sa.Column("document_hash", sa.LargeBinary, nullable=False),
    text("envelope"),
    sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("record_id", "number", name="number"),
    sa.Index("revision_record_id_position", "record_id", "position"),
    sa.Index("revision_recorded_at_position", "recorded_at", "position"),
    sa.Index("revision_redactions", "record_id", "position", postgresql_where=sa.text("operation = 'REDACT'")),
    sa.CheckConstraint("position > 0 and number > 0", name="counts_from_one"),
    sa.CheckConstraint(r"record_id ~ '^[A-Z][A-Za-z]+:[A-Za-z0-9._-]{1,64}$'", name="record_id_is_well_formed"),
    sa.CheckConstraint("record_type = record_type_of(record_id)", name="record_type_is_of_record_id"),
    sa.CheckConstraint("(operation = 'MERGE') = (merged_into is not null)", name="merge_names_the_survivor"),
    sa.CheckConstraint("(operation = 'REDACT') = (redacts is not null)", name="redaction_names_revisions"),
    sa.CheckConstraint("(document is null) = (salt is null)", name="document_and_salt_go_together"),
    sa.CheckConstraint(
        "document is null or document_hash = sha256(salt || convert_to(document, 'UTF8'))", name="document_opens_hash"
    ),
    sa.CheckConstraint(r"leaf_hash = sha256('\x00'::bytea || convert_to(envelope, 'UTF8'))", name="leaf_is_envelope"),
)

tree_node = sa.Table(
    "tree_node",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
)
"""The hashes of the Merkle tree's complete subtrees, above the leaves, which revision.leaf_hash holds (db/rules/tree.sql)."""

log_key = sa.Table(
    "log_key",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    text("public_key"),
    integer("since"),
    text("note", required=False),
    sa.Column("added_at", sa.DateTime(True), nullable=False),
    sa.CheckConstraint("(number = 1) = (note is null)", name="note_tells_who_vouches"),
)
"""The public keys that sign checkpoints, each from the size `since` on; note: that checkpoint, signed with the key before, too,
unless that was lost."""

checkpoint = sa.Table(
    "checkpoint",
    metadata,
    sa.Column("size", sa.Integer, primary_key=True, autoincrement=False),
    integer("number"),
    sa.Column("root_hash", sa.LargeBinary, nullable=False),
    text("note"),
    sa.Column("key", sa.Integer, sa.ForeignKey("log_key.number"), nullable=False),
    sa.Column("signed_at", sa.DateTime(True), nullable=False),
    sa.UniqueConstraint("number", name="number"),
)
"""number: 1, 2, 3 … in order of size, so that one which is gone is missed."""

state_party = _version_table(
    "state_party",
    named("StateParty", text("code")),
    text("alpha2"),
    integer("m49"),
    sa.Column("names", JSONB, nullable=False),
    sa.Column("name", sa.Text(collation="C"), sa.Computed("names ->> 'EN'", persisted=True), nullable=False),
    text("region"),
    text("subregion"),
    word("group", RegionalGroup),
    day("signed_on"),
    day("consent_on", required=True),
    word("consent", ConsentKind),
    day("in_force_on", required=True),
    sa.Column(
        "initial_report_due_on",
        sa.Date,
        sa.Computed("(in_force_on + interval '2 years')::date", persisted=True),
        nullable=False,
    ),
    word("date_confidence", DateConfidence),
    text("note", required=False),
    cited(),
    searched("names ->> 'EN'", "names ->> 'FR'", "names ->> 'ES'", "code", "note"),
)
now(state_party, "code", unique=True, name="code_now")
ever(state_party, "code", name="code")

signatory = _version_table(
    "signatory",
    named("Signatory", text("code")),
    text("alpha2"),
    integer("m49"),
    text("name"),
    text("region"),
    text("subregion"),
    word("group", RegionalGroup),
    day("signed_on", required=True),
    boolean("still_signatory_only"),
    day("checked_on"),
    text("note", required=False),
    cited(),
)

section = _version_table(
    "section",
    named("Section", text("number")),
    text("heading"),
    text("parent_number", required=False),
    texts("articles"),
    integer("first_paragraph", required=False),
    integer("page", required=False),
    text("note", required=False),
    sa.Column("place", sa.Text(collation="C"), sa.Computed("place(number, '')", persisted=True), nullable=False),
    searched("heading", "note"),
)
now(section, "number", unique=True, name="number_now")
ever(section, "number", name="number")

article = _version_table("article", named("Article", integer("number")), text("subject"), text("summary"))
now(article, "number", unique=True, name="number_now")
ever(article, "number", name="number")

instrument = _version_table(
    "instrument",
    named("Instrument", text("code")),
    text("name"),
    text("kind"),
    text("body"),
    sa.Column("years", ARRAY(sa.Integer), nullable=False),
    text("url", required=False),
    boolean("followed"),
    text("relevance", required=False),
    text("named_in_guidelines", required=False),
    text("note", required=False),
    searched("name", "code", "body", "relevance", "note"),
)
now(instrument, "code", unique=True, name="code_now")
ever(instrument, "code", name="code")

recommendation = _version_table(
    "recommendation",
    named("Recommendation", text("code")),
    text("section_number"),
    text("title"),
    text("text"),
    text("paragraphs", required=False),
    texts("themes"),
    texts("articles"),
    sa.Column(
        "article_numbers", ARRAY(sa.Integer), sa.Computed("article_numbers(articles)", persisted=True), nullable=False
    ),
    texts("evidence_kinds"),
    boolean("digital"),
    boolean("private_sector"),
    word("strength", Strength),
    word("verification", Verification),
    text("certainty", required=False),
    text("basis", required=False),
    text("note", required=False),
    cited(),
    sa.Column(
        "place", sa.Text(collation="C"), sa.Computed("place(section_number, code)", persisted=True), nullable=False
    ),
    searched("title", "text", "code", "note"),
    sa.CheckConstraint(f"themes <@ array[{', '.join(repr(str(theme)) for theme in Theme)}]", name="themes_are_known"),
)
now(recommendation, "code", unique=True, name="code_now")
ever(recommendation, "code", name="code")

measure = _version_table(
    "measure",
    text("state_party_code"),
    word("kind", MeasureKind),
    text("title"),
    text("summary"),
    word("stated_status", MeasureStatus),
    partial_day("announced_on"),
    partial_day("adopted_on"),
    partial_day("in_force_on"),
    partial_day("ended_on"),
    text("date_basis", required=False),
    word("reported_by", Reporter),
    partial_day("reported_on"),
    text("instrument_code", required=False),
    word("consent", ConsentKind, required=False),
    texts("recommendation_codes"),
    word("confidence", Confidence),
    text("note", required=False),
    cited(),
    # the day by which each status is known to have been reached (RISKS 22), set when the version is projected
    day("announced_by"),
    day("drafted_by"),
    day("adopted_by"),
    day("in_force_by"),
    day("ended_by"),
    # the latest milestone's first and last possible day
    day("dated_earliest"),
    day("dated_latest"),
    searched("title", "summary", "note"),
    sa.CheckConstraint("cardinality(source_ids) > 0", name="cites_a_source"),
    sa.CheckConstraint("length(title) <= 500", name="title_is_short"),  # an index holds it, of 2,704 bytes at most
)
now(measure, "state_party_code", "id", name="state_party_now")
ever(measure, "state_party_code", "id", name="state_party")
# days from 2000 to the latest milestone, as lists are ordered by (schema/keyset.py): all ascending, unknown ones last
LATEST_FIRST = (
    "coalesce('2000-01-01'::date - dated_earliest, 2147483647)",
    "coalesce('2000-01-01'::date - dated_latest, 2147483647)",
    "id",
)
now(measure, *LATEST_FIRST, name="latest_first_now")
ever(measure, *LATEST_FIRST, name="latest_first")
OLDEST_FIRST = (
    "coalesce(dated_earliest - '2000-01-01'::date, 2147483647)",
    "coalesce(dated_latest - '2000-01-01'::date, 2147483647)",
    "id",
)
now(measure, *OLDEST_FIRST, name="oldest_first_now")
ever(measure, *OLDEST_FIRST, name="oldest_first")
now(measure, "title", "id", name="title_now")
now(measure, "known_from", "id", name="changed_now")
now(measure, "instrument_code", "id", name="instrument_now")
ever(measure, "instrument_code", "id", name="instrument")
now(measure, "recommendation_codes", gin=True, name="recommendations_now")
ever(measure, "recommendation_codes", gin=True, name="recommendations")

assessment = _version_table(
    "assessment",
    text("state_party_code"),
    text("assessor"),
    word("assessor_kind", Reporter),
    word("verdict", Verdict),
    text("criterion", required=False),
    text("summary", required=False),
    texts("recommendation_codes"),
    partial_day("assessed_on"),
    day("assessed_by", required=True),
    cited(),
    searched("criterion", "summary", "assessor"),
)
now(assessment, "state_party_code", "id", name="state_party_now")
ever(assessment, "state_party_code", "id", name="state_party")
now(assessment, "recommendation_codes", gin=True, name="recommendations_now")
ever(assessment, "recommendation_codes", gin=True, name="recommendations")

statement = _version_table(
    "statement",
    text("state_party_code"),
    word("kind", StatementKind),
    partial_day("made_on"),
    text("date_basis", required=False),
    texts("articles"),
    text("target_code", required=False),
    text("summary"),
    text("evidence", required=False),
    text("note", required=False),
    cited(),
    searched("summary", "note"),
)
now(statement, "state_party_code", "id", name="state_party_now")
ever(statement, "state_party_code", "id", name="state_party")

reporting_event = _version_table(
    "reporting_event",
    text("state_party_code"),
    word("kind", ReportingEventKind),
    partial_day("happened_on"),
    text("document_symbol", required=False),
    day("happened_by", required=True),
    cited(),
)
now(reporting_event, "state_party_code", "id", name="state_party_now")
ever(reporting_event, "state_party_code", "id", name="state_party")

source = _version_table(
    "source",
    word("kind", SourceKind),
    text("title"),
    text("publisher"),
    text("symbol", required=False),
    text("url", required=False),
    text("read_at", required=False),
    text("archived_url", required=False),
    partial_day("published_on"),
    day("accessed_on"),
    text("language", required=False),
    text("licence", required=False),
    searched("title", "publisher", "symbol"),
)

survivor = _version_table(
    "survivor",
    text("survivor_id"),
    sa.CheckConstraint("id <> survivor_id", name="leads_elsewhere"),
)
"""Where a merged record leads, at the end of however many merges."""
now(survivor, "survivor_id", name="survivor_now")
ever(survivor, "survivor_id", name="survivor")

coverage = sa.Table(
    "coverage_version",
    metadata,
    text("state_party_code"),
    text("recommendation_code"),
    text("place"),
    integer("known_from"),
    integer("known_to"),
    day("valid_from", required=True),
    day("valid_to", required=True),
    *word("state", CoverageState),
    text("since", required=False),
    sa.PrimaryKeyConstraint("state_party_code", "recommendation_code", "known_from", "valid_from"),
    sa.CheckConstraint("known_from < known_to", name="known_in_order"),
    sa.CheckConstraint("valid_from < valid_to", name="valid_in_order"),
)
now(coverage, "state_party_code", "place", "valid_from", "valid_to", "recommendation_code", "state", name="now")
now(coverage, "recommendation_code", "state_party_code", "valid_from", "valid_to", "state", name="recommendation_now")

# what holds from some day on for good, which is nearly every cell's state today, is counted without the rest (RISKS 24)
for side in ("state_party_code", "recommendation_code"):
    sa.Index(
        f"coverage_version_lasting_{side.removesuffix('_code')}",
        coverage.c[side],
        coverage.c.state,
        coverage.c.valid_from,
        postgresql_where=sa.text(f"known_to = {NOW} and valid_to = 'infinity'"),
    )
sa.Index(
    "coverage_version_passing",
    coverage.c.valid_to,
    coverage.c.valid_from,
    coverage.c.state_party_code,
    coverage.c.recommendation_code,
    coverage.c.state,
    postgresql_where=sa.text(f"known_to = {NOW} and valid_to < 'infinity'"),
)


def _lasting(code: str) -> sa.Table:
    """How many cells have which state now and for good, of each State party or recommendation, and since when at the latest."""
    return sa.Table(
        f"coverage_by_{code.removesuffix('_code')}",
        metadata,
        text(code),
        *word("state", CoverageState),
        integer("cells"),
        day("latest", required=True),
        sa.PrimaryKeyConstraint(code, "state"),
    )


coverage_by_state_party = _lasting("state_party_code")
coverage_by_recommendation = _lasting("recommendation_code")

known_word = sa.Table("known_word", metadata, sa.Column("word", sa.Text(collation="C"), primary_key=True))
"""Every word that search can find, so that a misspelt one can be led to its likeliest (where pg_trgm is there)."""

PROJECTIONS: dict[str, sa.Table] = {
    "STATE_PARTY": state_party,
    "SIGNATORY": signatory,
    "SECTION": section,
    "ARTICLE": article,
    "INSTRUMENT": instrument,
    "RECOMMENDATION": recommendation,
    "MEASURE": measure,
    "ASSESSMENT": assessment,
    "STATEMENT": statement,
    "REPORTING_EVENT": reporting_event,
    "SOURCE": source,
}
"""Record type → the table of its versions."""

UNSEEN = r"\u0080-\u00a0\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff"
"""Characters that cannot be seen, or turn others around: two names that look alike would be two accounts."""

account = sa.Table(
    "account",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    text("name"),
    *word("role", Role),
    sa.Column("created_at", sa.DateTime(True), nullable=False),
    sa.Column("disabled_at", sa.DateTime(True)),
    sa.Index("account_name_once", sa.text("lower(name)"), unique=True),
    sa.CheckConstraint("lower(name) <> 'seed'", name="name_is_not_the_files"),
    sa.CheckConstraint(f"name ~ '^[^[:cntrl:]@{UNSEEN}]{{1,100}}$' and name = btrim(name)", name="name_is_a_pseudonym"),
)
"""Who may submit and review. name: a pseudonym, which the log shows for good, so that it is never freed and holds no address."""

account_person = sa.Table(
    "account_person",
    metadata,
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), primary_key=True),
    text("person", required=False),
    text("issuer", required=False),
    text("subject", required=False),
    sa.UniqueConstraint("issuer", "subject", name="subject"),
    sa.CheckConstraint("(issuer is null) = (subject is null)", name="subject_is_of_an_issuer"),
    sa.CheckConstraint(
        "issuer ~ '^[!-~]+$' and length(issuer) <= 500 and subject ~ '^[ -~]{1,255}$'", name="subject_is_printable"
    ),
    sa.CheckConstraint("person ~ '^[^[:cntrl:]]+$' and length(person) <= 500", name="person_is_one_line"),
)
"""Who is behind an account, as far as the keepers need it: outside the log, and erased when it is asked for. The application's role
cannot read it. issuer, subject: by whom, and as whom, OpenID Connect knows them."""

token = sa.Table(
    "token",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    text("beginning"),
    sa.Column("created_at", sa.DateTime(True), nullable=False),
    sa.Column("expires_at", sa.DateTime(True), nullable=False),
    sa.Column("last_used_at", sa.DateTime(True)),
    sa.Column("revoked_at", sa.DateTime(True)),
    sa.Column("reads", sa.Text(collation="C"), nullable=False, server_default="ALL"),
    sa.UniqueConstraint("hash", name="hash"),
    sa.CheckConstraint("expires_at > created_at", name="expires_after_it_began"),
    sa.CheckConstraint(_one_of('"reads"', TokenReads), name="reads_is_known"),
)
"""hash: SHA-256 of the token, which is 256 random bits, so that nothing slower would protect it better; beginning: for lists.
reads: FEED: the feed of what waits for review, and nothing else."""

proposal = sa.Table(
    "proposal",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    text("author"),
    *word("state", SubmissionState),
    integer("round"),
    sa.Column("submission_id", sa.Integer, sa.ForeignKey("submission.id")),
    sa.Column("submitted_at", sa.DateTime(True), nullable=False),
    sa.Column("decided_at", sa.DateTime(True)),
    sa.UniqueConstraint("submission_id", name="submission_id"),
    sa.CheckConstraint("(state = 'PUBLISHED') = (submission_id is not null)", name="published_is_in_the_log"),
    sa.CheckConstraint(
        "(state in ('PUBLISHED', 'REJECTED', 'WITHDRAWN')) = (decided_at is not null)", name="decided_has_its_moment"
    ),
    sa.Index("proposal_waits", "id", postgresql_where=sa.text("state in ('WAITING', 'CHANGES_REQUESTED')")),
)
"""What somebody submitted, from the day they did; round: which of its proposal_rounds stands. id: kept without gaps by who
inserts."""

proposal_round = sa.Table(
    "proposal_round",
    metadata,
    sa.Column("proposal_id", sa.Integer, sa.ForeignKey("proposal.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("token_id", sa.Integer),
    text("key"),
    sa.Column("content_hash", sa.LargeBinary, nullable=False),
    text("title"),
    text("reason"),
    text("internal_note", required=False),
    boolean("rebase"),
    text("plan_hash"),
    integer("unchanged"),
    sa.Column("second_reviews", ARRAY(sa.Text), nullable=False),
    sa.Column("warnings", JSONB, nullable=False),
    sa.Column("submitted_at", sa.DateTime(True), nullable=False),
    sa.UniqueConstraint("account_id", "key", name="key"),
    sa.CheckConstraint("number > 0", name="counts_from_one"),
)
"""A submission as it was handed in, once or, after changes were asked for, again. second_reviews: why one reviewer is not
enough."""

proposed_change = sa.Table(
    "proposed_change",
    metadata,
    sa.Column("proposal_id", sa.Integer, primary_key=True),
    sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    *word("operation", Operation),
    *word("record_type", RecordType),
    text("record_id"),
    *word("kind", ChangeKind),
    integer("base_revision", required=False),
    integer("position_before", required=False),
    text("given", required=False),
    text("document"),
    text("merged_into", required=False),
    sa.Column("citations", JSONB, nullable=False),
    sa.ForeignKeyConstraint(
        ["proposal_id", "round"], ["proposal_round.proposal_id", "proposal_round.number"], name="round_exists"
    ),
    sa.UniqueConstraint("proposal_id", "round", "record_id", name="record_id"),
    sa.Index("proposed_change_record_id", "record_id"),
)
"""One change of it: the whole document after it, and, of an AMEND, the fields given; position_before: the revision it was
planned on."""

review = sa.Table(
    "review",
    metadata,
    sa.Column("proposal_id", sa.Integer, primary_key=True),
    sa.Column("round", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("token_id", sa.Integer),
    text("reviewer"),
    *word("decision", Decision),
    text("text", required=False),
    sa.Column("at", sa.DateTime(True), nullable=False),
    sa.ForeignKeyConstraint(
        ["proposal_id", "round"], ["proposal_round.proposal_id", "proposal_round.number"], name="round_exists"
    ),
    sa.CheckConstraint("decision = 'ACCEPT' or text is not null", name="says_why_not"),
    sa.Index(
        "review_accepts_once",
        "proposal_id",
        "round",
        "account_id",
        unique=True,
        postgresql_where=sa.text("decision = 'ACCEPT'"),
    ),
)

comment = sa.Table(
    "comment",
    metadata,
    sa.Column("proposal_id", sa.Integer, sa.ForeignKey("proposal.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    text("author"),
    text("text"),
    sa.Column("at", sa.DateTime(True), nullable=False),
)

error_report = sa.Table(
    "error_report",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    text("record_id"),
    text("text"),
    text("source", required=False),
    text("on_behalf_of", required=False),
    text("contact", required=False),
    sa.Column("reported_at", sa.DateTime(True), nullable=False),
    *word("state", ErrorReportState),
    text("answer", required=False),
    text("answered_by", required=False),
    sa.Column("answered_at", sa.DateTime(True)),
    sa.Column("proposal_id", sa.Integer, sa.ForeignKey("proposal.id")),
    sa.CheckConstraint(
        "char_length(text) >= 1 and char_length(text) <= 5000 and coalesce(char_length(source), 0) <= 1000"
        " and coalesce(char_length(on_behalf_of), 0) <= 200 and coalesce(char_length(contact), 0) <= 200",
        name="is_of_bounded_size",
    ),
    sa.CheckConstraint(
        "(state = 'OPEN') = (answer is null) and (answer is null) = (answered_by is null)"
        " and (answer is null) = (answered_at is null)",
        name="answered_says_what_by_whom_and_when",
    ),
    sa.CheckConstraint("proposal_id is null or state = 'ANSWERED'", name="submission_comes_of_an_answer"),
    sa.Index("error_report_waits", "id", postgresql_where=sa.text("state = 'OPEN'")),
)
"""An error that somebody pointed out, account or none. on_behalf_of: whom they say they write for, which nobody has verified;
contact: where to reach them, erased when it is asked for; proposal_id: what came of it."""

saved_query = sa.Table(
    "saved_query",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    text("content", required=False),
    text("document_hash", required=False),
    sa.Column("saved_at", sa.DateTime(True), nullable=False),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id")),
    sa.Column("withdrawn_at", sa.DateTime(True)),
    text("withdrawn_because", required=False),
    sa.CheckConstraint("id ~ '^[0-9a-f]{20}$'", name="id_is_well_formed"),
    sa.CheckConstraint(
        "content is null or id = left(encode(sha256(convert_to(content, 'UTF8')), 'hex'), 20)",
        name="id_is_of_its_content",
    ),
    sa.CheckConstraint(
        "content is null or document_hash = encode(sha256(convert_to(content::json->>'document', 'UTF8')), 'hex')",
        name="document_hash_is_of_its_document",
    ),
    sa.CheckConstraint(
        "coalesce(char_length(content), 0) <= 20000 and coalesce(char_length(withdrawn_because), 1) between 1 and 2000",
        name="is_of_bounded_size",
    ),
    sa.CheckConstraint(
        "(withdrawn_at is null) = (content is not null) and (content is null) = (document_hash is null)"
        " and (withdrawn_at is null) = (withdrawn_because is null)",
        name="withdrawn_says_why_and_nothing_else",
    ),
    sa.Index("saved_query_documents", "document_hash"),
)
"""A query that has an address, /q/ID. content: its document, variables and clock as canonical JSON (RFC 8785), whose SHA-256 begins
with the id; account_id: whose token it was saved with, if any."""

webhook = sa.Table(
    "webhook",
    metadata,
    sa.Column("id", sa.Integer, sa.Identity(always=True), primary_key=True),
    sa.Column("account_id", sa.Integer, sa.ForeignKey("account.id"), nullable=False),
    sa.Column("query_id", sa.Text(collation="C"), sa.ForeignKey("saved_query.id"), nullable=False),
    text("url"),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("secret_before", sa.LargeBinary),
    sa.Column("secret_before_until", sa.DateTime(True)),
    sa.Column("created_at", sa.DateTime(True), nullable=False),
    integer("position"),
    day("valid", required=True),
    sa.Column("next_attempt_at", sa.DateTime(True), nullable=False),
    sa.Column("leased_until", sa.DateTime(True)),
    sa.Column("disabled_at", sa.DateTime(True)),
    text("disabled_because", required=False),
    sa.CheckConstraint("url ~ '^https?://[!-~]+$' and length(url) <= 2000", name="url_is_an_address"),
    sa.CheckConstraint("octet_length(secret) = 32", name="secret_is_long"),
    sa.CheckConstraint("(secret_before is null) = (secret_before_until is null)", name="secret_before_ends"),
    sa.CheckConstraint("position >= 0", name="position_is_of_the_log"),
    sa.CheckConstraint("(disabled_at is null) = (disabled_because is null)", name="disabled_says_why"),
    sa.Index("webhook_account_id", "account_id"),
    sa.Index("webhook_due", "next_attempt_at", postgresql_where=sa.text("disabled_at is null")),
)
"""Where a saved query's differences are sent. secret: what they are signed with, so that no hash would do; secret_before: the one
before it, for a while. position, valid: the clock up to which differences are told, or on their way; leased_until: until when one
process alone looks after it."""

webhook_delivery = sa.Table(
    "webhook_delivery",
    metadata,
    sa.Column("id", sa.Text(collation="C"), primary_key=True),
    sa.Column("webhook_id", sa.Integer, sa.ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    integer("from_position"),
    integer("to_position"),
    day("from_valid", required=True),
    day("to_valid", required=True),
    sa.Column("made_at", sa.DateTime(True), nullable=False),
    *word("state", DeliveryState),
    integer("attempts"),
    sa.Column("attempted_at", sa.DateTime(True)),
    text("outcome", required=False),
    sa.CheckConstraint("0 <= from_position and from_position <= to_position", name="goes_on"),
    sa.CheckConstraint("(attempts = 0) = (attempted_at is null)", name="attempts_have_a_moment"),
    sa.Index("webhook_delivery_of", "webhook_id", "made_at"),
    sa.Index(
        "webhook_delivery_is_one_at_a_time",
        "webhook_id",
        unique=True,
        postgresql_where=sa.text("state = 'PENDING'"),
    ),
)
"""A difference that is sent, or was: between which clocks. Its words are not kept, but made anew for each attempt: what is redacted
meanwhile is not sent."""

submission_trail = sa.Table(
    "submission_trail",
    sa.MetaData(),
    text("name"),
    text("place"),
    text("state"),
    text("author"),
    text("title"),
    text("reason"),
    text("internal_note", required=False),
    sa.Column("submitted_at", sa.DateTime(True)),
    sa.Column("proposal_id", sa.Integer),
    sa.Column("round", sa.Integer),
    sa.Column("submission_id", sa.Integer),
    sa.Column("account_id", sa.Integer),
    sa.Column("second_reviews", ARRAY(sa.Text)),
    sa.Column("published_at", sa.DateTime(True)),
)
"""A view (db/rules/proposals.sql): every submission, those handed in here and what else the log has."""

KEPT_APART = frozenset(
    {
        account,
        account_person,
        token,
        proposal,
        proposal_round,
        proposed_change,
        review,
        comment,
        error_report,
        saved_query,
        webhook,
        webhook_delivery,
    }
)
"""What is neither of the log nor made from it: replaying the log does not make it. A backup has what people said of it."""

MOVING = KEPT_APART | {log_key, checkpoint}
"""What may change though nothing is published: an answer that tells of it stands for no position of the log. Of submission_trail
the public sees what was published, which stays as it is."""
