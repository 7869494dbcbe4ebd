"""The whole record in one download: what the lists say one by one, of one moment, whole or nothing; read by others' tools."""

import asyncio
import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import asyncpg
import duckdb
import httpx2
import orjson
import pandas
import polars
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from typer.testing import CliRunner, Result

from api.apart.parquet import elements
from api.app import create, living
from api.command_line import opsc as command
from api.dataset.contents import MEDIA_TYPES
from api.dataset.tables import TABLES
from api.faults import problem
from api.kept import PAST, PRESENT
from api.settings import Settings
from db.checkpoints import sign_head
from db.embedded import Embedded
from db.signed_note import PrivateKey
from db.verify_log import check
from tests.dated_log import LAW, POSITIONS, TOLD, dated_log
from tests.flattened import flattened
from tests.lists import RECORDS
from tests.record_documents import create as created
from tests.record_documents import measure, redact
from tests.served import listening, served

SHAPES = Path(__file__).with_name("dcat_ap.ttl")


async def fetched(client: httpx2.AsyncClient, form: str) -> bytes:
    answer = await client.get(f"/v1/dataset.{form}", timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.content


def unpacked(content: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder


def run(folder: Path, *command: str) -> str:
    """What a tool of others says, which must end well."""
    place = Path(sys.executable).with_name(command[0])
    ran = subprocess.run(
        [str(place) if place.exists() else command[0], *command[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
async def whole(client: httpx2.AsyncClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeded record, as its ZIP holds it."""
    return unpacked(await fetched(client, "zip"), tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
async def dated(then: httpx2.AsyncClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small record of tests/dated_log.py."""
    return unpacked(await fetched(then, "zip"), tmp_path_factory.mktemp("dated"))


@pytest.fixture(scope="module")
async def typed(client: httpx2.AsyncClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seeded record, as its ZIP of Parquet holds it."""
    return unpacked(await fetched(client, "parquet.zip"), tmp_path_factory.mktemp("typed"))


@pytest.fixture(scope="module")
async def lite(
    client: httpx2.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[sqlite3.Connection]:
    """The seeded record, as its SQLite file holds it."""
    file = tmp_path_factory.mktemp("lite") / "dataset.sqlite"
    file.write_bytes(await fetched(client, "sqlite"))
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    yield connection
    connection.close()


# ── What is in it ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", RECORDS)
async def test_each_table_is_the_list_of_the_same_name(client: httpx2.AsyncClient, whole: Path, name: str) -> None:
    assert (whole / f"{name}.csv").read_bytes() == (await client.get(f"/v1/{name}.csv")).content


async def test_lists_without_pages_are_in_it_as_graphql_has_them(client: httpx2.AsyncClient, whole: Path) -> None:
    query = "{ sections { id number heading parent { number } articles { label } firstParagraph page note } }"
    said = (await client.post("/graphql", json={"query": query})).json()["data"]["sections"]
    rows = polars.read_csv(whole / "sections.csv", infer_schema=False).drop(
        "revision.number", "revision.recordedAt", "permalink"
    )
    assert [{name: cell for name, cell in row.items() if cell} for row in rows.to_dicts()] == [
        flattened(one) for one in said
    ]


async def test_the_log_in_it_is_whole_and_agrees_with_itself(client: httpx2.AsyncClient, whole: Path) -> None:
    root = (await client.post("/graphql", json={"query": "{ log { size rootHash } }"})).json()["data"]["log"]
    found = check(whole / "log", [], [])
    assert found.differences == []
    assert (
        f"Revisions checked: {root['size']:,}; of them redacted: 0; the root of all: {root['rootHash']}."
        in found.summary
    )
    assert root["rootHash"] in (whole / "README.md").read_text("utf-8")


def test_the_sums_are_those_of_all_files(whole: Path) -> None:
    run(whole, "sha256sum", "--check", "--strict", "SHA256SUMS")
    summed = {line.split()[1] for line in (whole / "SHA256SUMS").read_text().splitlines()}
    there = {str(file.relative_to(whole)) for file in whole.rglob("*") if file.is_file()}
    assert there - summed == {"SHA256SUMS"}


async def test_a_download_is_of_the_moment_that_is_asked_for(then: httpx2.AsyncClient, tmp_path: Path) -> None:
    position = POSITIONS[1]
    answer = await then.get(f"/v1/dataset.zip?position={position}&valid=2030-01-01")
    told = answer.headers
    assert (told["record-position"], told["record-known"], told["record-valid"]) == (
        str(position),
        TOLD[1][0],
        "2030-01-01",
    )
    folder = unpacked(answer.content, tmp_path)
    rows = polars.read_csv(folder / "measures.csv", infer_schema=False).select("id", "title").rows()
    assert rows == [(LAW, "A better law")]
    revisions = polars.read_csv(folder / "revisions.csv", infer_schema=False)
    assert revisions["position"].to_list() == [str(one + 1) for one in range(position)]
    assert json.loads((folder / "datapackage.json").read_text())["record"]["position"] == position


@pytest.mark.parametrize("form", ["zip", "parquet.zip", "sqlite"])
async def test_the_same_moment_makes_the_same_bytes(then: httpx2.AsyncClient, form: str) -> None:
    address = f"{form}?position={POSITIONS[2]}&valid=2030-01-01"
    assert await fetched(then, address) == await fetched(then, address)


# ── What reads it ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_frictionless_finds_it_valid(whole: Path) -> None:
    said = json.loads(run(whole, "frictionless", "validate", "datapackage.json", "--json"))
    assert (said["valid"], said["stats"]["tasks"]) == (True, len(TABLES))


def test_frictionless_finds_what_was_changed(dated: Path, tmp_path: Path) -> None:
    for file in (*dated.glob("*.csv"), dated / "datapackage.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    table = tmp_path / "measures.csv"
    table.write_bytes(table.read_bytes().replace(b"LEGISLATION", b"LEGISLATON"))
    with pytest.raises(AssertionError, match="enum"):
        run(tmp_path, "frictionless", "validate", "datapackage.json")


def test_a_csvw_validator_finds_it_valid(dated: Path) -> None:
    assert run(dated, "csvwvalidate", "csv-metadata.json").strip() == "OK"


async def test_portals_find_its_description_valid(client: httpx2.AsyncClient, whole: Path, tmp_path: Path) -> None:
    content = await fetched(client, "jsonld")
    said = orjson.loads(content)
    assert said == orjson.loads((whole / "dataset.jsonld").read_bytes())
    run(whole, "pyshacl", "--shapes", str(SHAPES), "--data-file-format", "json-ld", "dataset.jsonld")
    dataset = next(one for one in said["@graph"] if one["@type"] == "dcat:Dataset")
    del dataset["dct:title"]
    (tmp_path / "untitled.jsonld").write_bytes(orjson.dumps(said))
    with pytest.raises(AssertionError, match="title"):
        run(tmp_path, "pyshacl", "--shapes", str(SHAPES), "--data-file-format", "json-ld", "untitled.jsonld")


async def test_pandas_polars_and_duckdb_read_the_same_in_every_form(
    client: httpx2.AsyncClient, whole: Path, typed: Path, lite: sqlite3.Connection
) -> None:
    query = "{ measures { totalCount } }"
    total = (await client.post("/graphql", json={"query": query})).json()["data"]["measures"]["totalCount"]
    csv, parquet = whole / "measures.csv", typed / "measures.parquet"
    counts = [
        Counter(pandas.read_csv(csv, keep_default_na=False)["kind"]),
        Counter(pandas.read_parquet(parquet)["kind"]),
        Counter(polars.read_csv(csv, infer_schema_length=None)["kind"]),
        Counter(polars.read_parquet(parquet)["kind"]),
        Counter(duckdb.read_csv(str(csv)).df()["kind"]),
        Counter(duckdb.read_parquet(str(parquet)).df()["kind"]),
        Counter(dict(lite.execute("select kind, count(*) from measures group by kind").fetchall())),
    ]
    assert counts == [counts[0]] * len(counts)
    assert counts[0].total() == total


@pytest.mark.parametrize("name", TABLES)
def test_parquet_says_what_the_csv_says_with_types(whole: Path, typed: Path, name: str) -> None:
    table = TABLES[name]
    text = polars.read_csv(whole / f"{name}.csv", infer_schema=False)
    found = polars.read_parquet(typed / f"{name}.parquet")
    assert found.columns == text.columns
    for field in table.fields:
        cells = text[field.name].to_list()
        said = found[field.name].to_list()
        if field.listed:
            assert [[one if one is None else str(one) for one in several] for several in said] == [
                padded(elements(cell), several) for cell, several in zip(cells, said, strict=True)
            ]
        else:
            assert [_written(one) for one in said] == [cell or None for cell in cells], field.name


def padded(found: list[str | None], several: list[Any]) -> list[str | None]:
    """An empty cell is a list of nothing, or of one nothing beside a column that has one element."""
    return found or [None] * min(len(several), 1)


def _written(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return str(value).lower()
    return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if hasattr(value, "hour") else str(value)


def test_sqlite_is_sound_and_every_key_leads_somewhere(lite: sqlite3.Connection, whole: Path) -> None:
    assert lite.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert lite.execute("pragma foreign_key_check").fetchall() == []
    for name in TABLES:
        (count,) = lite.execute(f'select count(*) from "{name.replace("-", "_")}"').fetchone()
        assert count == len(polars.read_csv(whole / f"{name}.csv", infer_schema=False))
    said = dict(lite.execute("select name, value from metadata").fetchall())
    assert (said["position"], said["licence"]) == ("4727", "CC-BY-4.0")


async def test_sqlite_holds_what_stood_at_every_position(then: httpx2.AsyncClient, tmp_path: Path) -> None:
    file = tmp_path / "dataset.sqlite"
    file.write_bytes(await fetched(then, "sqlite"))
    lite = sqlite3.connect(file)
    stood = "select id, title from measure_version where known_from <= ? and ifnull(known_to, 1e9) > ? order by id"
    for position in POSITIONS:
        answer = await then.get(f"/v1/measures.jsonl?position={position}")
        said = [orjson.loads(line) for line in answer.content.splitlines()]
        assert lite.execute(stood, (position, position)).fetchall() == [(one["id"], one["title"]) for one in said]
    lite.close()


# ── What changed since ────────────────────────────────────────────────────────────────────────────────────────────────


def applied(lines: bytes, delta: bytes) -> bytes:
    """A log with a difference at its end, by the rule that its README tells."""
    revisions = [orjson.loads(line) for line in (lines + delta).splitlines()]
    gone = {one for revision in revisions for one in json.loads(revision["envelope"])["redacts"] or ()}
    for revision in revisions:
        if revision["position"] in gone:
            revision |= {"document": None, "salt": None}
    return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in revisions)


async def test_a_difference_makes_the_later_log_of_the_earlier(empty_database: Embedded, tmp_path: Path) -> None:
    log = await dated_log(empty_database)
    for moment, changes, _ in TOLD[:2]:
        await log.publish(moment, *changes)
    async with served(empty_database.url) as client:
        earlier = unpacked(await fetched(client, "zip"), tmp_path / "earlier")
        left = measure("AAA", title="A law", summary="Withheld.")
        await log.publish("2024-07-01T00:00:00.000000Z", redact(LAW, left, POSITIONS[1]))
        await log.publish("2024-08-01T00:00:00.000000Z", created("Measure:AAA-0002", measure("AAA")))
        await log.owner.close()
        later = unpacked(await fetched(client, "zip"), tmp_path / "later")
        answer = await client.get(f"/v1/dataset.delta.jsonl?fromPosition={POSITIONS[1]}")
        first = await client.get(f"/v1/dataset.delta.jsonl?fromPosition={POSITIONS[1]}&toPosition={POSITIONS[1] + 1}")
    assert (answer.headers["row-count"], first.headers["row-count"]) == ("2", "1")
    assert answer.content.startswith(first.content)
    place = Path("log") / "revisions.jsonl"
    found = applied((earlier / place).read_bytes(), answer.content)
    assert [orjson.loads(line) for line in found.splitlines()] == [
        orjson.loads(line) for line in (later / place).read_bytes().splitlines()
    ]
    (earlier / place).write_bytes(found)
    assert check(earlier / "log", [], []) == check(later / "log", [], [])
    assert check(later / "log", [], []).differences == []
    assert b"A better law" not in found


# ── What cannot be ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("address", "status", "told"),
    [
        ("zip?possition=9", 400, "Did you mean position?"),
        ("zip?position=99999999", 404, "there is no position 99999999"),
        ("zip?valid=today", 400, "valid"),
        ("sqlite?position=99999999", 404, "there is no position 99999999"),
        ("exe", 404, "/v1/dataset.zip"),
        ("delta.jsonl", 400, "fromPosition: say which position you have"),
        ("delta.jsonl?fromPosition=x", 400, "fromPosition: a position of the log is a whole number"),
        ("delta.jsonl?fromPosition=99999999", 400, "no position from 0 to 4727"),
        ("delta.jsonl?fromPosition=1&toPosition=99999999", 404, "there is no position 99999999"),
    ],
)
async def test_what_cannot_be_answered_is_told_as_a_problem(
    client: httpx2.AsyncClient, address: str, status: int, told: str
) -> None:
    answer = await client.get(f"/v1/dataset.{address}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert told in answer.json()["detail"]


async def test_a_download_that_breaks_off_is_no_zip(
    seeded_database: Embedded, administrator: asyncpg.Connection
) -> None:
    database = seeded_database.url.partition("?")[0].rpartition("/")[2]
    settings, sent = Settings(seeded_database.url, public_url="https://opsc.example"), list[Mapping[str, Any]]()

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()  # its reader stays
        raise AssertionError

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)
        if len(sent) == 2:
            await administrator.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = $1", database
            )

    address = {"path": "/v1/dataset.zip", "query_string": b"", "headers": [], "client": ("127.0.0.1", 9)}
    scope = {"type": "http", "method": "GET", **address}
    async with living(settings) as state:
        with pytest.raises((asyncpg.PostgresConnectionError, asyncpg.InterfaceError)):
            await create(settings)({**scope, "state": state}, receive, send)
    assert (sent[0]["status"], sent[-1]["more_body"]) == (200, True)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(b"".join(message["body"] for message in sent[1:])))


async def test_head_tells_what_would_come_and_sends_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.head("/v1/dataset.zip")
    assert (answer.status_code, answer.content, answer.headers["record-position"]) == (200, b"", "4727")


FILES = ("zip", "parquet.zip", "sqlite", "jsonld", "delta.jsonl?fromPosition=0")


@pytest.mark.parametrize("file", FILES)
async def test_who_has_a_file_is_told_so_and_head_makes_none(then: httpx2.AsyncClient, file: str) -> None:
    told = await then.head(f"/v1/dataset.{file}")
    whole = await then.get(f"/v1/dataset.{file}")
    again = await then.get(f"/v1/dataset.{file}", headers={"If-None-Match": whole.headers["ETag"]})
    assert (told.status_code, told.headers["ETag"], again.status_code) == (200, whole.headers["ETag"], 304)
    assert told.headers["RateLimit"] != whole.headers["RateLimit"]
    assert told.headers.get("Content-Length") in (None, str(len(whole.content)))
    assert whole.headers["Cache-Control"] == again.headers["Cache-Control"] == PRESENT


async def test_a_file_is_another_once_something_more_is_signed(empty_database: Embedded) -> None:
    log = await dated_log(empty_database)
    for moment, changes, _ in TOLD:
        await log.publish(moment, *changes)
    async with served(empty_database.url) as client:
        before = await client.get("/v1/dataset.zip")
        await sign_head(log.owner, PrivateKey("opsc.example/log", bytes(range(32))))
        after = await client.get("/v1/dataset.zip", headers={"If-None-Match": before.headers["ETag"]})
    await log.owner.close()
    assert (after.status_code, after.headers["Record-Position"]) == (200, before.headers["Record-Position"])
    assert after.content != before.content


async def test_a_file_whose_reader_leaves_is_made_no_further(
    record_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    settings, sent = Settings(record_url, public_url="https://opsc.example"), list[Mapping[str, Any]]()

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.to_thread(appears, tmp_path, ".opsc-*/dataset.sqlite")
        return {"type": "http.disconnect"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    address = {"path": "/v1/dataset.sqlite", "query_string": b"", "headers": [], "client": ("127.0.0.1", 9)}
    async with living(settings) as state:
        await create(settings)({"type": "http", "method": "GET", **address, "state": state}, receive, send)
    assert [message["status"] for message in sent if "status" in message] == [499]
    assert appears(tmp_path, "*", within=0) == []


def appears(folder: Path, pattern: str, within: float = 60) -> list[Path]:
    """What there is in a folder, once there is something; within: seconds."""
    until = time.monotonic() + within
    while not (found := list(folder.glob(pattern))) and time.monotonic() < until:
        time.sleep(0.01)
    return found


async def test_a_download_says_how_long_it_is_true(client: httpx2.AsyncClient, then: httpx2.AsyncClient) -> None:
    now = await client.head("/v1/dataset.zip")
    assert now.headers["cache-control"] == PRESENT
    for form in ("zip", "jsonld"):
        past = await then.head(f"/v1/dataset.{form}?position={POSITIONS[0]}")
        assert past.headers["cache-control"] == PAST


async def test_the_dataset_itself_leads_to_its_description(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/dataset")
    assert (answer.status_code, answer.headers["location"]) == (303, "/v1/dataset.jsonld")


# ── At the terminal ───────────────────────────────────────────────────────────────────────────────────────────────────


async def at_the_terminal(*arguments: str | Path, **environment: str) -> Result:
    """In a thread, so that the server beside it can answer."""
    words = [str(argument) for argument in arguments]
    return await asyncio.to_thread(CliRunner(env={"DATABASE_URL": None, **environment}).invoke, command, words)


async def test_the_command_writes_the_same_file_without_a_server(
    client: httpx2.AsyncClient, record_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "record.zip"
    given = ("export", "dataset", file, "--valid", "2026-01-01", "--public-url", "https://opsc.example")
    ran = await at_the_terminal(*given, DATABASE_URL=record_url)
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.startswith(f"Wrote {file}: position 4,727, known ")
    assert file.read_bytes() == await fetched(client, "zip?valid=2026-01-01")
    again = await at_the_terminal(*given, DATABASE_URL=record_url)
    assert (again.exit_code, again.stderr) == (1, f"opsc: {file} is there already: name another file, or remove it.\n")
    assert os.listdir(tmp_path) == ["record.zip"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["record.csv"], "give it a name that ends in .zip, .parquet.zip, .sqlite."),
        (["record.zip", "--position", "many"], "--position: a position of the log is a whole number"),
        (["record.sqlite", "--position", "99999999"], "there is no position 99999999"),
        (["record.zip", "--state-party", "PHL"], "--state-party is for a spreadsheet"),
        (["record.zip", "--valid", ""], "--valid: "),
        (
            ["record.zip", "--server", "opsc.example"],
            "--server opsc.example is no address: write it as https://opsc.example.",
        ),
        (["record.zip", "--server", "http://127.0.0.1:1"], "http://127.0.0.1:1 cannot be reached ("),
        (
            ["record.zip", "--server", "http://127.0.0.1:1", "--data", "here"],
            "--data is for a record that is read here, and",
        ),
        (
            ["record.zip", "--server", "http://127.0.0.1:1", "--public-url", "https://opsc.example"],
            "--public-url is for a record that is read here, and",
        ),
    ],
)
async def test_the_command_says_what_it_cannot_write(
    record_url: str, tmp_path: Path, given: list[str], told: str
) -> None:
    ran = await at_the_terminal("export", "dataset", tmp_path / given[0], *given[1:], DATABASE_URL=record_url)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert told in ran.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("form", ["zip", "parquet.zip"])
async def test_the_command_writes_the_file_that_a_server_has_of_the_same_moment(
    then: httpx2.AsyncClient, tmp_path: Path, form: str
) -> None:
    file, address = tmp_path / f"record.{form}", str(then.base_url)
    given = ("export", "dataset", file, "--position", f"{POSITIONS[1]}", "--valid", "2026-01-01")
    ran = await at_the_terminal(*given, "--server", address, DATABASE_URL="postgresql://nowhere.invalid/")
    assert (ran.exit_code, ran.stderr) == (0, "Downloading the record\n")
    answer = await then.get(f"/v1/dataset.{form}?position={POSITIONS[1]}&valid=2026-01-01", timeout=120)
    known = answer.headers["record-known"]
    assert ran.stdout == f"Wrote {file}: position {POSITIONS[1]}, known {known}, valid 2026-01-01.\n"
    assert file.read_bytes() == answer.content
    again = await at_the_terminal(*given, OPSC_SERVER=address)
    assert (again.exit_code, again.stderr) == (1, f"opsc: {file} is there already: name another file, or remove it.\n")
    assert os.listdir(tmp_path) == [file.name]


async def test_a_record_that_the_environment_names_is_downloaded_unless_it_names_a_database(
    then: httpx2.AsyncClient, tmp_path: Path
) -> None:
    given, server = ("export", "dataset", tmp_path / "record.zip"), str(then.base_url)
    here = await at_the_terminal(*given, OPSC_SERVER=server, DATABASE_URL="postgresql://127.0.0.1:1/nowhere")
    assert here.stderr.startswith("opsc: The server at DATABASE_URL cannot be used: ")
    there = await at_the_terminal(*given, OPSC_SERVER=server)
    assert there.stdout.startswith(f"Wrote {tmp_path / 'record.zip'}: position {POSITIONS[-1]}, ")


@pytest.mark.parametrize(
    ("form", "server", "told"),
    [
        ("zip", "breaks-off", "The download from {url} broke off ("),
        ("sqlite", "breaks-off", "The download from {url} broke off ("),
        (
            "sqlite",
            "short",
            "The download from {url} broke off (3 of 9 bytes came), and nothing of it is kept: try again.",
        ),
        ("zip", "half", "What {url} sent is no whole ZIP, and nothing of it is kept: try again."),
        ("zip", "page", "{url} does not answer as a record of this kind does: is --server right?"),
        ("zip", "busy", "Others’ lists are being read."),
        ("zip", "token", "{url} does not take the token in OPSC_TOKEN: it may have expired"),
    ],
)
async def test_of_what_a_server_does_not_send_whole_nothing_is_left(
    tmp_path: Path, form: str, server: str, told: str
) -> None:
    media_type = MEDIA_TYPES[form]
    told_of = {"Record-Position": "1", "Record-Known": "2026-01-01T00:00:00.000000Z", "Record-Valid": "2026-01-01"}

    async def broken() -> AsyncIterator[bytes]:
        yield b"PK\x03\x04"
        raise ConnectionAbortedError

    async def answered(request: Request) -> Response:
        match request.path_params["server"]:
            case "breaks-off":
                return StreamingResponse(broken(), headers=told_of, media_type=media_type)
            case "short":
                return StreamingResponse(
                    iter([b"SQL"]), headers={**told_of, "Content-Length": "9"}, media_type=media_type
                )
            case "half":
                return Response(b"PK\x03\x04", headers=told_of, media_type=media_type)
            case "page":
                return Response("Welcome", headers=told_of, media_type="text/html")
            case "token":
                return problem(401, "Unauthorized", "")
        return problem(503, "Busy", "Others’ lists are being read.")

    async with listening(Starlette(routes=[Route("/{server}/v1/dataset.{form}", answered)])) as client:
        url = str(client.base_url.join(server))
        file = tmp_path / f"record.{form}"
        ran = await at_the_terminal("export", "dataset", file, "--server", url, OPSC_TOKEN="opsc_invented")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert f"opsc: {told.format(url=url)}" in ran.stderr
    assert os.listdir(tmp_path) == []
