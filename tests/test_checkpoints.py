"""Signed checkpoints: made with each publication, kept for good, right by the database's own judgement, and served."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson
import pytest

from db.checkpoints import adopt, missing_key, rotate, sign_head, signing_key
from db.embedded import Embedded
from db.log import PublicationRefused
from db.log_key import CannotSignError, Keyring
from db.pool import open_pool
from db.signed_note import BadNote, Checkpoint, PrivateKey, PublicKey, opened
from db.verify import verify
from schema.answer import answer
from schema.clock import PRESENT, Moment
from schema.document import document
from schema.refusals import Refused
from tests.merkle import Tree, consistent, included
from tests.notes import read
from tests.record_documents import BEGINNING, create, measure, published, size, source

ORIGIN = "opsc.example/log"
KEY = PrivateKey(ORIGIN, bytes(range(32)))
VKEY = "opsc.example/log+fe0e4ea5+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


@pytest.fixture
async def pool(empty_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with await open_pool(empty_url, size=1) as pool:
        yield pool


async def asked(pool: asyncpg.Pool, fields: str, moment: Moment = PRESENT) -> Any:
    operation = document(f"{{ log {{ {fields} }} }}").operation(None)
    found = await answer(pool, operation, {}, "https://opsc.example", moment)
    return orjson.loads(found.data)["log"]


async def tree_of(connection: asyncpg.Connection) -> Tree:
    rows = await connection.fetch('select leaf_hash from revision order by "position"')
    return Tree([row["leaf_hash"] for row in rows])


async def kept(connection: asyncpg.Connection) -> list[tuple[int, str]]:
    return [tuple(row) for row in await connection.fetch("select size, note from checkpoint order by size")]


# ── Keys and notes ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_have_the_text_that_other_tools_read() -> None:
    assert str(KEY.public) == VKEY
    assert PublicKey.read(VKEY) == KEY.public
    assert KEY.text() == "PRIVATE+KEY+opsc.example/log+fe0e4ea5+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    assert PrivateKey.read(KEY.text()) == KEY
    assert "AQABAgME" not in repr(KEY)


def test_a_note_is_signed_as_other_tools_sign_it() -> None:
    """The example of Go's package golang.org/x/mod/sumdb/note, which the specification was written from."""
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    key = PrivateKey.read("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")
    assert str(key.public) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert key.line(text) == (
        "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    )


def test_a_checkpoint_is_written_as_the_specification_says() -> None:
    """The text is that of its own example."""
    root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    head = Checkpoint("example.com/behind-the-sofa", 20852163, base64.b64decode(root))
    assert head.text == f"example.com/behind-the-sofa\n20852163\n{root}\n"
    assert opened(head.signed(KEY), [PrivateKey.new(ORIGIN).public, KEY.public]) == head
    assert read(head.signed(KEY), VKEY) == (head.origin, head.size, head.root, [VKEY], [])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda note: note.replace("\n7\n", "\n8\n"), "the signature is not that of the key"),
        (lambda note: note.replace("log\n7", "log \n7"), "the signature is not that of the key"),
        (lambda note: note.replace("— opsc.example/log", "— opsc.example/lag"), "it is not signed with"),
        (lambda note: note.replace("\n\n", "\n"), "it is no signed note"),
        (lambda note: note.removesuffix("\n"), "it is no signed note"),
        (lambda note: note.replace("—", "-"), "it is no signed note"),
        (lambda note: note.replace("kC4Z", "kC 4Z"), "it is no signed note"),
        (lambda note: note.replace("kC4Z", "*C4Z"), "is not base64"),
    ],
)
def test_a_note_that_was_changed_does_not_open(change: Any, sentence: str) -> None:
    note = Checkpoint(ORIGIN, 7, bytes(32)).signed(KEY)
    assert opened(note, [KEY.public]).size == 7
    assert change(note) != note
    with pytest.raises(BadNote, match=sentence):
        opened(change(note), [KEY.public])


@pytest.mark.parametrize("lines", ["o\n7\n", "o\n07\nAA==\n", "o\n7\nAB==\n", "o\n7\nAA==\nmore\n", "o\n-7\nAA==\n"])
def test_a_signed_note_that_is_no_checkpoint_does_not_open(lines: str) -> None:
    with pytest.raises(BadNote):
        opened(f"{lines}\n{KEY.line(lines)}", [KEY.public])


# ── Signing ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_each_publication_is_signed_with_what_it_published(empty: asyncpg.Connection, pool: asyncpg.Pool) -> None:
    await published(empty, *BEGINNING, signer=KEY)
    await published(empty, create("Source:S-2", source()), signer=KEY)
    tree = await tree_of(empty)
    notes = await kept(empty)
    assert [size for size, _ in notes] == [7, 8]
    for at, note in notes:
        assert read(note, VKEY) == (ORIGIN, at, tree.root(at), [VKEY], [])
    told = await asked(
        pool, "origin size rootHash publicKey checkpoint keys { publicKey since checkpoint } checkpoints { size note }"
    )
    assert told == {
        "origin": ORIGIN,
        "size": 8,
        "rootHash": tree.root(8).hex(),
        "publicKey": VKEY,
        "checkpoint": notes[1][1],
        "keys": [{"publicKey": VKEY, "since": 7, "checkpoint": None}],
        "checkpoints": [{"size": at, "note": note} for at, note in notes],
    }


async def test_a_log_that_nobody_signs_says_so_and_is_proved_all_the_same(
    empty: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    nothing: dict[str, Any] = {"origin": None, "checkpoint": None, "publicKey": None, "keys": [], "checkpoints": []}
    unsigned = "origin checkpoint publicKey keys { since } checkpoints { size }"
    root = (await empty.fetchval("select tree_root(0)")).hex()
    assert await asked(pool, f"{unsigned} size rootHash consistency(from: 0)") == {
        **nothing,
        "size": 0,
        "rootHash": root,
        "consistency": [],
    }
    await published(empty, *BEGINNING)
    told = await asked(pool, f"{unsigned} size inclusion(position: 3, size: 6) consistency(from: 3)")
    tree = await tree_of(empty)
    proof = [bytes.fromhex(one) for one in told.pop("inclusion")]
    assert included(tree.leaves[2], 3, 6, proof, tree.root(6))
    proof = [bytes.fromhex(one) for one in told.pop("consistency")]
    assert consistent(3, 7, tree.root(3), tree.root(7), proof)
    assert told == {**nothing, "size": 7}


async def test_at_a_past_clock_the_log_is_as_it_was_and_its_checkpoints_are_as_they_are_now(
    empty: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await published(empty, *BEGINNING)
    await published(empty, create("Source:S-2", source()), signer=KEY)
    fields = (
        "size rootHash inclusion(position: 3) consistency(from: 5, to: 8) checkpoint publicKey checkpoints { size }"
    )
    told = await asked(pool, fields, Moment(position=5))
    tree, (_, note) = await tree_of(empty), (await kept(empty))[-1]
    assert told == {
        "size": 5,
        "rootHash": tree.root(5).hex(),
        "inclusion": [one.hex() for one in tree.inclusion(3, 5)],
        "consistency": [one.hex() for one in tree.consistency(5, 8)],
        "checkpoint": note,
        "publicKey": VKEY,
        "checkpoints": [{"size": 8}],
    }


async def test_a_publication_that_is_refused_is_not_signed(empty: asyncpg.Connection) -> None:
    with pytest.raises(PublicationRefused):
        await published(empty, create("Measure:X", measure("CCC")), signer=KEY)
    assert await kept(empty) == []
    assert await empty.fetch("select * from log_key") == []


async def test_a_publication_signed_with_another_key_is_refused_whole(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING, signer=KEY)
    before = await size(empty), await kept(empty)
    with pytest.raises(PublicationRefused, match=r"but the log's key is opsc\.example/log\+fe0e4ea5") as refusal:
        await published(empty, create("Source:S-2", source()), signer=PrivateKey.new(ORIGIN))
    assert refusal.value.constraint == "checkpoints_are_signed_by_the_logs_key"
    assert (await size(empty), await kept(empty)) == before


async def test_a_log_from_before_is_signed_once(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING)
    for _ in range(2):
        await sign_head(empty, KEY)
    assert [at for at, _ in await kept(empty)] == [7]
    await published(empty, create("Source:S-2", source()))
    await sign_head(empty, KEY)
    assert [at for at, _ in await kept(empty)] == [7, 8]


async def test_eight_who_publish_and_sign_sign_one_log(empty_url: str) -> None:
    connections = [await asyncpg.connect(empty_url) for _ in range(8)]

    async def write(number: int, connection: asyncpg.Connection) -> None:
        for turn in range(4):
            await published(connection, create(f"Source:W{number}-{turn}", source()), signer=KEY)
            await sign_head(connection, KEY)

    await asyncio.gather(*(write(number, connection) for number, connection in enumerate(connections)))
    tree, notes = await tree_of(connections[0]), await kept(connections[0])
    assert [at for at, _ in notes] == list(range(1, 33))
    assert all(read(note, VKEY).root == tree.root(at) for at, note in notes)
    for connection in connections:
        await connection.close()


# ── What the database admits ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ({"root": bytes(32)}, "checkpoints_tell_the_root"),
        ({"note_size": 8}, "checkpoints_tell_the_root"),
        ({"origin": "another.example"}, "checkpoints_tell_the_root"),
        ({"size": 6, "note_size": 6}, "checkpoints_never_go_back"),
        ({"after": "more"}, "checkpoints_tell_the_root"),
        ({"signers": []}, "checkpoints_tell_the_root"),
        ({"signers": [KEY, PrivateKey.new(ORIGIN)]}, "checkpoints_tell_the_root"),
        ({"signers": [PrivateKey.new(ORIGIN)]}, "checkpoints_tell_the_root"),
        ({"public_key": str(PrivateKey.new(ORIGIN).public)}, "checkpoints_are_signed_by_the_logs_key"),
    ],
)
async def test_a_checkpoint_that_is_not_the_logs_is_not_kept(
    empty: asyncpg.Connection, told: dict[str, Any], rule: str
) -> None:
    await published(empty, *BEGINNING, signer=KEY)
    await published(empty, create("Source:S-2", source()), create("Source:S-3", source()))
    before = await kept(empty)
    head = {"size": 9, "note_size": 9, "public_key": VKEY, "origin": ORIGIN, "signers": [KEY], "after": "", **told}
    root = told.get("root") or await empty.fetchval("select tree_root($1)", head["size"])
    note = Checkpoint(head["origin"], head["note_size"], root).signed(*head["signers"]) + head["after"]
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await empty.execute("select keep_checkpoint($1, $2, $3)", head["size"], note, head["public_key"])
    assert refusal.value.constraint_name == rule
    assert await kept(empty) == before
    await sign_head(empty, KEY)  # and the right one is
    assert len(await kept(empty)) == 2


@pytest.mark.parametrize(
    "public_key", ["", "a+b", VKEY.replace("fe0e", "fe0f"), VKEY.replace("+AQ", "+BQ"), "o g" + VKEY, VKEY + "=="]
)
async def test_a_key_that_is_none_signs_nothing(empty: asyncpg.Connection, public_key: str) -> None:
    await published(empty, *BEGINNING)
    note = Checkpoint(ORIGIN, 7, await empty.fetchval("select tree_root(7)")).signed(KEY)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await empty.execute("select keep_checkpoint(7, $1, $2)", note, public_key)
    assert refusal.value.constraint_name == "log_keys_are_well_formed"


async def test_a_checkpoint_beyond_the_log_is_not_kept(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING)
    with pytest.raises(asyncpg.PostgresError, match="out of range"):
        await empty.execute("select keep_checkpoint(8, $1, $2)", Checkpoint(ORIGIN, 8, bytes(32)).signed(KEY), VKEY)
    assert await kept(empty) == []


async def test_signing_is_refused_where_the_newest_position_could_not_be_seen(empty: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.InvalidTransactionStateError):
        async with empty.transaction(isolation="repeatable_read"):
            await empty.execute("select keep_checkpoint(0, '', '')")


async def test_the_application_cannot_replace_the_key(empty: asyncpg.Connection) -> None:
    await published(empty, *BEGINNING, signer=KEY)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await rotate(empty, KEY, PrivateKey.new(ORIGIN))


# ── Rotation ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_new_key_is_signed_for_by_the_old_one_and_old_checkpoints_stay(
    empty_database: Embedded, empty: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await published(empty, *BEGINNING, signer=KEY)
    first = await kept(empty)
    second, third = PrivateKey.new(ORIGIN), PrivateKey.new(ORIGIN)
    owner = await asyncpg.connect(empty_database.owner_url)
    assert await rotate(owner, KEY, second) == 7
    assert await kept(empty) == first
    told = await asked(pool, "publicKey checkpoint keys { publicKey since checkpoint }")
    assert told["publicKey"] == str(second.public)
    assert [(key["publicKey"], key["since"]) for key in told["keys"]] == [(VKEY, 7), (str(second.public), 7)]
    assert read(told["checkpoint"], str(second.public)).size == 7  # the newest verifies with the key that signs now
    vouching = read(told["keys"][1]["checkpoint"], VKEY, str(second.public))
    assert (vouching.signers, vouching.more) == ([VKEY, str(second.public)], [f"next {second.public}"])

    with pytest.raises(PublicationRefused, match="but the log's key is"):
        await published(empty, create("Source:S-2", source()), signer=KEY)
    await published(empty, create("Source:S-2", source()), signer=second)
    await published(empty, create("Source:S-3", source()))
    assert await rotate(owner, second, third) == 9  # the head is signed first
    await owner.close()
    keys = VKEY, str(second.public), str(third.public)
    told = await asked(pool, "publicKey checkpoint keys { since checkpoint } checkpoints { size note }")
    assert [key["since"] for key in told["keys"]] == [7, 7, 9]
    signers = [read(one["note"], *keys).signers for one in told["checkpoints"]]
    assert signers == [[VKEY], [keys[1]], [keys[1]]]
    assert read(told["checkpoint"], *keys).signers == [keys[1], keys[2]]


async def _refused(
    owner: asyncpg.Connection, function: str, signers: str, origin: str, named: str | None
) -> str | None:
    """The rule by which a function refuses a new key of this origin, by the checkpoint that names a key and is signed so."""
    keys = {"old": KEY, "new": PrivateKey.new(origin)}
    successor = str(keys[named].public) if named else None
    head = Checkpoint(ORIGIN, 7, await owner.fetchval("select tree_root(7)"), successor)
    note = head.signed(*(keys[one] for one in signers.split()))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refusal:
        await owner.execute(f"select {function}($1, $2)", str(keys["new"].public), note)
    return refusal.value.constraint_name


@pytest.mark.parametrize(
    ("signers", "origin", "named", "rule"),
    [
        ("new", ORIGIN, "new", "a_new_key_is_signed_for"),
        ("old", ORIGIN, "new", "a_new_key_is_signed_for"),
        ("new old", ORIGIN, "new", "a_new_key_is_signed_for"),
        ("old new", ORIGIN, None, "a_new_key_is_signed_for"),  # whoever has a checkpoint can put a signature below it
        ("old new", ORIGIN, "old", "a_new_key_is_signed_for"),
        ("old new", "another.example", "new", "the_origin_stays"),
    ],
)
async def test_a_new_key_needs_to_be_named_both_signatures_and_the_same_origin(
    empty_database: Embedded, empty: asyncpg.Connection, signers: str, origin: str, named: str | None, rule: str
) -> None:
    await published(empty, *BEGINNING, signer=KEY)
    owner = await asyncpg.connect(empty_database.owner_url)
    assert await _refused(owner, "replace_log_key", signers, origin, named) == rule
    assert await empty.fetchval("select count(*) from log_key") == 1
    await owner.close()


@pytest.mark.parametrize("function", ["replace_log_key", "adopt_log_key"])
async def test_an_unsigned_log_has_no_key_to_replace(empty_database: Embedded, function: str) -> None:
    owner = await asyncpg.connect(empty_database.owner_url)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="nothing is signed yet"):
        await owner.execute(f"select {function}($1, $2)", VKEY, "")
    await owner.close()


# ── A key that was lost ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_log_whose_key_is_lost_goes_on_with_a_new_one_and_shows_for_good_that_none_vouches_for_it(
    empty_database: Embedded, empty: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await published(empty, *BEGINNING, signer=KEY)
    await published(empty, create("Source:S-2", source()), create("Source:S-3", source()))
    first, new = await kept(empty), PrivateKey.new(ORIGIN)
    owner = await asyncpg.connect(empty_database.owner_url)
    assert await adopt(owner, new) == 7  # what KEY has signed, it has signed
    told = await asked(pool, "publicKey checkpoint keys { since checkpoint } checkpoints { size note }")
    alone = read(told["keys"][1]["checkpoint"], VKEY, str(new.public))
    assert (told["keys"][1]["since"], alone.size, alone.signers) == (7, 7, [str(new.public)])
    assert alone.more == [f"next {new.public}"]
    assert told["checkpoint"].count("\n— ") == 1
    assert told["checkpoints"][:1] == [{"size": 7, "note": first[0][1]}]
    tree = await tree_of(empty)
    head = read(told["checkpoints"][1]["note"], VKEY, str(new.public))
    assert (head.size, head.root, head.signers) == (9, tree.root(9), [str(new.public)])  # what was unsigned is signed
    assert await verify(empty) == []
    third = PrivateKey.new(ORIGIN)
    await rotate(owner, new, third)
    await published(empty, create("Source:S-4", source()), signer=third)
    assert await verify(empty) == []
    await owner.close()


@pytest.mark.parametrize(
    ("signers", "origin", "named", "rule"),
    [
        ("old", ORIGIN, "new", "a_new_key_is_signed_for"),
        ("old new", ORIGIN, "new", "a_new_key_is_signed_for"),  # that is no key lost: replace_log_key() is for it
        ("new", ORIGIN, None, "a_new_key_is_signed_for"),
        ("new", ORIGIN, "old", "a_new_key_is_signed_for"),
        ("new", "another.example", "new", "a_new_key_is_signed_for"),
    ],
)
async def test_a_key_in_the_place_of_a_lost_one_names_itself_and_the_same_origin(
    empty_database: Embedded, empty: asyncpg.Connection, signers: str, origin: str, named: str | None, rule: str
) -> None:
    await published(empty, *BEGINNING, signer=KEY)
    owner = await asyncpg.connect(empty_database.owner_url)
    assert await _refused(owner, "adopt_log_key", signers, origin, named) == rule
    assert await empty.fetchval("select count(*) from log_key") == 1
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await adopt(empty, PrivateKey.new(ORIGIN))
    await owner.close()


# ── Whose key it is ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_key_of_another_log_or_one_that_was_replaced_does_not_sign(
    empty: asyncpg.Connection,
) -> None:
    await published(empty, *BEGINNING, signer=KEY)

    def keyring(key: PrivateKey | None, **environment: str) -> Keyring:
        return Keyring(environment={**({"OPSC_LOG_KEY": key.text()} if key else {}), **environment})

    assert await signing_key(empty, keyring(KEY), make=True) == KEY
    assert await signing_key(empty, keyring(KEY, OPSC_LOG_ORIGIN=ORIGIN), make=True) == KEY
    with pytest.raises(CannotSignError, match=r"signs for another\.example, but this log is opsc\.example/log"):
        await signing_key(empty, keyring(PrivateKey.new("another.example")), make=True)
    for ring in keyring(KEY, OPSC_LOG_ORIGIN="another.example"), keyring(None, OPSC_LOG_ORIGIN="another.example"):
        with pytest.raises(CannotSignError, match=r"this log's origin is opsc\.example/log, and stays so"):
            await signing_key(empty, ring, make=True)
    new = PrivateKey.new(ORIGIN)
    with pytest.raises(CannotSignError, match=r"this log is signed with .* since size 7: use that one"):
        await signing_key(empty, keyring(new), make=True)
    assert await signing_key(empty, keyring(None), make=True) is None
    assert "Nothing is signed here" in str(await missing_key(empty, None))
    assert await missing_key(empty, KEY) is None


# ── Arguments ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("field", "code", "message"),
    [
        ("inclusion(position: 0)", "CLOCK_OUT_OF_RANGE",
         "position: 0 is out of range; it can be from 1 to 7, the size of the tree it is asked in."),
        ("inclusion(position: 1, size: 0)", "CLOCK_OUT_OF_RANGE",
         "size: 0 is out of range; it can be from 1 to 7, which is how far this log goes."),
        ("inclusion(position: 2147483647, size: 7)", "CLOCK_OUT_OF_RANGE",
         "position: 2,147,483,647 is out of range; it can be from 1 to 7, the size of the tree it is asked in."),
        ("consistency(from: -1)", "CLOCK_OUT_OF_RANGE",
         "from: -1 is out of range; it can be from 0 to 7, the size that it is compared with."),
        ("consistency(from: 1, to: -1)", "CLOCK_OUT_OF_RANGE",
         "to: -1 is out of range; it can be from 0 to 7, which is how far this log goes."),
        ("checkpoints(first: 0) { size }", "BAD_USER_INPUT", "first: 0 is no page size; ask for 1 to 200."),
        ("checkpoints(after: -1) { size }", "BAD_USER_INPUT", "after: -1 is no size; it can be from 0 to the log's size."),
        ("inclusion(position: 8)", "CLOCK_OUT_OF_RANGE",
         "position: 8 is out of range; it can be from 1 to 7, the size of the tree it is asked in."),
        ("inclusion(position: 4, size: 3)", "CLOCK_OUT_OF_RANGE",
         "position: 4 is out of range; it can be from 1 to 3, the size of the tree it is asked in."),
        ("inclusion(position: 1, size: 2147483646)", "CLOCK_OUT_OF_RANGE",
         "size: 2,147,483,646 is out of range; it can be from 1 to 7, which is how far this log goes."),
        ("consistency(from: 8)", "CLOCK_OUT_OF_RANGE",
         "from: 8 is out of range; it can be from 0 to 7, the size that it is compared with."),
        ("consistency(from: 1, to: 8)", "CLOCK_OUT_OF_RANGE",
         "to: 8 is out of range; it can be from 0 to 7, which is how far this log goes."),
    ],
)  # fmt: skip
async def test_arguments_out_of_range_are_named(
    empty: asyncpg.Connection, pool: asyncpg.Pool, field: str, code: str, message: str
) -> None:
    await published(empty, *BEGINNING)
    with pytest.raises(Refused) as refused:
        await asked(pool, field)
    told = [(error.message, (error.extensions or {})["code"], error.path) for error in refused.value.errors]
    assert told == [(message, code, ["log", field.partition("(")[0]])]
    assert await asked(pool, "size") == {"size": 7}


async def test_checkpoints_are_listed_by_size_after_a_size(empty: asyncpg.Connection, pool: asyncpg.Pool) -> None:
    for number in range(1, 8):
        await published(empty, create(f"Source:S-{number}", source()), signer=KEY)
    told = await asked(
        pool,
        "a: checkpoints(first: 3) { size } b: checkpoints(first: 3, after: 3) { size } c: checkpoints(after: 6) { size }"
        " d: checkpoints(after: 99) { size } all: checkpoints { size rootHash signedAt }",
    )
    sizes = {key: [one["size"] for one in found] for key, found in told.items()}
    assert sizes == {"a": [1, 2, 3], "b": [4, 5, 6], "c": [7], "d": [], "all": [1, 2, 3, 4, 5, 6, 7]}
    tree = await tree_of(empty)
    assert [one["rootHash"] for one in told["all"]] == [tree.root(at).hex() for at in range(1, 8)]
