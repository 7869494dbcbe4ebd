"""The log: positions, moments, the envelope's final form, what revisions must satisfy, and that nothing else writes."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from db.canonical import canonical
from db.embedded import Embedded
from db.log import Change, PublicationRefused, Published, publish
from db.tables import metadata
from tests.record_documents import (
    BEGINNING,
    amend,
    assessment,
    create,
    measure,
    recommendation,
    reporting_event,
    restore,
    retract,
    source,
    state_party,
)


async def published(connection: asyncpg.Connection, *changes: Change, **said: Any) -> Published:
    said = {"title": "Ours", "reason": "We know better", "author": "maria", "reviewer": "jo", **said}
    return await publish(connection, changes=changes, **said)


async def size(connection: asyncpg.Connection) -> tuple[int, int]:
    count = "select count(*) from "
    return await connection.fetchval(f"{count} revision"), await connection.fetchval(f"{count} submission")


# ── Positions and moments (RISKS 11, 12) ──────────────────────────────────────────────────────────────────────────────


async def test_writers_that_begin_early_and_lock_late_get_positions_in_commit_order(
    empty_url: str,
) -> None:
    writers = [await asyncpg.connect(empty_url) for _ in range(8)]
    reader = await asyncpg.connect(empty_url)
    begun, done = asyncio.Barrier(len(writers)), asyncio.Event()
    seen: list[tuple[int, int]] = []

    async def write(number: int, connection: asyncpg.Connection) -> None:
        for turn in range(6):
            async with connection.transaction():
                await connection.fetchval("select now(), count(*) from revision")  # its clock is old now
                await begun.wait()
                changes = [create(f"Source:W{number}-{turn}-{one}", source()) for one in range(1 + (number + turn) % 3)]
                await published(connection, *changes)

    async def read() -> None:
        while not done.is_set():
            rows = await reader.fetch('select coalesce(max("position"), 0) as highest, count(*) from revision')
            seen.append((rows[0]["highest"], rows[0]["count"]))

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(number, connection) for number, connection in enumerate(writers)))
    done.set()
    await reading

    rows = await reader.fetch('select "position", recorded_at, submission_id from revision order by "position"')
    assert [row["position"] for row in rows] == list(range(1, 97))
    moments = [row["recorded_at"] for row in rows]
    assert moments == sorted(moments)
    assert len(set(moments)) == len({row["submission_id"] for row in rows}) == 48
    assert all(highest == count for highest, count in seen)  # who sees position n sees all n
    assert len({highest for highest, _ in seen}) > 1
    for connection in [*writers, reader]:
        await connection.close()


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_publishing_is_refused_where_the_newest_position_could_not_be_seen(
    empty: asyncpg.Connection, isolation: str
) -> None:
    with pytest.raises(asyncpg.InvalidTransactionStateError) as refusal:
        async with empty.transaction(isolation=isolation):  # type: ignore[arg-type]
            await empty.execute("select publish('t', 'r', 'maria', 'jo', '{}', '{}', '{}', '{}')")
    assert refusal.value.constraint_name == "publishing_reads_committed"
    assert await size(empty) == (0, 0)


async def test_a_publication_waits_no_longer_than_its_bound(empty: asyncpg.Connection, empty_url: str) -> None:
    other = await asyncpg.connect(empty_url)
    async with other.transaction():
        await published(other, create("Source:S-1", source()))
        with pytest.raises(asyncpg.QueryCanceledError):
            await published(empty, create("Source:S-2", source()), timeout=0.1)
    await other.close()
    assert await size(empty) == (1, 1)


async def test_a_publication_left_idle_is_ended_by_the_server(empty: asyncpg.Connection) -> None:
    before = await empty.fetchval("show idle_in_transaction_session_timeout")
    async with empty.transaction():
        await published(empty, create("Source:S-1", source()))
        assert await empty.fetchval("show idle_in_transaction_session_timeout") == "10s"
    assert await empty.fetchval("show idle_in_transaction_session_timeout") == before


async def test_a_moment_is_never_before_the_last_one_whatever_the_servers_clock_says(
    empty: asyncpg.Connection, empty_database: Embedded
) -> None:
    await published(empty, create("Source:S-1", source()))
    superuser = await asyncpg.connect(empty_database.superuser_url)
    async with superuser.transaction():
        await superuser.execute("set local session_replication_role = replica")
        await superuser.execute("update revision set recorded_at = '2099-01-01T00:00:00Z'")
    await superuser.close()
    await published(empty, create("Source:S-2", source()))
    assert await empty.fetchval('select moment(recorded_at) from revision where "position" = 2') == (
        "2099-01-01T00:00:00.000001Z"
    )


async def test_listeners_are_told_the_last_position(empty: asyncpg.Connection) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    await empty.add_listener("published", lambda *said: told.put_nowait(said[3]))
    await published(empty, *BEGINNING)
    assert await asyncio.wait_for(told.get(), 5) == str(len(BEGINNING))


# ── The final form (RISKS 13, 14) ─────────────────────────────────────────────────────────────────────────────────────

ENVELOPE = (
    '{"author":"maria","documentHash":"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f","format":1,'
    '"kind":"LEARNED","mergedInto":null,"number":3,"operation":"AMEND","position":42,'
    '"reason":"Read “again”, in São Tomé",'
    '"recordId":"Measure:PHL-0007","recordType":"MEASURE","recordedAt":"2026-11-24T10:20:30.000400Z","redacts":null,'
    '"reviewer":"jo","submission":7}'
)
LEAF = "eb592ff2d94a5e4a561d0a81e044ae96c5495f89dcb171f78daad7b720ad5d24"

SPECIAL = "".join(map(chr, range(1, 0x20))) + '"\\/\x7f\u0080\u2028\u2029\ufeff\uffff😀 é'


async def envelope_of(connection: asyncpg.Connection, **fields: Any) -> str:
    given = {
        "author": "maria",
        "document_hash": bytes(range(32)),
        "kind": "LEARNED",
        "merged_into": None,
        "number": 3,
        "operation": "AMEND",
        "position": 42,
        "reason": "Read “again”, in São Tomé",
        "record_id": "Measure:PHL-0007",
        "record_type": "MEASURE",
        "recorded_at": datetime(2026, 11, 24, 10, 20, 30, 400, UTC),
        "redacts": None,
        "reviewer": "jo",
        "submission": 7,
        **fields,
    }
    places = ", ".join(f"${place}" for place in range(1, len(given) + 1))
    text: str = await connection.fetchval(f"select envelope({places})", *given.values())
    return text


async def test_the_envelope_has_its_final_form(empty: asyncpg.Connection) -> None:
    """Proofs that people have kept rest on these bytes: this test never changes."""
    assert await envelope_of(empty) == ENVELOPE
    assert hashlib.sha256(b"\0" + ENVELOPE.encode()).hexdigest() == LEAF
    assert await envelope_of(empty, merged_into="Measure:PHL-0001", redacts=[1, 40], reviewer=None) == (
        ENVELOPE.replace('"mergedInto":null', '"mergedInto":"Measure:PHL-0001"')
        .replace('"redacts":null', '"redacts":[1,40]')
        .replace('"reviewer":"jo"', '"reviewer":null')
    )


async def test_the_envelope_is_canonical_whatever_people_write(empty: asyncpg.Connection) -> None:
    envelope = await envelope_of(empty, reason=SPECIAL, author=SPECIAL, reviewer=SPECIAL)
    assert envelope.encode() == rfc8785.dumps(orjson.loads(envelope))
    assert orjson.loads(envelope)["reason"] == SPECIAL


async def test_whole_seconds_have_six_digits_whatever_the_sessions_zone(empty: asyncpg.Connection) -> None:
    await empty.execute("set TimeZone = 'Asia/Manila'; set DateStyle = 'German'")
    assert await empty.fetchval("select moment('2026-11-24 10:00:00+00')") == "2026-11-24T10:00:00.000000Z"
    assert await empty.fetchval("select moment('2026-11-24 10:00:00.5+00')") == "2026-11-24T10:00:00.500000Z"


async def test_the_leaf_commits_to_salt_and_canonical_document(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING)
    rows = await empty.fetch('select * from revision order by "position"')
    for row, change in zip(rows, BEGINNING, strict=True):
        assert row["document"].encode() == rfc8785.dumps(change.document)
        assert row["document_hash"] == hashlib.sha256(row["salt"] + row["document"].encode()).digest()
        assert orjson.loads(row["envelope"])["documentHash"] == row["document_hash"].hex()
        assert row["leaf_hash"] == hashlib.sha256(b"\x00" + row["envelope"].encode()).digest()
        assert len(row["salt"]) == 32
    assert len({row["salt"] for row in rows}) == len(rows)


def test_canonical_writes_the_rfcs_examples() -> None:
    given = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '€$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    assert canonical(given).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(orjson.loads(canonical(dict.fromkeys(keys, 0)))) == [
        "\r",
        "1",
        "\u0080",
        "\u00f6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from([SPECIAL, 2**53]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
)


@given(JSON)
def test_canonical_is_what_the_rfcs_library_writes(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        with pytest.raises(type(error)):
            canonical(value)
    else:
        assert canonical(value) == expected


# ── What a revision must satisfy ──────────────────────────────────────────────────────────────────────────────────────

LAW = measure("AAA")
REFUSED: dict[str, tuple[list[Change], str | None]] = {
    "no change": ([], None),
    "created twice": ([create("Source:S-1", source())], "operations_follow_each_other"),
    "created twice in one": (
        [create("Source:S-2", source()), create("Source:S-2", source())],
        "operations_follow_each_other",
    ),
    "amended before it was created": ([amend("Source:S-2", source())], "operations_follow_each_other"),
    "amended after it was retracted": (
        [retract("Measure:AAA-0001", LAW), amend("Measure:AAA-0001", LAW)],
        "operations_follow_each_other",
    ),
    "restored while it stands": ([restore("Measure:AAA-0001", LAW)], "operations_follow_each_other"),
    "merged into nothing": (
        [Change("MERGE", "Measure:AAA-0001", "CORRECTED", LAW)],
        "revision_merge_names_the_survivor",
    ),
    "redacted without naming what": (
        [Change("REDACT", "Measure:AAA-0001", "CORRECTED", LAW)],
        "revision_redaction_names_revisions",
    ),
    "an unknown operation": ([Change("FORGET", "Source:S-1", "CORRECTED", source())], "revision_operation_is_known"),
    "an unknown kind": ([Change("AMEND", "Source:S-1", "GUESSED", source())], "revision_kind_is_known"),
    "an unknown type": ([create("Country:AAA", source())], "revision_record_type_is_known"),
    "a malformed id": ([create("Source:S 1", source())], "revision_record_id_is_well_formed"),
    "an id that is not its code": (
        [create("StateParty:CCC", state_party("CCD"))],
        "state_party_version_id_is_its_name",
    ),
    "a code that changes": (
        [amend("Recommendation:I-01", recommendation("I-03"))],
        "recommendation_version_id_is_its_name",
    ),
    "an unknown State party": ([create("Measure:X", measure("CCC"))], "references_stand"),
    "an unknown recommendation": ([create("Measure:X", measure("AAA", recommendations=["I-03"]))], "references_stand"),
    "an unknown instrument": ([create("Measure:X", measure("AAA", instrument="CRC"))], "references_stand"),
    "an unknown source": (
        [create("Measure:X", measure("AAA", citations=[{"source": "S-2", "locator": None, "note": None}]))],
        "references_stand",
    ),
    "a reference before its record": (
        [create("Measure:X", measure("CCC")), create("StateParty:CCC", state_party("CCC"))],
        "references_stand",
    ),
    "a retraction of what is cited": ([retract("Source:S-1", source())], "references_stand"),
    "a retraction of who has measures": (
        [retract("StateParty:AAA", state_party("AAA"))],
        "references_stand",
    ),
    "no citation": ([create("Measure:X", measure("AAA", citations=[]))], "measure_version_cites_a_source"),
    "a citation of nothing": (
        [create("Measure:X", measure("AAA", citations=[{"locator": "p. 1"}]))],
        "measure_version_citations_name_sources",
    ),
    "a recommendation twice": (
        [create("Measure:X", measure("AAA", recommendations=["I-01", "I-01"]))],
        "measure_version_recommendation_codes_each_once",
    ),
    "a recommendation that is null": (
        [create("Measure:X", measure("AAA", recommendations=["I-01", None]))],
        "measure_version_recommendation_codes_each_once",
    ),
    "no list": ([create("Measure:X", measure("AAA", recommendations=None))], None),
    "a list for a record": ([create("Measure:X", [])], None),  # type: ignore[arg-type]
    "a word of no vocabulary": (
        [create("Measure:X", measure("AAA", status="PLANNED"))],
        "measure_version_stated_status_is_known",
    ),
    "no title": ([create("Measure:X", measure("AAA", title=None))], None),
    "a title too long to sort by": (
        [create("Measure:X", measure("AAA", title="x" * 501))],
        "measure_version_title_is_short",
    ),
    "a month that does not exist": ([create("Measure:X", measure("AAA", adoptedOn="2012-13"))], None),
    "a day that does not exist": ([create("Measure:X", measure("AAA", adoptedOn="2012-02-30"))], None),
    "a date in words": ([create("Measure:X", measure("AAA", adoptedOn="May 2012"))], None),
    "a day that is another tomorrow": ([create("StateParty:CCC", state_party("CCC", consentOn="today"))], None),
    "a day without its day": ([create("StateParty:CCC", state_party("CCC", consentOn="2012-05"))], None),
    "NUL": ([create("Source:S-2", source(title="a\0b"))], None),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_submission_with_a_fault_is_refused_whole(empty: asyncpg.Connection, case: str) -> None:
    changes, rule = REFUSED[case]
    await published(empty, *BEGINNING)
    before = await size(empty)
    good = [create("Source:S-7", source())] if changes else []
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, *good, *changes)
    assert rule is None or refusal.value.constraint == rule
    assert await size(empty) == before


async def test_a_refusal_names_the_record(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING)
    with pytest.raises(PublicationRefused, match=r"Measure:X refers to StateParty:CCC") as refusal:
        await published(empty, create("Measure:X", measure("CCC")))
    assert refusal.value.record_id == "Measure:X"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"reviewer": None}, "submission_is_reviewed"),
        ({"reviewer": "maria"}, "submission_is_reviewed_by_another"),
        ({"reason": "a\0b"}, None),
        ({"title": "\ud800"}, None),
    ],
)
async def test_a_submission_needs_somebody_elses_review(
    empty: asyncpg.Connection, said: dict[str, Any], rule: str | None
) -> None:
    with pytest.raises(PublicationRefused) as refusal:
        await published(empty, create("Source:S-1", source()), **said)
    assert refusal.value.constraint == rule
    assert await size(empty) == (0, 0)


async def test_one_submission_may_change_a_record_twice(empty: asyncpg.Connection) -> None:
    await published(
        empty, *BEGINNING, amend("Measure:AAA-0001", measure("AAA", title="B")), retract("Measure:AAA-0001", LAW)
    )
    await published(empty, restore("Measure:AAA-0001", LAW), create("ReportingEvent:E", reporting_event("AAA")))
    rows = await empty.fetch("select number, operation from revision where record_id = 'Measure:AAA-0001' order by 1")
    assert [tuple(row) for row in rows] == [(1, "CREATE"), (2, "AMEND"), (3, "RETRACT"), (4, "RESTORE")]


# ── Nothing else writes (RISKS 16, 17) ────────────────────────────────────────────────────────────────────────────────

GUARDED = sorted(metadata.tables)
STATEMENTS = ("update {} set {} = {}", "delete from {}", "truncate {} cascade", "insert into {} default values")


def statements(table: str) -> list[str]:
    column = "title" if table == "submission" else next(iter(metadata.tables[table].primary_key)).name
    return [statement.format(table, column, column) for statement in STATEMENTS]


@pytest.mark.parametrize("table", GUARDED)
async def test_the_application_has_no_right_to_write(seeded_shared: asyncpg.Connection, table: str) -> None:
    for statement in statements(table):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            await seeded_shared.execute(statement)


@pytest.fixture(scope="module")
async def seeded_shared(record_url: str) -> Any:
    connection = await asyncpg.connect(record_url)
    await connection.execute("set default_transaction_read_only = off")
    yield connection
    await connection.close()


@pytest.mark.parametrize("role", ["owner_url", "superuser_url"])
async def test_the_owner_is_refused_by_triggers_whatever_the_settings(empty_database: Embedded, role: str) -> None:
    owner = await asyncpg.connect(getattr(empty_database, role))
    await published(owner, *BEGINNING, create("Assessment:A", assessment("AAA")))
    before = {table: await owner.fetch(f"select t::text from {table} t order by 1") for table in GUARDED}
    await owner.execute("set opsc.publishing = 'on'; set application_name = 'publish'; set role none")
    for table in GUARDED:
        for statement in statements(table):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="refused"):
                await owner.execute(statement)
    assert before == {table: await owner.fetch(f"select t::text from {table} t order by 1") for table in GUARDED}
    await owner.close()


async def test_only_a_superuser_can_switch_the_triggers_off(empty_database: Embedded) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute("set session_replication_role = replica")
    await owner.close()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("position", 9, "positions_run_without_gaps"),
        ("number", 2, "numbers_run_without_gaps"),
        ("recorded_at", "2000-01-01", "moments_never_go_back"),
        ("operation", "AMEND", "operations_follow_each_other"),
        ("author", "somebody", "envelope_tells_the_columns"),
        ("document", "{}", "revision_document_opens_hash"),
        ("salt", r"\x00", "revision_document_opens_hash"),
        ("leaf_hash", r"\x00", "revision_leaf_is_envelope"),
    ],
)
async def test_a_revision_written_by_hand_under_the_lock_must_still_be_right(
    empty_database: Embedded, column: str, value: Any, rule: str
) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    transaction = owner.transaction()
    await transaction.start()
    await published(owner, create("Source:S-1", source()))
    submission = await owner.fetchval("select to_jsonb(s)::text from submission s")
    revision = await owner.fetchval("select to_jsonb(r)::text from revision r")
    await transaction.rollback()

    async def write(**otherwise: Any) -> None:
        async with owner.transaction():
            await owner.execute("select pg_advisory_xact_lock(2019, 156)")
            for table, row in ("submission", submission), ("revision", revision):
                await owner.execute(
                    f"insert into {table} overriding system value"
                    f" select * from jsonb_populate_record(null::{table}, $1::jsonb || $2::jsonb)",
                    row,
                    orjson.dumps(otherwise if table == "revision" else {}).decode(),
                )

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await write(**{column: value})
    assert refusal.value.constraint_name == rule
    assert await size(owner) == (0, 0)
    await write()
    assert await size(owner) == (1, 1)
    await owner.close()
