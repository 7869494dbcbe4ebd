"""The GET twin: lists by address, a page in JSON and whole in the other forms, equal to what GraphQL says."""

import csv
import gzip
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import asyncpg
import brotli
import httpx2
import orjson
import pytest
import zstandard
from graphql import GraphQLEnumType, get_named_type

from api.v1.endpoints import ENDPOINTS, Endpoint
from api.v1.parameters import known_parameters
from db.embedded import Embedded
from tests.flattened import flattened
from tests.lists import RECORDS
from tests.record_documents import BEGINNING, published
from tests.served import served


async def rows(client: httpx2.AsyncClient, address: str) -> list[dict[str, str]]:
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def nodes(client: httpx2.AsyncClient, address: str) -> list[Any]:
    """A list as lines of JSON."""
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    found = [orjson.loads(line) for line in answer.content.splitlines()]
    assert answer.headers["row-count"] == str(len(found))
    return found


@pytest.mark.parametrize("name", RECORDS)
async def test_every_form_of_a_list_says_the_same(client: httpx2.AsyncClient, name: str) -> None:
    whole = await nodes(client, f"/v1/{name}.jsonl")
    table = await rows(client, f"/v1/{name}.csv")
    page = (await client.get(f"/v1/{name}?first=200")).json()[ENDPOINTS[f"/v1/{name}"].field]
    assert page["totalCount"] == len(whole) == len(table)
    assert page["nodes"] == whole[:200]
    filled = [{column: cell for column, cell in row.items() if cell} for row in table]
    assert filled == [flattened(node) for node in whole]


async def test_filters_orders_and_pages_are_graphql_s_own(client: httpx2.AsyncClient) -> None:
    query = '{ measures(filter: { stateParty: ["PHL", "AUT"], status: [IN_FORCE] }, orderBy: [DATE_DESC]) { nodes { id } } }'
    said = (await client.post("/graphql", json={"query": query})).json()["data"]["measures"]["nodes"]
    address = "/v1/measures.jsonl?stateParty=PHL,AUT&status=IN_FORCE&orderBy=DATE_DESC"
    assert [{"id": node["id"]} for node in await nodes(client, address)] == said
    again = "/v1/measures.csv?stateParty=PHL&stateParty=AUT&status=IN_FORCE&orderBy=DATE_DESC&first=3"
    assert [row["id"] for row in await rows(client, again)] == [one["id"] for one in said[:3]]
    told = (await client.head(again)).headers
    assert (told["row-count"], told["total-count"]) == ("3", str(len(said)))


async def test_many_are_had_at_once_by_their_ids(client: httpx2.AsyncClient) -> None:
    found = await nodes(client, "/v1/measures.jsonl?id=Measure:PHL-0002,Measure:AFG-0001")
    assert [node["id"] for node in found] == ["Measure:AFG-0001", "Measure:PHL-0002"]


@pytest.mark.parametrize("empty", ["stateParty=", "text=", "id=", "id=,", "stateParty=%20", "status=", "first="])
@pytest.mark.parametrize("form", ["json", "csv"])
async def test_a_parameter_that_says_nothing_is_refused(client: httpx2.AsyncClient, empty: str, form: str) -> None:
    """An empty field of a form on a page would else find nothing, and read as silence."""
    answer = await client.get(f"/v1/measures.{form}?{empty}")
    name = empty.partition("=")[0]
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert answer.json()["detail"].startswith(f"{name}: it is empty")


async def test_a_page_leads_to_the_next_until_the_last(client: httpx2.AsyncClient) -> None:
    seen: list[str] = []
    address: str | None = "/v1/statements?first=7"
    while address:
        answer = await client.get(address)
        seen += [node["id"] for node in answer.json()["statements"]["nodes"]]
        link = answer.links.get("next")
        address = link["url"].removeprefix("https://opsc.example") if link else None
    assert seen == [node["id"] for node in await nodes(client, "/v1/statements.jsonl")]


async def test_a_page_leads_to_the_one_before_until_the_first(client: httpx2.AsyncClient) -> None:
    whole = [node["id"] for node in await nodes(client, "/v1/statements.jsonl")]
    first = [node["id"] for node in (await client.get("/v1/statements?first=9")).json()["statements"]["nodes"]]
    seen: list[str] = []
    address: str | None = "/v1/statements?last=9"
    while address:
        answer = await client.get(address)
        seen = [node["id"] for node in answer.json()["statements"]["nodes"]] + seen
        link, begins = answer.links.get("prev"), answer.links.get("first")
        assert (link is None) == (begins is None) == (len(seen) == len(whole))
        if begins:
            assert begins["url"] == "https://opsc.example/v1/statements?first=9"
        address = link["url"].removeprefix("https://opsc.example") if link else None
    assert (seen, seen[:9]) == (whole, first)


async def test_pages_are_turned_to_and_fro(client: httpx2.AsyncClient) -> None:
    begun = await client.get("/v1/measures?stateParty=PHL&first=3")
    assert not {"prev", "first"} & {*begun.links}
    second = await client.get(begun.links["next"]["url"].removeprefix("https://opsc.example"))
    back = await client.get(second.links["prev"]["url"].removeprefix("https://opsc.example"))
    assert back.json()["measures"]["nodes"] == begun.json()["measures"]["nodes"]
    forth = await client.get(back.links["next"]["url"].removeprefix("https://opsc.example"))
    assert forth.json()["measures"]["nodes"] == second.json()["measures"]["nodes"]
    assert second.links["first"]["url"] == "https://opsc.example/v1/measures?stateParty=PHL&first=3"


async def test_an_answer_says_which_clocks_it_stands_for(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/state-parties.csv?valid=2005-01-01")
    told = answer.headers
    assert (told["record-position"], told["record-valid"]) == ("4727", "2005-01-01")
    assert int(told["row-count"]) == len(answer.text.splitlines()) - 1 < 178
    page = (await client.get("/v1/state-parties?valid=2005-01-01")).json()
    assert (page["clock"]["valid"], page["stateParties"]["totalCount"]) == ("2005-01-01", int(told["row-count"]))


async def test_an_empty_list_is_a_header_alone(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/measures.csv?stateParty=CMR")
    assert (answer.headers["row-count"], len(answer.text.splitlines())) == ("0", 1)


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/v1/measures?statePart=PHL", 400, "Did you mean stateParty?"),
        ("/v1/measures.csv?nothing=1", 400, "There is no parameter nothing."),
        ("/v1/measures.csv?status=QQQ", 400, "status: there is no 'QQQ'. There are: ANNOUNCED, "),
        ("/v1/measures?status=in-force", 400, "status: there is no 'in-force'. Did you mean IN_FORCE?"),
        ("/v1/measures.csv?stateParty=Philippines", 400, "stateParty: 'Philippines' is no code of a State"),
        (
            "/v1/measures.csv?stateParty=Philippines",
            400,
            "codes are like PHL. Did you mean PHL (Philippines)? All of them: /v1/",
        ),
        (
            "/v1/measures?stateParty=PHL,aut",
            400,
            "'aut' is no code of a State; codes are like PHL. Did you mean AUT (Austria)?",
        ),
        (
            "/v1/measures?stateParty=XXX",
            400,
            "stateParty: 'XXX' is no code of a State; codes are like PHL. All of them: ",
        ),
        (
            "/v1/changes.atom?stateParty=PHP",
            400,
            "stateParty: 'PHP' is no code of a State; codes are like PHL. Did you mean PHL",
        ),
        (
            "/v1/measures.csv?stateParty=GER",
            400,
            "'GER' is no code of a State; codes are like PHL. Did you mean DEU (Germany)",
        ),
        ("/v1/state-parties?code=AT", 400, "code: 'AT' is no code of a State; codes are like PHL. Did you mean "),
        (
            "/v1/recommendations.csv?code=IVC-5",
            400,
            "code: 'IVC-5' is no code of a recommendation; codes are like IVC-05. Did you",
        ),
        (
            "/v1/measures?section=IVC",
            400,
            "section: 'IVC' is no section of the Guidelines; numbers are like IV.C. Did you mean IV.C (",
        ),
        ("/v1/coverage-summary?by=REGION&section=XI", 400, "section: 'XI' is no section of the Guidelines"),
        ("/v1/coverage.jsonl?region=asia", 400, "region: 'asia' is no region. Did you mean Asia?"),
        (
            "/v1/changes?region=Atlantis",
            400,
            "region: 'Atlantis' is no region. There are: Africa, Americas, Asia, Europe, Oceania.",
        ),
        (
            "/v1/state-parties.csv?subregion=Eastern+Asien",
            400,
            "subregion: 'Eastern Asien' is no subregion. Did you mean Eastern Asia",
        ),
        (
            "/v1/measures?instrument=CEDAW",
            400,
            "instrument: 'CEDAW' is no code of an instrument; codes are like ILO_C182. There are: ",
        ),
        ("/v1/measures?instrument=ILO-C182", 400, "Did you mean ILO_C182 ("),
        ("/v1/recommendations?article=3,99", 400, "article: '99' is no article of the Protocol. There are: 1, 2, 3, "),
        (
            "/v1/coverage.csv?recommendation=ivc-05",
            400,
            "'ivc-05' is no code of a recommendation; codes are like IVC-05. Did you mean IVC-05 (",
        ),
        (
            "/v1/measures?id=PHL+0001",
            400,
            "id: 'Measure:PHL 0001' is no id: ids are a type and a name, like Measure:PHL-0007.",
        ),
        ("/v1/measures?id=PHL-9999", 400, "id: there is no Measure:PHL-9999 in this record. /v1/measures.csv has all"),
        ("/v1/search", 400, "text: this is needed; add ?text= to the address"),
        ("/v1/diff?from=2026", 400, "from: '2026' is not a moment: write it as"),
        ("/v1/state-parties?consentFrom=May", 400, "consentFrom: 'May' is not a day"),
        ("/v1/measure", 404, "There is nothing at /v1/measure. Did you mean /v1/measures?"),
        ("/v1/measures/PHL-0007.exe", 404, "/v1/measures/PHL-0007 does not come as .exe, but as .json, .csv"),
        ("/v1/state-parties/Philippines", 404, "/v1/state-parties.csv has all that there are."),
        ("/v1/measures?first=many", 400, "first: 'many' is no whole number."),
        ("/v1/measures?first=201", 400, "ask for 1 to 200"),
        ("/v1/measures.jsonl?first=0", 400, "ask for 1 or more"),
        ("/v1/measures?digital=yes", 400, "digital: write true or false"),
        ("/v1/measures.csv?after=x", 400, "this is no cursor"),
        ("/v1/measures.csv?text=%00", 400, "NUL"),
        ("/v1/measures?position=99999999", 404, "position"),
        ("/v1/diff.csv?fromPosition=4700&toPosition=4720&position=-7", 404, "position: there is nothing at -7"),
        ("/v1/measures.csv?known=1999-01-01T00:00:00Z", 404, "known"),
        ("/v1/measures?first=1&first=2", 400, "first: it is given 2 times"),
        ("/v1/nothing", 404, "/v1/measures"),
        ("/v1/measures.exe", 404, ".csv"),
    ],
)
async def test_what_cannot_be_answered_is_told_as_a_problem(
    client: httpx2.AsyncClient, address: str, status: int, told: str
) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(
    "address",
    [
        "/v1/measures?stateParty=CMR&section=III",
        "/v1/recommendations?section=IV,III.A&article=12",
        "/v1/measures?stateParty=PHL&valid=1999-01-01",
    ],
)
async def test_what_the_record_has_may_be_asked_for_though_nothing_is_found(
    client: httpx2.AsyncClient, address: str
) -> None:
    """A signatory, a section above others, a State before it was a party."""
    assert (await client.get(address)).status_code == 200


async def test_a_code_is_known_as_soon_as_the_record_has_it(empty_database: Embedded) -> None:
    address = "/v1/measures.csv?stateParty=AAA&section=I"
    async with served(empty_database.url) as client:
        refused = await client.get(address)
        assert (refused.status_code, refused.json()["detail"].partition(".")[0]) == (
            400,
            "stateParty: 'AAA' is no code of a State; codes are like PHL",
        )
        connection = await asyncpg.connect(empty_database.url)
        await published(connection, *BEGINNING)
        await connection.close()
        assert (await client.get(address)).headers["row-count"] == "1"
        assert (await client.get(address.replace("AAA", "AAB"))).json()["detail"] == (
            "stateParty: 'AAB' is no code of a State; codes are like PHL. Did you mean AAA (State AAA)? "
            "All of them: /v1/state-parties.csv."
        )


async def test_accept_chooses_the_form_where_the_address_does_not(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/statements", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"


async def test_readers_who_leave_early_keep_no_connection(client: httpx2.AsyncClient) -> None:
    for _ in range(6):  # more than there are connections for whole lists
        async with client.stream("GET", "/v1/measures.jsonl") as answer:
            async for _chunk in answer.aiter_raw():
                break
    assert len(await nodes(client, "/v1/statements.jsonl")) == 38


@pytest.mark.parametrize(
    ("address", "record_id"),
    [
        ("/v1/measures/PHL-0001", "Measure:PHL-0001"),
        ("/v1/measures/Measure:PHL-0001.json", "Measure:PHL-0001"),
        ("/v1/state-parties/PHL", "StateParty:PHL"),
        ("/v1/recommendations/IVC-05", "Recommendation:IVC-05"),
    ],
)
async def test_one_record_says_what_its_list_says_of_it(
    client: httpx2.AsyncClient, address: str, record_id: str
) -> None:
    answer = await client.get(address)
    said = answer.json()["record"]
    assert said.pop("__typename") == record_id.partition(":")[0]
    assert answer.links["canonical"]["url"] == said["permalink"]
    name = address.split("/")[2]
    assert await nodes(client, f"/v1/{name}.jsonl?id={record_id}") == [said]
    assert await nodes(client, f"/v1/{name}/{record_id}.jsonl") == [said]
    assert [row["id"] for row in await rows(client, f"/v1/{name}/{record_id}.csv")] == [record_id]


async def test_each_change_of_a_record_is_listed_with_what_it_then_said(client: httpx2.AsyncClient) -> None:
    query = '{ node(id: "Measure:PHL-0001") { ... on Measure { revisions { nodes { position document } } } } }'
    said = (await client.post("/graphql", json={"query": query})).json()["data"]["node"]["revisions"]["nodes"]
    listed = (await client.get("/v1/measures/PHL-0001/revisions")).json()["changes"]["nodes"]
    assert [{"position": one["position"], "document": one["document"]} for one in listed] == said
    assert [one["position"] for one in await nodes(client, "/v1/measures/PHL-0001/revisions.jsonl")] == [
        one["position"] for one in said
    ]


async def test_all_changes_come_as_a_whole_and_in_pages(client: httpx2.AsyncClient) -> None:
    whole = await nodes(client, "/v1/changes.jsonl?after=4000")
    assert [one["position"] for one in whole] == list(range(4001, 4728))
    first = await client.get("/v1/changes?after=4000&first=200")
    assert first.json()["changes"]["nodes"] == whole[:200]
    assert first.links["next"]["url"].endswith("/v1/changes?first=200&after=4200")
    newest = (await client.get("/v1/changes?last=3")).json()["changes"]
    assert newest == {"lastPosition": 4727, "hasMore": False, "nodes": whole[-3:]}
    assert [row["position"] for row in await rows(client, "/v1/changes.csv?last=2")] == ["4726", "4727"]


async def test_differences_come_as_a_whole(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/v1/diff?fromPosition=4700&toPosition=4720&first=200")).json()["diff"]["nodes"]
    assert await nodes(client, "/v1/diff.jsonl?fromPosition=4700&toPosition=4720") == page
    assert len(page) == 20
    table = await rows(client, "/v1/diff.csv?fromPosition=4700&toPosition=4720")
    assert [row["sentence"] for row in table] == [one["sentence"] for one in page]


async def test_what_is_found_comes_as_a_whole(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/v1/search?text=child+helpline&first=200")).json()["search"]["edges"]
    assert await nodes(client, "/v1/search.jsonl?text=child+helpline") == page


async def test_the_matrix_is_counted_in_columns(client: httpx2.AsyncClient) -> None:
    groups = (await client.get("/v1/coverage-summary?by=REGION")).json()["coverageSummary"]
    assert all(
        group["total"] == sum(group[name] for name in group if name not in ("key", "label", "total"))
        for group in groups
    )
    assert await nodes(client, "/v1/coverage-summary.jsonl?by=REGION") == groups


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("/v1/measures/XXX-0001", 404, 'no "Measure:XXX-0001"'),
        ("/v1/measures/Source:GUIDELINES", 404, "Source:GUIDELINES"),
        ("/v1/measures/XXX-0001/revisions", 404, 'no "Measure:XXX-0001"'),
        ("/v1/measures/PHL-0001?stateParty=PHL", 400, "no parameter stateParty"),
        ("/v1/measures/PHL-0001.exe", 404, "not come as .exe"),
        ("/v1/search", 400, "text"),
        ("/v1/changes?after=9999999", 404, "9,999,999"),
        ("/v1/changes?first=2&last=2", 400, "exclude each other"),
        ("/v1/changes.jsonl?first=2&last=2", 400, "exclude each other"),
        ("/v1/measures?excel=1", 400, "only .csv"),
        ("/v1/measures.csv?excel=yes", 400, "excel: 1 asks for a table as Excel reads it, 0 for the usual one"),
        ("/v1/measures.xlsx?excel=1", 400, "only .csv"),
    ],
)
async def test_what_there_is_not_is_told_as_a_problem(
    client: httpx2.AsyncClient, address: str, status: int, told: str
) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


async def test_what_is_taken_as_nothing_else_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/measures", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.json()["detail"][:35]) == (406, "This answers as one of: application")
    assert (await client.get("/v1/")).json() == (await client.get("/v1")).json()
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    assert (await client.get("/v1/measures?first=1", headers=browser)).headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/v1/measures.csv", "measures.csv"),
        ("/v1/measures.csv?stateParty=PHL,AUT", "measures-PHL-AUT.csv"),
        ("/v1/measures/PHL-0007.csv", "measures-PHL-0007.csv"),
        ("/v1/measures.csv?stateParty=PHL,AUT,ITA,CHL,GTM,DNK&first=1", "measures-PHL-AUT-ITA-CHL-GTM.csv"),
    ],
)
async def test_a_file_is_named_by_what_it_is_of(client: httpx2.AsyncClient, address: str, name: str) -> None:
    answer = await client.head(address)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


async def test_a_table_for_excel_has_its_mark_and_semicolons(client: httpx2.AsyncClient) -> None:
    plain = await client.get("/v1/measures.csv?stateParty=PHL")
    for form in ("csv", "json"):
        usual, said_so = [
            await client.get(f"/v1/measures.{form}?stateParty=PHL&position=4727{more}") for more in ("", "&excel=0")
        ]
        assert (said_so.status_code, said_so.content) == (200, usual.content)
    excel = await client.get("/v1/measures.csv?stateParty=PHL&excel=1")
    assert excel.content.startswith("\ufeffid;stateParty.code;".encode())
    read = list(csv.reader(io.StringIO(excel.text.removeprefix("\ufeff")), delimiter=";"))
    assert read == list(csv.reader(io.StringIO(plain.text)))


async def test_lines_end_as_the_standard_of_csv_has_it(client: httpx2.AsyncClient) -> None:
    content = (await client.get("/v1/sources.csv")).content
    assert content.endswith(b"\r\n")
    assert content.count(b"\r\n") == content.count(b"\n")


async def test_an_answer_without_a_body_tells_the_same(client: httpx2.AsyncClient) -> None:
    whole, told = await client.get("/v1/statements.csv"), await client.head("/v1/statements.csv")
    assert (told.content, told.headers["row-count"]) == (b"", whole.headers["row-count"])
    assert "content-length" not in told.headers  # 0 would say that the list is empty


async def test_all_addresses_are_listed(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/v1")).json()["endpoints"]
    assert [one["address"] for one in listed] == [f"https://opsc.example{path}" for path in ENDPOINTS]


WORDS = {
    "stateParties.id": "StateParty:PHL",
    "recommendations.id": "Recommendation:IVC-05",
    "measures.id": "PHL-0001,Measure:AFG-0001",
    "stateParties.code": "PHL",
    "recommendations.code": "IVC-05",
    "stateParty": "PHL,AUT",
    "region": "Asia",
    "subregion": "South-eastern Asia",
    "recommendation": "IVC-05",
    "section": "IV",
    "instrument": "CRC",
    "symbol": "CRC/C/156",
    "author": "seed",
    "recordId": "Measure:PHL-0001,StateParty:PHL",
    "submission": "Submission:1",
    "text": "child",
    "article": "3",
}
"""Values for parameters that take any text or number."""

FIRST = "the id of the first that is listed"


def asked_for(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Each parameter that filters, with a value that it takes."""
    for name, (place, type_) in known_parameters(endpoint.operation).items():
        named = get_named_type(type_)
        if place != "filter":
            continue
        if isinstance(named, GraphQLEnumType):
            yield name, ",".join(list(named.values)[:2])
        else:
            at_random = {"Date": "2004-01-01", "DateTime": "2020-01-01T00:00:00Z", "Boolean": "true"}
            there = WORDS.get(f"{endpoint.field}.{name}") or WORDS.get(name)
            yield name, at_random.get(named.name) or there or FIRST


SHORTER = {"/v1/changes": "after=4600", "/v1/diff": "fromPosition=4600"}
"""What leaves less of the longest lists."""


@pytest.mark.parametrize("path", [*(f"/v1/{name}" for name in RECORDS), *SHORTER])
async def test_a_whole_list_has_what_its_pages_have_whatever_filters_it(client: httpx2.AsyncClient, path: str) -> None:
    endpoint = ENDPOINTS[path]
    shorter = SHORTER.get(path, "")
    everything = (await client.head(f"{path}.jsonl?{shorter}")).headers["row-count"]
    narrowed = 0
    for name, value in asked_for(endpoint):
        if value is FIRST:
            value = str((await nodes(client, f"{path}.jsonl?first=1"))[0]["id"])
        filtered = f"{name}={quote(value)}&{shorter}"
        whole = await nodes(client, f"{path}.jsonl?{filtered}")
        page = (await client.get(f"{path}?{filtered}&first=200")).json()[endpoint.field]["nodes"]
        assert whole[: len(page)] == page, name
        assert len(page) == min(200, len(whole)), name
        narrowed += str(len(whole)) != everything
    assert narrowed


@pytest.mark.parametrize("form", ["csv", "jsonl", "bib"])
async def test_a_whole_list_comes_in_the_coding_that_a_client_likes(client: httpx2.AsyncClient, form: str) -> None:
    plain = await client.get(f"/v1/sources.{form}", headers={"Accept-Encoding": "identity"})
    tags = {plain.headers["etag"]}
    for coding, read in (("gzip", gzip.decompress), ("br", brotli.decompress), ("zstd", unpacked)):
        headers = {"Accept-Encoding": coding}
        async with client.stream("GET", f"/v1/sources.{form}", headers=headers) as answer:
            sent = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert (read(sent), len(sent) * 2 < len(plain.content)) == (plain.content, True)
        assert (answer.headers["content-encoding"], answer.headers["row-count"]) == (coding, plain.headers["row-count"])
        tags.add(answer.headers["etag"])
        again = await client.get(f"/v1/sources.{form}", headers={**headers, "If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert len(tags) == 4
    written_by_another_process = await client.head("/v1/sources.xlsx", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in written_by_another_process.headers


def unpacked(sent: bytes) -> bytes:
    """Of zstd; its frame does not say how long it is, since nobody knew when it began."""
    return bytes(zstandard.ZstdDecompressor().decompressobj().decompress(sent))


CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET, LINES = "application/vnd.apache.parquet", "application/jsonl"


def alternates(answer: httpx2.Response) -> dict[str, str]:
    """Media type → address, of the links that lead to other forms."""
    parts = [link.split("; ") for link in answer.headers.get("link", "").split(", <")]
    return {part[2][6:-1]: part[0].strip("<>") for part in parts if part[1:2] == ['rel="alternate"']}


async def test_a_page_leads_to_the_whole_list_in_each_other_form(client: httpx2.AsyncClient) -> None:
    asked = "?stateParty=PHL%2CAUT&theme=ONLINE"
    page = await client.get(f"/v1/measures.json{asked}&first=2")
    assert page.links["next"]["url"].startswith(f"https://opsc.example/v1/measures.json{asked}&first=2&after=")
    assert alternates(page) == {
        CSV: f"https://opsc.example/v1/measures.csv{asked}",
        XLSX: f"https://opsc.example/v1/measures.xlsx{asked}",
        PARQUET: f"https://opsc.example/v1/measures.parquet{asked}",
        LINES: f"https://opsc.example/v1/measures.jsonl{asked}",
        "application/x-bibtex": f"https://opsc.example/v1/measures.bib{asked}",
        "application/vnd.citationstyles.csl+json": f"https://opsc.example/v1/measures.csl.json{asked}",
    }


@pytest.mark.parametrize(
    "address", ["/v1/measures/PHL-0001?valid=2026-01-01", "/v1/changes?last=2", "/v1/coverage-summary?by=REGION"]
)
async def test_each_other_form_that_an_answer_leads_to_is_there(client: httpx2.AsyncClient, address: str) -> None:
    found = alternates(await client.get(address))
    assert len(found) == {"measures/PHL-0001": 7, "changes": 8, "coverage-summary": 4}[address[4:].partition("?")[0]]
    for media_type, there in found.items():
        answer = await client.head(there.removeprefix("https://opsc.example"), follow_redirects=True)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media_type)


async def test_an_address_too_long_for_headers_leads_nowhere_else(client: httpx2.AsyncClient) -> None:
    text = "a" * 1_500
    assert alternates(await client.get(f"/v1/measures?text={text}")) == {}
