"""Submissions over HTTP: proposed, checked, discussed, accepted by others, published whole, or refused with all the reasons."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from db import accounts
from db.embedded import Embedded
from tests.maintainers import SUBMIT, Maintainers, amended, introduced, maintainers, new_measure

STANDS = "{ measure(id: %s) { title summary note adoptedOn revision { number } } }"


@pytest.fixture
async def people(seeded_database: Embedded) -> AsyncIterator[Maintainers]:
    """Of whom ana has published before."""
    async with maintainers(seeded_database) as made:
        await introduced(made)
        yield made


@pytest.fixture
async def strangers(seeded_database: Embedded) -> AsyncIterator[Maintainers]:
    async with maintainers(seeded_database) as made:
        yield made


def codes(payload: Any) -> list[str]:
    return [refusal["code"] for refusal in payload["refusals"]]


async def stands(people: Maintainers, record_id: str = "Measure:PHL-0001") -> Any:
    return (
        await people.anybody.gets(
            "query ($id: ID!) { measure(id: $id) { title note revision { number reason } } }", id=record_id
        )
    )["measure"]


async def size(people: Maintainers) -> int:
    return int((await people.anybody.gets("{ log { size } }"))["log"]["size"])


# ── From a submission to its publication ────────────────────────────────────────────────────────────────────────────────


async def test_the_first_submission_of_an_account_needs_two_others(strangers: Maintainers) -> None:
    submitted = await strangers.ana.submits(new_measure())
    name = submitted["submission"]["id"]
    once = await strangers.ben.reviews(name)
    twice = await strangers.cara.reviews(name)

    assert submitted["submission"] == {
        "id": "Submission:P1",
        "state": "WAITING",
        "author": "ana",
        "needs": [
            "A review by somebody other than its author.",
            "A second review, by another reviewer: It is the first submission of this account.",
        ],
    }
    assert (codes(once), once["submission"]["state"], once["revisions"]) == (["NEEDS_SECOND_REVIEW"], "WAITING", [])
    assert once["submission"]["needs"] == submitted["submission"]["needs"][1:]
    assert (codes(twice), twice["submission"]["state"], twice["submission"]["needs"]) == ([], "PUBLISHED", [])
    assert twice["revisions"] == [
        {
            "position": 4728,
            "recordId": "Measure:PHL-0020",
            "operation": "CREATE",
            "number": 1,
            "reason": "It was adopted.",
            "author": "ana",
            "reviewer": "cara",
            "submission": {"id": "Submission:P1"},
        }
    ]


async def test_what_was_previewed_is_what_is_published(people: Maintainers) -> None:
    change = amended(note="Amended, as a test.")
    previewed = await people.ana.submits(change, dryRun=True)
    assert previewed["submission"] is None
    assert previewed["plan"]["differences"] == [
        {
            "operation": "AMEND",
            "recordId": "Measure:PHL-0001",
            "kinds": ["CORRECTED"],
            "sentence": previewed["plan"]["differences"][0]["sentence"],
            "fieldChanges": [{"field": "note", "before": None, "after": "Amended, as a test."}],
        }
    ]
    submitted = await people.ana.submits(change, planHash=previewed["plan"]["hash"])
    assert submitted["plan"] == previewed["plan"]
    await people.ben.reviews(submitted["submission"]["id"])
    assert (await stands(people))["note"] == "Amended, as a test."


async def test_a_dry_run_keeps_nothing(people: Maintainers) -> None:
    before = await people.ben.gets("{ submissions { totalCount } log { size rootHash } }")
    assert (await people.ana.submits(new_measure(), dryRun=True))["plan"]["added"] == 1
    assert await people.ben.gets("{ submissions { totalCount } log { size rootHash } }") == before


async def test_a_plan_that_has_changed_is_refused(people: Maintainers) -> None:
    previewed = await people.ana.submits(amended(note="One"), dryRun=True)
    answer = await people.ana.submits(amended(note="Another"), planHash=previewed["plan"]["hash"])
    assert (codes(answer), answer["submission"], answer["plan"]) == (["PLAN_CHANGED"], None, None)
    assert answer["refusals"][0]["expected"] == previewed["plan"]["hash"]


async def test_a_key_submits_once(people: Maintainers) -> None:
    key = str(uuid.uuid4())
    first = await people.ana.submits(new_measure(), key=key)
    again = await people.ana.submits(new_measure(), key=key)
    other = await people.ana.submits(new_measure(title="Another act"), key=key)
    theirs = await people.ben.submits(new_measure(), key=key)
    assert again == first
    assert (codes(other), other["refusals"][0]["found"]) == (["KEY_REUSED"], first["submission"]["id"])
    assert theirs["submission"]["id"] != first["submission"]["id"]


async def test_changes_of_several_records_are_published_together_with_new_sources(people: Maintainers) -> None:
    source = {"kind": "STATUTE", "title": "Act 1, invented for tests", "publisher": "Official Gazette"}
    cited = [{"newSource": source, "locator": "s. 4"}]
    accepted = await people.ana.published(
        people.ben, {**new_measure(), "citations": cited}, {**amended(note="See the act."), "citations": cited}
    )
    assert [(one["recordId"], one["operation"]) for one in accepted["revisions"]] == [
        ("Source:S-0956", "CREATE"),
        ("Measure:PHL-0020", "CREATE"),
        ("Measure:PHL-0001", "AMEND"),
    ]
    query = '{ measure(id: "Measure:PHL-0020") { citations { locator source { id title } } } }'
    assert (await people.anybody.gets(query))["measure"]["citations"] == [
        {"locator": "s. 4", "source": {"id": "Source:S-0956", "title": "Act 1, invented for tests"}}
    ]


async def test_ids_given_to_what_waits_are_not_given_twice(people: Maintainers) -> None:
    first = await people.ana.submits(new_measure())
    second = await people.ben.submits(new_measure(title="A decree on data, invented for tests", adoptedOn="2019"))
    ids = [payload["plan"]["differences"][0]["recordId"] for payload in (first, second)]
    assert ids == ["Measure:PHL-0020", "Measure:PHL-0021"]
    assert codes(await people.cara.reviews(second["submission"]["id"])) == []
    assert codes(await people.cara.reviews(first["submission"]["id"])) == []


async def test_what_says_the_same_as_the_record_is_left_out(people: Maintainers) -> None:
    title = (await stands(people))["title"]
    nothing = await people.ana.submits(amended(title=title))
    both = await people.ana.submits(amended(title=title), amended("Measure:PHL-0002", note="A note"))
    assert codes(nothing) == ["BAD_VALUE"]
    assert (both["plan"]["unchanged"], both["plan"]["changed"]) == (1, 1)


# ── Conflicts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_base_that_moved_on_is_told_field_by_field(people: Maintainers) -> None:
    before = await stands(people)
    await people.ana.published(people.ben, amended(title="A title from elsewhere", note="A note from elsewhere"))
    answer = await people.ana.submits(amended(title="My title", note="A note from elsewhere", dateBasis="The gazette"))
    assert answer["refusals"] == [
        {
            "code": "CONFLICT",
            "message": answer["refusals"][0]["message"],
            "record": "Measure:PHL-0001",
            "field": "title",
            "expected": before["title"],
            "found": "A title from elsewhere",
            "yours": "My title",
            "path": ["input", "changes", "0", "document", "title"],
            "row": None,
        }
    ]
    assert "it is at revision 2" in answer["refusals"][0]["message"]


async def test_changes_to_other_fields_come_on_top_only_when_asked_to(people: Maintainers) -> None:
    await people.ana.published(people.ben, amended(title="A title from elsewhere"))
    refused = await people.ana.submits(amended(note="Mine"))
    assert (codes(refused), refused["refusals"][0]["field"]) == (["CONFLICT"], "baseRevision")
    accepted = await people.ana.published(people.ben, amended(note="Mine"), rebase=True)
    assert await stands(people) == {
        "title": "A title from elsewhere",
        "note": "Mine",
        "revision": {
            "number": 3,
            "reason": "It was adopted. (Put on top of later changes: Measure:PHL-0001 from revision 1 to 2.)",
        },
    }
    assert accepted["revisions"][0]["number"] == 3


async def test_of_two_submissions_about_one_record_the_second_is_a_conflict(people: Maintainers) -> None:
    first = await people.ana.submits(amended(note="First"))
    second = await people.ana.submits(amended(note="Second"))
    assert [one["code"] for one in second["plan"]["warnings"]] == ["CONFLICT"]
    assert first["submission"]["id"] in second["plan"]["warnings"][0]["message"]
    assert codes(await people.ben.reviews(first["submission"]["id"])) == []
    late = await people.ben.reviews(second["submission"]["id"])
    assert (codes(late), late["submission"]["state"], late["submission"]["reviews"]) == (["CONFLICT"], "WAITING", [])
    assert (late["refusals"][0]["found"], late["refusals"][0]["yours"]) == ("First", "Second")
    assert late["submission"]["needs"] == [
        "A review by somebody other than its author.",
        "Its author, who is to submit it again: Measure:PHL-0001 was changed since it was written.",
    ]
    mine = "{ submissions(filter: { waitingForMe: true }) { nodes { id } } }"
    assert (await people.ana.gets(mine))["submissions"]["nodes"] == [{"id": second["submission"]["id"]}]
    assert (await stands(people))["note"] == "First"


# ── Decisions ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_nobody_reviews_their_own_but_an_admin_who_says_why(people: Maintainers) -> None:
    mine = (await people.ben.submits(amended(note="Mine")))["submission"]["id"]
    admins = (await people.dora.submits(amended("Measure:PHL-0002", note="Mine")))["submission"]["id"]
    assert codes(await people.ben.reviews(mine, text="Nobody else is there.")) == ["OWN_SUBMISSION"]
    assert codes(await people.dora.reviews(admins)) == ["OWN_SUBMISSION"]
    lifted = await people.dora.reviews(admins, text="Nobody else is there.")
    assert lifted["submission"]["state"] == "PUBLISHED"
    assert (lifted["revisions"][0]["reason"], lifted["revisions"][0]["reviewer"]) == (
        "It was adopted. (Reviewed by nobody else: Nobody else is there.)",
        "dora",
    )


async def test_reviewing_needs_the_role(people: Maintainers) -> None:
    name = (await people.ben.submits(amended(note="Mine")))["submission"]["id"]
    assert codes(await people.ana.reviews(name)) == ["FORBIDDEN"]


async def test_one_reviewer_does_not_count_twice(people: Maintainers) -> None:
    retraction = {
        "operation": "RETRACT",
        "recordType": "MEASURE",
        "recordId": "Measure:PHL-0001",
        "baseRevision": 1,
        "kind": "CORRECTED",
        "citations": [{"source": "Source:S-0001"}],
    }
    name = (await people.ana.submits(retraction))["submission"]["id"]
    assert [codes(await people.ben.reviews(name)) for _ in range(2)] == [["NEEDS_SECOND_REVIEW"]] * 2
    assert codes(await people.cara.reviews(name)) == []
    assert await stands(people) is None


@pytest.mark.parametrize("gone", ["no reviewer any more", "disabled"])
async def test_an_acceptance_counts_while_whoever_gave_it_reviews(
    strangers: Maintainers, seeded_database: Embedded, gone: str
) -> None:
    name = (await strangers.ana.submits(new_measure()))["submission"]["id"]
    await strangers.ben.reviews(name)
    owner = await asyncpg.connect(seeded_database.owner_url)
    if gone == "disabled":
        await accounts.disable(owner, "ben")
    else:
        await accounts.change_role(owner, "ben", "CONTRIBUTOR")
    await owner.close()
    second = await strangers.cara.reviews(name)
    assert (codes(second), second["submission"]["state"]) == (["NEEDS_SECOND_REVIEW"], "WAITING")
    assert (await strangers.dora.reviews(name))["submission"]["state"] == "PUBLISHED"


async def test_an_acceptance_sent_again_answers_the_same(people: Maintainers) -> None:
    name = (await people.ana.submits(amended(note="Mine")))["submission"]["id"]
    first = await people.ben.reviews(name)
    assert await people.ben.reviews(name) == first
    assert codes(await people.cara.reviews(name)) == ["ALREADY_DECIDED"]


async def test_changes_that_are_asked_for_make_another_round_of_the_same_thread(people: Maintainers) -> None:
    name = (await people.ana.submits(amended(note="Mine")))["submission"]["id"]
    asked = await people.ben.reviews(name, "REQUEST_CHANGES", "Say since when.")
    assert asked["submission"]["state"] == "CHANGES_REQUESTED"
    assert codes(await people.cara.reviews(name)) == ["ALREADY_DECIDED"]
    comment = "mutation ($input: CommentInput!) { comment(input: $input) { submission { id } refusals { code } } }"
    await people.ana.gets(comment, input={"submission": name, "text": "Since 2021, I see."})
    again = await people.ana.submits(amended(note="Mine, since 2021"), submission=name)
    assert (again["submission"]["id"], again["submission"]["state"]) == (name, "WAITING")
    await people.cara.reviews(name)
    query = (
        "query ($id: ID!) { submission(id: $id) { state reviews { reviewer decision text } comments { author text } } }"
    )
    assert (await people.anybody.gets(query, id=name))["submission"] == {
        "state": "PUBLISHED",
        "reviews": [
            {"reviewer": "ben", "decision": "REQUEST_CHANGES", "text": "Say since when."},
            {"reviewer": "cara", "decision": "ACCEPT", "text": None},
        ],
        "comments": [{"author": "ana", "text": "Since 2021, I see."}],
    }
    assert (await stands(people))["note"] == "Mine, since 2021"


async def test_what_is_rejected_or_withdrawn_is_over(people: Maintainers) -> None:
    before = await size(people)
    rejected = (await people.ana.submits(amended(note="Mine")))["submission"]["id"]
    withdrawn = (await people.ana.submits(amended(note="Mine")))["submission"]["id"]
    assert codes(await people.ben.reviews(rejected, "REJECT")) == ["BAD_VALUE"]
    assert (await people.ben.reviews(rejected, "REJECT", "No source says so."))["submission"]["state"] == "REJECTED"
    withdraw = (
        "mutation ($input: WithdrawInput!) { withdraw(input: $input) { submission { state } refusals { code } } }"
    )
    assert codes((await people.ben.gets(withdraw, input={"submission": withdrawn}))["withdraw"]) == ["FORBIDDEN"]
    done = (await people.ana.gets(withdraw, input={"submission": withdrawn, "reason": "It was wrong."}))["withdraw"]
    assert done == {"submission": {"state": "WITHDRAWN"}, "refusals": []}
    for name in (rejected, withdrawn):
        assert codes(await people.cara.reviews(name)) == ["ALREADY_DECIDED"]
        assert codes(await people.ana.submits(amended(note="Again"), submission=name)) == ["ALREADY_DECIDED"]
    assert await size(people) == before


async def test_the_database_publishes_nothing_that_others_have_not_accepted(
    people: Maintainers, seeded_database: Embedded
) -> None:
    await people.ana.submits(amended(note="Mine"))
    application = await asyncpg.connect(seeded_database.url)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await application.execute(
            "update proposal set state = 'PUBLISHED', submission_id = 1, decided_at = now() where state = 'WAITING'"
        )
    assert refused.value.constraint_name == "others_have_accepted"
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await application.execute(
            """
            insert into proposal (id, account_id, author, state, round, submission_id, submitted_at, decided_at)
            select 99, id, name, 'PUBLISHED', 1, 1, now(), now() from account where name = 'ana'
            """
        )
    assert refused.value.constraint_name == "proposals_begin_undecided"
    for table in ("proposal_round", "proposed_change", "review", "comment"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await application.execute(f"delete from {table}")
    await application.close()


# ── What is refused ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_all_that_is_wrong_is_told_at_once(people: Maintainers) -> None:
    answer = await people.ana.submits(
        new_measure(status="FORCE", recommendations=["IVC-99"], adoptedOn="2021-13"),
        amended("Measure:XXX-0001", note="No such record"),
        {**new_measure(), "citations": []},
        {"operation": "REDACT", "recordType": "MEASURE", "recordId": "Measure:PHL-0003", "kind": "CORRECTED"},
    )
    assert [(one["code"], one["path"][2], one["field"]) for one in answer["refusals"]] == [
        ("BAD_VALUE", "0", "status"),
        ("BAD_VALUE", "0", "adoptedOn"),
        ("NOT_FOUND", "1", None),
        ("MISSING_SOURCE", "2", "citations"),
        ("BAD_VALUE", "3", "operation"),
    ]
    assert (answer["submission"], answer["plan"]) == (None, None)


async def test_a_source_that_others_cite_is_not_retracted(people: Maintainers) -> None:
    cited = (await people.anybody.gets('{ measure(id: "Measure:PHL-0001") { citations { source { id } } } }'))[
        "measure"
    ]
    retraction = {
        "operation": "RETRACT",
        "recordType": "SOURCE",
        "recordId": cited["citations"][0]["source"]["id"],
        "baseRevision": 1,
        "kind": "CORRECTED",
    }
    answer = await people.ana.submits(retraction)
    assert codes(answer) == ["STILL_CITED"]


async def test_news_needs_a_new_citation(people: Maintainers) -> None:
    assert codes(await people.ana.submits(amended(kind="LEARNED", note="News"))) == ["MISSING_SOURCE"]


@pytest.mark.parametrize("where", ["title", "reason", "internalNote"])
async def test_personal_data_is_refused_beside_the_changes_too(people: Maintainers, where: str) -> None:
    answer = await people.ana.submits(amended(note="Mine"), **{where: "Ask somebody@nowhere.example"})
    assert (codes(answer), answer["refusals"][0]["field"]) == (["PERSONAL_DATA"], where)
    assert "nowhere" not in str(answer)


async def test_personal_data_is_refused_in_reviews_and_comments(people: Maintainers) -> None:
    name = (await people.ana.submits(amended(note="Mine")))["submission"]["id"]
    assert codes(await people.ben.reviews(name, "REJECT", "Ask somebody@nowhere.example")) == ["PERSONAL_DATA"]
    comment = "mutation ($input: CommentInput!) { comment(input: $input) { refusals { code } } }"
    said = {"submission": name, "text": "Ask somebody@nowhere.example"}
    assert codes((await people.ana.gets(comment, input=said))["comment"]) == ["PERSONAL_DATA"]


@pytest.mark.parametrize(
    "given", [{"title": " "}, {"reason": "x" * 2_001}, {"internalNote": "a\u0000b"}, {"reason": "\ud800"}]
)
async def test_words_that_cannot_be_are_refused(people: Maintainers, given: dict[str, str]) -> None:
    before = await size(people)
    asked = {"key": "k", "title": "T", "reason": "R", "changes": [amended(note="N")], **given}
    answer = (await people.ana.asks(SUBMIT, input=asked)).json()
    assert answer.get("errors") or codes(answer["data"]["submit"]) == ["BAD_VALUE"]
    assert await size(people) == before


# ── Undoing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

REVERT = """
mutation ($input: RevertInput!) { revert(input: $input) {
  submission { id title } plan { differences { operation recordId } } refusals { code message record } } }
"""


async def test_a_whole_submission_is_undone_by_one_call(people: Maintainers) -> None:
    before = await stands(people)
    source = {"kind": "STATUTE", "title": "Act 1, invented for tests", "publisher": "Official Gazette"}
    accepted = await people.ana.published(
        people.ben, {**new_measure(), "citations": [{"newSource": source, "locator": "s. 4"}]}, amended(title="Another")
    )
    name = accepted["submission"]["id"]
    undone = (await people.ana.gets(REVERT, input={"key": "u1", "submission": name, "reason": "It was a mistake."}))[
        "revert"
    ]
    assert undone["refusals"] == []
    assert [(one["operation"], one["recordId"]) for one in undone["plan"]["differences"]] == [
        ("AMEND", "Measure:PHL-0001"),
        ("RETRACT", "Measure:PHL-0020"),
        ("RETRACT", "Source:S-0956"),
    ]
    await people.ben.reviews(undone["submission"]["id"])
    assert codes(await people.cara.reviews(undone["submission"]["id"])) == []
    after = await stands(people)
    assert {**after, "revision": None} == {**before, "revision": None}
    assert await stands(people, "Measure:PHL-0020") is None


async def test_a_record_is_brought_back_to_a_revision(people: Maintainers) -> None:
    before = await stands(people)
    await people.ana.published(people.ben, amended(title="Another"))
    first = await people.anybody.gets('{ measure(id: "Measure:PHL-0001") { revisions(first: 1) { nodes { id } } } }')
    revision = first["measure"]["revisions"]["nodes"][0]["id"]
    undone = (await people.ana.gets(REVERT, input={"key": "u2", "revision": revision, "reason": "It was right."}))[
        "revert"
    ]
    await people.ben.reviews(undone["submission"]["id"])
    assert (await stands(people))["title"] == before["title"]


async def test_what_was_changed_again_since_is_not_undone_unseen(people: Maintainers) -> None:
    accepted = await people.ana.published(people.ben, amended(title="Another"))
    await people.ana.published(people.ben, amended(base=2, title="A third"))
    given = {"key": "u3", "submission": accepted["submission"]["id"], "reason": "It was a mistake."}
    answer = (await people.ana.gets(REVERT, input=given))["revert"]
    assert (codes(answer), answer["refusals"][0]["record"]) == (["CONFLICT"], "Measure:PHL-0001")


# ── Who sees what ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_public_sees_what_is_published_and_no_internal_notes(people: Maintainers) -> None:
    open_one = (await people.ana.submits(amended(note="Mine"), internalNote="For reviewers"))["submission"]["id"]
    done = (await people.ana.published(people.ben, new_measure(), internalNote="For reviewers"))["submission"]["id"]
    query = "query ($id: ID!) { submission(id: $id) { id internalNote } node(id: $id) { id } }"
    assert await people.anybody.gets(query, id=open_one) == {"submission": None, "node": None}
    assert (await people.ben.gets(query, id=open_one))["submission"] == {
        "id": open_one,
        "internalNote": "For reviewers",
    }
    assert (await people.anybody.gets(query, id=done))["submission"] == {"id": done, "internalNote": None}
    listed = "{ submissions { totalCount nodes { id } } }"
    assert open_one not in str(await people.anybody.gets(listed))
    assert open_one in str(await people.ben.gets(listed))


async def test_the_public_is_not_told_of_what_is_undecided_by_the_warnings_of_what_is_published(
    people: Maintainers,
) -> None:
    open_one = (await people.ana.submits(amended(note="Mine")))["submission"]["id"]
    done = (await people.dora.published(people.ben, amended(summary="Dora's")))["submission"]["id"]
    query = "query ($id: ID!) { submission(id: $id) { plan { warnings { code found } } } }"
    warned = {"code": "CONFLICT", "found": open_one}
    assert (await people.ben.gets(query, id=done))["submission"]["plan"] == {"warnings": [warned]}
    assert (await people.anybody.gets(query, id=done))["submission"]["plan"] == {"warnings": []}


async def test_lists_say_what_is_mine_and_what_waits_for_me(people: Maintainers) -> None:
    name = (await people.ana.submits(amended(note="Mine")))["submission"]["id"]
    query = "query ($f: SubmissionFilter) { submissions(filter: $f) { nodes { id } } }"

    async def listed(who: Any, **given: Any) -> bool:
        return name in [one["id"] for one in (await who.gets(query, f=given))["submissions"]["nodes"]]

    assert [await listed(who, waitingForMe=True) for who in (people.ana, people.ben, people.anybody)] == [
        False,
        True,
        False,
    ]
    assert [await listed(who, mine=True) for who in (people.ana, people.ben, people.anybody)] == [True, False, False]
    await people.ben.reviews(name, "REQUEST_CHANGES", "Say more.")
    assert [await listed(who, waitingForMe=True) for who in (people.ana, people.ben)] == [True, False]


async def test_what_the_files_and_the_terminal_published_is_in_the_trail(people: Maintainers) -> None:
    query = """{
      submission(id: "Submission:1") { state author plan { hash } needs reviews { decision } }
      revision(position: 7) { submission { id } }
    }"""
    assert await people.anybody.gets(query) == {
        "submission": {"state": "PUBLISHED", "author": "seed", "plan": None, "needs": [], "reviews": []},
        "revision": {"submission": {"id": "Submission:1"}},
    }


async def test_the_past_has_what_had_been_published_then_and_the_public_no_more(people: Maintainers) -> None:
    before = await size(people)
    done = (await people.ana.published(people.ben, new_measure()))["submission"]["id"]
    open_one = (await people.ana.submits(amended(note="Mine")))["submission"]["id"]
    query = """query ($ids: [ID!]!, $then: Int!) { submissions(first: 2) { nodes { id } } nodes(ids: $ids) { id }
        at(position: $then) { nodes(ids: $ids) { id } } }"""

    async def found(who: Any, position: int) -> Any:
        asked = {"query": query, "variables": {"ids": [done, open_one], "then": before}}
        headers = {"Authorization": f"Bearer {who.token}"} if who.token else {}
        data = (await who.client.post(f"/graphql?position={position}", json=asked, headers=headers)).json()["data"]
        told = (data["submissions"]["nodes"], data["nodes"], data["at"]["nodes"])
        return [[one and one["id"] for one in nodes] for nodes in told]

    assert await found(people.anybody, before) == [["Submission:P3", "Submission:P2"], [None, None], [None, None]]
    assert await found(people.anybody, before + 1) == [[done, "Submission:P3"], [done, None], [None, None]]
    assert await found(people.ben, before) == [[open_one, done], [done, open_one], [done, open_one]]


async def test_no_cache_keeps_what_somebody_with_a_token_is_answered(people: Maintainers) -> None:
    for who, kept in ((people.ben, "private, no-store"), (people.anybody, None)):
        answer = await who.asks("{ viewer { name } }")
        assert answer.headers.get("cache-control") == kept
        assert answer.headers["vary"].startswith("Accept, Authorization")
        assert (answer.json()["data"]["viewer"] is None) == (kept is None)


async def test_changing_needs_a_token_and_post(people: Maintainers) -> None:
    without = await people.anybody.asks(SUBMIT, input={"key": "k", "title": "T", "reason": "R", "changes": []})
    assert (without.status_code, without.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert without.headers["WWW-Authenticate"] == 'Bearer realm="opsc"'


async def test_admins_see_which_token_was_used_for_which_change(
    people: Maintainers, seeded: asyncpg.Connection
) -> None:
    name = (await people.ana.published(people.ben, amended(note="Mine")))["submission"]["id"]
    query = "query ($id: ID!) { submission(id: $id) { token reviews { token } } }"
    numbers = {
        row["name"]: row["id"]
        for row in await seeded.fetch("select a.name, t.id from token t join account a on a.id = account_id")
    }
    assert (await people.dora.gets(query, id=name))["submission"] == {
        "token": numbers["ana"],
        "reviews": [{"token": numbers["ben"]}],
    }
    assert (await people.ben.gets(query, id=name))["submission"] == {"token": None, "reviews": [{"token": None}]}
