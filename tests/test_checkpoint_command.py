"""Signing by the command line: a data folder's log is signed from its first start on, and published, and its key replaced."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx2
import pytest

from db import verify_log
from db.embedded import Embedded
from db.signed_note import PrivateKey
from tests.notes import read
from tests.opsc import PATIENCE, folder, opsc, serving

ORIGIN = "opsc.example/log"
QUERY = {"query": "{ log { origin size publicKey checkpoint keys { publicKey } } }"}


def log(address: str) -> dict[str, object]:
    told: dict[str, object] = httpx2.post(f"{address}/graphql", json=QUERY).json()["data"]["log"]
    return told


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    """A record that was served once, under an origin."""
    with folder() as place:
        with serving("--data", place, "--port", "0", OPSC_LOG_ORIGIN=ORIGIN) as first:
            told = log(first.address())
        key = PrivateKey.read((place / "log.key").read_text("utf-8").strip())
        assert (told["origin"], told["publicKey"]) == (ORIGIN, str(key.public))
        assert read(str(told["checkpoint"]), str(key.public)).size == told["size"] == 4727
        assert (place / "log.key").stat().st_mode & 0o777 == 0o600
        assert not list((place / "postgres").rglob("log.key*"))
        yield place


def succeeded(told: subprocess.CompletedProcess[str]) -> str:
    assert told.returncode == 0, told
    assert "Traceback" not in told.stderr
    return told.stdout


def test_its_checkpoints_are_published_and_its_key_replaced(data: Path, tmp_path: Path) -> None:
    told = opsc("checkpoint", "publish", tmp_path / "kept", "--data", data)
    assert succeeded(told) == "Wrote 1 of 1 checkpoints; the newest is of 4,727 revisions.\n"
    before = (tmp_path / "kept" / "checkpoints" / "4727").read_text("utf-8")
    old = (tmp_path / "kept" / "keys" / "1").read_text("utf-8").strip()

    told = opsc("checkpoint", "rotate", "--data", data)
    new = str(PrivateKey.read((data / "log.key").read_text("utf-8").strip()).public)
    assert new != old
    assert succeeded(told) == f"From 4,727 revisions on, the log is signed with {new}.\n"
    assert sorted(file.name for file in data.glob("log.key*")) == ["log.key"]

    told = opsc("checkpoint", "publish", tmp_path / "kept", "--data", data)
    assert succeeded(told) == "Wrote 0 of 1 checkpoints; the newest is of 4,727 revisions.\n"
    assert (tmp_path / "kept" / "checkpoints" / "4727").read_text("utf-8") == before
    assert read((tmp_path / "kept" / "latest").read_text("utf-8"), old, new).signers == [old, new]
    assert succeeded(opsc("verify", "--data", data)).endswith("all agree.\n")
    with serving("--data", data, "--port", "0") as server:
        found = log(server.address())
    assert (found["origin"], found["publicKey"]) == (ORIGIN, new)
    assert found["keys"] == [{"publicKey": old}, {"publicKey": new}]

    (tmp_path / "kept" / "checkpoints" / "4727").write_text("another\n", "utf-8")
    told = opsc("checkpoint", "publish", tmp_path / "kept", "--data", data)
    assert told.returncode == 1
    assert "opsc: THE LOG WAS REWRITTEN, or these files were changed:\n  checkpoints/4727 is there, but" in told.stderr


def test_what_cannot_sign_is_told_in_words(data: Path) -> None:
    key = data / "log.key"
    told = opsc("seed", "--data", data, OPSC_LOG_ORIGIN="moved.example")
    assert told.returncode == 1
    assert f"opsc: OPSC_LOG_ORIGIN is moved.example, but this log's origin is {ORIGIN}, and stays so" in told.stderr
    told = opsc("seed", "--data", data, OPSC_LOG_KEY=PrivateKey.new(ORIGIN).text())
    assert told.returncode == 1
    assert f"but this log is signed with {ORIGIN}+" in told.stderr
    key.chmod(0o644)
    told = opsc("seed", "--data", data)
    assert told.returncode == 1
    assert f"opsc: Others can read {key}" in told.stderr
    key.chmod(0o600)
    away = key.rename(data / "elsewhere")
    told = opsc("seed", "--data", data)
    assert succeeded(told) == "The record says all that the files say already.\n"
    assert "opsc: Nothing is signed here: the private half of this log's key, " in told.stderr
    assert not key.exists()
    told = opsc("checkpoint", "rotate", "--data", data)
    assert told.returncode == 1
    assert "opsc: There is no key to replace here" in told.stderr
    away.rename(key)
    assert "signed" not in opsc("seed", "--data", data).stderr
    told = opsc("checkpoint", "rotate", "--lost", "--data", data)
    assert (told.returncode, "opsc: The log's key is here, and is not lost: opsc checkpoint rotate" in told.stderr) == (
        1,
        True,
    )


def test_checkpoints_are_published_into_folders_alone(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "keys").touch()
    for place, file in (("file", "file"), ("kept", "kept/keys")):
        told = opsc("checkpoint", "publish", tmp_path / place, "--data", data)
        assert (told.returncode, told.stderr) == (
            1,
            f"opsc: {tmp_path / file} is a file: checkpoint publish writes into a folder; name another one.\n",
        )


def test_a_restored_log_without_its_key_says_what_to_do_and_goes_on_with_another(data: Path, tmp_path: Path) -> None:
    """And whoever knows the key before is told."""
    file, kept, log_copy = tmp_path / "record.backup", tmp_path / "kept", tmp_path / "log"
    old = str(PrivateKey.read((data / "log.key").read_text("utf-8").strip()).public)
    succeeded(opsc("backup", file, "--data", data))
    with folder() as place:
        told = opsc("restore", file, "--data", place)
        succeeded(told)
        unsigned = (
            f"Nothing is signed here: the private half of this log's key, {old}, is neither in the data folder's log.key nor in"
            " OPSC_LOG_KEY. So what follows the log's first 4,727 revisions is unsigned. Put a copy of log.key into the data"
            " folder, or set OPSC_LOG_KEY: then opsc serve signs it. If the key is lost for good, run opsc checkpoint rotate"
            " --lost, which begins with a new key.\n"
        )
        assert told.stderr.endswith(f"opsc: No backup holds the key. {unsigned}")
        decided = "--reason", "It was entered twice", "--author", "maria", "--reviewer", "jo", "--data", place
        told = opsc("retract", "Measure:PHL-0007", *decided)
        assert succeeded(told) == "Submission 2: position 4728.\n"
        assert told.stderr.endswith(f"opsc: {unsigned}")
        told = opsc("checkpoint", "publish", kept, "--data", place)
        assert succeeded(told) == "Wrote 1 of 1 checkpoints; the newest is of 4,727 revisions.\n"
        assert told.stderr.endswith(f"opsc: The log has 4,728 revisions: the newest 1 are not signed. {unsigned}")
        # with the key, all is as it was
        shutil.copy(data / "log.key", place / "log.key")
        told = opsc("checkpoint", "publish", kept, "--data", place)
        assert told.stderr.endswith("the newest 1 are not signed. opsc serve signs them.\n")
        (place / "log.key").unlink()

        told = opsc("checkpoint", "rotate", "--lost", "--data", place)
        new = str(PrivateKey.read((place / "log.key").read_text("utf-8").strip()).public)
        assert succeeded(told).startswith(
            f"From 4,727 revisions on, the log is signed with {new}.\nThe key before has not signed for it, and verify_log.py"
        )
        told = opsc("checkpoint", "publish", kept, "--data", place)
        assert (succeeded(told), told.stderr) == (
            "Wrote 1 of 2 checkpoints; the newest is of 4,728 revisions.\n",
            "Starting PostgreSQL\n",
        )
        assert succeeded(opsc("verify", "--data", place)).endswith("all agree.\n")
        with serving("--data", place, "--port", "0") as server:
            run("download", server.address(), log_copy)
        again = tmp_path / "again.backup"
        succeeded(opsc("backup", again, "--data", place))
    alone = f"from 4,727 revisions on the log is signed with {new}, WITHOUT THE SIGNATURE OF THE KEY BEFORE"
    for given in ([], ["--key", old], ["--checkpoint", kept], ["--key", old, "--checkpoint", kept]):
        told = run("check", log_copy, *given)
        assert (told.returncode, told.stdout.count(alone), "Differences: 1." in told.stdout) == (1, 1, True), told
    for given in (["--key", new], ["--key", old, "--key", new], ["--key", new, "--checkpoint", kept]):
        assert succeeded(run("check", log_copy, *given)).endswith("All agrees.\n")
    with folder() as place:  # such a log is backed up and restored as any other
        succeeded(opsc("restore", again, "--data", place))
        assert succeeded(opsc("verify", "--data", place)).endswith("all agree.\n")


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """verify_log.py, as anybody runs it."""
    return subprocess.run(
        [sys.executable, "-I", "-S", verify_log.__file__, *arguments], capture_output=True, text=True, timeout=PATIENCE
    )


async def test_a_database_of_ones_own_is_signed_with_the_key_in_the_environment(
    seeded_database: Embedded, tmp_path: Path
) -> None:
    owner = seeded_database.owner_url
    told = opsc("checkpoint", "publish", tmp_path, DATABASE_URL=owner)
    assert succeeded(told) == "Nothing is signed yet: opsc serve signs the log, where it has a key.\n"
    told = opsc("checkpoint", "rotate", "--lost", DATABASE_URL=owner)
    assert (told.returncode, "opsc: Nothing is signed yet, so no key is lost" in told.stderr) == (1, True)
    assert succeeded(opsc("seed", DATABASE_URL=owner)).startswith("The record says")
    assert await size(seeded_database) == 0

    text = succeeded(opsc("checkpoint", "key", OPSC_PUBLIC_URL="https://opsc.example")).strip()
    key = PrivateKey.read(text)
    assert key.name == "opsc.example"
    with serving("--port", "0", DATABASE_URL=seeded_database.url, OPSC_LOG_KEY=text) as server:
        found = log(server.address())
    assert read(str(found["checkpoint"]), str(key.public)).size == found["size"]
    assert succeeded(opsc("seed", DATABASE_URL=owner, OPSC_LOG_KEY=text)).startswith("The record says")
    assert await size(seeded_database) == 1

    told = opsc("checkpoint", "rotate", DATABASE_URL=owner, OPSC_LOG_KEY=text)
    first, second = succeeded(told).splitlines()
    new = PrivateKey.read(first.removeprefix("OPSC_LOG_KEY="))
    assert second == f"From {found['size']:,} revisions on, the log is signed with {new.public}."
    told = opsc("seed", DATABASE_URL=owner, OPSC_LOG_KEY=text)
    assert (told.returncode, f"this log is signed with {new.public}" in told.stderr) == (1, True)
    assert succeeded(opsc("seed", DATABASE_URL=owner, OPSC_LOG_KEY=new.text())).startswith("The record says")

    told = opsc("checkpoint", "rotate", "--lost", DATABASE_URL=owner)
    first, second, _ = succeeded(told).splitlines()
    third = PrivateKey.read(first.removeprefix("OPSC_LOG_KEY="))
    assert second == f"From {found['size']:,} revisions on, the log is signed with {third.public}."
    assert succeeded(opsc("seed", DATABASE_URL=owner, OPSC_LOG_KEY=third.text())).startswith("The record says")


async def size(database: Embedded) -> int:
    connection = await asyncpg.connect(database.url)
    count: int = await connection.fetchval("select count(*) from checkpoint")
    await connection.close()
    return count
