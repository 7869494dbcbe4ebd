"""The commands retract, restore, merge and redact, as whoever keeps the record runs them."""

from pathlib import Path
from typing import Any

import asyncpg
import orjson
import pytest

from api.commands.decisions import COPIES
from db.embedded import Embedded
from db.verify import verify
from tests.maintainers import amended, maintainers
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
    words = tmp_path / "words.json"
    words.write_bytes(orjson.dumps({"title": "A law", "summary": "Withheld.", "note": "Withheld."}))

    assert run(small, "redact", LAW, words=str(words)) == (0, f"Submission 2: position 12.\n{COPIES}\n", "")

    assert await last(empty, "operation", "record_id", "redacts") == [("REDACT", LAW, [7, 8])]
    assert orjson.loads((await last(empty, "document"))[0][0]) == measure("AAA", title="A law", summary="Withheld.")
    assert not await in_the_files(superuser, b"zweifelhaft")
    assert await verify(empty) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await empty.execute("delete from revision")
    await superuser.close()


# ── What is said of submissions ─────────────────────────────────────────────────────────────────────────────────────────


SAID_OF_IT = "query ($id: ID!) { submission(id: $id) { internalNote comments { text } reviews { text } } }"
COMMENT = "mutation ($input: CommentInput!) { comment(input: $input) { refusals { code } } }"


async def test_what_was_said_of_a_submission_is_withheld(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    words = tmp_path / "words.json"
    owner = await asyncpg.connect(small.owner_url)
    async with maintainers(small) as people:
        name = "Submission:P1"
        await people.ana.submits(amended(LAW, 2, note="Ours"), internalNote="zweifelhaft A")
        await people.ben.reviews(name, "REQUEST_CHANGES", "Say more.")
        await people.ana.submits(amended(LAW, 2, note="Mine"), submission=name, internalNote="zweifelhaft B")
        await people.cara.reviews(name, "REJECT", "zweifelhaft C")
        for text in ("Stays.", "zweifelhaft D"):
            await people.ana.gets(COMMENT, input={"submission": name, "text": text})

        for said, refused in (
            (
                {"comments[1]": None, "comments[2]": None},
                "opsc: Submission:P1 has no comments[2], or it is withheld already.\n",
            ),
            (
                {"comments[1]": None, "title": None},
                "opsc: title is nothing of Submission:P1 that can be withheld: internalNote,",
            ),
            (
                {"comments[1]": "Other words"},
                "opsc: comments[1]: what others said is not reworded, but withheld as a whole.",
            ),
        ):
            words.write_bytes(orjson.dumps(said))
            code, _, errors = run(small, "redact", name, words=str(words))
            assert (code, errors[: len(refused)]) == (1, refused)
        words.write_bytes(orjson.dumps({"internalNote": None, "comments[1]": None, "reviews[1]": None}))
        told = f"Withheld of {name}: internalNote, comments[1], reviews[1].\n{COPIES}\n"
        assert run(small, "redact", name, words=str(words)) == (0, told, "")

        withheld = "(Withheld by maria, seen by jo: Read again)"
        assert (await people.ana.gets(SAID_OF_IT, id=name))["submission"] == {
            "internalNote": withheld,
            "comments": [{"text": "Stays."}, {"text": withheld}],
            "reviews": [{"text": "Say more."}, {"text": withheld}],
        }
    superuser = await asyncpg.connect(small.superuser_url)
    for table, column, text in (
        ("comment", "text", "Other words"),
        ("comment", "author", withheld),
        ("review", "text", "(Withheld)"),
        ("review", "decision", "ACCEPT"),
        ("proposal_round", "internal_note", ""),
        ("proposal_round", "reason", withheld),
    ):
        for role in (owner, superuser):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="history is added, never edited"):
                await role.execute(f"update {table} set {column} = $1", text)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await empty.execute(f"update {table} set {column} = $1", withheld)
    notes = await owner.fetch("select internal_note from proposal_round")
    assert [row[0] for row in notes] == [withheld, withheld]
    await superuser.close()
    await owner.close()


async def test_only_the_named_revisions_are_redacted(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    words = tmp_path / "words.json"
    words.write_text('{"summary": "Withheld."}', "utf-8")
    assert run(small, "redact", LAW, words=str(words), number="2") == (
        0,
        f"Submission 2: position 12.\nNot redacted of {LAW}: what revision 1 says.\n{COPIES}\n",
        "",
    )
    assert await last(empty, "redacts") == [([8],)]
    assert run(small, "redact", LAW, words=str(words), number="2") == (
        1,
        "",
        f"opsc: Revision 2 of {LAW} was redacted before: leave it out.\n",
    )
    assert run(small, "redact", LAW, words=str(words))[0] == 0
    assert await last(empty, "redacts") == [([7],)]
    assert run(small, "redact", LAW, words=str(words)) == (
        1,
        "",
        f"opsc: No revision of {LAW} says anything other than that.\n",
    )
    assert await verify(empty) == []


async def test_words_go_from_revisions_that_differ_in_facts_and_the_facts_stay(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    """Each revision keeps its own State, status, dates, sources: one redaction for all that are left alike."""
    in_force = {**SAYS, "status": "IN_FORCE", "inForceOn": "2012-05", "citations": CITED}
    await published(empty, amend(LAW, in_force), amend(LAW, {**in_force, "title": "A law"}))
    words = tmp_path / "words.json"
    words.write_bytes(orjson.dumps({"title": "A law", "citations": [{"source": "S-2", "locator": "Withheld."}]}))
    code, out, _ = run(small, "redact", LAW, words=str(words))
    assert (code, out.splitlines()[:2]) == (
        0,
        ["Submission 3: positions 14 to 15.", f"Not redacted of {LAW}: what revision 1 says."],
    )
    left = [orjson.loads(row[1]) | {"redacts": row[0]} for row in await last(empty, "redacts", "document", count=2)]
    locator = [{**CITED[0], "locator": "Withheld."}]
    assert left == [
        {**SAYS, "title": "A law", "redacts": [8]},
        {**in_force, "title": "A law", "citations": locator, "redacts": [12, 13]},
    ]
    assert await verify(empty) == []


async def test_what_comes_back_cites_what_its_sources_were_merged_into(
    small: Embedded, empty: asyncpg.Connection
) -> None:
    assert run(small, "retract", "Assessment:X")[0] == 0
    assert run(small, "merge", "Source:S-2", "Source:S-1")[0] == 0
    assert run(small, "restore", "Assessment:X") == (0, "Submission 4: position 14.\n", "")
    assert [one["source"] for one in orjson.loads((await last(empty, "document"))[0][0])["citations"]] == ["S-1"]
    assert await verify(empty) == []


async def test_who_does_not_own_the_tables_is_told_what_their_owner_has_to_do(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    words = tmp_path / "words.json"
    words.write_text('{"title": "A law", "summary": "Withheld."}', "utf-8")
    ran = opsc(
        "redact", LAW, "--words", words, *(part for said in SAID.items() for part in said), DATABASE_URL=small.url
    )
    assert (ran.returncode, ran.stdout) == (
        0,
        "Submission 2: position 12.\n"
        "The record says it no more, but its data files may still hold the words (this role does not own the tables): as the"
        " owner, run VACUUM (FULL, ANALYZE) revision, measure_version, known_word, proposed_change; and VACUUM (FULL)"
        " pg_catalog.pg_statistic;\n"
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
        {"number": "9", "words": '{"note": null}'},
        f"{LAW} has no revision 9: it has 2 of them.",
    ),
    "no JSON": (["redact", LAW], {"words": "zweifelhaft"}, "words.json is no JSON: "),
    "a list": (["redact", LAW], {"words": "[]"}, "words.json holds no words by field, as {"),
    "what is not words": (
        ["redact", LAW],
        {"words": '{"status": "DRAFTED"}'},
        f"status is not among the words of {LAW}, which alone can be redacted: title, summary, dateBasis, note, citations. What",
    ),
    "a number for words": (["redact", LAW], {"words": '{"title": 7}'}, "leaves in title something other than words"),
    "no title": (
        ["redact", LAW],
        {"words": '{"title": null}'},
        "The title of a measure must say something: it is missing.",
    ),
    "citations in a word": (["redact", LAW], {"words": '{"citations": "x"}'}, "citations is to be a list as [{"),
    "a character that cannot be kept": (
        ["redact", LAW],
        {"words": '{"title": "a\\u0000b"}'},
        "holds the character U+0000",
    ),
    "another State's": (["merge", LAW, "Measure:BBB-1"], {}, "it is of AAA, and the other of BBB"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_says_in_a_line_what_to_do(
    small: Embedded, empty: asyncpg.Connection, tmp_path: Path, case: str
) -> None:
    arguments, otherwise, sentence = REFUSED[case]
    if words := otherwise.get("words"):
        (tmp_path / "words.json").write_text(words, "utf-8")
        otherwise = {**otherwise, "words": str(tmp_path / "words.json")}
    if "Measure:BBB-1" in arguments:
        await published(empty, create("Measure:BBB-1", measure("BBB")))
    before = await size(empty)
    code, out, errors = run(small, *arguments, **otherwise)
    assert (code, out, errors.startswith("opsc: "), sentence in errors) == (1, "", True, True), errors
    assert (errors.count("\n"), "Traceback" in errors, "zweifelhaft" in errors) == (1, False, False)
    assert await size(empty) == before


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
