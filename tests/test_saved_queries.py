"""Saved queries: an address for a document and its variables, live or frozen, in every form; and any query by a plain GET."""

import calendar
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx2
import orjson
import pytest
from structlog.testing import capture_logs

from api.queries.saving import SAVINGS
from db.embedded import Embedded
from db.saved_queries import Query
from tests.at_the_terminal import Terminal
from tests.conftest import cloned
from tests.maintainers import Maintainers, amended, introduced, maintainers
from tests.served import served

LAWS = """query LawsOfAState($state: [String!]) {
  measures(filter: {stateParty: $state, kind: [LEGISLATION]}, orderBy: [DATE_DESC]) {
    totalCount
    nodes {
      id
      title
      note
      recommendations {
        code
      }
    }
  }
}"""

PHL = {"state": ["PHL"]}


@dataclass
class Place:
    """A seeded record of the module's own, who keeps it, and what asks it without an account."""

    database: Embedded
    people: Maintainers

    @property
    def client(self) -> httpx2.AsyncClient:
        return self.people.anybody.client

    async def saves(self, status: int = 201, **asked: Any) -> Any:
        answer = await self.client.post("/q", json=asked)
        assert answer.status_code == status, answer.text
        told = answer.json()
        assert answer.headers["location"] == told["address"] == f"https://opsc.example/q/{told['id']}"
        return told

    async def gets(self, address: str, **headers: str) -> httpx2.Response:
        answer = await self.client.get(address.removeprefix("https://opsc.example"), headers=headers)
        assert answer.status_code == 200, answer.text
        return answer

    async def table(self, address: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO((await self.gets(address)).text)))

    async def kept(self) -> int:
        """How many queries are saved."""
        owner = await asyncpg.connect(self.database.owner_url)
        number: int = await owner.fetchval("select count(*) from saved_query")
        await owner.close()
        return number


@pytest.fixture(scope="module")
async def here(administrator: asyncpg.Connection, server: Any, seeded_template: str) -> AsyncIterator[Place]:
    async with cloned(administrator, server, seeded_template) as database, maintainers(database) as people:
        await introduced(people)
        with capture_logs():
            yield Place(database, people)


async def test_a_saved_query_is_told_with_its_addresses_and_its_citation(here: Place) -> None:
    told = await here.saves(query=LAWS, variables=PHL)
    address, cited = told["address"], told.pop("citation")
    assert told == {
        "id": told["id"],
        "address": address,
        "title": "Laws of a state",
        "frozen": False,
        "position": None,
        "valid": None,
        "query": (await here.gets(f"{address}.graphql")).text,
        "variables": PHL,
        "documentId": told["documentId"],
        "forms": told["forms"],
    }
    assert told["forms"].items() >= {suffix: f"{address}.{suffix}" for suffix in ("json", "jsonl", "csv")}.items()
    then = f"{address}?position={cited['position']}&valid={cited['valid']}"
    assert cited["text"] == (
        f"OPSC Tracker, “Laws of a state”, position {cited['position']} of the log (known {cited['known']}, of"
        f" {cited['valid']}), {then}, accessed {_in_words(cited['accessed'])}."
    )
    assert cited["address"] == then


def _in_words(day: str) -> str:
    year, month, number = map(int, day.split("-"))
    return f"{number} {calendar.month_name[month]} {year}"


async def test_the_same_query_has_the_same_address_however_it_is_written(here: Place) -> None:
    first = await here.saves(query="query One { clock { position } }")
    beside = "query Two { clock { valid } } # a comment\nquery One{clock{position}}"
    again = await here.saves(200, query=beside, operationName="One", variables={"unused": 1})
    assert (again["id"], again["query"]) == (first["id"], "query One {\n  clock {\n    position\n  }\n}")
    other = await here.saves(query=beside, operationName="Two")
    assert other["id"] != first["id"]


async def test_every_form_of_a_saved_query_is_the_answer_of_graphql(here: Place) -> None:
    address = (await here.saves(query=LAWS, variables={"state": ["AUT", "BEL"]}))["address"]
    said = (await here.people.anybody.gets(LAWS, state=["AUT", "BEL"]))["measures"]
    as_json = await here.gets(f"{address}.json")
    assert as_json.json()["measures"] == said
    lines = await here.gets(f"{address}.jsonl")
    assert [orjson.loads(line) for line in lines.content.splitlines()] == said["nodes"]
    assert lines.headers["row-count"] == str(said["totalCount"])
    rows = await here.table(f"{address}.csv")
    assert rows == [
        {
            "id": node["id"],
            "title": node["title"],
            "note": node["note"] or "",
            "recommendations.code": "; ".join(one["code"] for one in node["recommendations"]),
        }
        for node in said["nodes"]
    ]
    excel = (await here.gets(f"{address}.csv?excel=1")).content
    assert excel.startswith("\ufeffid;title;note;recommendations.code\r\n".encode())
    for form, accepted in (("csv", "text/csv"), ("jsonl", "application/jsonl"), ("json", "*/*"), ("html", "text/html")):
        by_accept, by_suffix = await here.gets(address, accept=accepted), await here.gets(f"{address}.{form}")
        assert by_accept.content == by_suffix.content
        assert by_accept.headers["vary"] == ("Accept" if form == "html" else "Accept, Accept-Datetime, Accept-Encoding")


async def test_a_live_query_follows_the_record_and_what_is_frozen_stays(here: Place) -> None:
    asked: dict[str, Any] = {"query": '{ measure(id: "Measure:PHL-0001") { note } clock { position valid } }'}
    live, frozen = await here.saves(**asked), await here.saves(**asked, freeze=True)
    assert (frozen["frozen"], frozen["position"]) == (True, live["citation"]["position"])
    assert frozen["citation"]["address"] == frozen["address"]
    before = (await here.gets(f"{live['address']}.json")).json()
    await here.people.ana.published(here.people.cara, amended(note="Invented for tests."))
    for address in (frozen["address"], live["citation"]["address"]):
        assert (await here.gets(address)).json() == before
    now = await here.gets(f"{live['address']}.json")
    assert now.json()["measure"]["note"] == "Invented for tests."
    assert now.headers["record-position"] == str(before["clock"]["position"] + 1)
    at_position = await here.saves(200, **asked, freeze={"position": frozen["position"], "valid": frozen["valid"]})
    assert at_position["id"] == frozen["id"]
    told = await here.client.get(f"/q/{frozen['id']}.csv?position=1")
    assert (told.status_code, told.headers["content-type"]) == (400, "application/problem+json")
    assert told.json()["detail"].startswith(f"This query is frozen at position {frozen['position']}, valid ")


async def test_a_live_query_goes_by_a_header_and_a_frozen_one_by_its_own_clock(here: Place) -> None:
    asked: dict[str, Any] = {
        "query": "query Noted { measures(first: 1) { nodes { id note } } clock { known position } }"
    }
    live, frozen = await here.saves(**asked), await here.saves(**asked, freeze=True)
    begun = {"accept-datetime": "Thu, 01 Jan 1970 00:00:00 GMT"}
    for form in ("json", "csv"):
        then = await here.gets(f"{live['address']}.{form}", **begun)
        assert then.headers["vary"] == "Accept, Accept-Datetime, Accept-Encoding"
        assert then.headers["link"] == f'<{live["address"]}.{form}>; rel="original timegate"'
        pinned = f"{live['address']}.{form}?known={then.headers['record-known']}"
        assert then.headers["content-location"] == pinned
        assert (await here.gets(pinned)).content == then.content
        stays = await here.gets(f"{frozen['address']}.{form}", **begun)
        assert stays.content == (await here.gets(f"{frozen['address']}.{form}")).content
        assert (stays.headers["vary"], "content-location" in stays.headers) == ("Accept, Accept-Encoding", False)
        assert int(then.headers["record-position"]) <= int(stays.headers["record-position"])
        by_its_id = await here.gets(f"/graphql.{form}?documentId={frozen['id']}", **begun)
        assert (by_its_id.content, by_its_id.headers["vary"]) == (stays.content, "Accept, Accept-Encoding")


async def test_a_query_is_frozen_at_the_position_that_a_moment_had(here: Place) -> None:
    clock = (await here.people.anybody.gets("{ clock { known position } }"))["clock"]
    told = await here.saves(query="{ clock { valid } }", freeze={"known": clock["known"]})
    assert (told["position"], told["valid"]) == (clock["position"], clock["known"][:10])
    only_day = await here.saves(query="{ clock { valid } }", freeze={"valid": "2015-06-30"})
    assert (only_day["frozen"], only_day["position"], only_day["valid"]) == (False, None, "2015-06-30")
    assert (await here.gets(f"{only_day['address']}.json")).json() == {"clock": {"valid": "2015-06-30"}}
    another = await here.gets(f"{only_day['address']}.json?valid=2016-01-01")
    assert another.json() == {"clock": {"valid": "2016-01-01"}}


async def test_a_form_saves_freezes_and_leads_to_a_page_that_needs_no_script(here: Place) -> None:
    fields = {"query": 'query A_b { stateParty(code: "PHL") { name } } #<b>', "variables": "{}"}
    page = await here.client.post("/q", data=fields, headers={"accept": "text/html"}, follow_redirects=True)
    assert page.status_code == 200
    query_id = page.url.path.removeprefix("/q/").removesuffix(".html")
    assert "<h1>A b</h1>" in page.text
    assert "stateParty(code: &#34;PHL&#34;)" in page.text
    assert f'href="https://opsc.example/q/{query_id}.csv"' in page.text
    assert "<script" not in page.text
    assert f'name="documentId" value="{query_id}"' in page.text
    freezing = {"documentId": query_id, "freeze": "now"}
    frozen = await here.client.post("/q", data=freezing, headers={"accept": "text/html"}, follow_redirects=True)
    assert frozen.url.path not in ("/q", f"/q/{query_id}.html")
    assert "A frozen query" in frozen.text
    assert "<form" not in frozen.text


NOTHING_SAVED = {
    "no query": ({}, 400, "There is no query"),
    "not GraphQL": ({"query": "{ clock"}, 400, "Syntax Error"),
    "no such field": ({"query": "{ clocks { position } }"}, 400, "clocks"),
    "a change": (
        {"query": 'mutation { forgetContact(input: {report: "ErrorReport:1"}) { refusals { code } } }'},
        400,
        "/graphql",
    ),
    "a variable that is none": ({"query": LAWS, "variables": {"state": 7}}, 400, "state"),
    "too dear": ({"query": "{ measures(first: 201) { nodes { id } } }"}, 400, "ask for 1 to 200"),
    "too long": ({"query": LAWS, "variables": {"state": ["PHL" * 7_000]}}, 400, "20,000 characters"),
    "personal": ({"query": '{ search(text: "ana@ruritania.example") { totalCount } }'}, 400, "an e-mail address"),
    "personal variable": (
        {"query": LAWS, "variables": {"state": ["ana@ruritania.example"]}},
        400,
        "an e-mail address",
    ),
    "a position that is none": ({"query": LAWS, "freeze": {"position": 99_999}}, 404, "position"),
    "two clocks": (
        {"query": LAWS, "freeze": {"position": 1, "known": "2026-11-24T00:00:00Z"}},
        400,
        "give one of them",
    ),
    "a clock that is none": (
        {"query": LAWS, "freeze": {"day": "2020-01-01"}},
        400,
        "There are: known, position, valid",
    ),
    "frozen oddly": ({"query": LAWS, "freeze": 7}, 400, "freeze: say true"),
    "misspelt": ({"query": LAWS, "variable": {}}, 400, "variable"),
}


@pytest.mark.parametrize("case", NOTHING_SAVED)
async def test_what_cannot_be_saved_is_refused_and_not_kept(here: Place, case: str) -> None:
    asked, status, told = NOTHING_SAVED[case]
    before = await here.kept()
    answer = await here.client.post("/q", json=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]
    assert await here.kept() == before


async def test_an_address_saves_so_many_new_queries_in_an_hour(here: Place) -> None:
    async with served(here.database.url) as client:
        statuses = []
        for number in range(SAVINGS + 1):
            one = {"query": f"query Number{number} {{ clock {{ position }} }}"}
            statuses.append((await client.post("/q", json=one)).status_code)
            if number == 0:
                assert (await client.post("/q", json=one)).status_code == 200
                assert (await client.post("/q", json={"query": "{ no }"})).status_code == 400
        assert statuses == [201] * SAVINGS + [429]
        late = await client.post("/q", json={"query": "{ clock { position } } "})
        assert 3_500 < int(late.headers["retry-after"]) <= 3_600
        token = {"authorization": f"Bearer {here.people.ana.token}"}
        assert (
            await client.post("/q", json={"query": "query Mine { clock { position } }"}, headers=token)
        ).status_code == 201


async def test_a_withdrawn_query_is_gone_with_its_words_and_is_not_saved_again(here: Place) -> None:
    asked: dict[str, Any] = {"query": "query ToBeWithdrawn { clock { position } }"}
    told = await here.saves(**asked)
    terminal = Terminal(here.people.anybody)
    done = await terminal.runs(
        "query", "withdraw", told["id"], "--reason", "It named somebody.", DATABASE_URL=here.database.owner_url
    )
    assert done.stdout == f"/q/{told['id']} is withdrawn. What was kept of its answers elsewhere is there still.\n"
    page = await here.client.get(f"/q/{told['id']}.html")
    assert (page.status_code, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert ": It named somebody.</p>" in page.text
    for address in (f"/q/{told['id']}", f"/q/{told['id']}.csv"):
        gone = await here.client.get(address)
        assert (gone.status_code, gone.headers["content-type"]) == (410, "application/problem+json")
        assert gone.json()["detail"].endswith(": It named somebody.")
    for name, status in ((told["id"], 410), (told["documentId"], 404)):
        named = await here.client.post("/graphql", json={"documentId": name})
        assert (named.status_code, named.json()["errors"][0]["extensions"]) == (status, {"code": "UNKNOWN_DOCUMENT"})
    again = await here.client.post("/q", json=asked)
    assert again.json()["detail"] == "This query was withdrawn, and is not saved again: It named somebody."
    owner = await asyncpg.connect(here.database.owner_url)
    (left,) = await owner.fetch("select content, document_hash from saved_query where id = $1", told["id"])
    assert tuple(left) == (None, None)
    await owner.close()
    twice = await terminal.runs(
        "query", "withdraw", told["id"], "--reason", "Again.", DATABASE_URL=here.database.owner_url
    )
    assert (twice.exit_code, f"opsc: There is no saved query {told['id']}" in twice.stderr) == (1, True)


def row(query: Query, **otherwise: Any) -> dict[str, Any]:
    kept = {"id": query.id, "content": query.content, "document_hash": query.document_hash}
    return {**kept, "withdrawn_at": None, "withdrawn_because": None, **otherwise}


POSITION, VALID = Query("{ clock { position } }", {}), Query("{ clock { valid } }", {}, position=7)
GONE = {"content": None, "document_hash": None, "withdrawn_at": datetime(2026, 11, 27, tzinfo=UTC)}

RULES = {
    "saved_query_id_is_of_its_content": row(POSITION, id=VALID.id),
    "saved_query_document_hash_is_of_its_document": row(POSITION, document_hash=VALID.document_hash),
    "saved_query_is_of_bounded_size": row(Query("{ clock { position } }" + " " * 20_000, {})),
    "saved_query_id_is_well_formed": row(POSITION, **GONE, id="A query", withdrawn_because="It named somebody."),
    "saved_query_withdrawn_says_why_and_nothing_else": row(POSITION, **GONE),
}


@pytest.mark.parametrize("rule", RULES)
async def test_the_database_holds_a_saved_query_to_its_address(here: Place, rule: str) -> None:
    owner = await asyncpg.connect(here.database.owner_url)
    told = RULES[rule]
    insert = f"insert into saved_query (saved_at, {', '.join(told)}) values (now(), $1, $2, $3, $4, $5)"
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await owner.execute(insert, *told.values())
    assert refused.value.constraint_name == rule
    await owner.close()
    application = await asyncpg.connect(here.database.url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute(insert, *row(POSITION, **GONE, withdrawn_because="It named somebody.").values())
    await application.close()


async def test_the_owner_withdraws_and_changes_nothing_else_of_a_saved_query(here: Place) -> None:
    owner = await asyncpg.connect(here.database.owner_url)
    for column, value in (
        ("saved_at", "now()"),
        ("account_id", "1"),
        ("id", "repeat('0', 20)"),
        ("content", "content"),
    ):
        with pytest.raises(asyncpg.PostgresError) as refused:
            await owner.execute(f"update saved_query set {column} = {value} where content is not null")
        assert refused.value.constraint_name in ("saved_queries_stay", "saved_query_id_is_of_its_content")
    await owner.close()


# ── Any query by GET ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def asked(here: Place, suffix: str, query: str, **more: str) -> httpx2.Response:
    return await here.client.get(f"/graphql.{suffix}", params={"query": query, **more})


async def test_any_query_is_had_as_a_table(here: Place) -> None:
    whole = await asked(here, "csv", "query Assessed { clock { position } assessments { nodes { id } } }")
    total = (await here.people.anybody.gets("{ assessments { totalCount } }"))["assessments"]["totalCount"]
    assert len(whole.text.splitlines()) == total + 1 > 201
    assert whole.headers["content-disposition"] == 'attachment; filename="Assessed.csv"'
    one = await asked(here, "csv", '{ p: stateParty(code: "PHL") { code region } q: stateParty(code: "ZZZ") { code } }')
    assert one.text == "p.code,p.region,q.code\r\nPHL,Asia,\r\n"
    by_region = await asked(
        here, "csv", '{ coverageSummary(by: [REGION], filter: {stateParty: ["PHL"]}) { key total } }'
    )
    assert by_region.text == "key,total\r\nAsia,140\r\n"
    found = await asked(
        here, "csv", '{ nodes(ids: ["Measure:PHL-0001", "Source:S-0001"]) { id ... on Source { kind } } }'
    )
    assert found.text.splitlines() == ["id,kind", "Measure:PHL-0001,", "Source:S-0001,TREATY_DEPOSITARY"]
    variables = {"variables": '{"state": ["PHL"]}'}
    with_variables = await asked(here, "jsonl", LAWS, **variables)
    saved = await here.saves(200, query=LAWS, variables=PHL)
    assert with_variables.content == (await here.gets(f"{saved['address']}.jsonl")).content


async def test_a_list_inside_another_is_never_cut_without_a_word(here: Place) -> None:
    cut = await asked(here, "csv", "{ stateParties { nodes { code measures { nodes { id } } } } }")
    assert (cut.status_code, cut.headers["content-type"]) == (400, "application/problem+json")
    assert "content-disposition" not in cut.headers
    assert cut.json()["detail"].startswith("stateParties.nodes.measures: this is a list in pages inside another")
    for said in ("measures(first: 2) { nodes { id } }", "measures { totalCount nodes { id } }"):
        found = await asked(here, "csv", f"{{ stateParties(first: 2) {{ nodes {{ code {said} }} }} }}")
        assert found.text.splitlines()[0] == "code,measures"
        assert len(found.text.splitlines()) == 3


@pytest.mark.parametrize(
    ("suffix", "query", "status", "told"),
    [
        ("csv", "{ measures { nodes { id } } sources { nodes { id } } }", 400, "rows are of one list"),
        ("csv", "{ measures { nodes { id } edges { cursor } } }", 400, "measures.edges: rows are of measures.nodes"),
        ("csv", "{ measures { totalCount } }", 400, "ask for nodes"),
        ("csv", "{ __schema { queryType { name } } }", 400, "ask for .json"),
        ("csv", "{ measures(first: 0) { nodes { id } } }", 400, "ask for 1 or more"),
        ("csv", "{ nothing }", 400, "nothing"),
        ("jsonl", "mutation { __typename }", 400, "POST"),
        ("exe", "{ clock { position } }", 404, ".csv"),
        ("json", "", 400, "There is no query"),
    ],
)
async def test_an_error_is_a_problem_and_no_file(here: Place, suffix: str, query: str, status: int, told: str) -> None:
    answer = await asked(here, suffix, query)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert told in answer.json()["detail"]
    assert "content-disposition" not in answer.headers


async def test_a_parameter_that_is_none_is_refused_with_the_nearest_that_is(here: Place) -> None:
    answer = await asked(here, "csv", "{ clock { position } }", variable="{}")
    assert answer.json()["detail"] == "There is no parameter variable. Did you mean variables?"
    saved = await here.saves(query="query Strange { clock { position } }")
    answer = await here.client.get(f"/q/{saved['id']}.csv?valed=2020-01-01")
    assert (answer.status_code, answer.json()["detail"]) == (400, "There is no parameter valed. Did you mean valid?")


@pytest.mark.parametrize("name", ["nothing", "0" * 20, "0" * 20 + ".csv", "..%2Fq"])
async def test_an_address_of_nothing_is_not_found(here: Place, name: str) -> None:
    assert (await here.client.get(f"/q/{name}")).status_code == 404
