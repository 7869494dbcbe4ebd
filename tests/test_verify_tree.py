"""`opsc verify` makes the tree anew from the leaves, and names each node, checkpoint and key that is not what it should be."""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from random import Random

import asyncpg
import pytest

from db.checkpoints import rotate
from db.embedded import Embedded
from db.signed_note import Checkpoint, PrivateKey
from db.verify import verify
from db.verify_log import Tree as Growing
from tests.merkle import Tree
from tests.record_documents import BEGINNING, create, published, source
from tests.set_clock import let_clock_be_set, set_clock

KEY, NEXT = PrivateKey.new("opsc.example"), PrivateKey.new("opsc.example")


def test_the_tree_that_grows_is_the_rfcs() -> None:
    random = Random(6962)
    leaves = [random.randbytes(32) for _ in range(300)]
    tree, growing = Tree(leaves), Growing()
    assert growing.root() == tree.root(0)
    nodes = []
    for size, leaf in enumerate(leaves, 1):
        nodes += list(growing.add(leaf))
        assert growing.root() == tree.root(size)
    expected = [
        (level, place, Tree(leaves[place << level : (place + 1) << level]).root(1 << level))
        for level in range(1, 9)
        for place in range(300 >> level)
    ]
    assert sorted(nodes) == expected


@pytest.fixture
async def superuser(empty_database: Embedded, empty: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who can switch the triggers off, beside a signed log of 23 revisions and two keys."""
    await published(empty, *BEGINNING, signer=KEY)
    await published(empty, *(create(f"Source:S-{number}", source()) for number in range(2, 14)), signer=KEY)
    owner = await asyncpg.connect(empty_database.owner_url)
    await rotate(owner, KEY, NEXT)
    await owner.close()
    await published(empty, *(create(f"Source:S-{number}", source()) for number in range(14, 18)), signer=NEXT)
    connection = await asyncpg.connect(empty_database.superuser_url)
    await connection.execute("set session_replication_role = replica")
    yield connection
    await connection.close()


async def told(connection: asyncpg.Connection) -> list[str]:
    return [str(disagreement) for disagreement in await verify(connection)]


async def test_a_signed_log_agrees(superuser: asyncpg.Connection, empty: asyncpg.Connection) -> None:
    assert await told(empty) == []
    assert await superuser.fetchval("select count(*) from checkpoint") == 3


async def test_one_node_and_one_checkpoint_that_were_changed_are_each_named(
    superuser: asyncpg.Connection, empty: asyncpg.Connection
) -> None:
    right = await empty.fetchval("select hash from tree_node where level = 3 and place = 1")
    await superuser.execute("update tree_node set hash = sha256('x') where level = 3 and place = 1")
    await superuser.execute("update checkpoint set root_hash = sha256('y') where size = 19")
    wrong = await empty.fetchval("select sha256('x')")
    forged = await empty.fetchval("select sha256('y')")
    root = await empty.fetchval("select split_part(note, E'\\n', 3) from checkpoint where size = 19")
    root = base64.b64decode(root).hex()
    assert await told(empty) == [
        f"tree_node level 3 place 1: its hash is {wrong.hex()}, by the log {right.hex()}",
        f"checkpoint of size 19: its root is {forged.hex()}, by the log {root}: revisions were changed after they were signed",
        f"checkpoint of size 19: its note says opsc.example, 19, {root}, and not what its row says",
    ]


FOUND = {
    "a node gone": (
        "delete from tree_node where level = 1 and place = 2",
        ["tree_node level 1 place 2: the log makes this node, but it is not there"],
    ),
    "a node too many": (
        "insert into tree_node values (4, 1, '')",
        ["tree_node level 4 place 1: this node is there, but the log does not make it"],
    ),
    "the last node gone": (
        "delete from tree_node where level = 1 and place = 10",
        ["tree_node level 1 place 10: the log makes this node, but it is not there"],
    ),
    "a leaf": (
        "update revision set leaf_hash = sha256('x') where \"position\" = 6",
        [
            "revision StateParty:BBB at position 6: its envelope is not what its leaf hash was made of",
            "tree_node level 1 place 2: its hash is",
            "tree_node level 4 place 0: its hash is",
            "checkpoint of size 7: its root is",
            "checkpoint of size 23: its root is",
            "log_key number 2: its note says",
        ],
    ),
    "a note's text": (
        r"update checkpoint set note = replace(note, E'\n19\n', E'\n20\n') where size = 19",
        [f"checkpoint of size 19: its note does not verify: the signature is not that of the key {KEY.public}"],
    ),
    "a note of another size, well signed": (
        "update checkpoint set note = (select note from checkpoint where size = 7) where size = 19",
        ["checkpoint of size 19: its note says opsc.example, 7, "],
    ),
    "a note signed with the later key": (
        "update checkpoint set key = 2 where size = 7",
        [f"checkpoint of size 7: its note does not verify: it is not signed with {NEXT.public}"],
    ),
    "the log's end cut off": (
        'delete from revision where "position" = 23',
        ["checkpoint of size 23: the log has not so many revisions as the 23 that were signed: its end was cut off"],
    ),
    "a public key": (
        f"update log_key set public_key = '{PrivateKey.new('opsc.example').public}' where number = 1",
        [
            "checkpoint of size 7: its note does not verify: it is not signed with",
            "log_key number 2: its note does not verify: it is not signed with",
        ],
    ),
    "who vouches for a key": (
        "update log_key set note = (select note from checkpoint where size = 19) where number = 2",
        [f"log_key number 2: its note does not verify: it is not signed with {NEXT.public}"],
    ),
    "a first checkpoint gone": (
        "delete from checkpoint where size = 7",
        [
            "checkpoint of size 19: number 1 is missing before it, which is number 2",
            "log_key number 1: it signs since size 7, but the checkpoint of that size is not there",
        ],
    ),
    "a checkpoint gone where a key begins": (
        "delete from checkpoint where size = 19",
        [
            "checkpoint of size 23: number 2 is missing before it, which is number 3",
            "log_key number 2: it signs since size 19, but the checkpoint of that size is not there",
        ],
    ),
    "a checkpoint that takes another's number": (
        "update checkpoint set number = 0 where size = 19",
        ["checkpoint of size 19: it is number 0, but one before it is number 1"],
    ),
    "a checkpoint signed before what it signs": (
        "update checkpoint set signed_at = '2001-01-01' where size = 19",
        [
            "checkpoint of size 19: it was signed before its newest revision was recorded",
            "checkpoint of size 19: it was signed before its key was there",
            "checkpoint of size 19: it was signed before the checkpoint before it was",
        ],
    ),
    "a checkpoint signed after the one after it": (
        "update checkpoint set signed_at = now() where size = 7",
        ["checkpoint of size 19: it was signed before the checkpoint before it was"],
    ),
    "a key added before what it begins at": (
        "update log_key set added_at = '2001-01-01' where number = 2",
        ["log_key number 2: it was added before the checkpoint that it begins at was signed"],
    ),
    "who vouches for a key, gone": (
        r"update log_key set note = regexp_replace(note, '\n\n[^\n]*\n', E'\n\n') where number = 2",
        [],
    ),
    "who vouches for a key, not even itself": (
        r"update log_key set note = regexp_replace(note, '[^\n]*\n$', '') where number = 2",
        [f"log_key number 2: its note does not verify: it is not signed with {NEXT.public}"],
    ),
    "a key that is none": (
        "update log_key set public_key = 'nobody' where number = 2",
        ["checkpoint of size 23: its note does not verify: nobody is no Ed25519 key"],
    ),
    "a first key gone": (
        "delete from log_key where number = 1",
        ["log_key number 2: it is the log's key number 1", "checkpoint of size 7: its note does not verify:"],
    ),
}


@pytest.mark.parametrize("case", FOUND)
async def test_a_change_behind_the_triggers_is_found(
    superuser: asyncpg.Connection, empty: asyncpg.Connection, case: str
) -> None:
    forgery, sentences = FOUND[case]
    await superuser.execute("alter table revision drop constraint revision_leaf_is_envelope")
    assert await superuser.execute(forgery) in ("UPDATE 1", "DELETE 1", "INSERT 0 1")
    found = await told(empty)
    for sentence in sentences:
        assert any(one.startswith(sentence) for one in found), found


async def test_a_checkpoint_whose_signature_is_somebody_elses_is_found(
    superuser: asyncpg.Connection, empty: asyncpg.Connection
) -> None:
    """Under the key's own name and id: everything is right but the 64 bytes."""
    note = await empty.fetchval("select note from checkpoint where size = 7")
    root = await empty.fetchval("select root_hash from checkpoint where size = 7")
    theirs = Checkpoint("opsc.example", 7, root).signed(PrivateKey.new("opsc.example"))
    head, line = note.rsplit(" ", 1)
    forged = base64.b64decode(line)[:4] + base64.b64decode(theirs.rsplit(" ", 1)[1])[4:]
    await superuser.execute(
        "update checkpoint set note = $1 where size = 7", f"{head} {base64.b64encode(forged).decode()}\n"
    )
    assert await told(empty) == [
        f"checkpoint of size 7: its note does not verify: the signature is not that of the key {KEY.public}"
    ]


async def test_nothing_is_signed_before_it_was_recorded_whatever_the_servers_clock_says(
    empty_database: Embedded, empty: asyncpg.Connection
) -> None:
    await let_clock_be_set(empty_database.owner_url)
    await set_clock(empty, datetime(2100, 1, 1, tzinfo=UTC))
    await published(empty, *BEGINNING, signer=KEY)
    owner = await asyncpg.connect(empty_database.owner_url)
    await rotate(owner, KEY, NEXT)
    await owner.close()
    assert await empty.fetchval("select min(signed_at) >= '2100-01-01' from checkpoint")
    assert await told(empty) == []


async def test_a_checkpoint_takes_the_next_number(superuser: asyncpg.Connection) -> None:
    await superuser.execute("set session_replication_role = origin")
    taken = "insert into checkpoint select size + 1, number + $1, root_hash, note, key, signed_at from checkpoint where size = 23"
    await superuser.execute("select pg_advisory_lock(2019, 156)")
    for step in (0, 2):
        with pytest.raises(asyncpg.CheckViolationError) as refusal:
            await superuser.execute(taken, step)
        assert refusal.value.constraint_name == "checkpoints_are_numbered_in_order"


async def test_many_nodes_that_differ_are_counted(seeded_database: Embedded, seeded: asyncpg.Connection) -> None:
    superuser = await asyncpg.connect(seeded_database.superuser_url)
    await superuser.execute("set session_replication_role = replica")
    count = int((await superuser.execute("update tree_node set hash = sha256(hash)")).split()[1])
    found = await told(seeded)
    assert len(found) == 21
    assert found[-1] == f"tree_node: and {count - 20:,} nodes more"
    await superuser.close()
