"""`opsc submission …`: what waits, read as text and decided at the terminal, by people who have no database."""

import json
from pathlib import Path

import pytest

from tests.at_the_terminal import Terminal
from tests.maintainers import Maintainers, amended, new_measure


@pytest.fixture
def people(people_of_the_module: Maintainers) -> Maintainers:
    return people_of_the_module


async def submitted(people: Maintainers, record_id: str, note: str = "As a test", **given: str) -> str:
    answer = await people.ana.submits(amended(record_id, note=note), **given)
    assert answer["refusals"] == []
    return str(answer["submission"]["id"])


async def test_a_submission_is_shown_as_text(people: Maintainers) -> None:
    answer = await people.ana.submits(
        amended("Measure:GTM-0002", note="One\nTwo", title="Another title"),
        new_measure(title="An act, invented for this"),
        internalNote="See p. 3.",
        title="Two things",
    )
    name = answer["submission"]["id"]
    await people.ben.reviews(name, "REQUEST_CHANGES", "Say since when.")
    comment = "mutation ($input: CommentInput!) { comment(input: $input) { refusals { code } } }"
    await people.ana.gets(comment, input={"submission": name, "text": "Since 2021."})
    query = """query ($id: ID!) { submission(id: $id) { submittedAt reviews { at } comments { at }
               plan { differences { recordId fieldChanges { before after } } } } }"""
    found = (await people.ben.gets(query, id=name))["submission"]
    submitted_at, reviewed_at, said_at = (
        f"{at[:10]} {at[11:16]} UTC"
        for at in (found["submittedAt"], found["reviews"][0]["at"], found["comments"][0]["at"])
    )
    amendment, creation = found["plan"]["differences"]
    note, title = (one["before"] for one in amendment["fieldChanges"])
    shown = await Terminal(people.ben).does("submission", "show", name.removeprefix("Submission:"))
    assert shown == (
        f"{name}: Two things\n"
        f"CHANGES_REQUESTED, submitted by ana on {submitted_at}\n"
        "Reason: It was adopted.\n"
        "For reviewers alone: See p. 3.\n"
        "Needs: Changes by its author: a reviewer asked for them.\n"
        "\n"
        "~ Measure:GTM-0002 (changed, CORRECTED)\n"
        f"    title: “{title}” → “Another title”\n"
        f"    note: “{note}” → “One\n      Two”\n"
        f"+ {creation['recordId']} (new, STATE_ACTED)\n"
        "    stateParty: “PHL”\n"
        "    kind: “LEGISLATION”\n"
        "    title: “An act, invented for this”\n"
        "    summary: “It makes platforms report material.”\n"
        "    status: “ADOPTED”\n"
        "    adoptedOn: “2021-05”\n"
        "    reportedBy: “STATE”\n"
        "    recommendations: IVC-05\n"
        "    confidence: “HIGH”\n"
        "    citations: S-0001, p. 1\n"
        "1 new, 1 changed, 0 unchanged.\n"
        "\n"
        f"{reviewed_at} ben: REQUEST_CHANGES: Say since when.\n"
        f"{said_at} ana: Since 2021.\n"
    )


async def test_a_submission_is_accepted_and_its_positions_told(people: Maintainers) -> None:
    name = await submitted(people, "Measure:GTM-0003")
    size = (await people.ben.gets("{ log { size } }"))["log"]["size"]
    assert await Terminal(people.ben).does("submission", "accept", name) == (
        f"{name} is PUBLISHED: position {size + 1}.\n"
    )


async def test_an_acceptance_that_needs_another_is_kept(people: Maintainers) -> None:
    retraction = {"operation": "RETRACT", "recordType": "MEASURE", "recordId": "Measure:GTM-0004", "baseRevision": 1}
    change = retraction | {"kind": "CORRECTED", "citations": [{"source": "Source:S-0001"}]}
    name = (await people.ana.submits(change))["submission"]["id"]
    told = await Terminal(people.ben).does("submission", "accept", name)
    assert told.startswith(
        "Your acceptance is kept. It needs a second one, by another reviewer, before it is published: "
    )
    assert (await Terminal(people.cara).does("submission", "accept", name)).startswith(
        f"{name} is PUBLISHED: position "
    )


async def test_what_is_refused_is_told_and_the_command_fails(people: Maintainers) -> None:
    name = await submitted(people, "Measure:GTM-0005")
    result = await Terminal(people.ana).runs("submission", "accept", name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1] == (
        "opsc: Reviewing needs the role REVIEWER or ADMIN, which this account does not have."
    )


async def test_both_sides_of_a_conflict_are_told(people: Maintainers) -> None:
    first, second = [await submitted(people, "Measure:GTM-0006", note) for note in ("First", "Second")]
    ben = Terminal(people.ben)
    await ben.does("submission", "accept", first)
    result = await ben.runs("submission", "accept", second)
    assert result.exit_code == 1
    assert [line.split(": ", 1)[1] for line in result.stderr.splitlines()[-3:]] == [
        "    it said: nothing",
        "    it says now: “First”",
        "    yours: “Second”",
    ]


async def test_submissions_are_rejected_sent_back_commented_and_withdrawn(people: Maintainers) -> None:
    ana, ben = Terminal(people.ana), Terminal(people.ben)
    one, two = [await submitted(people, "Measure:GTM-0007", note) for note in ("One", "Two")]
    assert await ben.does("submission", "comment", one, "--text", "Where is that?") == f"Said of {one}.\n"
    asked = await ben.does("submission", "request-changes", one, "--text", "Say where.")
    assert asked == f"{one} is CHANGES_REQUESTED.\n"
    assert await ana.does("submission", "withdraw", one, "--text", "I cannot.") == f"{one} is WITHDRAWN.\n"
    assert await ben.does("submission", "reject", two, "--text", "No source.") == f"{two} is REJECTED.\n"
    listed = (await ben.does("submission", "list", "--state", "REJECTED", "--state", "WITHDRAWN")).splitlines()
    assert [line.split()[:3] for line in listed] == [[two, "REJECTED", "ana"], [one, "WITHDRAWN", "ana"]]


async def test_lists_are_of_what_waits_for_whoever_asks(people: Maintainers) -> None:
    name = await submitted(people, "Measure:GTM-0008", title="Of mine")
    for who, option, listed in (
        (people.ben, "--waiting", True),
        (people.ben, "--mine", False),
        (people.ana, "--waiting", False),
        (people.ana, "--mine", True),
    ):
        lines = (await Terminal(who).does("submission", "list", option)).splitlines()
        assert any(line.split()[0] == name and line.endswith("Of mine") for line in lines) == listed


async def test_the_public_is_shown_what_is_published(people: Maintainers) -> None:
    name = await submitted(people, "Measure:GTM-0009")
    anybody = Terminal(people.anybody)
    result = await anybody.runs("submission", "show", name)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        1,
        f"opsc: There is no {name} to be seen: what is not published is shown to those with a token (OPSC_TOKEN)."
        " opsc submission list tells those that there are.",
    )
    await people.ben.reviews(name)
    assert (await anybody.does("submission", "show", name)).startswith(
        f"{name}: A law\nPUBLISHED, submitted by ana on "
    )


async def test_the_change_that_the_readme_shows_goes_through(people: Maintainers) -> None:
    text = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
    body = (
        text.partition("## Change it")[2].partition('"Authorization: Bearer $OPSC_TOKEN" -d \'')[2].partition("'\n")[0]
    )
    asked = json.loads(body)
    payload = (await people.ana.gets(asked["query"], **asked["variables"]))["submit"]
    assert (len(payload["plan"]["hash"]), len(payload["plan"]["differences"]), payload["refusals"]) == (64, 1, [])
