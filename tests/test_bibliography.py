"""Bibliographies, read by other tools: BibTeX by a parser of its own, CSL JSON by a processor that cites from it."""

import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx2
import pytest
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
from citeproc.source.json import CiteProcJSON

from db.embedded import Embedded
from tests.conftest import cloned
from tests.record_documents import BEGINNING, create, measure, published, source
from tests.served import served

CITED = ("state-parties", "recommendations", "measures", "assessments", "reporting-events", "statements", "sources")
STRANGE = r"100 % of {A} & \emph{B}_c $d$ #1 ~ ^ “é”"
IN_TEX = (
    r"100 \% of \textbraceleft{}A\textbraceright{} \& \textbackslash{}emph\textbraceleft{}B\textbraceright{}\_c"
    r" \$d\$ \#1 \textasciitilde{} \textasciicircum{} “é”"
)
DECODED = r"100 % of A & \emphB_c $d$ #1 ~ ˆ “é”"
"""As the parser reads that, which knows no braces by name."""


@pytest.fixture(scope="module")
async def strange(
    administrator: asyncpg.Connection, server: Embedded, migrated_template: str
) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a record whose titles hold all that TeX reads as a command."""
    async with cloned(administrator, server, migrated_template) as database:
        connection = await asyncpg.connect(database.url)
        document = source(
            title=STRANGE, publisher=STRANGE, url="https://opsc.example/{a}_b%20c#d", publishedOn="2016-12"
        )
        law = create("Measure:AAA-0009", measure("AAA", title=STRANGE))
        await published(connection, *BEGINNING, law, create("Source:S-9", document))
        await connection.close()
        async with served(database.url) as client:
            yield client


async def entries(client: httpx2.AsyncClient, address: str) -> dict[str, dict[str, str]]:
    """A bibliography as BibTeX has it, TeX's commands read as what they stand for."""
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-bibtex; charset=utf-8")
    library = parse_string(answer.text, append_middleware=[LatexDecodingMiddleware()])
    assert library.failed_blocks == []
    assert len(library.entries) == len(library.entries_dict) == int(answer.headers["row-count"])
    return {
        entry.key: {"type": entry.entry_type, **{field.key: field.value for field in entry.fields}}
        for entry in library.entries
    }


async def items(client: httpx2.AsyncClient, address: str) -> dict[str, Any]:
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/vnd.citationstyles.csl+json")
    found = json.loads(answer.content)
    assert len({item["id"] for item in found}) == len(found) == int(answer.headers["row-count"])
    return {item["id"]: item for item in found}


def cited(found: dict[str, Any], name: str) -> str:
    """What a footnote says, as a processor of CSL writes it in Harvard's style."""
    library = CiteProcJSON([found[name]])
    bibliography = CitationStylesBibliography(
        CitationStylesStyle("harvard-cite-them-right", validate=False), library, formatter.plain
    )
    bibliography.register(Citation([CitationItem(name)]))
    [line] = bibliography.bibliography()
    return str(line)


@pytest.mark.parametrize("name", CITED)
async def test_every_record_can_be_cited_in_both_forms(client: httpx2.AsyncClient, name: str) -> None:
    listed = [json.loads(line) for line in (await client.get(f"/v1/{name}.jsonl?first=50")).text.splitlines()]
    in_bibtex, in_csl = (
        await entries(client, f"/v1/{name}.bib?first=50"),
        await items(client, f"/v1/{name}.csl.json?first=50"),
    )
    assert len(in_bibtex) == len(in_csl) == len(listed)
    for row, entry, item in zip(listed, in_bibtex.values(), in_csl.values(), strict=True):
        assert row["id"] in entry["note"]
        assert row["permalink"] in item.get("URL", "") + item["note"]
        assert entry["title"] == " ".join(item["title"].split())


@pytest.mark.parametrize("name", CITED)
async def test_keys_are_made_of_ids_by_one_rule(client: httpx2.AsyncClient, name: str) -> None:
    numbered = "" if name == "sources" else "-1"
    listed = [json.loads(line)["id"] for line in (await client.get(f"/v1/{name}.jsonl?first=20")).text.splitlines()]
    keys = [f"opsc-{record_id.replace(':', '-')}{numbered}" for record_id in listed]
    assert list(await entries(client, f"/v1/{name}.bib?first=20")) == keys


async def test_a_source_and_what_the_record_says_of_it_have_keys_of_their_own(client: httpx2.AsyncClient) -> None:
    assert list(await entries(client, "/v1/sources/S-0689/revisions.bib")) == ["opsc-Source-S-0689-1"]
    assert list(await entries(client, "/v1/sources/S-0689.bib")) == ["opsc-Source-S-0689"]


async def test_a_record_is_cited_as_graphql_cites_it(client: httpx2.AsyncClient) -> None:
    query = (
        '{ measure(id: "Measure:PHL-0007") { revision { b: citation(style: BIBTEX) c: citation(style: CSL_JSON) } } }'
    )
    said = (await client.post("/graphql", json={"query": query})).json()["data"]["measure"]["revision"]
    assert (await client.get("/v1/measures/PHL-0007.bib")).text == said["b"] + "\n\n"
    assert (await client.get("/v1/measures/PHL-0007.csl.json")).json() == json.loads(said["c"])
    [revision] = (await items(client, "/v1/measures/PHL-0007/revisions.csl.json")).values()
    assert [revision] == json.loads(said["c"])


async def test_a_source_is_cited_as_the_document_that_it_is(client: httpx2.AsyncClient) -> None:
    found = await items(client, "/v1/sources.csl.json")
    assert found["Source:S-0689"] == {
        "id": "Source:S-0689",
        "type": "article-newspaper",
        "title": "Cambodia launches guidelines on online child protection",
        "publisher": "Xinhua (via UMM News)",
        "URL": "http://ummnews.org/node/98064",
        "issued": {"date-parts": [[2023, 7, 6]]},
        "note": "In the OPSC Tracker: Source:S-0689, https://opsc.example/r/Source:S-0689",
    }
    assert (found["Source:S-0002"]["type"], found["Source:S-0002"]["number"]) == ("report", "CRC/C/156")
    assert "2023" in cited(found, "Source:S-0689")
    assert (await entries(client, "/v1/sources/S-0689.bib"))["opsc-Source-S-0689"] == {
        "type": "misc",
        "title": "Cambodia launches guidelines on online child protection",
        "howpublished": "Xinhua (via UMM News)",
        "year": "2023",
        "month": "7",
        "day": "6",
        "url": "http://ummnews.org/node/98064",
        "note": "In the OPSC Tracker: Source:S-0689, https://opsc.example/r/Source:S-0689",
    }


async def test_a_processor_cites_a_record_from_it(client: httpx2.AsyncClient) -> None:
    line = cited(await items(client, "/v1/measures/PHL-0007.csl.json"), "Measure:PHL-0007/1")
    assert "OPSC Tracker" in line
    assert "Conditional cash transfers" in line


async def test_what_tex_reads_as_a_command_comes_through(strange: httpx2.AsyncClient) -> None:
    entry = (await entries(strange, "/v1/sources.bib"))["opsc-Source-S-9"]
    assert (entry["title"], entry["howpublished"]) == (DECODED, DECODED)
    assert (entry["year"], entry["month"]) == ("2016", "12")
    raw = (await strange.get("/v1/sources/S-9.bib")).text
    assert f"title = {{{{{IN_TEX}}}}}" in raw
    assert "url = {https://opsc.example/%7Ba%7D_b%20c#d}" in raw
    law = (await entries(strange, "/v1/measures/AAA-0009.bib"))["opsc-Measure-AAA-0009-1"]
    assert law["title"] == DECODED
    assert (await items(strange, "/v1/sources.csl.json"))["Source:S-9"]["title"] == STRANGE


async def test_a_bibliography_of_nothing_is_one(client: httpx2.AsyncClient) -> None:
    assert await entries(client, "/v1/measures.bib?stateParty=CMR") == {}
    assert await items(client, "/v1/measures.csl.json?stateParty=CMR") == {}


async def test_filters_and_clocks_are_those_of_the_list(client: httpx2.AsyncClient) -> None:
    listed = (await client.get("/v1/measures?stateParty=PHL&orderBy=DATE_DESC&first=3")).json()["measures"]["nodes"]
    found = await items(client, "/v1/measures.csl.json?stateParty=PHL&orderBy=DATE_DESC&first=3")
    assert [*found] == [f"{one['id']}/{one['revision']['number']}" for one in listed]
    before = await items(client, "/v1/measures.csl.json?position=100")
    assert before == {}


async def test_what_is_no_record_is_not_cited(client: httpx2.AsyncClient) -> None:
    for address in ("/v1/coverage.bib", "/v1/search.csl.json?text=law"):
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
