"""Checkpoints in a folder that others keep: written once, and a log that is not the one there is told of loudly."""

from pathlib import Path

import asyncpg
import pytest

from db.checkpoint_folder import LogRewrittenError, Written, write
from db.checkpoints import rotate
from db.embedded import Embedded
from db.signed_note import PrivateKey
from tests.merkle import Tree
from tests.notes import read
from tests.record_documents import BEGINNING, create, published, source

KEY = PrivateKey.new("opsc.example")


def files(folder: Path) -> dict[str, str]:
    found = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_text("utf-8") for file in found}


async def two(connection: asyncpg.Connection) -> None:
    """A log with two checkpoints."""
    await published(connection, *BEGINNING, signer=KEY)
    await published(connection, create("Source:S-2", source()), create("Source:S-3", source()), signer=KEY)


async def test_what_is_not_there_yet_is_written_and_what_is_stays(empty: asyncpg.Connection, tmp_path: Path) -> None:
    folder = tmp_path / "ours" / "checkpoints of a log"
    assert await write(empty, folder) == Written(0, 0, None, 0)
    assert not folder.exists()
    await two(empty)
    assert await write(empty, folder) == Written(2, 2, 9, 9)
    first = files(folder)
    assert sorted(first) == ["checkpoints/7", "checkpoints/9", "keys/1", "latest"]
    assert first["keys/1"] == f"{KEY.public}\n"
    assert first["latest"] == first["checkpoints/9"]
    leaves = await empty.fetch('select leaf_hash from revision order by "position"')
    tree = Tree([row["leaf_hash"] for row in leaves])
    for at in 7, 9:
        told = read(first[f"checkpoints/{at}"], first["keys/1"].strip())
        assert (told.origin, told.size, told.root) == ("opsc.example", at, tree.root(at))
    before = (folder / "checkpoints" / "7").stat()
    assert await write(empty, folder) == Written(0, 2, 9, 9)
    assert files(folder) == first
    assert (folder / "checkpoints" / "7").stat() == before

    await published(empty, create("Source:S-4", source()), signer=KEY)
    assert await write(empty, folder) == Written(1, 3, 10, 10)
    assert files(folder) == {**first, "checkpoints/10": files(folder)["latest"], "latest": files(folder)["latest"]}


async def test_a_rotation_adds_its_key_and_who_vouches_for_it(
    empty_database: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    await two(empty)
    await write(empty, tmp_path)
    first = files(tmp_path)
    new = PrivateKey.new("opsc.example")
    owner = await asyncpg.connect(empty_database.owner_url)
    await rotate(owner, KEY, new)
    await owner.close()
    assert await write(empty, tmp_path) == Written(0, 2, 9, 9)
    second = files(tmp_path)
    keys = second["keys/1"].strip(), second["keys/2"].strip()
    assert read(second["keys/2.checkpoint"], *keys).signers == list(keys)
    assert second == {
        **first,
        "keys/2": f"{new.public}\n",
        "keys/2.checkpoint": second["latest"],
        "latest": second["latest"],
    }
    await published(empty, create("Source:S-4", source()), signer=new)
    assert await write(empty, tmp_path) == Written(1, 3, 10, 10)
    assert read(files(tmp_path)["latest"], *keys).signers == [keys[1]]


async def test_a_log_that_was_rewritten_and_signed_again_is_told(
    seeded_database: Embedded, empty: asyncpg.Connection, tmp_path: Path
) -> None:
    """The operator's own key, and everything right within each log: only who kept the first one's checkpoints can tell."""
    await two(empty)
    await write(empty, tmp_path)
    before = files(tmp_path)
    other = await asyncpg.connect(seeded_database.url)
    await published(other, create("Source:X-2", source()), signer=KEY)
    with pytest.raises(LogRewrittenError) as rewritten:
        await write(other, tmp_path)
    await other.close()
    sentences = rewritten.value.sentences
    assert sentences[:2] == [
        "checkpoints/7 is there, but this log has never signed it.",
        "checkpoints/9 is there, but this log has never signed it.",
    ]
    assert sentences[2].startswith("checkpoints/9 has the root ")
    assert sentences[3] == "latest is no checkpoint of this log."
    assert str(rewritten.value).startswith("THE LOG WAS REWRITTEN, or these files were changed:\n")
    assert files(tmp_path) == before


CHANGES = {
    "a revision": (
        "update revision set leaf_hash = sha256('x') where \"position\" = 9",
        "checkpoints/9 has the root ",
    ),
    "the log's end": ('delete from revision where "position" = 9', "is of 9 revisions, but the log has 8: its end was"),
    "a checkpoint": (
        "update checkpoint set note = replace(note, 'opsc.example', 'opsc.exemple') where size = 7",
        "checkpoints/7 is there, but this log has another one.",
    ),
    "a checkpoint gone": ("delete from checkpoint where size = 7", "checkpoints/7 is there, but this log has never"),
    "the key": ("update log_key set public_key = 'another'", "keys/1 is there, but this log has another one."),
}


@pytest.mark.parametrize("case", CHANGES)
async def test_a_change_behind_the_triggers_is_told_and_nothing_written(
    empty_database: Embedded, empty: asyncpg.Connection, tmp_path: Path, case: str
) -> None:
    change, sentence = CHANGES[case]
    await two(empty)
    await write(empty, tmp_path)
    before = files(tmp_path)
    if case != "the log's end":
        await published(empty, create("Source:S-5", source()), signer=KEY)
    superuser = await asyncpg.connect(empty_database.superuser_url)
    await superuser.execute("alter table revision drop constraint revision_leaf_is_envelope")
    await superuser.execute("set session_replication_role = replica")
    assert await superuser.execute(change) in ("UPDATE 1", "DELETE 1")
    if case == "a revision":
        await superuser.execute("update tree_node set hash = sha256('y') where level > 0")
    with pytest.raises(LogRewrittenError) as rewritten:
        await write(empty, tmp_path)
    assert any(sentence in one for one in rewritten.value.sentences), rewritten.value.sentences
    assert files(tmp_path) == before
    await superuser.close()


@pytest.mark.parametrize("name", ["checkpoints/7", "checkpoints/9", "keys/1", "latest"])
async def test_a_file_that_was_changed_is_told_and_not_overwritten(
    empty: asyncpg.Connection, tmp_path: Path, name: str
) -> None:
    await two(empty)
    await write(empty, tmp_path)
    (tmp_path / name).write_text("something else\n", "utf-8")
    before = files(tmp_path)
    with pytest.raises(LogRewrittenError, match=name):
        await write(empty, tmp_path)
    assert files(tmp_path) == before
