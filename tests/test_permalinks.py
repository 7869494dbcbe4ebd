"""Permalinks: a record and each of its revisions at an address that stays, as JSON."""

import hashlib
import re

import asyncpg
import httpx2
import pytest
import rfc8785

from db.embedded import Embedded
from db.log import Change, publish
from tests.served import served


async def test_a_record_has_an_address(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/r/Measure:PHL-0007")
    found = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert (found["type"], found["id"]) == ("Measure", "Measure:PHL-0007")
    assert found["permalink"] == "https://opsc.example/r/Measure:PHL-0007"
    assert found["revision"]["document"]["stateParty"] == "PHL"


async def test_a_revision_opens_its_own_hashes(client: httpx2.AsyncClient) -> None:
    found = (await client.get("/r/Measure:PHL-0007/1")).json()
    document = rfc8785.dumps(found["document"])
    assert hashlib.sha256(bytes.fromhex(found["salt"]) + document).hexdigest() == found["documentHash"]
    assert hashlib.sha256(b"\0" + found["envelope"].encode()).hexdigest() == found["leafHash"]
    assert f'"documentHash":"{found["documentHash"]}"' in found["envelope"]
    assert found["permalink"] == "https://opsc.example/r/Measure:PHL-0007/1"
    assert found["citation"].startswith("OPSC Tracker (20")


@pytest.mark.parametrize(
    "record_id", ["StateParty:PHL", "Signatory:CMR", "Section:III.A", "Article:3", "Instrument:ILO_C182"]
)
async def test_records_of_every_type_have_addresses(client: httpx2.AsyncClient, record_id: str) -> None:
    assert (await client.get(f"/r/{record_id}")).json()["id"] == record_id


@pytest.mark.parametrize(
    "path",
    [
        "Measure:PHL-9999",
        "Measure:PHL-0007/2",
        "Measure:PHL-0007/0",
        "Measure:PHL-0007/x",
        "Measure:PHL-0007/99999999999999999999",
        "Measure:PHL-0007/²",
        "Revision:1",
        "Coverage:PHL:IVC-05",
        "nonsense",
        "%00",
        "Measure:%ff",
    ],
)
async def test_what_is_not_there_is_told(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(f"/r/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_an_address_of_a_revision_that_there_is_not_says_which_there_are(client: httpx2.AsyncClient) -> None:
    for number, accept in (("99", "*/*"), ("2.html", "text/html")):
        answer = await client.get(f"/r/Measure:PHL-0015/{number}", headers={"Accept": accept})
        told = "Measure:PHL-0015 has 1 revision by now: /r/Measure:PHL-0015/1."
        assert (answer.status_code, told in answer.text) == (404, True), answer.text


async def test_a_record_that_takes_too_long_is_told(seeded_database: Embedded) -> None:
    owner = await asyncpg.connect(seeded_database.owner_url)
    async with served(seeded_database.url) as client, owner.transaction():
        await owner.execute("lock table measure_version in access exclusive mode")
        answer = await client.get("/r/Measure:PHL-0007")
    await owner.close()
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


async def test_an_older_revision_stays_as_it_was(seeded_url: str, seeded) -> None:  # type: ignore[no-untyped-def]
    async with served(seeded_url) as client:
        before = (await client.get("/r/Statement:ARG-S01/1")).text
        document = (await client.get("/r/Statement:ARG-S01")).json()["revision"]["document"]
        change = Change("AMEND", "Statement:ARG-S01", "CORRECTED", {**document, "note": "Seen again."})
        await publish(seeded, title="A note", reason="Read again", author="maria", reviewer="jo", changes=[change])
        assert (await client.get("/r/Statement:ARG-S01/1")).text == before
        newest = (await client.get("/r/Statement:ARG-S01")).json()["revision"]
        assert (newest["number"], newest["document"]["note"]) == (2, "Seen again.")
        second = (await client.get("/r/Statement:ARG-S01/2")).json()
        assert [(one["field"], one["before"], one["after"]) for one in second["fieldChanges"]] == [
            ("note", None, "Seen again.")
        ]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", second["recordedAt"])


async def test_a_signatory_is_found_by_who_takes_it_for_a_party(client: httpx2.AsyncClient) -> None:
    for asked, there in (("StateParty:IRL", "Signatory:IRL"), ("Signatory:PHL", "StateParty:PHL")):
        answer = await client.get(f"/r/{asked}")
        detail = f'There is no "{asked}" in this record. The State is there as {there}: /r/{there}.'
        assert (answer.status_code, answer.json()["detail"]) == (404, detail)
        assert (await client.get(f"/r/{there}")).status_code == 200
