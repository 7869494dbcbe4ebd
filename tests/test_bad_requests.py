"""No input gives a 500 or a traceback: 3,100 generated bad requests, each refused with a reason or answered."""

import json
import random
from collections import Counter
from typing import Any

import httpx2
import orjson
from structlog.testing import capture_logs

from db.embedded import Embedded
from tests.maintainers import amended, maintainers, new_measure

COUNT = 2_000
MOMENTS = 1_000
CHANGES = 100

DOCUMENTS = (
    "query Q($code: String!, $first: Int, $after: String, $order: [MeasureOrder!], $filter: MeasureFilter) { "
    "stateParty(code: $code) { name measures(first: $first, after: $after, orderBy: $order, filter: $filter) { nodes { id status } "
    "totalCount } } }",
    "query Q($ids: [ID!]!, $id: ID!) { nodes(ids: $ids) { id } node(id: $id) { __typename } "
    "measure(id: $id) { id } source(id: $id) { id } }",
    "query Q($text: String!, $types: [RecordType!], $after: String) { search(text: $text, types: $types, after: $after) "
    "{ totalCount edges { rank snippet cursor } } }",
    "query Q($after: Int, $first: Int, $filter: ChangeFilter) { changes(after: $after, first: $first, filter: $filter) "
    "{ nodes { position } lastPosition hasMore } }",
    "query Q($by: [CoverageDimension!]!, $filter: CoverageFilter) { coverageSummary(by: $by, filter: $filter) { key total } "
    "coverage(filter: $filter, last: 3) { nodes { id } pageInfo { startCursor } } }",
    "query Q($position: Int!, $number: String!, $before: String) { revision(position: $position) { id citation(style: BIBTEX) } "
    "section(number: $number) { heading } sources(last: 2, before: $before) { nodes { id } } }",
    "query Q($id: ID!, $filter: SubmissionFilter, $after: String, $first: Int) { submission(id: $id) { id plan { hash } } "
    "viewer { name } submissions(filter: $filter, after: $after, first: $first) { totalCount nodes { id needs } } }",
    '{ measures(filter: { adoptedFrom: "2020-02-30", changedSince: "2020-01-01T00:00:00", text: "\\u0000" }, first: 0) '
    "{ totalCount } }",
)
CURSORS = (
    "WzQ3MjcsIjIwMjYtMTEtMjQiLCJtZWFzdXJlcyIsIk1lYXN1cmU6UEhMLTAwMDIiXQ==",
    "WzFd",
    "bnVsbA==",
    "e30=",
    "=",
    "é",
    "W10=",
)
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        1,
        201,
        2**31,
        2**31 - 1,
        -(2**31),
        2**63,
        1.5,
        1e400,
        "",
        " ",
        "\x00",
        "a\x00b",
        "\ud800",
        "💥" * 50,
        "x" * 5_000,
    ),
    *(
        "2020-02-30",
        "0000-00-00",
        "9999-12-31",
        "2019-09-26",
        "2020-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "now",
        "infinity",
    ),
    *(
        "Measure:PHL-0007",
        "Measure:",
        ":",
        "Revision:99999999999",
        "Submission:1",
        "Submission:P1",
        "Submission:P99999999999",
        "Coverage:a:b:c",
        "Foo:1",
        "measure:phl",
        "' or 1=1 --",
        "%s",
        "$1",
        "\\",
    ),
    *(
        "NAME_ASC",
        "DATE_DESC",
        "REGION",
        "IN_FORCE",
        "STATE_PARTY",
        "nonsense",
        [],
        [None],
        [[]],
        {},
        {"stateParty": ["PHL"]},
        {"x": 1},
    ),
    *(
        {"text": "\x00"},
        {"text": "& | ! <-> (:*"},
        {"id": ["x"]},
        {"region": [1]},
        {"digital": "yes"},
        {"adoptedTo": "x"},
        {"submission": "x"},
        {"state": ["PUBLISHED"], "mine": False, "waitingForMe": None},
    ),
    *CURSORS,
)


def anything(chance: random.Random) -> Any:
    value = chance.choice(ODD)
    return [value, chance.choice(ODD)] if chance.random() < 0.15 else value


def spoilt(chance: random.Random, text: str) -> str:
    """A document with a piece cut out, doubled, or replaced."""
    start = chance.randrange(len(text))
    end = min(len(text), start + chance.randrange(1, 12))
    piece = chance.choice(
        [
            "",
            text[start:end] * 2,
            "{",
            "}",
            "...",
            "@skip(if: $x)",
            '"',
            "\x00",
            "\ud800",
            "#",
            "999999999999",
            "null",
            "🙂",
        ]
    )
    return text[:start] + piece + text[end:]


def body(chance: random.Random) -> bytes:
    query: Any = chance.choice(DOCUMENTS)
    names = (
        "code",
        "first",
        "after",
        "order",
        "filter",
        "ids",
        "id",
        "text",
        "types",
        "by",
        "position",
        "number",
        "before",
        "x",
    )
    variables: Any = {name: anything(chance) for name in names if chance.random() < 0.8}
    match chance.randrange(10):
        case 0:
            return orjson.dumps({"query": query})[: chance.randrange(60)]
        case 1:
            query = spoilt(chance, query)
        case 2:
            query = anything(chance)
        case 3:
            variables = anything(chance)
    request = {"query": query, "variables": variables, "operationName": chance.choice([None, "Q", "", "R", 7])}
    return as_json(request)


def as_json(value: Any) -> bytes:
    """By the standard library, which also writes what orjson refuses: lone surrogates, infinities."""
    return json.dumps(value).encode()


async def test_no_bad_request_gives_a_fault(client: httpx2.AsyncClient) -> None:
    chance = random.Random(20190926)
    statuses: Counter[int] = Counter()
    codes: Counter[str] = Counter()
    with capture_logs() as logs:
        for number in range(COUNT):
            sent = body(chance)
            accept = chance.choice(["application/json", "application/graphql-response+json", "*/*"])
            answer = await client.post(
                "/graphql", content=sent, headers={"content-type": "application/json", "accept": accept}
            )
            assert answer.status_code in (200, 400, 413), (number, sent, answer.text)
            told = answer.json()
            statuses[answer.status_code] += 1
            for error in told.get("errors", ()):
                assert error["message"], (number, sent)
                codes[error["extensions"]["code"]] += 1
    assert [entry for entry in logs if entry["event"] == "fault"] == []
    assert set(codes) <= {
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "TOO_LARGE",
        "TOO_COSTLY",
    }
    assert codes["BAD_USER_INPUT"] > COUNT / 2
    assert statuses[200] > 100


CLOCKS: tuple[str, ...] = (
    *(str(value) for value in ODD if isinstance(value, str | int | float) and len(str(value)) < 200),
    *("2026-11-24T09:30:00Z", "2026-11-24T09:30:00.1234567Z", "2026-11-24T24:00:00Z", "2026-11-24T09:30:00+99:99"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "-1000-01-01T00:00:00Z", "2026-W48-2T09:30:00Z"),
    *("4727", "04727", "4728", "999999999", "-999999999", "1_000", "٣", "9999-12-31", "0001-01-01", "20261124"),
)
DATES: tuple[str, ...] = (
    *(value.strip() for value in CLOCKS if value.isascii() and value.isprintable()),
    *("Tue, 24 Nov 2026 09:30:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
    *("Fri, 31 Dec 9999 23:59:60 GMT", "Sat, 01 Jan 0000 00:00:00 GMT", "Tue, 24 Nov 2026 09:30:00 +0100"),
)
PATHS = ("/graphql", "/r/Measure:PHL-0007", "/r/Measure:PHL-0007/1", "/r/Measure:PHL-0007/timemap", "/r/Article:99")


def asked(chance: random.Random) -> dict[str, Any]:
    """What a request has in its address and headers."""
    names = [name for name in ("known", "position", "valid") if chance.random() < 0.5]
    parameters = [(name, chance.choice(CLOCKS)) for name in names]
    if chance.random() < 0.05:
        parameters *= 2
    headers = {"accept": chance.choice(["application/json", "application/graphql-response+json", "*/*"])}
    if chance.random() < 0.5:
        headers["accept-datetime"] = chance.choice(DATES)
    return {"params": httpx2.QueryParams(_without_surrogates(parameters)), "headers": headers}


def _without_surrogates(parameters: list[tuple[str, str]]) -> list[tuple[str, str | int | float | bool | None]]:
    return [(name, value.encode("utf-8", "replace").decode()) for name, value in parameters]


async def test_no_bad_moment_gives_a_fault(client: httpx2.AsyncClient) -> None:
    chance = random.Random(7089)
    statuses: Counter[int] = Counter()
    with capture_logs() as logs:
        for number in range(MOMENTS):
            path, told = chance.choice(PATHS), asked(chance)
            if path == "/graphql" and chance.random() < 0.5:
                told["json"] = {"query": "{ clock { known valid position } stateParties { totalCount } }"}
                answer = await client.post(path, **told)
            else:
                told["params"] = told["params"].set("query", "{ clock { known } measures { totalCount } }")
                answer = await client.get(path, **told)
            assert answer.status_code in (200, 400, 404), (number, path, told, answer.text)
            statuses[answer.status_code] += 1
    assert [entry for entry in logs if entry["event"] == "fault"] == []
    assert all(statuses[status] > MOMENTS / 50 for status in (200, 400, 404)), statuses


CALLS: dict[str, Any] = {
    "submit": {
        "key": "k",
        "title": "A law",
        "reason": "It was adopted.",
        "internalNote": "See the gazette.",
        "changes": [new_measure(), amended(note="A note")],
        "rebase": True,
        "dryRun": False,
        "planHash": None,
        "submission": None,
    },
    "review": {"submission": "Submission:P1", "decision": "REJECT", "text": "No source says so."},
    "comment": {"submission": "Submission:P1", "text": "Since when?"},
    "withdraw": {"submission": "Submission:P1", "reason": "It was wrong."},
    "revert": {"key": "r", "submission": "Submission:1", "reason": "It was wrong."},
}
"""Mutation → an input that could be."""


def spoilt_input(chance: random.Random, value: Any) -> Any:
    """The same with something in it replaced, left out, or doubled."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {name: one for name, one in value.items() if name != key}
        return value | {key: spoilt_input(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        again = [value[place]] if chance.random() < 0.1 else []
        return [*value[:place], spoilt_input(chance, value[place]), *again, *value[place + 1 :]]
    return anything(chance)


async def test_no_bad_change_gives_a_fault(seeded_database: Embedded) -> None:
    chance = random.Random(2000)
    outcomes: Counter[str] = Counter()
    async with maintainers(seeded_database) as people:
        with capture_logs() as logs:
            for number in range(CHANGES):
                name = chance.choice(["submit", *CALLS])
                call = spoilt_input(chance, CALLS[name] | ({"key": str(number)} if "key" in CALLS[name] else {}))
                query = f"mutation ($input: {name.title()}Input!) {{ {name}(input: $input) {{ refusals {{ code message }} }} }}"
                sent = as_json({"query": query, "variables": {"input": call}})
                who = chance.choice([people.ana, people.ben])
                headers = {"content-type": "application/json", "authorization": f"Bearer {who.token}"}
                answer = await who.client.post("/graphql", content=sent, headers=headers)
                told = answer.json()
                assert answer.status_code in (200, 400), (number, sent, answer.text)
                found = told["data"][name]["refusals"] if "data" in told else told["errors"]
                assert all(one["message"] for one in found), (number, sent)
                outcomes["refused" if "data" in told and found else "done" if "data" in told else "bad"] += 1
    assert [entry for entry in logs if entry["event"] == "fault"] == []
    assert all(outcomes[one] > CHANGES / 20 for one in ("refused", "done", "bad")), outcomes
