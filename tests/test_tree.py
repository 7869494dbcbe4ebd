"""The tree over the log: against RFC 9162 written out plainly, and against another library."""

import asyncio
import hashlib
from itertools import pairwise
from random import Random

import asyncpg
import pytest
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from db.embedded import Embedded
from tests.merkle import Tree, consistent, included
from tests.record_documents import create, published, source

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
LARGEST = 70


def sources(first: int, last: int) -> list[object]:
    return [create(f"Source:S-{number}", source()) for number in range(first, last + 1)]


async def envelopes(connection: asyncpg.Connection) -> list[bytes]:
    rows = await connection.fetch('select envelope from revision order by "position"')
    return [row["envelope"].encode() for row in rows]


def leaf(envelope: bytes) -> bytes:
    return hashlib.sha256(b"\0" + envelope).digest()


async def tree_of(connection: asyncpg.Connection) -> Tree:
    return Tree([leaf(envelope) for envelope in await envelopes(connection)])


async def test_the_root_of_an_empty_log_is_the_hash_of_nothing(empty: asyncpg.Connection) -> None:
    assert (await empty.fetchval("select tree_root(0)")).hex() == EMPTY
    assert await empty.fetchval("select consistency_proof(0, 0)") == []


@pytest.fixture
async def logs(empty: asyncpg.Connection) -> tuple[asyncpg.Connection, Tree]:
    """A log of LARGEST revisions, grown by submissions of 1, 2, 3 … and then singly."""
    at, number = 0, 1
    while at < LARGEST:
        end = min(LARGEST, at + (number if number < 8 else 1))
        await published(empty, *sources(at + 1, end))  # type: ignore[arg-type]
        at, number = end, number + 1
    return empty, await tree_of(empty)


async def test_every_root_and_proof_is_what_the_rfc_says(logs: tuple[asyncpg.Connection, Tree]) -> None:
    connection, tree = logs
    roots = await connection.fetch("select size, tree_root(size) as root from generate_series(0, $1) size", LARGEST)
    assert [row["root"] for row in roots] == [tree.root(size) for size in range(LARGEST + 1)]
    inclusion = await connection.fetch(
        """select "position", size, inclusion_proof("position", size) as proof
           from generate_series(1, $1) size, generate_series(1, size) "position" """,
        LARGEST,
    )
    assert len(inclusion) == LARGEST * (LARGEST + 1) // 2
    for position, size, proof in inclusion:
        assert proof == tree.inclusion(position, size), (position, size)
        assert included(tree.leaves[position - 1], position, size, proof, tree.root(size))
        assert not included(tree.leaves[position - 2], position, size, proof, tree.root(size))
    consistency = await connection.fetch(
        """select earlier, later, consistency_proof(earlier, later) as proof
           from generate_series(0, $1) later, generate_series(0, later) earlier""",
        LARGEST,
    )
    assert len(consistency) == (LARGEST + 1) * (LARGEST + 2) // 2
    for earlier, later, proof in consistency:
        assert proof == tree.consistency(earlier, later), (earlier, later)
        assert consistent(earlier, later, tree.root(earlier), tree.root(later), proof)
        if earlier:
            assert not consistent(earlier, later, tree.root(earlier - 1), tree.root(later), proof)


async def test_another_library_makes_the_same_roots_and_inclusion_proofs(logs: tuple[asyncpg.Connection, Tree]) -> None:
    """Its consistency proofs are cut otherwise than the RFC's; that they hold between our roots is what it can say of them."""
    connection, tree = logs
    theirs = InmemoryTree(algorithm="sha256")
    for envelope in await envelopes(connection):
        theirs.append(envelope)
    rows = await connection.fetch("select tree_root(size) as root from generate_series(0, $1) size", LARGEST)
    roots = [row["root"] for row in rows]
    for size in range(1, LARGEST + 1):
        assert theirs.get_state(size) == roots[size]
        for position in range(1, size + 1):
            proof = theirs.prove_inclusion(position, size)
            verify_inclusion(tree.leaves[position - 1], roots[size], proof)
            assert proof.path[1:] == await connection.fetchval("select inclusion_proof($1, $2)", position, size)
        for earlier in range(1, size + 1):
            verify_consistency(roots[earlier], roots[size], theirs.prove_consistency(earlier, size))


async def test_random_proofs_of_a_large_log_are_what_the_rfc_says(seeded: asyncpg.Connection) -> None:
    tree, random = await tree_of(seeded), Random(9162)
    sizes = sorted({1, tree.size, *(random.randint(1, tree.size) for _ in range(60)), 4096, 4095, 4097})
    for earlier, later in pairwise(sizes):
        position = random.randint(1, later)
        row = await seeded.fetchrow(
            "select tree_root($3) as root, inclusion_proof($1, $3) as included, consistency_proof($2, $3) as consistent",
            position, earlier, later,
        )  # fmt: skip
        assert row is not None
        expected = tree.root(later), tree.inclusion(position, later), tree.consistency(earlier, later)
        assert tuple(row) == expected


async def test_the_tree_keeps_each_complete_subtree_and_no_other(logs: tuple[asyncpg.Connection, Tree]) -> None:
    connection, tree = logs
    rows = await connection.fetch("select level, place, hash from tree_node order by level, place")
    expected = [
        (level, place, Tree(tree.leaves[place << level : (place + 1) << level]).root(1 << level))
        for level in range(1, 8)
        for place in range(LARGEST >> level)
    ]
    assert [tuple(row) for row in rows] == expected


def test_the_plain_tree_is_the_rfcs_on_the_vectors_that_certificate_transparency_tests_by() -> None:
    """The eight leaves of the certificate-transparency project's own tests, and the roots over the first 1 to 8 of them."""
    data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = Tree([leaf(bytes.fromhex(one)) for one in data])
    assert [tree.root(size).hex() for size in range(1, 9)] == [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    assert [one.hex() for one in tree.inclusion(1, 8)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ("tree_root(8)", "size: 8 is out of range; it can be from 0 to 7, which is how far this log goes."),
        ("inclusion_proof(3, 8)", "size: 8 is out of range; it can be from 1 to 7, "),
        ("inclusion_proof(1, 0)", "size: 0 is out of range; it can be from 1 to 7, "),
        ("inclusion_proof(4, 3)", "position: 4 is out of range; it can be from 1 to 3, "),
        ("inclusion_proof(0, 3)", "position: 0 is out of range; it can be from 1 to 3, "),
        ("consistency_proof(4, 3)", "from: 4 is out of range; it can be from 0 to 3, "),
        ("consistency_proof(-1, 3)", "from: -1 is out of range; it can be from 0 to 3, "),
        ("consistency_proof(4, 8)", "to: 8 is out of range; it can be from 0 to 7, "),
    ],
)
async def test_what_is_beyond_the_log_is_refused_in_words(empty: asyncpg.Connection, asked: str, sentence: str) -> None:
    await published(empty, *sources(1, 7))  # type: ignore[arg-type]
    with pytest.raises(asyncpg.PostgresError) as refusal:
        await empty.fetchval(f"select {asked}")
    assert refusal.value.sqlstate == "OP001"
    assert refusal.value.args[0][: len(sentence)] == sentence


async def test_a_node_that_is_missing_is_no_proof(empty_database: Embedded, empty: asyncpg.Connection) -> None:
    await published(empty, *sources(1, 7))  # type: ignore[arg-type]
    superuser = await asyncpg.connect(empty_database.superuser_url)
    await superuser.execute("set session_replication_role = replica")
    await superuser.execute("delete from tree_node where level = 2")
    for asked in "tree_root(7)", "inclusion_proof(7, 7)", "consistency_proof(6, 7)":
        with pytest.raises(asyncpg.DataCorruptedError, match="run opsc verify"):
            await superuser.fetchval(f"select {asked}")
    await superuser.close()


async def test_proofs_hold_within_each_snapshot_while_eight_publish(empty_url: str) -> None:
    writers = [await asyncpg.connect(empty_url) for _ in range(8)]
    reader = await asyncpg.connect(empty_url)
    done = asyncio.Event()
    seen: list[tuple[int, bytes]] = []

    async def write(number: int, connection: asyncpg.Connection) -> None:
        for turn in range(8):
            changes = [create(f"Source:W{number}-{turn}-{one}", source()) for one in range(1 + (number * turn) % 5)]
            await published(connection, *changes)

    async def read() -> None:
        earlier, before = 0, bytes.fromhex(EMPTY)
        while not done.is_set():
            row = await reader.fetchrow(
                """select size, tree_root(size) as root, consistency_proof($1, size) as proof,
                     case when size > 0 then inclusion_proof(1 + size / 2, size) end as path,
                     (select leaf_hash from revision where "position" = 1 + size / 2) as leaf
                   from (select tree_size() as size offset 0) head where size <> $1""",
                earlier,
            )
            if row is None:
                continue
            assert consistent(earlier, row["size"], before, row["root"], row["proof"])
            assert included(row["leaf"] or b"", 1 + row["size"] // 2, row["size"], row["path"], row["root"])
            earlier, before = row["size"], row["root"]
            seen.append((earlier, before))

    reading = asyncio.create_task(read())
    await asyncio.gather(*(write(number, connection) for number, connection in enumerate(writers)))
    done.set()
    await reading
    tree = await tree_of(reader)
    assert len(seen) > 3
    assert seen == [(size, tree.root(size)) for size, _ in seen]
    assert await reader.fetchval("select tree_root(tree_size())") == tree.root(tree.size)
    for connection in [*writers, reader]:
        await connection.close()
