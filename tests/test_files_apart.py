"""Spreadsheets and Parquet of the GET twin, as the programs that read them see them, and the processes that write them."""

import asyncio
import csv
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import AsyncGenerator, Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx2
import orjson
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from api.apart.answered import in_turn
from api.apart.parquet import blocks, elements
from api.apart.process import written
from api.apart.refused import Busy, CannotWrite, Died
from api.apart.table import Table
from api.faults import told
from schema.column import Column

ABOUT = {"title": "Invented", "known": "2026-11-27T09:30:00.000000Z"}


def values(node: dict[str, Any]) -> dict[str, Any]:
    """What an element says, by column: a list's elements side by side; nothing left out."""
    return {name: value for name, value in leaves(node) if value not in (None, [])}


def leaves(node: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from leaves(value, f"{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            each = [dict(leaves(one, f"{name}.")) for one in value]
            yield from ((column, [one[column] for one in each]) for column in each[0])
        else:
            yield name, value


def as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}Z"
    return value.isoformat() if isinstance(value, date) else value


def said(row: dict[str, Any]) -> dict[str, Any]:
    """A row as JSON has it; nothing left out."""
    return {name: as_json(value) for name, value in row.items() if value not in (None, [])}


async def content(client: httpx2.AsyncClient, address: str) -> bytes:
    answer = await client.get(address)
    assert answer.status_code == 200, answer.text
    return answer.content


def sheets_of(file: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(file))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


async def chunks(rows: list[list[str]]) -> AsyncGenerator[bytes]:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    yield text.getvalue().encode()


async def file_of(suffix: str, columns: list[Column], rows: list[list[str]]) -> bytes:
    with await written(suffix, Table(columns, len(rows), ABOUT), chunks(rows)) as file:
        return file.read()


@pytest.mark.parametrize(
    "address",
    [
        "/v1/measures.jsonl",
        "/v1/state-parties.jsonl",
        "/v1/statements.jsonl",
        "/v1/coverage.jsonl?region=Africa",
        "/v1/coverage-summary.jsonl?by=REGION",
        "/graphql.jsonl?query={recommendations(orderBy:[CODE_ASC]){nodes{id sources:citations{locator source{id}}}}}",
    ],
)
async def test_parquet_says_what_the_lines_say(client: httpx2.AsyncClient, address: str) -> None:
    lines = (await content(client, address)).splitlines()
    table = pq.read_table(io.BytesIO(await content(client, address.replace(".jsonl", ".parquet"))))
    assert [said(row) for row in table.to_pylist()] == [values(orjson.loads(line)) for line in lines]


async def test_what_is_found_is_a_table_too(client: httpx2.AsyncClient) -> None:
    table = pq.read_table(io.BytesIO(await content(client, "/v1/search.parquet?text=child+helpline")))
    sheet = sheets_of(await content(client, "/v1/search.xlsx?text=child+helpline"))["Rows"]
    meant = list(csv.reader(io.StringIO((await content(client, "/v1/search.csv?text=child+helpline")).decode())))
    assert table.column_names == sheet[0] == meant[0]
    place = meant[0].index("node.id")
    assert table["node.id"].to_pylist() == [row[place] for row in sheet[1:]] == [row[place] for row in meant[1:]]


async def test_parquet_has_the_types_of_what_it_says(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/measures.parquet?stateParty=PHL")
    schema = pq.read_schema(io.BytesIO(answer.content))
    types = {field.name: str(field.type) for field in schema if str(field.type) != "string"}
    assert types == {
        "recommendations.code": "list<element: string>",
        "recommendations.title": "list<element: string>",
        "citations.source.id": "list<element: string>",
        "citations.source.title": "list<element: string>",
        "citations.source.url": "list<element: string>",
        "citations.locator": "list<element: string>",
        "citations.note": "list<element: string>",
        "revision.number": "int32",
        "revision.recordedAt": "timestamp[us, tz=UTC]",
    }
    parties = pq.read_schema(io.BytesIO(await content(client, "/v1/state-parties.parquet?first=1")))
    assert str(parties.field("signedOn").type) == "date32[day]"
    headers = answer.headers
    about = {name.decode(): text.decode() for name, text in schema.metadata.items()}
    assert about == {
        "title": "OPSC Tracker: what States parties reported about the 2019 Guidelines",
        "address": "https://opsc.example/v1/measures.parquet?stateParty=PHL",
        "position": "4727",
        "known": headers["record-known"],
        "valid": headers["record-valid"],
        "licence": "Creative Commons Attribution 4.0 International (CC-BY-4.0), https://creativecommons.org/licenses/by/4.0/",
        "cite": f"OPSC Tracker, position 4727 of the log (known {headers['record-known']}, of {headers['record-valid']}),"
        " https://opsc.example/v1/measures.parquet?stateParty=PHL.",
    }


def by_polars(file: Path) -> list[dict[str, Any]]:
    return pl.read_parquet(file).to_dicts()


def by_duckdb(file: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        return connection.sql(f"select * from '{file}'").to_arrow_table().to_pylist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("reads", [by_polars, by_duckdb])
async def test_programs_read_parquet_as_it_was_meant(
    client: httpx2.AsyncClient, tmp_path: Path, reads: Callable[[Path], list[dict[str, Any]]]
) -> None:
    file = tmp_path / "measures.parquet"
    file.write_bytes(await content(client, "/v1/measures.parquet"))
    assert [said(row) for row in reads(file)] == [said(row) for row in pq.read_table(file).to_pylist()]


async def test_pandas_reads_parquet_as_it_was_meant(client: httpx2.AsyncClient, tmp_path: Path) -> None:
    file = tmp_path / "measures.parquet"
    file.write_bytes(await content(client, "/v1/measures.parquet"))
    frame, table = pd.read_parquet(file), pq.read_table(file)
    assert str(frame["revision.recordedAt"].dtype) == "datetime64[us, UTC]"
    for column in ("id", "stateParty.code", "revision.number", "revision.recordedAt"):
        assert frame[column].tolist() == table[column].to_pylist()
    assert [list(cell) for cell in frame["citations.source.id"]] == table["citations.source.id"].to_pylist()


@pytest.mark.parametrize("name", ["measures", "sources"])
async def test_programs_read_the_table_as_it_was_meant(client: httpx2.AsyncClient, tmp_path: Path, name: str) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(await content(client, f"/v1/{name}.csv"))
    with file.open(newline="", encoding="utf-8") as text:
        meant = list(csv.DictReader(text))
    assert pd.read_csv(file, dtype=str, keep_default_na=False).to_dict("records") == meant
    assert pl.read_csv(file, infer_schema=False).fill_null("").to_dicts() == meant
    with duckdb.connect() as connection:
        found = connection.read_csv(str(file), all_varchar=True, header=True)
        assert [
            dict(zip(found.columns, (cell or "" for cell in row), strict=True)) for row in found.fetchall()
        ] == meant


async def test_pandas_keeps_the_two_letters_of_namibia_where_it_is_told_to(client: httpx2.AsyncClient) -> None:
    table = io.BytesIO(await content(client, "/v1/state-parties.csv"))
    frame = pd.read_csv(table, keep_default_na=False, na_values=[""]).set_index("code")
    assert frame["alpha2"]["NAM"] == "NA"
    assert frame["signedOn"].isna().any()


async def test_a_spreadsheet_says_what_the_table_says(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/state-parties.xlsx")
    header, *table = csv.reader(io.StringIO((await content(client, "/v1/state-parties.csv")).decode(), newline=""))
    sheet = sheets_of(answer.content)["Rows"]
    assert (answer.headers["row-count"], sheet[0]) == ("178", header)
    reads: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(("m49", "revision.number"), float),
        **dict.fromkeys(("signedOn", "consentOn", "inForceOn", "initialReportDueOn"), date.fromisoformat),
    }
    meant = [
        [reads.get(name, str)(cell) if cell else "" for name, cell in zip(header, row, strict=True)] for row in table
    ]
    assert sheet[1:] == meant


async def test_a_full_date_is_a_date_beside_others_that_are_known_to_the_month_or_year(
    client: httpx2.AsyncClient,
) -> None:
    query = "query={measures{nodes{id when:adoptedOn}}}"
    for sheet_address, table_address, name in (
        ("/v1/measures.xlsx", "/v1/measures.csv", "adoptedOn"),
        (f"/graphql.xlsx?{query}", f"/graphql.csv?{query}", "when"),
    ):
        meant = [row[name] for row in csv.DictReader(io.StringIO((await content(client, table_address)).decode()))]
        header, *rows = sheets_of(await content(client, sheet_address))["Rows"]
        found = [row[header.index(name)] for row in rows]
        assert found == [date.fromisoformat(cell) if len(cell) == 10 else cell for cell in meant]
        assert {len(cell) for cell in meant} == {0, 4, 7, 10}


async def test_a_spreadsheet_is_laid_out_for_people(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/statements.xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        page = parts.read("xl/worksheets/sheet1.xml").decode()
    assert '<pane xSplit="1" ySplit="1" topLeftCell="B2"' in page
    assert '<autoFilter ref="A1:' in page
    about = {name: text for name, text in sheets_of(answer.content)["About"] if name}
    known, valid = answer.headers["record-known"], answer.headers["record-valid"]
    assert about == {
        "title": "OPSC Tracker: what States parties reported about the 2019 Guidelines",
        "address": "https://opsc.example/v1/statements.xlsx",
        "position": "4727",
        "known": known,
        "valid": valid,
        "licence": "Creative Commons Attribution 4.0 International (CC-BY-4.0), https://creativecommons.org/licenses/by/4.0/",
        "cite": f"OPSC Tracker, position 4727 of the log (known {known}, of {valid}),"
        " https://opsc.example/v1/statements.xlsx.",
        "rows": "38",
    }


async def test_no_text_becomes_a_formula_or_a_number_or_is_cut() -> None:
    texts = ["=1+1", "+41", "-5", "@x", "0012", "2012-05", " a\r\nb ", "_x0041_", "https://opsc.example", "x" * 32_767]
    columns = [Column("text", "String"), Column("day", "PartialDate"), Column("yes", "Boolean"), Column("n", "Float")]
    rows = [[text, "", "", ""] for text in texts]
    rows += [["\uffff", "1899-12-31", "true", "-0.5"], ["𝔸" * 16_384, "2012-05-14", "false", "12"]]
    found = sheets_of(await file_of("xlsx", columns, rows))
    assert [row[0] for row in found["Rows"][1:11]] == texts
    assert found["Rows"][11] == ["\ufffd", "1899-12-31", True, -0.5]
    too_long = "[16,384 characters, more than a cell of a spreadsheet can hold: see .csv or .parquet]"
    assert found["Rows"][12] == [too_long, date(2012, 5, 14), False, 12.0]
    assert (
        found["About"][-1][1] == "1 cells were too long for a spreadsheet, and say so instead of what they would hold."
    )


async def test_the_same_rows_are_the_same_bytes(client: httpx2.AsyncClient) -> None:
    for suffix in ("xlsx", "parquet"):
        address = f"/v1/statements.{suffix}"
        assert await content(client, address) == await content(client, address)


async def test_nothing_and_an_empty_text_and_lists_stay_apart_in_parquet() -> None:
    columns = [Column("a", "String"), Column("l.x", "String", "l"), Column("l.y", "String", "l"), Column("n", "Int")]
    lines = b',,,\n"","a\\; b; c\\\\; d","; ; z",1\n"q\n""r""",one,,-2\n'

    async def rows() -> AsyncGenerator[bytes]:
        yield lines[:20]
        yield lines[20:]

    with await written("parquet", Table(columns, 3, ABOUT), rows()) as file:
        found = pq.read_table(io.BytesIO(file.read())).to_pylist()
    assert found == [
        {"a": None, "l.x": [], "l.y": [], "n": None},
        {"a": "", "l.x": ["a; b", "c\\", "d"], "l.y": [None, None, "z"], "n": 1},
        {"a": 'q\n"r"', "l.x": ["one"], "l.y": [None], "n": -2},
    ]


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
async def test_a_list_of_nothing_and_one_column_of_nothing_are_files(client: httpx2.AsyncClient, suffix: str) -> None:
    answer = await client.get(f"/v1/measures.{suffix}?stateParty=CMR")
    assert (answer.status_code, answer.headers["row-count"]) == (200, "0")
    file = await file_of(suffix, [Column("a", "String")], [])
    with await written(suffix, Table([Column("a", "String")], 2, ABOUT), lines_of(b"\nb\n")) as two:
        read = two.read()
    if suffix == "xlsx":
        assert (sheets_of(file)["Rows"], sheets_of(read)["Rows"]) == ([["a"]], [["a"], [""], ["b"]])
    else:
        assert pq.read_table(io.BytesIO(file)).to_pylist() == []
        assert pq.read_table(io.BytesIO(read)).to_pylist() == [{"a": None}, {"a": "b"}]


async def lines_of(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


def test_blocks_end_where_rows_do() -> None:
    row = b'"a\n""b""\n",' + b"c" * 3_000_000 + b"\n"
    found = list(blocks(io.BytesIO(row * 7)))
    assert b"".join(found) == row * 7
    assert [len(block) // len(row) for block in found] == [2, 3, 2]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        (None, []),
        ("a", ["a"]),
        ("a; b", ["a", "b"]),
        ("a\\; b", ["a; b"]),
        ("\\\\; b", ["\\", "b"]),
        ("; ", [None, None]),
    ],
)
def test_a_cell_of_several_is_read_by_the_rule(cell: str | None, meant: list[str | None]) -> None:
    assert elements(cell) == meant


async def test_more_rows_than_a_spreadsheet_holds_are_refused() -> None:
    with pytest.raises(
        CannotWrite, match="1,048,575 rows and 16,384 columns at most, and these are 1,048,576 and 1"
    ) as refused:
        await written("xlsx", Table([Column("a", "String")], 1_048_576, ABOUT), lines_of(*[b"a\n" * 100_000] * 11))
    assert told(refused.value).status_code == 422


@pytest.mark.parametrize("suffix", ["xlsx", "parquet"])
async def test_rows_that_break_off_make_no_file(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(Died, match="2 rows came of 3"):
        await written(suffix, Table([Column("a", "String")], 3, ABOUT), lines_of(b"a\n", b"b\n"))

    async def away() -> AsyncGenerator[bytes]:
        yield b"a\n"
        raise ConnectionResetError("the database went")

    with pytest.raises(ConnectionResetError, match="the database went"):
        await written(suffix, Table([Column("a", "String")], 3, ABOUT), away())
    assert (os.listdir(tmp_path), writers()) == ([], [])


def writers() -> list[int]:
    """The processes that write files for this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() and b"api.apart." in (process / "cmdline").read_bytes():
                found.append(int(process.name))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


async def until(holds: Callable[[], Any]) -> Any:
    async with asyncio.timeout(20):
        while not (found := holds()):  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.005)
    return found


async def test_a_process_that_is_killed_is_told_as_a_fault(
    client: httpx2.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    asked = asyncio.create_task(client.get("/v1/coverage.xlsx"))
    (writer,) = await until(writers)
    os.kill(writer, signal.SIGKILL)
    answer = await asked
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "content-disposition" not in answer.headers
    assert (os.listdir(tmp_path), writers()) == ([], [])


async def test_a_reader_who_leaves_takes_the_process_along(
    client: httpx2.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for _ in range(3):  # more than there are turns
        asked = asyncio.create_task(client.get("/v1/coverage.xlsx"))
        await until(writers)
        asked.cancel()
        await until(lambda: not writers())
    await until(lambda: not os.listdir(tmp_path))
    assert (await client.get("/v1/statements.xlsx")).status_code == 200


WAITS_FOR_EVER = """
import asyncio
from api.apart.process import written
from api.apart.table import Table
from schema.column import Column

async def rows():
    yield b"a\\n" * 100_000
    print("sent", flush=True)
    await asyncio.sleep(3_600)

asyncio.run(written("xlsx", Table([Column("a", "String")], 200_000, {"title": "t", "known": "2026-11-27"}), rows()))
"""


def test_a_server_that_is_killed_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", WAITS_FOR_EVER], env=environment, stdout=subprocess.PIPE) as server:
        assert server.stdout
        assert server.stdout.readline() == b"sent\n"
        assert len(os.listdir(tmp_path)) == 1
        server.kill()
    deadline = time.monotonic() + 20
    while os.listdir(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.005)


async def test_two_are_written_at_once_and_tables_are_answered_meanwhile(client: httpx2.AsyncClient) -> None:
    asked = [asyncio.create_task(client.get("/v1/sources.xlsx")) for _ in range(3)]
    for writer in await until(lambda: writers() if len(writers()) == 2 else None):
        os.kill(writer, signal.SIGSTOP)
    assert (await client.get("/v1/statements.csv")).headers["row-count"] == "38"
    assert (len(writers()), any(one.done() for one in asked)) == (2, False)
    for writer in writers():
        os.kill(writer, signal.SIGCONT)
    assert len({(await one).content for one in asked}) == 1


async def test_who_waits_too_long_for_a_turn_is_told_when_to_come_again() -> None:
    with pytest.raises(Busy) as busy:
        async with in_turn(asyncio.Semaphore(0), within=0):
            pass
    answer = told(busy.value)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


async def test_an_answer_without_a_body_tells_of_the_file(client: httpx2.AsyncClient) -> None:
    answer = await client.head("/v1/statements.parquet")
    assert (answer.headers["row-count"], answer.headers["content-type"]) == ("38", "application/vnd.apache.parquet")
    assert answer.headers["content-disposition"] == 'attachment; filename="statements.parquet"'


async def test_programs_read_parquet_by_its_address(client: httpx2.AsyncClient) -> None:
    address = f"{client.base_url}/v1/statements.parquet".replace("//v1", "/v1")
    read = await asyncio.to_thread(pl.read_parquet, address)
    listed = (await client.get("/v1/statements.jsonl")).text.splitlines()
    assert read["id"].to_list() == [orjson.loads(line)["id"] for line in listed]


async def test_a_part_of_a_file_is_the_part_that_was_asked_for(client: httpx2.AsyncClient) -> None:
    whole, told = await client.get("/v1/statements.parquet"), await client.head("/v1/statements.parquet")
    size = len(whole.content)
    assert (told.content, told.headers["content-length"], told.headers["accept-ranges"]) == (b"", str(size), "bytes")
    for asked, status, content, of in (
        ("bytes=4-9", 206, whole.content[4:10], f"bytes 4-9/{size}"),
        ("bytes=-8", 206, whole.content[-8:], f"bytes {size - 8}-{size - 1}/{size}"),
        (f"bytes={size}-", 416, b"", f"bytes */{size}"),
        ("bytes=0-1,3-4", 200, whole.content, None),
    ):
        part = await client.get("/v1/statements.parquet", headers={"Range": asked})
        assert (part.status_code, part.content, part.headers.get("content-range")) == (status, content, of)
        assert part.headers["etag"] == whole.headers["etag"]
    headed = await client.head("/v1/statements.parquet", headers={"Range": "bytes=4-9"})
    assert (headed.status_code, headed.headers["content-length"]) == (200, str(size))
    of_another = {"Range": "bytes=4-9", "If-Range": '"another"'}
    assert (await client.get("/v1/statements.parquet", headers=of_another)).status_code == 200
