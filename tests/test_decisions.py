"""The commands retract, restore, merge and redact, as whoever keeps the record runs them."""

from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from api.decisions import COPIES
from db.embedded import Embedded
from db.verify import verify
from tests.opsc import opsc
from tests.record_documents import (
    BEGINNING,
    Document,
    amend,
    assessment,
    create,
    measure,
    published,
    size,
    source,
)

LAW, OTHER = "Measure:AAA-0001", "Measure:AAA-0002"
SAYS = measure("AAA", title="A zweifelhaft law", summary="Quatsch.")
CITED: list[Document] = [{"source": "S-2", "locator": "p. 1", "note": None}]
HISTORY = [
    *BEGINNING,
    amend(LAW, SAYS),
    create(OTHER, measure("AAA")),
    create("Source:S-2", source(title="The same source")),
    create("Assessment:X", assessment("AAA", citations=CITED)),
]
"""The law is told of at positions 7 and 8; the last position is 11."""

SAID = {"--reason": "Read again", "--author": "maria", "--reviewer": "jo"}


@pytest.fixture
async def small(empty_database: Embedded, empty: asyncpg.Connection) -> Embedded:
    """A database that holds the history above."""
    await published(empty, *HISTORY)
    return empty_database


def run(database: Embedded, *arguments: str | Path, **otherwise: str | None) -> tuple[int, str, str]:
    """Exit code, output and errors of a command that says what SAID says, or otherwise (None: nothing)."""
    said = SAID | {f"--{option}": value for option, value in otherwise.items()}
    options = [part for option, value in said.items() if value is not None for part in (option, value)]
    ran = opsc(*arguments, *options, DATABASE_URL=database.owner_url)
    return ran.returncode, ran.stdout, ran.stderr


async def last(connection: asyncpg.Connection, *columns: str, count: int = 1) -> list[tuple[Any, ...]]:
    rows = await connection.fetch(f'select {", ".join(columns)} from revision order by "position" desc limit {count}')
    return [tuple(row) for row in reversed(rows)]


async def test_a_record_is_retracted_and_restored(small: Embedded, empty: asyncpg.Connection) -> None:
    assert run(small, "retract", LAW) == (0, "Submission 2: position 12.\n", "")
    assert run(small, "restore", LAW, kind="LEARNED") == (0, "Submission 3: position 13.\n", "")
    told = await last(empty, "operation", "record_id", "kind", "reason", "author", "reviewer", "document", count=2)
    assert [row[:6] for row in told] == [
        ("RETRACT", LAW, "CORRECTED", "Read again", "maria", "jo"),
        ("RESTORE", LAW, "LEARNED", "Read again", "maria", "jo"),
    ]
    assert [orjson.loads(row[6]) for row in told] == [SAYS, SAYS]
    titles = await empty.fetch("select title from submission order by id")
    assert [row[0] for row in titles][1:] == [f"Retraction of {LAW}", f"Restoration of {LAW}"]
    assert await verify(empty) == []


async def test_a_record_is_merged(small: Embedded, empty: asyncpg.Connection) -> None:
    assert run(small, "merge", OTHER, LAW) == (0, "Submission 2: position 12.\n", "")
    assert await last(empty, "operation", "record_id", "merged_into") == [("MERGE", OTHER, LAW)]
    assert await verify(empty) == []


async def test_a_merged_source_is_cited_as_its_survivor(small: Embedded, empty: asyncpg.Connection) -> None:
    assert run(small, "merge", "Source:S-2", "Source:S-1") == (0, "Submission 2: positions 12 to 13.\n", "")
    assert await last(empty, "operation", "record_id", "kind", count=2) == [
        ("AMEND", "Assessment:X", "RECODED"),
        ("MERGE", "Source:S-2", "CORRECTED"),
    ]
    citations = await empty.fetchval("select citations from assessment_version where known_to = 2147483647")
    assert orjson.loads(citations) == [{"source": "S-1", "locator": "p. 1", "note": None}]
    assert await verify(empty) == []


async def test_what_a_record_said_is_redacted_and_leaves_the_files(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    superuser = await asyncpg.connect(small.superuser_url)
    await superuser.execute("analyze")
    assert await in_the_files(superuser, b"zweifelhaft")
    stays = tmp_path / "stays.json"
    stays.write_bytes(orjson.dumps(measure("AAA", title="A law", summary="Withheld.")))

    assert run(small, "redact", LAW, document=str(stays)) == (0, f"Submission 2: position 12.\n{COPIES}\n", "")

    assert await last(empty, "operation", "record_id", "redacts") == [("REDACT", LAW, [7, 8])]
    assert not await in_the_files(superuser, b"zweifelhaft")
    assert await verify(empty) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await empty.execute("delete from revision")
    await superuser.close()


async def test_only_the_named_revisions_are_redacted(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    stays = tmp_path / "stays.json"
    stays.write_bytes(orjson.dumps(measure("AAA", title="A law")))
    assert run(small, "redact", LAW, document=str(stays), number="2")[0] == 0
    assert await last(empty, "redacts") == [([8],)]
    assert run(small, "redact", LAW, document=str(stays), number="2") == (
        1,
        "",
        f"opsc: Revision 2 of {LAW} was redacted before: leave it out.\n",
    )
    assert run(small, "redact", LAW, document=str(stays)) == (0, f"Submission 3: position 13.\n{COPIES}\n", "")
    assert await last(empty, "redacts") == [([7, 12],)]
    assert await verify(empty) == []


async def test_who_does_not_own_the_tables_is_told_what_their_owner_has_to_do(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    stays = tmp_path / "stays.json"
    stays.write_bytes(orjson.dumps(measure("AAA")))
    ran = opsc(
        "redact", LAW, "--document", stays, *(part for said in SAID.items() for part in said), DATABASE_URL=small.url
    )
    assert (ran.returncode, ran.stdout) == (
        0,
        "Submission 2: position 12.\n"
        "The record says it no more, but its data files may still hold the words (this role does not own the tables): as the"
        " owner, run VACUUM (FULL, ANALYZE) revision, measure_version, known_word; and VACUUM (FULL) pg_catalog.pg_statistic;\n"
        f"{COPIES}\n",
    )
    assert await verify(empty) == []


REFUSED: dict[str, tuple[list[str], dict[str, str | None], str]] = {
    "an unknown record": (
        ["retract", "Measure:X"],
        {},
        "Measure:X is not in the record: ids read as Measure:PHL-0007 does.",
    ),
    "what others cite": (
        ["retract", "Source:S-2"],
        {},
        "Source:S-2 cannot be retracted while Assessment:X refers to it: amend or retract it first",
    ),
    "what stands": (["restore", OTHER], {}, f"CREATE cannot be followed by RESTORE: {OTHER}"),
    "into a source": (
        ["merge", LAW, "Source:S-1"],
        {},
        f"{LAW} cannot be merged into Source:S-1, which is of another type: name a record of the same",
    ),
    "the catalogue": (
        ["merge", "Recommendation:I-02", "Recommendation:I-01"],
        {},
        "Recommendation:I-02 cannot be merged: what has a code is the catalogue; retract it, and amend what refers to it",
    ),
    "the account of the files": (
        ["retract", LAW],
        {"author": "seed"},
        "--author seed: that is the account of the files, who decides nothing. Name a person.",
    ),
    "who reviews their own": (
        ["retract", LAW],
        {"reviewer": "maria"},
        "--author and --reviewer are both maria: somebody else is to look at it.",
    ),
    "an unknown revision": (
        ["redact", LAW],
        {"number": "9", "document": "{}"},
        f"{LAW} has no revision 9: it has 2 of them.",
    ),
    "no JSON": (["redact", LAW], {"document": "zweifelhaft"}, "stays.json is no JSON: "),
    "a list": (["redact", LAW], {"document": "[]"}, "stays.json holds no document: it is to begin with { and"),
    "a document that lacks a field": (
        ["redact", LAW],
        {"document": '{"stateParty": "AAA"}'},
        'null value in column "kind" of relation "measure_version"',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_says_in_a_line_what_to_do(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path, case: str
) -> None:
    arguments, otherwise, sentence = REFUSED[case]
    if document := otherwise.get("document"):
        (tmp_path / "stays.json").write_text(document, "utf-8")
        otherwise = {**otherwise, "document": str(tmp_path / "stays.json")}
    code, out, errors = run(small, *arguments, **otherwise)
    assert (code, out, errors.startswith("opsc: "), sentence in errors) == (1, "", True, True), errors
    assert (errors.count("\n"), "Traceback" in errors, "zweifelhaft" in errors) == (1, False, False)
    assert await size(empty) == (11, 1)


@pytest.mark.parametrize("arguments", [("retract", "Source:\udce9"), ("merge", LAW, "Measure:\udce9")])
async def test_an_id_in_another_encoding_is_refused_in_words(
    small: Embedded, empty: asyncpg.Connection, arguments: tuple[str, ...]
) -> None:
    assert run(small, *arguments) == (
        1,
        "",
        "opsc: The id is not written in UTF-8, as ids are: they look like Measure:PHL-0007.\n",
    )
    assert await size(empty) == (11, 1)


@pytest.mark.parametrize("option", ["reason", "author", "reviewer"])
async def test_what_must_be_said_must_be_said(small: Embedded, empty: asyncpg.Connection, option: str) -> None:
    code, _, errors = run(small, "retract", LAW, **{option: None})
    assert (code, f"--{option}" in errors) == (2, True)
    assert await size(empty) == (11, 1)


async def in_the_files(superuser: asyncpg.Connection, words: bytes) -> bool:
    """Whether the database's own files, as they lie on the disk, hold these bytes."""
    await superuser.execute("checkpoint")
    place = await superuser.fetchval(
        "select current_setting('data_directory') || '/base/' || oid from pg_database where datname = current_database()"
    )
    return _holds(Path(place), words)


def _holds(folder: Path, words: bytes) -> bool:
    return any(words in file.read_bytes() for file in folder.iterdir())


@pytest.mark.parametrize(
    ("option", "said", "sentence"),
    [
        ("reason", " ", "--reason stands in the public log for good: one line, not blank"),
        ("author", "", "--author stands in the public log for good"),
        ("reviewer", "jo\njo", "--reviewer stands in the public log for good"),
        ("reviewer", "j" * 101, "100 characters at most"),
        ("reviewer", " MARIA", "somebody else is to look at it"),
        # bytes of another encoding, as the command line passes them on
        *((option, "Caf\udce9", f"--{option} is not written in UTF-8") for option in ("reason", "author", "reviewer")),
    ],
)
async def test_what_is_said_for_good_is_one_line_of_two_people(
    small: Embedded, empty: asyncpg.Connection, option: str, said: str, sentence: str
) -> None:
    before = await size(empty)
    code, _, errors = run(small, "retract", LAW, **{option: said})
    assert (code, sentence in errors) == (1, True), errors
    assert await size(empty) == before
