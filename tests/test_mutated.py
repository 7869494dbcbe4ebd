"""Mutations of several fields: what each leaves in the server's log, and what an error says was done before it."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from db.embedded import Embedded
from tests.maintainers import Maintainers, amended, maintainers

SAID = 'comment(input: {{ submission: "Submission:P1", text: "{0}" }}) {{ refusals {{ code }} }}'

REPORTED = (
    'reportError(input: { record: "Measure:PHL-0001", text: "It is wrong." }) { report { id } refusals { code } }'
)

FAILING = {
    "slow": "raise exception using errcode = 'query_canceled', message = 'canceling statement due to statement timeout'",
    "faulty": "raise exception 'A fault, made for tests'",
    "away": "perform pg_terminate_backend(pg_backend_pid())",
}
"""What is said in a comment → what the database then does."""


@pytest.fixture
async def owner(seeded_database: Embedded) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(seeded_database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def people(seeded_database: Embedded, owner: asyncpg.Connection) -> AsyncIterator[Maintainers]:
    """With Submission:P1, by ana, and a database that fails at some comments."""
    cases = " ".join(f"if new.text = '{text}' then {does}; end if;" for text, does in FAILING.items())
    await owner.execute(
        f"""
        create function fail() returns trigger language plpgsql as $$ begin {cases} return new; end $$;
        create trigger fails before insert on comment for each row when (new.text <> 'away') execute function fail();
        create constraint trigger fails_at_last after insert on comment deferrable initially deferred
          for each row when (new.text = 'away') execute function fail();
        """
    )
    async with maintainers(seeded_database) as made:
        submitted = await made.ana.submits(amended(note="A note, invented for tests."))
        assert submitted["submission"]["id"] == "Submission:P1"
        yield made


def said(*texts: str) -> str:
    """A mutation that comments once for each text, under the keys a, b, c …"""
    return f"mutation {{ {' '.join(f'{chr(97 + place)}: {SAID.format(text)}' for place, text in enumerate(texts))} }}"


def errors(answer: Any) -> list[tuple[str, str]]:
    """Messages and codes; what stands for a fault in the log left out."""
    body = answer.json()
    assert "data" not in body
    found = [(one["message"], one["extensions"]["code"]) for one in body["errors"]]
    return [(re.sub(r"logged as [0-9a-f]{12}", "logged as …", message), code) for message, code in found]


async def comments(owner: asyncpg.Connection) -> list[str]:
    return [row["text"] for row in await owner.fetch("select text from comment order by number")]


async def test_each_field_that_was_kept_is_logged_with_who_did_it_by_which_token(people: Maintainers) -> None:
    new = {"key": str(uuid.uuid4()), "title": "A law", "reason": "It was adopted.", "changes": [amended(note="B")]}
    query = f"""
    mutation ($new: SubmitInput!, $dry: SubmitInput!) {{
      first: {SAID.format("It is so.")}
      ... @skip(if: true) {{ skipped: {SAID.format("Never said")} }}
      refused: {SAID.format(" ")}
      dry: submit(input: $dry) {{ refusals {{ code }} }}
      ...More
      {REPORTED}
    }}
    fragment More on Mutation {{ submit(input: $new) {{ refusals {{ code }} }} }}
    """
    with capture_logs() as logs:
        done = await people.ben.gets(query, new=new, dry={**new, "dryRun": True})
    assert {key: [one["code"] for one in payload["refusals"]] for key, payload in done.items()} == {
        "first": [],
        "refused": ["BAD_VALUE"],
        "dry": [],
        "submit": [],
        "reportError": [],
    }
    told = {"event": "changed", "log_level": "info", "account": "ben", "token": 2}
    submitted = next(one["submission"] for one in logs if one["field"] == "submit")
    assert logs == [
        {**told, "field": "comment", "submission": "Submission:P1"},
        {**told, "field": "submit", "submission": submitted},
        {**told, "field": "reportError", "report": "ErrorReport:1"},
    ]


async def test_an_answer_is_logged_with_its_report_and_the_submission_that_came_of_it(people: Maintainers) -> None:
    with capture_logs() as logs:
        await people.anybody.gets(f"mutation {{ {REPORTED} }}")
        await people.ana.gets(f"mutation {{ {REPORTED} }}")
    assert logs == []  # nobody who is known did the one, and the other was there already
    answered = """
    mutation {
      answerError(input: { report: "ErrorReport:1", decision: ANSWERED, text: "It is so.", submission: "Submission:P1" }) {
        refusals { code }
      }
    }
    """
    with capture_logs() as logs:
        assert await people.ben.gets(answered) == {"answerError": {"refusals": []}}
        await people.ben.gets(answered)
    assert logs == [
        {
            "event": "changed",
            "log_level": "info",
            "account": "ben",
            "token": 2,
            "field": "answerError",
            "submission": "Submission:P1",
            "report": "ErrorReport:1",
        }
    ]


async def test_what_was_done_before_a_fault_is_logged_and_told(people: Maintainers, owner: asyncpg.Connection) -> None:
    with capture_logs() as logs:
        answer = await people.ben.asks(said("One", " ", "Three", "faulty", "Never said"))
    assert [(one["event"], one.get("field")) for one in logs] == [
        ("changed", "comment"),
        ("changed", "comment"),
        ("fault", None),
    ]
    told = "comment (as “a”), comment (as “c”) were done before; what followed was not."
    assert errors(answer) == [(f"A fault of ours, logged as …. {told} Please tell us this id.", "INTERNAL")]
    assert await comments(owner) == ["One", "Three"]


async def test_a_fault_before_anything_was_done_says_nothing_of_it(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    with capture_logs() as logs:
        answer = await people.ben.asks(said(" ", "faulty", "Never said"))
    assert [one["event"] for one in logs] == ["fault"]
    assert errors(answer) == [("A fault of ours, logged as …. Please tell us this id.", "INTERNAL")]
    assert await comments(owner) == []


async def test_what_took_too_long_is_not_said_to_have_waited_for_others(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    answer = await people.ben.asks(said("slow"))
    alone = "This took too long, and was given up: nothing was done. Send less at once."
    assert errors(answer) == [(alone, "TIMEOUT")]
    answer = await people.ben.asks(said("One", "slow", "Never said"))
    before = "comment (as “a”) was done before; what followed was not."
    message = f"comment (as “b”) took too long, and was given up. {before} Send less at once."
    assert errors(answer) == [(message, "TIMEOUT")]
    assert answer.json()["errors"][0]["path"] == ["b"]
    assert await comments(owner) == ["One"]


async def test_what_waited_for_others_says_so_and_what_was_done_before(
    people: Maintainers, owner: asyncpg.Connection, seeded: asyncpg.Connection
) -> None:
    await owner.execute("select pg_advisory_lock(2019, 156)")
    alone = "Others were publishing for 60 seconds, and this had to wait: nothing was done. Send it again."
    after = (
        "Others were publishing for 60 seconds, and comment (as “a”) had to wait. reportError was done before; what followed"
        " was not. Send the rest again."
    )
    comment = f"a: {SAID.format('Never said')}"
    for query, message in ((comment, alone), (f"{REPORTED} {comment}", after)):
        asked = asyncio.create_task(people.ben.asks(f"mutation {{ {query} }}"))
        waiting = """
            select pg_cancel_backend(pid) from pg_locks where locktype = 'advisory' and classid = 2019 and not granted
              and database = (select oid from pg_database where datname = current_database())
        """
        while not await seeded.fetchval(waiting):
            assert not asked.done()
        assert errors(await asked) == [(message, "TIMEOUT")]
    assert await owner.fetchval("select count(*) from error_report") == 1
    assert await comments(owner) == []


async def test_where_the_database_is_lost_while_it_keeps_a_field_that_is_not_known(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    unknown = "Whether comment (as “{}”) was done is not known{}: look before you send it again."
    away = "The record cannot be reached at the moment (logged as …)."
    with capture_logs():
        alone = await people.ben.asks(said("away"))
        later = await people.ben.asks(said("One", "away", "Never said"))
    assert errors(alone) == [(f"{away} {unknown.format('a', '')}", "INTERNAL")]
    before = "comment (as “a”) was done before."
    assert (later.status_code, later.headers.get("Retry-After")) == (503, None)  # a program would do the first again
    assert errors(later) == [(f"{away} {before} {unknown.format('b', ', and what follows it was not')}", "INTERNAL")]
    assert await comments(owner) == ["One"]


async def test_what_cannot_be_answered_is_refused_before_any_field_is_done(
    people: Maintainers, owner: asyncpg.Connection
) -> None:
    wrong = 'comment(input: { submission: "Submission:P1", text: "B" }) { plan { differences(first: 0) { sentence } } }'
    answer = await people.ben.asks(f"mutation {{ a: {SAID.format('A')} b: {wrong} }}")
    assert errors(answer) == [("first: 0 differences are none: ask for 1 at least.", "BAD_USER_INPUT")]
    assert await comments(owner) == []
