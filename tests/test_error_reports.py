"""Errors that anybody points out: kept for reviewers, never in the log by themselves, answered, cited beside the record."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from api.fair_use.allowance import Allowance, asker
from api.graphql import REPORTS, REPORTS_OF_AN_ACCOUNT
from db.embedded import Embedded
from tests.maintainers import Maintainer, Maintainers, amended, maintainers

LAW = "Measure:PHL-0001"

REPORT = """
mutation ($input: ReportErrorInput!) {
  reportError(input: $input) {
    report { id recordId text source onBehalfOf contact reportedAt state answer submission { id } }
    refusals { code message field found path }
  }
}
"""

ANSWER = """
mutation ($input: AnswerErrorInput!) {
  answerError(input: $input) {
    report { id state answer answeredBy contact submission { id } }
    submission { id state title author needs plan { differences { recordId operation sentence } } }
    refusals { code message found path }
  }
}
"""

FORGET = "mutation ($input: ForgetContactInput!) { forgetContact(input: $input) { report { id contact text } refusals { code } } }"

LISTED = """
query ($state: [ErrorReportState!]) {
  errorReports(filter: { state: $state }) {
    totalCount nodes { id recordId text source onBehalfOf contact state answer answeredBy submission { id } }
  }
}
"""

WRONG = "The act was adopted in 2010, not in 2009."


@pytest.fixture
async def people(seeded_database: Embedded) -> AsyncIterator[Maintainers]:
    async with maintainers(seeded_database) as made:
        yield made


@pytest.fixture
async def owner(seeded_database: Embedded) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(seeded_database.owner_url)
    yield connection
    await connection.close()


async def reports(who: Maintainer, **said: Any) -> Any:
    asked = {"record": LAW, "text": WRONG, **said}
    return (await who.gets(REPORT, input=asked))["reportError"]


async def answers(who: Maintainer, report: str = "ErrorReport:1", decision: str = "ANSWERED", **given: Any) -> Any:
    asked = {"report": report, "decision": decision, "text": "We looked: it is so.", **given}
    return (await who.gets(ANSWER, input=asked))["answerError"]


async def listed(who: Maintainer, *states: str) -> Any:
    return (await who.gets(LISTED, state=list(states) or None))["errorReports"]


async def kept(owner: asyncpg.Connection) -> int:
    number: int = await owner.fetchval("select count(*) from error_report")
    return number


async def test_anybody_points_out_an_error_which_reviewers_alone_then_see_and_the_log_never(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    before = (
        await owner.fetchval("select count(*) from revision"),
        await owner.fetchval("select count(*) from submission"),
    )
    said = {
        "source": "https://law.example/act",
        "onBehalfOf": "Permanent Mission of Ruritania",
        "contact": "write to the mission",
    }
    made = await reports(people.anybody, **said)
    moment = made["report"].pop("reportedAt")
    report = {
        "id": "ErrorReport:1",
        "recordId": LAW,
        "text": WRONG,
        **said,
        "state": "OPEN",
        "answer": None,
        "submission": None,
    }
    assert made == {"report": {**report, "contact": None}, "refusals": []}
    assert moment.endswith("Z")
    seen = await listed(people.dora)
    assert seen == {"totalCount": 1, "nodes": [{**report, "answeredBy": None}]}
    node = '{ node(id: "ErrorReport:1") { id ... on ErrorReport { text contact } } }'
    for other in (people.anybody, people.ana):
        assert await listed(other) == {"totalCount": 0, "nodes": []}
        assert (await other.gets(node))["node"] is None
    assert (await reports(people.ana, **said))["report"]["contact"] is None
    assert (await people.cara.gets(node))["node"] == {"id": "ErrorReport:1", "text": WRONG, "contact": said["contact"]}
    assert before == (
        await owner.fetchval("select count(*) from revision"),
        await owner.fetchval("select count(*) from submission"),
    )


async def test_the_same_error_pointed_out_again_while_it_is_open_is_one_report(people: Maintainers) -> None:
    assert (await reports(people.anybody))["report"]["id"] == "ErrorReport:1"
    assert (await reports(people.anybody))["report"]["id"] == "ErrorReport:1"
    await answers(people.ben, decision="DISMISSED")
    assert (await reports(people.anybody))["report"]["id"] == "ErrorReport:2"


REFUSED = [
    ({"record": "Measure:PHL-9999"}, "NOT_FOUND", "record"),
    ({"record": "Revision:1"}, "NOT_FOUND", "record"),
    ({"record": "nothing that is an id"}, "NOT_FOUND", "record"),
    ({"record": "Measure:PHL-\x00"}, "BAD_VALUE", "record"),
    ({"text": " \n"}, "BAD_VALUE", "text"),
    ({"text": "a" * 5_001}, "BAD_VALUE", "text"),
    ({"text": "A bell \x07 rings."}, "BAD_VALUE", "text"),
    ({"source": "a" * 1_001}, "BAD_VALUE", "source"),
    ({"onBehalfOf": "a" * 201}, "BAD_VALUE", "onBehalfOf"),
    ({"contact": "a" * 201}, "BAD_VALUE", "contact"),
    ({"text": "Write to somebody@nowhere.example."}, "PERSONAL_DATA", "text"),
    ({"source": "Told by +63 0000 0000 00"}, "PERSONAL_DATA", "source"),
    ({"onBehalfOf": "somebody@nowhere.example"}, "PERSONAL_DATA", "onBehalfOf"),
]


async def test_what_cannot_be_kept_is_refused_with_its_place_and_nothing_of_it_is_kept(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    for said, code, field in REFUSED:
        made = await reports(people.ana, **said)
        assert made["report"] is None, said
        assert [(one["code"], one["path"]) for one in made["refusals"]] == [(code, ["input", field])], said
    assert await kept(owner) == 0


async def test_personal_data_is_told_by_its_place_and_never_repeated(people: Maintainers) -> None:
    [refusal] = (await reports(people.ana, text="Ask somebody@nowhere.example."))["refusals"]
    assert refusal == {
        "code": "PERSONAL_DATA",
        "message": "text holds an e-mail address at characters 5 to 28: take it out. Say where in the record something stands,"
        " without repeating it; how to reach you goes into contact.",
        "field": "text",
        "found": {"what": "EMAIL", "from": 5, "to": 28},
        "path": ["input", "text"],
    }


async def test_a_contact_may_be_an_address_and_is_erased_when_it_is_asked_for(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    assert (await reports(people.anybody, contact="somebody@nowhere.example"))["refusals"] == []
    assert (await listed(people.ben))["nodes"][0]["contact"] == "somebody@nowhere.example"
    asked = {"report": "ErrorReport:1"}
    refused = (await people.ana.gets(FORGET, input=asked))["forgetContact"]
    assert refused == {"report": None, "refusals": [{"code": "FORBIDDEN"}]}
    await answers(people.ben, decision="DISMISSED")
    forgotten = (await people.ben.gets(FORGET, input=asked))["forgetContact"]
    assert forgotten == {"report": {"id": "ErrorReport:1", "contact": None, "text": WRONG}, "refusals": []}
    assert await owner.fetchval("select contact from error_report") is None
    unknown = (await people.ben.gets(FORGET, input={"report": "ErrorReport:2"}))["forgetContact"]
    assert unknown == {"report": None, "refusals": [{"code": "NOT_FOUND"}]}


async def test_without_a_token_nothing_but_pointing_out_errors_is_done(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    given = '{ record: "Measure:PHL-0001", text: "It is wrong." }'
    one, other = (
        f"reportError(input: {given}) {{ report {{ id }} }}",
        'comment(input: { submission: "Submission:P1", text: "a" })',
    )
    for query in (
        f"mutation {{ {one} {other} {{ refusals {{ code }} }} }}",
        f"mutation {{ ...A }} fragment A on Mutation {{ {one} {other} {{ refusals {{ code }} }} }}",
        "mutation { __typename }",
        'mutation { forgetContact(input: { report: "ErrorReport:1" }) { refusals { code } } }',
    ):
        answer = await people.anybody.asks(query)
        assert answer.status_code == 401, query
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert await kept(owner) == 0
    skipped = f"mutation {{ __typename a: {one} {other} @skip(if: true) {{ refusals {{ code }} }} }}"
    assert await people.anybody.gets(skipped) == {"__typename": "Mutation", "a": {"report": {"id": "ErrorReport:1"}}}


async def test_one_address_points_out_ten_errors_in_an_hour_and_is_told_when_it_may_again(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    several = " ".join(
        f'r{number}: reportError(input: {{ record: "{LAW}", text: "Wrong {number}" }}) {{ report {{ id }} }}'
        for number in range(REPORTS - 1)
    )
    assert len(await people.anybody.gets(f"mutation {{ {several} }}")) == REPORTS - 1
    assert (await people.anybody.asks(f"mutation {{ {several} }}")).status_code == 429
    await reports(people.anybody, text="The last")
    answer = await people.anybody.asks(REPORT, input={"record": LAW, "text": "One too many"})
    assert answer.status_code == 429
    wait = int(answer.headers["Retry-After"])
    assert 3_500 < wait <= 3_600
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "RATE_LIMITED"}
    assert error["message"].startswith("From here, 10 errors can be pointed out in an hour, and this would be more:")
    assert error["message"].endswith(f", in {-(-wait // 60)} minutes.")
    assert await kept(owner) == REPORTS
    assert (await reports(people.ana, text="With a token"))["refusals"] == []
    assert (await people.anybody.gets("{ clock { position } }"))["clock"]["position"] > 0


async def test_reports_that_are_refused_or_were_made_before_do_not_use_up_the_allowance(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    await reports(people.anybody)
    for number in range(REPORTS):
        refused = await reports(people.anybody, record="Measure:PHL-9999", text=f"Wrong {number}")
        assert [one["code"] for one in refused["refusals"]] == ["NOT_FOUND"]
        assert (await reports(people.anybody))["report"]["id"] == "ErrorReport:1"
    for number in range(1, REPORTS):
        made = await reports(people.anybody, text=f"Wrong {number}")
        assert made["report"]["id"] == f"ErrorReport:{number + 1}"  # what was refused has no number
    assert (await people.anybody.asks(REPORT, input={"record": LAW, "text": "One too many"})).status_code == 429
    assert await kept(owner) == REPORTS


def test_an_allowance_is_given_anew_when_its_while_has_passed() -> None:
    now = [0.0]
    allowance = Allowance(3_600, lambda: now[0])
    assert [allowance.take("here", 2), allowance.take("here", 2), allowance.take("there", 2)] == [None] * 3
    now[0] = 600.0
    assert allowance.take("here", 2) == 3_000
    assert allowance.take("there", 2, count=2) == 3_000
    assert allowance.take("there", 2) is None
    now[0] = 3_600.0
    assert allowance.take("here", 2, count=2) is None
    assert allowance.take("here", REPORTS_OF_AN_ACCOUNT) is None


def test_an_asker_is_an_address_and_of_ipv6_a_network() -> None:
    hosts = ("192.0.2.1", "192.0.2.2", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::9", "somewhere")
    assert [asker({"client": (host, 1)}) for host in hosts] == [
        "192.0.2.1",
        "192.0.2.2",
        "2001:db8:1:2::/64",
        "2001:db8:1:2::/64",
        "somewhere",
    ]
    assert asker({"client": None}) == ""


async def test_reviewers_answer_once_and_contributors_do_not(people: Maintainers) -> None:
    await reports(people.anybody)
    assert [one["code"] for one in (await answers(people.ana))["refusals"]] == ["FORBIDDEN"]
    submitted = (await people.ana.submits(amended(note="Adopted a year later, invented for tests.")))["submission"][
        "id"
    ]
    answered = await answers(people.ben, submission=submitted)
    assert answered["refusals"] == []
    assert answered["report"] == {
        "id": "ErrorReport:1",
        "state": "ANSWERED",
        "answer": "We looked: it is so.",
        "answeredBy": "ben",
        "contact": None,
        "submission": {"id": submitted},
    }
    again = await answers(people.cara, decision="DISMISSED")
    assert again["refusals"] == [
        {
            "code": "ALREADY_DECIDED",
            "message": "ErrorReport:1 is decided: it is ANSWERED, and stays so.",
            "found": "ANSWERED",
            "path": ["input", "report"],
        }
    ]
    assert again["report"]["answeredBy"] == "ben"
    assert (await listed(people.ben, "OPEN"))["totalCount"] == 0
    assert (await listed(people.ben, "ANSWERED", "DISMISSED"))["totalCount"] == 1


async def test_an_answer_that_cannot_be_leaves_the_report_open(people: Maintainers) -> None:
    await reports(people.anybody)
    await reports(people.anybody, record="StateParty:PHL")
    for given, codes in (
        ({"report": "ErrorReport:9"}, ["NOT_FOUND"]),
        ({"report": "Measure:PHL-0001"}, ["NOT_FOUND"]),
        ({"text": " "}, ["BAD_VALUE"]),
        ({"text": "Ask somebody@nowhere.example."}, ["PERSONAL_DATA"]),
        ({"submission": "Submission:P9"}, ["NOT_FOUND"]),
        ({"submission": "Submission:1"}, ["NOT_FOUND"]),
        ({"decision": "DISMISSED", "cite": True}, ["BAD_VALUE"]),
        ({"decision": "DISMISSED", "submission": "Submission:P1"}, ["BAD_VALUE"]),
    ):
        answered = await answers(people.ben, **given)
        assert [one["code"] for one in answered["refusals"]] == codes, given
        assert answered["submission"] is None
    assert (await listed(people.ben, "OPEN"))["totalCount"] == 2


async def test_an_answer_is_cited_beside_the_record_by_a_submission_that_others_review(people: Maintainers) -> None:
    await reports(people.anybody, source="Annex II, para. 3", onBehalfOf="Permanent Mission of Ruritania")
    answered = await answers(people.ben, cite=True)
    assert answered["refusals"] == []
    submission = answered["submission"]
    assert answered["report"]["submission"] == {"id": submission["id"]}
    assert (submission["state"], submission["author"]) == ("WAITING", "ben")
    assert submission["title"] == f"A statement about {LAW}"
    assert [(one["operation"], one["recordId"]) for one in submission["plan"]["differences"]] == [
        ("CREATE", submission["plan"]["differences"][0]["recordId"]),
        ("AMEND", LAW),
    ]
    for reviewer in (people.cara, people.dora):
        published = await reviewer.reviews(submission["id"])
    assert published["submission"]["state"] == "PUBLISHED"
    asked = "locator note source { kind title publisher url readAt publishedOn }"
    query = f'{{ measure(id: "{LAW}") {{ citations {{ {asked} }} }} }}'
    cited = (await people.anybody.gets(query))["measure"]["citations"][-1]
    day = cited["source"]["publishedOn"]
    assert cited == {
        "locator": "Annex II, para. 3",
        "note": f"They wrote: “{WRONG}” The answer: We looked: it is so.",
        "source": {
            "kind": "OTHER",
            "title": f"Statement about {LAW}, received {day}",
            "publisher": "Said to write for Permanent Mission of Ruritania, not verified",
            "url": None,
            "readAt": "Sent to this record as ErrorReport:1; whom it is from was not verified.",
            "publishedOn": day,
        },
    }


async def test_the_longest_report_and_answer_are_cited_whole(people: Maintainers) -> None:
    text, answer = "It is wrong.\n" * 384 + "So it is", "It is so.\n" * 199 + "And so on."
    await reports(people.anybody, text=text, onBehalfOf="R" * 200)
    answered = await answers(people.ben, text=answer, cite=True)
    assert answered["refusals"] == []
    query = f'{{ submission(id: "{answered["submission"]["id"]}") {{ citations {{ note }} }} }}'
    [cited] = (await people.ben.gets(query))["submission"]["citations"]
    assert cited["note"] == f"They wrote: “{text}” The answer: {answer}"


async def test_an_answer_whose_submission_is_not_published_is_cited_by_another(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    await reports(people.anybody)
    first = (await answers(people.ben, cite=True))["submission"]["id"]
    decided = "ErrorReport:1 is decided: it is ANSWERED, and stays so."
    assert [one["message"] for one in (await answers(people.cara, cite=True))["refusals"]] == [decided]
    await people.cara.reviews(first, "REJECT", "Not like this.")
    assert [one["message"] for one in (await answers(people.cara))["refusals"]] == [decided]
    otherwise = await answers(people.cara, text="Otherwise.", cite=True)
    told = f"{decided} To have it cited after all, send the answer as it stands."
    assert [one["message"] for one in otherwise["refusals"]] == [told]
    second = await answers(people.ben, cite=True)
    assert (second["refusals"], second["report"]["answer"], second["report"]["answeredBy"]) == (
        [],
        "We looked: it is so.",
        "ben",
    )
    assert second["report"]["submission"] == {"id": second["submission"]["id"]} != {"id": first}
    withdrawal = (
        f'mutation {{ withdraw(input: {{ submission: "{second["submission"]["id"]}" }}) {{ refusals {{ code }} }} }}'
    )
    assert await people.ben.gets(withdrawal) == {"withdraw": {"refusals": []}}
    third = await answers(people.cara, cite=True)
    assert (third["refusals"], third["report"]["answeredBy"], third["submission"]["author"]) == ([], "ben", "cara")
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.execute("update error_report set proposal_id = 1")
    assert refused.value.constraint_name == "what_is_decided_stays"


async def test_what_was_reported_and_answered_stays_in_the_database(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    await reports(people.anybody, contact="a letter box")
    await answers(people.ben)
    for statement, constraint in (
        ("update error_report set text = 'Otherwise'", "what_was_reported_stays"),
        ("update error_report set contact = 'elsewhere'", "what_was_reported_stays"),
        ("update error_report set answer = 'Otherwise'", "what_is_decided_stays"),
        (
            "insert into error_report (record_id, text, reported_at, state) values ('Measure:PHL-9999', 'a', now(), 'OPEN')",
            "the_record_is_there",
        ),
        ("delete from error_report", "history_is_added_never_edited"),
        ("truncate error_report", "history_is_added_never_edited"),
    ):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(statement)
        assert getattr(refused.value, "constraint_name", None) == constraint, statement
