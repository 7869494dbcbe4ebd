"""A backup is the log and what people said; restored, it makes the same record, to the last row, by the same rules; altered, it
makes nothing."""

import asyncio
import gzip
import hashlib
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import orjson
import pytest

from db import accounts, backup
from db.backup import BackupRefused, Head, back_up, inspect, require_empty, restore
from db.checkpoints import rotate
from db.embedded import Embedded
from db.saved_queries import Query, save, withdraw
from db.signed_note import PrivateKey
from db.tables import KEPT_APART, account_person, metadata
from db.verify import verify
from seed.load import seed
from tests.conftest import cloned
from tests.histories import History
from tests.maintainers import Maintainer, Maintainers, amended, maintainers
from tests.opsc import folder, opsc, serving
from tests.oracle.history import connected
from tests.record_documents import BEGINNING, create, measure, published, retract, source
from tests.served import served
from tests.test_error_reports import answers, reports
from tests.test_serve import answered
from tests.test_verify_log import Signer, root_of

Lines = list[dict[str, Any]]


@pytest.fixture
def elsewhere(administrator: asyncpg.Connection, server: Embedded, migrated_template: str) -> Callable[[], Any]:
    """Makes empty databases to restore into, each with a connection of its owner."""

    @asynccontextmanager
    async def made() -> AsyncIterator[asyncpg.Connection]:
        async with cloned(administrator, server, migrated_template) as database:
            connection = await asyncpg.connect(database.owner_url)
            yield connection
            await connection.close()

    return made


async def contents(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """Every row of every table, but of who is behind accounts: that the application cannot read."""
    return {
        table.name: [
            row[0]
            for row in await connection.fetch(f'select t::text from "{table.name}" t order by t::text collate "C"')
        ]
        for table in metadata.sorted_tables
        if table is not account_person
    }


async def with_history(database: Embedded, connection: asyncpg.Connection) -> None:
    for _, changes in History(11).submissions(30):
        await published(connection, *changes)
    # a gap in the submissions' numbers
    with pytest.raises(asyncpg.PostgresError):
        await connection.execute("select publish('t', 'r', 'maria', 'maria', '{}', '{}', '{}', '{}', '{}', '{}')")
    keys = [PrivateKey.new("opsc.example") for _ in range(2)]
    await published(connection, create("Source:LAST-1", source()), title="“Última”\n€ 😀", signer=keys[0])
    async with connected(database.owner_url) as owner:
        await rotate(owner, *keys)
    await published(connection, create("Source:LAST-2", source()), signer=keys[1])


def lines_of(file: Path) -> Lines:
    with gzip.open(file) as lines:
        return [orjson.loads(line) for line in lines]


def bytes_of(file: Path) -> bytes:
    return file.read_bytes()


def written(file: Path, lines: Lines) -> Path:
    """A backup of these lines, with a foot that fits them: somebody who alters one knows how it is made."""
    text = b"".join(orjson.dumps(line) + b"\n" for line in lines[:-1])
    foot = orjson.dumps({"sha256": hashlib.sha256(text).hexdigest()}) + b"\n"
    file.write_bytes(gzip.compress(text + foot))
    return file


# ── There and back ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_restored_record_is_the_same_in_every_row(
    empty_database: Embedded, empty: asyncpg.Connection, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    await with_history(empty_database, empty)
    file = tmp_path / "record.backup"
    head = await back_up(empty, file)
    assert head.root_hash == root_of([row[0].encode() for row in await empty.fetch(ENVELOPES)]).hex()
    assert stat.S_IMODE((await asyncio.to_thread(file.stat)).st_mode) == 0o600
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == [file]
    async with elsewhere() as restored:
        assert inspect(file) == await restore(restored, file) == head
        assert await contents(restored) == await contents(empty)
        assert await verify(restored) == []
        await back_up(restored, tmp_path / "again")
        assert lines_of(tmp_path / "again")[1:-1] == lines_of(file)[1:-1]
        # the log goes on where it was
        last = await empty.fetchrow('select max("position"), max(submission_id) from revision')
        there = await published(restored, create("Source:X", source()))
        assert last
        assert (there.first, there.submission) == (last[0] + 1, last[1] + 1)
        assert await verify(restored) == []


ENVELOPES = 'select envelope from revision order by "position"'


async def test_the_seeded_record_comes_back_and_has_nothing_left_to_seed(
    seeded: asyncpg.Connection, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    await back_up(seeded, tmp_path / "record.backup")
    async with elsewhere() as restored:
        await restore(restored, tmp_path / "record.backup")
        assert await contents(restored) == await contents(seeded)
        assert await seed(restored) is None


async def test_an_empty_record_comes_back_empty(
    empty: asyncpg.Connection, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    await back_up(empty, tmp_path / "record.backup")
    async with elsewhere() as restored:
        await restore(restored, tmp_path / "record.backup")
        assert (await published(restored, create("Source:X", source()))).submission == 1


SAID = ["account", "proposal", "proposal_round", "proposed_change", "review", "comment", "error_report", "saved_query"]

APART = {"account_person", "token", "webhook", "webhook_delivery"}
"""Of people: no file that somebody keeps is to tell who they are, or to let anybody in."""


async def test_every_table_is_backed_up_or_kept_from_what_is() -> None:
    """A new table is to be in one of the two: here it is decided which."""
    assert [table.name for table in backup.KEPT] == ["submission", "revision", "log_key", "checkpoint", *SAID]
    rest = {table.name for table in metadata.sorted_tables} - {table.name for table in backup.KEPT}
    assert {name for name in rest if not name.endswith("_version")} == {
        "coverage_by_recommendation",
        "coverage_by_state_party",
        "known_word",
        "tree_node",
        *APART,
    }
    assert {table.name for table in KEPT_APART} == {*SAID, *APART}


async def test_a_backup_made_while_others_publish_is_a_beginning_of_the_log(
    seeded: asyncpg.Connection, seeded_url: str, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    other = await asyncpg.connect(seeded_url)
    done = asyncio.Event()

    async def go_on() -> None:
        number = 0
        while not done.is_set():
            number += 1
            await published(other, *[create(f"Source:N{number}-{one}", source()) for one in range(3)])

    publishing = asyncio.create_task(go_on())
    sizes: list[int] = []
    try:
        while len(set(sizes)) < 3:
            assert not publishing.done()
            file = tmp_path / str(len(sizes))
            sizes.append((await back_up(seeded, file)).size)
            assert inspect(file).size == sizes[-1]
    finally:
        done.set()
        await publishing
    assert sizes == sorted(sizes)
    async with elsewhere() as restored:
        await restore(restored, file)
        rows = 'select r::text from revision r where "position" <= $1 order by "position"'
        assert await restored.fetch(rows, 10**9) == await seeded.fetch(rows, sizes[-1])
    await other.close()


async def test_a_backup_is_never_written_over_and_leaves_nothing_where_it_fails(
    empty: asyncpg.Connection, empty_database: Embedded, tmp_path: Path
) -> None:
    await published(empty, *BEGINNING)
    (tmp_path / "there").write_text("mine")
    with pytest.raises(BackupRefused, match="is there already, and a backup is never written over"):
        await back_up(empty, tmp_path / "there")
    superuser = await asyncpg.connect(empty_database.superuser_url)
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute("alter table revision drop constraint revision_leaf_is_envelope")
    await superuser.execute("update revision set envelope = replace(envelope, 'maria', 'marta') where \"position\" = 7")
    await superuser.close()
    with pytest.raises(BackupRefused, match="does not agree with itself, so it was not backed up: run opsc verify"):
        await back_up(empty, tmp_path / "new")
    assert [(file.name, file.read_text()) for file in await asyncio.to_thread(lambda: [*tmp_path.iterdir()])] == [
        ("there", "mine")
    ]


# ── Altered ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def small(empty: asyncpg.Connection, tmp_path: Path) -> Path:
    """A backup of a record of nine revisions, in two submissions."""
    await published(empty, *BEGINNING)
    await published(empty, create("Source:S-2", source()), retract("Measure:AAA-0001", measure("AAA")))
    await back_up(empty, tmp_path / "small")
    return tmp_path / "small"


async def refused(elsewhere: Callable[[], Any], file: Path, *checkpoints: Path) -> str:
    """How it is refused to be restored; nothing is written then."""
    async with elsewhere() as connection:
        before = await contents(connection)
        with pytest.raises(BackupRefused) as refusal:
            await restore(connection, file, checkpoints)
        assert await contents(connection) == before
        assert (await published(connection, create("Source:X", source()))).submission == 1
        return str(refusal.value)


async def test_a_backup_cut_off_anywhere_is_refused(small: Path, elsewhere: Callable[[], Any], tmp_path: Path) -> None:
    whole, cut = bytes_of(small), tmp_path / "cut"
    for length in [*range(0, len(whole), 97), len(whole) - 9, len(whole) - 1]:
        cut.write_bytes(whole[:length])
        with pytest.raises(BackupRefused, match="is no whole backup"):
            inspect(cut)
    assert "is no whole backup" in await refused(elsewhere, cut)
    lines = lines_of(small)
    cut.write_bytes(gzip.compress(b"".join(orjson.dumps(line) + b"\n" for line in lines[:-1])))
    assert "is no whole backup" in await refused(elsewhere, cut)


async def test_a_backup_with_any_byte_changed_is_refused(small: Path, tmp_path: Path) -> None:
    whole = bytes_of(small)
    for place in range(10, len(whole), 101):
        changed = bytearray(whole)
        changed[place] ^= 0x10
        with suppress(Exception):
            if gzip.decompress(changed) == gzip.decompress(whole):
                continue  # a bit that pads
        (tmp_path / "changed").write_bytes(changed)
        with pytest.raises(BackupRefused, match="is no whole backup"):
            inspect(tmp_path / "changed")


def _revision(lines: Lines, position: int) -> dict[str, Any]:
    found: dict[str, Any] = next(
        line["revision"] for line in lines if "revision" in line and line["revision"]["position"] == position
    )
    return found


def _leave_out(lines: Lines, position: int) -> None:
    lines[:] = [line for line in lines if line.get("revision", {}).get("position") != position]
    lines[0]["size"] -= 1
    lines[0]["rows"]["revision"] -= 1


ALTERED: dict[str, tuple[Callable[[Lines], Any], str]] = {
    "another envelope": (
        lambda lines: _revision(lines, 7).update(envelope=_revision(lines, 7)["envelope"].replace("maria", "marta")),
        "is no whole backup",
    ),
    "another root hash": (lambda lines: lines[0].update(root_hash="00" * 32), "is no whole backup"),
    "another size": (lambda lines: lines[0].update(size=8), "is no whole backup"),
    "more rows than told": (lambda lines: lines[0]["rows"].update(submission=1), "is no whole backup"),
    "a revision left out": (lambda lines: _leave_out(lines, 7), "is no whole backup"),
    "two revisions exchanged": (
        lambda lines: lines.insert(5, lines.pop(6)),
        "is no whole backup",
    ),
    "a table that is none": (lambda lines: lines.insert(1, {"known_word": {"word": "law"}}), "is no whole backup"),
    "a column that is none": (lambda lines: _revision(lines, 7).update(colour="red"), "is no whole backup"),
    "a salt that is none": (lambda lines: _revision(lines, 7).update(salt="xy"), "is no whole backup"),
    "another format": (
        lambda lines: lines[0].update(format=3),
        "was made by a newer program (format 3, ",
    ),
    "a later schema": (
        lambda lines: lines[0].update(schema="9999_later"),
        "was made by a newer program (format 2, schema 9999_later) than this one",
    ),
    "another document": (
        lambda lines: _revision(lines, 7).update(document=_revision(lines, 7)["document"].replace("A law", "A lie")),
        "breaks a rule of the record: new row for relation",
    ),
    "another author than the envelope's": (
        lambda lines: _revision(lines, 7).update(author="marta"),
        "breaks a rule of the record: revision 1 of Measure:AAA-0001 breaks the rule envelope_tells_the_columns",
    ),
    "another salt": (
        lambda lines: _revision(lines, 7).update(salt="00" * 32),
        "breaks a rule of the record: new row for relation",
    ),
    "a submission unreviewed": (
        lambda lines: lines[1]["submission"].update(reviewer=None),
        "breaks a rule of the record: new row for relation",
    ),
    "a submission at another moment": (
        lambda lines: lines[1]["submission"].update(published_at="2020-01-01T00:00:00.000000+00:00"),
        "breaks the rule moments_never_go_back",
    ),
}


@pytest.mark.parametrize("case", ALTERED)
async def test_a_backup_that_somebody_altered_is_refused_and_nothing_written(
    small: Path, elsewhere: Callable[[], Any], tmp_path: Path, case: str
) -> None:
    alter, sentence = ALTERED[case]
    lines = lines_of(small)
    alter(lines)
    assert sentence in await refused(elsewhere, written(tmp_path / "altered", lines))


async def test_a_log_that_could_not_have_come_about_is_refused_though_its_hashes_fit(
    small: Path, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    """Somebody who rewrites envelopes, leaves and root, too, still has the log's rules before them."""
    lines = lines_of(small)
    changed = _revision(lines, 7)
    changed["operation"] = "AMEND"
    changed["envelope"] = changed["envelope"].replace('"CREATE"', '"AMEND"')
    changed["leaf_hash"] = hashlib.sha256(b"\0" + changed["envelope"].encode()).hexdigest()
    lines[0]["root_hash"] = root_of(
        [line["revision"]["envelope"].encode() for line in lines if "revision" in line]
    ).hex()
    told = await refused(elsewhere, written(tmp_path / "altered", lines))
    assert told.endswith("breaks a rule of the record: nothing cannot be followed by AMEND: Measure:AAA-0001")


async def test_a_kept_checkpoint_tells_the_right_backup_from_others(
    small: Path, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    envelopes = [line["revision"]["envelope"].encode() for line in lines_of(small) if "revision" in line]
    signer, kept = Signer(), tmp_path / "kept"
    kept.mkdir()
    for size in (0, 4, 9):
        (kept / f"{size}").write_text(signer.note(size, root_of(envelopes[:size])))
    async with elsewhere() as connection:
        assert (await restore(connection, small, [kept])).size == 9
    (tmp_path / "other").write_text(signer.note(4, root_of(envelopes[1:5])))
    told = await refused(elsewhere, small, tmp_path / "other")
    assert told.startswith(f"The backup is not of the log that the checkpoint {tmp_path}/other was signed for")
    (tmp_path / "later").write_text(signer.note(10, root_of(envelopes)))
    assert "was signed for 10 revisions, and the backup has 9" in await refused(elsewhere, small, tmp_path / "later")
    (tmp_path / "nothing").write_text("nothing")
    with pytest.raises(BackupRefused, match="it is no checkpoint"):
        inspect(small, [tmp_path / "nothing"])


async def test_it_is_restored_into_an_empty_record_alone(
    small: Path, empty: asyncpg.Connection, empty_database: Embedded
) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    before = await contents(empty)
    with pytest.raises(
        BackupRefused, match="This record is not empty, and a backup is only restored into an empty one"
    ):
        await restore(owner, small)
    assert await contents(empty) == before
    await owner.close()


# ── What people said ────────────────────────────────────────────────────────────────────────────────────────────────────


LAW = "Measure:AAA-0001"

COMMENT = "mutation ($input: CommentInput!) { comment(input: $input) { refusals { code } } }"

WITHDRAW = "mutation ($input: WithdrawInput!) { withdraw(input: $input) { refusals { code } } }"

LISTED = """
{ submissions(first: 20) { nodes { id title reason internalNote state author submittedAt token needs citations { locator }
    plan { hash submittedAt differences { recordId sentence fieldChanges { field before after } } warnings { message } }
    reviews { reviewer decision text at token } comments { author text at } revisions { position } } }
  errorReports(first: 20) { nodes {
    id recordId text source onBehalfOf reportedAt state answer answeredBy answeredAt submission { id } } } }
"""


async def with_people(people: Maintainers, owner: asyncpg.Connection) -> None:
    """Submissions in every state, error reports, saved queries; an admin who was to be none later, an account that was disabled."""
    ana, ben, cara, dora, anybody = people.ana, people.ben, people.cara, people.dora, people.anybody
    await published(owner, *BEGINNING)
    done = await ana.submits(amended(LAW, note="First"), internalNote="Seen in the gazette.")
    assert done["submission"]["id"] == "Submission:P1"
    await ben.gets(COMMENT, input={"submission": "Submission:P1", "text": "“Bien”,\n€ 😀"})
    await ben.reviews("Submission:P1")
    assert (await cara.reviews("Submission:P1"))["submission"]["state"] == "PUBLISHED"
    for name, note in (("P2", "Waits"), ("P3", "Rejected"), ("P4", "To be changed"), ("P5", "Withdrawn")):
        assert (await ana.submits(amended(LAW, 2, note=note)))["submission"]["id"] == f"Submission:{name}"
    await ben.gets(COMMENT, input={"submission": "Submission:P2", "text": "I will look."})
    await ben.reviews("Submission:P3", "REJECT", "It is not so.")
    await ben.reviews("Submission:P4", "REQUEST_CHANGES", "Say more.")
    await ana.submits(amended(LAW, 2, note="Changed"), submission="Submission:P4")
    await cara.reviews("Submission:P4", "REQUEST_CHANGES", "Still more.")
    await ana.gets(WITHDRAW, input={"submission": "Submission:P5", "reason": "It was P2 again."})
    await dora.submits(amended(LAW, 2, summary="It is an act."))
    alone = await dora.reviews("Submission:P6", text="All others are away.")
    assert alone["submission"]["state"] == "PUBLISHED"
    for text in ("It is of 2010.", "It is no law.", "It was never in force."):
        await reports(anybody, record=LAW, text=text, source="https://law.example/1", contact="where-to-reach-us")
    assert (await answers(ben, "ErrorReport:1", cite=True))["submission"]["id"] == "Submission:P7"
    await answers(ben, "ErrorReport:2", "DISMISSED")
    for query in (Query("{ clock { position } }\n", {}), Query("{ clock { valid } }\n", {}, position=1)):
        assert await save(owner, query, 1)
    await withdraw(owner, query.id, "It was invented for tests.")
    await accounts.change_role(owner, "dora", "CONTRIBUTOR")
    await accounts.disable(owner, "cara")


async def said(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """All that is to come back: not the tokens, nor where to reach who pointed out an error."""
    rows = await contents(connection)
    del rows["token"]
    reported = await connection.fetch("select to_jsonb(e) - 'contact' as row from error_report e order by id")
    return rows | {"error_report": [row["row"] for row in reported]}


class OfPeople(NamedTuple):
    """A backup, its head, and what was said and listed when it was made."""

    file: Path
    head: Head
    said: dict[str, list[str]]
    listed: Any


@pytest.fixture(scope="module")
async def of_people(
    administrator: asyncpg.Connection,
    server: Embedded,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> OfPeople:
    file = tmp_path_factory.mktemp("people") / "record.backup"
    async with cloned(administrator, server, migrated_template) as database, maintainers(database) as people:
        async with connected(database.owner_url) as owner:
            await with_people(people, owner)
            before = await said(owner)
        async with connected(database.url) as application:
            return OfPeople(file, await back_up(application, file), before, await people.ben.gets(LISTED))


async def test_what_people_said_comes_back_and_goes_on(
    of_people: OfPeople, administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> None:
    file, head, before, listed = of_people
    states = [row["proposal"]["state"] for row in lines_of(file) if "proposal" in row]
    assert states == ["PUBLISHED", "WAITING", "REJECTED", "CHANGES_REQUESTED", "WITHDRAWN", "PUBLISHED", "WAITING"]
    assert [head.rows[table] for table in SAID] == [4, 7, 8, 9, 6, 3, 3, 2]
    assert b"where-to-reach-us" not in gzip.decompress(bytes_of(file))
    async with (
        cloned(administrator, server, migrated_template) as database,
        connected(database.owner_url) as owner,
        served(database.url) as client,
    ):
        assert await restore(owner, file) == head
        assert await said(owner) == before
        assert await verify(owner) == []
        assert (
            await owner.fetch("select from token")
            == await owner.fetch("select contact from error_report where contact > ''")
            == []
        )
        # nobody can use an account before it has a new token, which is numbered after those that somebody used
        token = (await accounts.create_token(owner, "ben"))[0]
        ben, anybody = Maintainer("ben", client, token), Maintainer("anybody", client)
        last = max(row["review"]["token_id"] for row in lines_of(file) if "review" in row)
        assert await owner.fetchval("select id from token") == last + 1
        assert await ben.gets(LISTED) == listed
        # it goes on where it was
        ana = Maintainer("ana", client, (await accounts.create_token(owner, "ana"))[0])
        assert (await ana.published(ben, amended(LAW, 3, note="After")))["submission"]["id"] == "Submission:P8"
        assert (await reports(anybody, record=LAW))["report"]["id"] == "ErrorReport:4"
        assert await accounts.add(owner, "emil", "CONTRIBUTOR") == 5
        with pytest.raises(BackupRefused, match="This record is not empty"):
            await require_empty(owner)


SAID_OTHERWISE: dict[str, tuple[str, dict[str, Any], str]] = {
    "published unreviewed": (
        "review",
        {"decision": "REJECT", "text": "No."},
        "Submission:P1 cannot be published: 2 acceptances by others are needed",
    ),
    "published as somebody else's": ("proposal", {"author": "ben"}, "Submission:P1 cannot be published"),
    "of an account that is none": ("comment", {"account_id": 9}, "violates foreign key constraint"),
    "rejected at no moment": (
        "proposal",
        {"state": "REJECTED", "submission_id": None, "decided_at": None},
        "decided_has_its_moment",
    ),
    "of a record that is none": (
        "error_report",
        {"record_id": "Measure:ZZZ-0001"},
        "Measure:ZZZ-0001 is not in the record",
    ),
    "in another role": ("account", {"role": "OWNER"}, "account_role_is_known"),
    "answered with a number": ("error_report", {"answer": 7}, "invalid input for query argument"),
    "with a contact": ("error_report", {"contact": "where-to-reach-us"}, "is no whole backup"),
}


@pytest.mark.parametrize("case", SAID_OTHERWISE)
async def test_what_nobody_could_have_said_is_refused(
    of_people: OfPeople, elsewhere: Callable[[], Any], tmp_path: Path, case: str
) -> None:
    table, otherwise, sentence = SAID_OTHERWISE[case]
    lines = lines_of(of_people.file)
    next(line[table] for line in lines if table in line).update(otherwise)
    assert sentence in await refused(elsewhere, written(tmp_path / "altered", lines))


async def test_a_backup_from_before_people_were_in_it_is_still_restored(
    small: Path, elsewhere: Callable[[], Any], tmp_path: Path
) -> None:
    lines = lines_of(small)
    lines[0] |= {"format": 1, "rows": {"submission": 2, "revision": 9, "log_key": 0, "checkpoint": 0}}
    async with elsewhere() as restored:
        assert (await restore(restored, written(tmp_path / "old", lines))).size == 9
        assert await accounts.add(restored, "ana", "CONTRIBUTOR") == 1


# ── By the command line ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_by_commands_a_record_is_backed_up_restored_verified_and_served(
    seeded_database: Embedded, seeded: asyncpg.Connection, tmp_path: Path
) -> None:
    await published(seeded, create("Source:OURS", source()))
    async with connected(seeded_database.owner_url) as owner:
        await accounts.add(owner, "ana", "CONTRIBUTOR", "Somebody")
    file = tmp_path / "record.backup"
    told = await asyncio.to_thread(opsc, "backup", file, DATABASE_URL=seeded_database.owner_url)
    assert (told.returncode, told.stdout.partition(". Root")[0]) == (0, f"4,728 positions are in {file}"), told
    again = await asyncio.to_thread(opsc, "backup", file, DATABASE_URL=seeded_database.owner_url)
    assert (again.returncode, again.stderr.splitlines()[-1].startswith(f"opsc: {file} is there already")) == (1, True)
    await asyncio.to_thread(_restored, file, told.stdout.rpartition(" ")[2])
    refused = await asyncio.to_thread(opsc, "restore", file, DATABASE_URL=seeded_database.owner_url)
    assert (refused.returncode, "This record is not empty" in refused.stderr) == (1, True), refused
    assert await seeded.fetchval("select count(*) from revision") == 4728


def _restored(file: Path, root_hash: str) -> None:
    with folder() as data:
        told = opsc("restore", file, "--data", data)
        assert (told.returncode, told.stdout) == (0, f"4,728 positions are restored. Root hash: {root_hash}"), told
        assert (
            "opsc: No backup holds tokens or who is behind accounts. Accounts restored: 1; nobody can use one before opsc token"
            " create NAME makes it a new token. opsc account list tells their names.\n"
        ) in told.stderr
        listed = opsc("account", "list", "--data", data)
        assert ("ana" in listed.stdout, "Somebody" in listed.stdout) == (True, False), listed
        told = opsc("verify", "--data", data)
        assert (told.returncode, told.stdout) == (0, "Checked 4,728 positions and 4,728 records: all agree.\n"), told
        with serving("--data", data, "--port", "0") as server:
            assert answered(server.address()) == 178
            assert not any(line.startswith("publishing") for line in server.errors)


def test_what_is_no_backup_is_told_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("nothing")
    for file, sentence in ((tmp_path / "file", "is no whole backup"), (tmp_path / "none", "No such file or directory")):
        told = opsc("restore", file, "--data", tmp_path / "data")
        assert (told.returncode, sentence in told.stderr, str(file) in told.stderr) == (1, True, True), told
    assert not (tmp_path / "data").exists()
