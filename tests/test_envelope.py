"""What is hashed, in its final form: envelopes, leaves, canonical documents (RISKS 13, 14)."""

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
from tests.record_documents import (
    BEGINNING,
    published,
)

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
