"""What is wrong with a submission in ways that nobody means: each is refused in words, and none stops the server."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.embedded import Embedded
from tests.conftest import cloned
from tests.maintainers import SUBMIT, Maintainers, amended, introduced, maintainers, new_measure

MANY: dict[str, Any] = {f"f{number}": 1 for number in range(20_000)}
NUL: dict[str, Any] = {"a\0": "x"}

CITED = [{"source": "Source:S-0001", "locator": "p. 1"}]


def about(operation: str, record_id: str = "Measure:PHL-0001", **given: Any) -> dict[str, Any]:
    """A change that takes the record as it is."""
    change = {
        "operation": operation,
        "recordType": "MEASURE",
        "recordId": record_id,
        "baseRevision": 1,
        "kind": "CORRECTED",
    }
    return {**change, "citations": CITED, **given}


@pytest.fixture(scope="module")
async def people(administrator: Any, server: Embedded, seeded_template: str) -> AsyncIterator[Maintainers]:
    async with cloned(administrator, server, seeded_template) as database, maintainers(database) as made:
        await introduced(made)
        yield made


SPOILT = {
    "a base before the first": (amended(base=0, note="x"), "BAD_VALUE", "baseRevision"),
    "a negative base": (amended(base=-1, note="x"), "BAD_VALUE", "baseRevision"),
    "citations that are none": (amended(citations=None), "MISSING_SOURCE", "citations"),
    "citations that are a number": (amended(citations=5), "BAD_VALUE", "citations"),
    "citations that are a text": (amended(citations="x" * 100_000), "BAD_VALUE", "citations"),
    "many fields": (amended(**MANY), "BAD_VALUE", None),
    "a long list": (amended(recommendations=[5] * 20_000), "BAD_VALUE", "recommendations"),
    "U+0000 in an id": (about("RETRACT", "Measure:PHL-\0"), "BAD_VALUE", None),
    "U+0000 in a source": (about("RETRACT", citations=[{"source": "Source:\0"}]), "BAD_VALUE", None),
    "U+0000 in a field's name": (amended(**NUL), "BAD_VALUE", None),
    "U+0000 in the survivor": (about("MERGE", mergeInto="Measure:\0"), "BAD_VALUE", None),
    "a source that is not there": (
        about("RETRACT", citations=[{"source": "Source:NOPE"}]),
        "NOT_FOUND",
        "citations[0].source",
    ),
    "a measure as a source": (about("RETRACT", citations=[{"source": "Measure:PHL-0002"}]), "BAD_VALUE", "citations"),
    "a person in a citation": (
        about("RETRACT", citations=[{"source": "Source:S-0001", "note": "Ask somebody@nowhere.example"}]),
        "PERSONAL_DATA",
        "citations[0].note",
    ),
    "a locator without end": (
        about("RETRACT", citations=[{"source": "Source:S-0001", "locator": "x" * 300_000}]),
        "BAD_VALUE",
        "citations[0].locator",
    ),
    "an id of one's own": ({**new_measure(), "recordId": "Measure:PHL-999999999"}, "BAD_VALUE", "recordId"),
}


@pytest.mark.parametrize("name", SPOILT)
async def test_it_is_refused_in_words(people: Maintainers, name: str) -> None:
    change, code, field = SPOILT[name]
    answer = await people.ana.submits(change)
    assert (answer["submission"], answer["plan"]) == (None, None)
    assert (answer["refusals"][0]["code"], answer["refusals"][0]["field"]) == (code, field)
    assert len(str(answer)) < 100_000
    assert "nowhere" not in str(answer)


async def test_what_is_nested_too_deeply_is_refused(people: Maintainers) -> None:
    nested: Any = "x"
    for _ in range(300):
        nested = [nested]
    answer = await people.ana.submits(amended(note=nested))
    assert [one["code"] for one in answer["refusals"]] == ["BAD_VALUE"]


@pytest.mark.parametrize("given", [{"key": "\0"}, {"key": ""}, {"key": "k" * 201}, {"planHash": "\0"}])
async def test_what_stands_beside_the_changes_is_refused_in_words(people: Maintainers, given: dict[str, str]) -> None:
    answer = await people.ana.submits(amended(note="Mine"), **given)
    assert [one["code"] for one in answer["refusals"]] == ["BAD_VALUE"]


@pytest.mark.parametrize("said", ["(Reviewed by nobody else: me.)", "(Put on top of later changes: all.)"])
async def test_nobody_says_what_the_log_itself_says(people: Maintainers, said: str) -> None:
    answer = await people.ana.submits(amended(note="Mine"), reason=f"It was adopted. {said}")
    assert [(one["code"], one["field"]) for one in answer["refusals"]] == [("BAD_VALUE", "reason")]


async def test_letters_that_turn_the_line_are_refused(people: Maintainers) -> None:
    answer = await people.ana.submits(amended(note="Mine"), title="A law \u202ewal A")
    assert [(one["code"], one["field"]) for one in answer["refusals"]] == [("BAD_VALUE", "title")]


async def test_the_files_submission_is_not_undone_as_a_whole(people: Maintainers) -> None:
    revert = "mutation ($input: RevertInput!) { revert(input: $input) { refusals { code message } } }"
    answer = await people.ana.gets(revert, input={"key": "r1", "submission": "Submission:1", "reason": "Gone."})
    assert [one["code"] for one in answer["revert"]["refusals"]] == ["BAD_VALUE"]


async def test_an_undoing_sent_again_answers_the_same_once_it_is_published(people: Maintainers) -> None:
    revert = "mutation ($input: RevertInput!) { revert(input: $input) { submission { id state } refusals { code } } }"
    done = await people.ana.published(people.ben, amended("Measure:PHL-0004", note="Mine"))
    asked = {"key": "r2", "submission": done["submission"]["id"], "reason": "It was wrong."}
    first = (await people.ana.gets(revert, input=asked))["revert"]
    await people.ben.reviews(first["submission"]["id"])
    again = (await people.ana.gets(revert, input=asked))["revert"]
    assert again == {"submission": {"id": first["submission"]["id"], "state": "PUBLISHED"}, "refusals": []}
    other = (await people.ana.gets(revert, input={**asked, "reason": "Another."}))["revert"]
    assert [one["code"] for one in other["refusals"]] == ["KEY_REUSED"]


async def test_records_are_merged_and_restored_by_submissions(people: Maintainers) -> None:
    twin = await people.ana.published(people.ben, new_measure(title="A twin, invented for tests"))
    record_id = twin["revisions"][0]["recordId"]
    name = (await people.ana.submits(about("RETRACT", record_id)))["submission"]["id"]
    await people.ben.reviews(name)
    assert (await people.cara.reviews(name))["refusals"] == []
    await people.ana.published(people.ben, about("RESTORE", record_id, baseRevision=2))
    merge = about("MERGE", record_id, baseRevision=3, mergeInto="Measure:PHL-0005")
    name = (await people.ana.submits(merge))["submission"]["id"]
    await people.ben.reviews(name)
    merged = await people.cara.reviews(name)
    assert [(one["operation"], one["recordId"]) for one in merged["revisions"]] == [("MERGE", record_id)]
    found = await people.anybody.gets("query ($id: ID!) { node(id: $id) { id } }", id=record_id)
    assert found == {"node": {"id": "Measure:PHL-0005"}}


async def test_a_large_mistake_holds_nobody_up(people: Maintainers) -> None:
    """A bound that only a mistake of a thousandfold can cross: it took half a minute once."""
    asked = {"key": "big", "title": "T", "reason": "R", "changes": [amended(citations="x" * 1_000_000)]}
    began = time.monotonic()
    answer = (await people.ana.asks(SUBMIT, input=asked)).json()
    assert answer["data"]["submit"]["refusals"][0]["field"] == "citations"
    assert time.monotonic() - began < 10
