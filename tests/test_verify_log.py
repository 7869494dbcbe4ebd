"""What anybody can run on a downloaded log, with Python alone: it finds each thing that was changed, and names it."""

import asyncio
import base64
import hashlib
import itertools
import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx2
import orjson
import pytest
import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from db import verify_log
from db.checkpoints import rotate
from db.embedded import Embedded
from db.signed_note import PrivateKey
from db.verify_log import ORDER, canonical, path_root, verifies
from tests.histories import History
from tests.oracle.history import connected
from tests.record_documents import BEGINNING, create, published, source
from tests.served import listening, served
from tests.test_envelope import JSON

FILE = Path(verify_log.__file__)
SOURCE = FILE.read_bytes()
ORIGIN = "opsc.example/log"
SIZE = 4727
"""Of the seeded record."""


class Told(NamedTuple):
    code: int
    lines: list[str]
    error: str


async def verify(*arguments: str | Path) -> Told:
    """Runs the file as somebody would who has nothing but Python: no packages (-S), nothing of this project (-I)."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", FILE, *arguments),
        cwd="/",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate()
    assert process.returncode is not None
    assert b"Traceback" not in error, error.decode()
    return Told(process.returncode, out.decode().splitlines(), error.decode())


# ── A log made here, by the libraries and by the definitions ────────────────────────────────────────────────────────────


class Signer:
    """Signs checkpoints as c2sp.org/signed-note says."""

    def __init__(self, name: str = ORIGIN) -> None:
        self.name, self.private = name, Ed25519PrivateKey.generate()
        typed = b"\1" + self.private.public_key().public_bytes_raw()
        self.id = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(typed).decode()}"

    def note(self, size: int, root: bytes, origin: str = ORIGIN) -> str:
        text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"
        return f"{text}\n{self.line(text)}"

    def succeeding(self, size: int, root: bytes, *before: "Signer") -> str:
        """The checkpoint by which this key becomes the log's, signed by those before, and by itself."""
        text = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\nnext {self.vkey}\n"
        return f"{text}\n" + "".join(one.line(text) for one in (*before, self))

    def line(self, text: str) -> str:
        signature = self.id + self.private.sign(text.encode())
        return f"— {self.name} {base64.b64encode(signature).decode()}\n"


def root_of(leaves: Sequence[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it stands there."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def path_of(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """RFC 9162, 2.1.3.1, as it stands there."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path_of(index, leaves[:split]), root_of(leaves[split:])]
    return [*path_of(index - split, leaves[split:]), root_of(leaves[:split])]


def revision(position: int, record_id: str, number: int, operation: str, **fields: Any) -> dict[str, Any]:
    """As GraphQL tells it. document=None: redacted."""
    salt, document = bytes([position]) * 32, {"title": f"A source, as of {position}"}
    envelope: dict[str, Any] = {
        "author": "maria",
        "documentHash": hashlib.sha256(salt + rfc8785.dumps(document)).hexdigest(),
        "format": 1,
        "kind": "LEARNED",
        "mergedInto": None,
        "number": number,
        "operation": operation,
        "position": position,
        "reason": "We “read” it again",
        "recordId": record_id,
        "recordType": "SOURCE",
        "recordedAt": f"2026-11-24T10:20:{position:02}.000000Z",
        "redacts": None,
        "reviewer": "jo",
        "submission": position,
    } | {name: value for name, value in fields.items() if name != "document"}
    text = rfc8785.dumps(envelope)
    gone = "document" in fields
    return {name: value for name, value in envelope.items() if name in verify_log.TOLD} | {
        "document": None if gone else document,
        "salt": None if gone else salt.hex(),
        "envelope": text.decode(),
        "leafHash": hashlib.sha256(b"\0" + text).hexdigest(),
    }


def written(folder: Path, revisions: Sequence[dict[str, Any]]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "revisions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in revisions))
    return folder


def leaves_of(revisions: Sequence[dict[str, Any]]) -> list[bytes]:
    return [one["envelope"].encode() for one in revisions]


REDACTED = [
    revision(1, "Source:A", 1, "CREATE", document=None),
    revision(2, "Source:B", 1, "CREATE"),
    revision(3, "Source:A", 2, "RETRACT", document=None),
    revision(4, "Source:A", 3, "REDACT", redacts=[1, 3]),
    revision(5, "Source:B", 2, "MERGE", mergedInto="Source:C"),
    revision(6, "Source:A", 4, "RESTORE"),
]
"""Two redacted and one merged: what no record of today holds yet."""


async def test_what_is_redacted_is_gone_and_everything_holds(tmp_path: Path) -> None:
    told = await verify("check", written(tmp_path / "log", REDACTED))
    assert told == Told(
        0,
        [
            f"Revisions checked: 6; of them redacted: 2; the root of all: {root_of(leaves_of(REDACTED)).hex()}.",
            "There was no checkpoint: this log agrees with itself; that it is what others saw is not shown.",
            "All agrees.",
        ],
        "",
    )


BROKEN: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "a document gone that nobody redacted": (
        [revision(1, "Source:A", 1, "CREATE", document=None), revision(2, "Source:A", 2, "AMEND")],
        ["position 1, Source:A: its document is gone, but no later revision redacts it"],
    ),
    "a document there though redacted": (
        [revision(1, "Source:A", 1, "CREATE"), revision(2, "Source:A", 2, "REDACT", redacts=[1])],
        ["position 2, Source:A: it redacts position 1, whose document is still here (to take it out, download again)"],
    ),
    "a redaction of what comes later": (
        [revision(1, "Source:A", 1, "CREATE"), revision(2, "Source:A", 2, "REDACT", redacts=[3])],
        ["position 2, Source:A: it redacts position 3, which does not come before it"],
    ),
    "a redaction of another record": (
        [
            revision(1, "Source:A", 1, "CREATE", document=None),
            revision(2, "Source:B", 1, "CREATE"),
            revision(3, "Source:B", 2, "REDACT", redacts=[1]),
        ],
        ["position 3, Source:B: it redacts position 1, which is of Source:A"],
    ),
    "a redaction again": (
        [
            revision(1, "Source:A", 1, "CREATE", document=None),
            revision(2, "Source:A", 2, "REDACT", redacts=[1]),
            revision(3, "Source:A", 3, "REDACT", redacts=[1]),
        ],
        ["position 3, Source:A: it redacts position 1, which was redacted before"],
    ),
    "a redaction of nothing": (
        [revision(1, "Source:A", 1, "CREATE"), revision(2, "Source:A", 2, "REDACT")],
        ["position 2, Source:A: its envelope names others as its operation does not"],
    ),
    "a merger into nothing": (
        [revision(1, "Source:A", 1, "CREATE"), revision(2, "Source:A", 2, "MERGE")],
        ["position 2, Source:A: its envelope names others as its operation does not"],
    ),
    "a record that begins twice": (
        [revision(1, "Source:A", 1, "CREATE"), revision(2, "Source:A", 2, "CREATE")],
        ["position 2, Source:A: CREATE cannot be followed by CREATE"],
    ),
    "a record that never began": (
        [revision(1, "Source:A", 1, "AMEND")],
        ["position 1, Source:A: nothing cannot be followed by AMEND"],
    ),
    "a retracted record amended": (
        [
            revision(1, "Source:A", 1, "CREATE"),
            revision(2, "Source:A", 2, "RETRACT"),
            revision(3, "Source:A", 3, "AMEND"),
        ],
        ["position 3, Source:A: RETRACT cannot be followed by AMEND"],
    ),
    "a retracted record amended, with a redaction between": (
        [
            revision(1, "Source:A", 1, "CREATE", document=None),
            revision(2, "Source:A", 2, "RETRACT"),
            revision(3, "Source:A", 3, "REDACT", redacts=[1]),
            revision(4, "Source:A", 4, "AMEND"),
        ],
        ["position 4, Source:A: RETRACT cannot be followed by AMEND"],
    ),
    "a number left out": (
        [revision(1, "Source:A", 1, "CREATE"), revision(2, "Source:A", 3, "AMEND")],
        ["position 2, Source:A: its number is 3, but it is the record's 2."],
    ),
    "a moment that goes back": (
        [
            revision(1, "Source:A", 1, "CREATE"),
            revision(2, "Source:A", 2, "AMEND", recordedAt="2026-11-24T10:20:00.999999Z"),
        ],
        ["position 2, Source:A: it was recorded before the revision before it"],
    ),
    "a moment in another form": (
        [revision(1, "Source:A", 1, "CREATE", recordedAt="2026-11-24T10:20:00Z")],
        ["position 1, Source:A: recordedAt is no moment in UTC with six digits of a second"],
    ),
    "an envelope of another format": (
        [revision(1, "Source:A", 1, "CREATE", format=2)],
        ["position 1, Source:A: its envelope says format 2, told is 1"],
    ),
    "an envelope with another field": (
        [revision(1, "Source:A", 1, "CREATE", formed=True)],
        ["position 1, Source:A: its envelope has other fields than envelopes have"],
    ),
    "a field told otherwise than the envelope": (
        [revision(1, "Source:A", 1, "CREATE") | {"author": "marta"}],
        ['position 1, Source:A: its envelope says author "maria", told is "marta"'],
    ),
    "a salt gone alone": (
        [revision(1, "Source:A", 1, "CREATE") | {"salt": None}],
        ["position 1, Source:A: of its document and salt one is gone without the other"],
    ),
    "an envelope with a space": (
        [
            (one := revision(1, "Source:A", 1, "CREATE"))
            | {
                "envelope": one["envelope"] + " ",
                "leafHash": hashlib.sha256(b"\0" + (one["envelope"] + " ").encode()).hexdigest(),
            }
        ],
        ["position 1, Source:A: its envelope is not canonical JSON (RFC 8785)"],
    ),
    "half a character": (
        [revision(1, "Source:A", 1, "CREATE") | {"document": {"title": "\ud800"}}],
        ["line 1 is no revision: it holds half of a character"],
    ),
    "true for one": (
        [revision(1, "Source:A", 1, "CREATE") | {"position": True}],
        ["line 1 is no revision: its position is not of the kind that it must be"],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
async def test_a_log_that_cannot_be_is_told(tmp_path: Path, case: str) -> None:
    revisions, sentences = BROKEN[case]
    told = await verify("check", written(tmp_path / "log", revisions))
    assert (told.code, told.lines[: len(sentences)], told.lines[-1]) == (
        1,
        sentences,
        f"Differences: {len(sentences)}.",
    )


@pytest.mark.parametrize("line", ["", "{", "[]", "[" * 100_000, "1", '{"position": 1}', "\\ud800", '{"position": NaN}'])
async def test_a_line_that_is_no_revision_is_told(tmp_path: Path, line: str) -> None:
    folder = written(tmp_path / "log", REDACTED)
    with (folder / "revisions.jsonl").open("a") as lines:
        lines.write(line + "\n")
    told = await verify("check", folder)
    assert (told.code, told.lines[0].startswith("line 7 is n")) == (1, True), told


# ── Checkpoints and signatures ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def signer() -> Signer:
    return Signer()


async def test_checkpoints_of_every_size_agree(tmp_path: Path, signer: Signer) -> None:
    revisions = [revision(position, f"Source:{position}", 1, "CREATE") for position in range(1, 40)]
    folder, leaves = written(tmp_path / "log", revisions), leaves_of(revisions)
    kept = tmp_path / "kept"
    kept.mkdir()
    for size in range(40):
        (kept / str(size)).write_text(signer.note(size, root_of(leaves[:size])))
    (kept / "README.md").write_text("Not a checkpoint, nor a key.\n\nA folder that people keep has such things.\n")
    (kept / ".git").mkdir()
    (kept / ".git" / "1").write_text("nothing")
    told = await verify("check", folder, "--checkpoint", kept, "--key", signer.vkey)
    assert (told.code, told.lines[1:]) == (
        0,
        ["Checkpoints compared: 40; their signatures checked by the keys that you gave.", "All agrees."],
    )


async def test_keys_kept_with_the_checkpoints_check_them_and_not_the_servers_word(
    tmp_path: Path, signer: Signer
) -> None:
    folder, leaves = written(tmp_path / "log", REDACTED), leaves_of(REDACTED)
    for name in ("checkpoints", "keys"):
        (tmp_path / "kept" / name).mkdir(parents=True)
    (tmp_path / "kept" / "keys" / "1").write_text(f"{signer.vkey}\n")
    (tmp_path / "kept" / "checkpoints" / "4").write_text(signer.note(4, root_of(leaves[:4])))
    told = await verify("check", folder, "--checkpoint", tmp_path / "kept")
    assert (told.code, told.lines[1]) == (
        0,
        "Checkpoints compared: 1; their signatures checked by the keys that you gave.",
    )
    other = Signer()
    (folder / "log.json").write_text(json.dumps({"origin": ORIGIN, "keys": [other.vkey]}))
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "6").write_text(other.note(6, root_of(leaves)))
    told = await verify("check", folder, "--checkpoint", tmp_path / "kept")
    assert (told.code, told.lines[0]) == (
        1,
        f"{folder}/checkpoints/6: it is signed by none of the known keys ({signer.vkey})",
    )


async def test_a_log_rewritten_and_signed_anew_is_caught_by_a_checkpoint_kept(tmp_path: Path, signer: Signer) -> None:
    rewritten = [REDACTED[0], revision(2, "Source:B", 1, "CREATE", reason="Another"), *REDACTED[2:]]
    folder = written(tmp_path / "log", rewritten)
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "6.txt").write_text(signer.note(6, root_of(leaves_of(rewritten))))
    assert (await verify("check", folder, "--key", signer.vkey)).code == 0  # it agrees with itself
    kept, true_root = tmp_path / "kept.txt", root_of(leaves_of(REDACTED)[:3]).hex()
    kept.write_text(signer.note(3, bytes.fromhex(true_root)))
    told = await verify("check", folder, "--key", signer.vkey, "--checkpoint", kept)
    assert (told.code, told.lines[:1], told.lines[-1]) == (
        1,
        [
            f"{kept}: its root for the first 3 revisions is {true_root}, theirs here is"
            f" {root_of(leaves_of(rewritten)[:3]).hex()}: this is not the log that was signed"
        ],
        "Differences: 1.",
    )


async def test_a_log_cut_off_at_its_end_is_caught_by_a_checkpoint(tmp_path: Path, signer: Signer) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(signer.note(6, root_of(leaves_of(REDACTED))))
    told = await verify("check", written(tmp_path / "log", REDACTED[:5]), "--checkpoint", kept, "--key", signer.vkey)
    assert told.lines[0] == f"{kept}: it was signed for 6 revisions, here are 5: the end is cut off"


def _other_signature(note: str) -> str:
    head, _, signature = note.rstrip("\n").rpartition(" ")
    raw = bytearray(base64.b64decode(signature))
    raw[20] ^= 1
    return f"{head} {base64.b64encode(raw).decode()}\n"


NOTES: dict[str, tuple[Callable[[Signer, str], str], str]] = {
    "another signature": (
        lambda _signer, note: _other_signature(note),
        "the signature of opsc.example/log (key {id}) does not hold",
    ),
    "another's key": (
        lambda _signer, note: Signer().note(6, verify_log.note_of(note).root),
        "it is signed by none of the known keys ({vkey})",
    ),
    "the same key by another name": (
        lambda _signer, note: note.replace(f"— {ORIGIN}", "— opsc.example"),
        "it is signed by none of the known keys ({vkey})",
    ),
    "another log": (
        lambda signer, note: signer.note(6, verify_log.note_of(note).root, "other.example"),
        "it is a checkpoint of another log: other.example, not opsc.example/log",
    ),
    "a size with a zero before it": (
        lambda _signer, note: note.replace("\n6\n", "\n06\n"),
        "it is no checkpoint: its origin, size or root is not what these are",
    ),
    "no signature's form": (
        lambda _signer, note: note.replace("— ", "- "),
        "it is no checkpoint (a signed note of an origin, a size and a root)",
    ),
    "no note at all": (
        lambda _signer, _note: "Nothing",
        "it is no checkpoint (a signed note of an origin, a size and a root)",
    ),
}


@pytest.mark.parametrize("case", NOTES)
async def test_a_checkpoint_that_is_not_what_it_says_is_told(tmp_path: Path, signer: Signer, case: str) -> None:
    alter, sentence = NOTES[case]
    folder = written(tmp_path / "log", REDACTED)
    (folder / "log.json").write_text(json.dumps({"origin": ORIGIN, "keys": [signer.vkey]}))
    kept = tmp_path / "kept.txt"
    kept.write_text(alter(signer, signer.note(6, root_of(leaves_of(REDACTED)))))
    told = await verify("check", folder, "--checkpoint", kept)
    assert (told.code, told.lines[0]) == (
        1,
        f"{kept}: {sentence.format(id=signer.id.hex(), vkey=signer.vkey)}",
    )


async def test_others_may_sign_too_and_without_a_key_it_says_what_was_not_checked(
    tmp_path: Path, signer: Signer
) -> None:
    folder, kept = written(tmp_path / "log", REDACTED), tmp_path / "kept.txt"
    note = signer.note(6, root_of(leaves_of(REDACTED)))
    kept.write_text(note + Signer("witness.example").line(note.rpartition("\n\n")[0] + "\n"))
    told = await verify("check", folder, "--checkpoint", kept, "--key", signer.vkey)
    assert (told.code, told.lines[-1]) == (0, "All agrees.")
    told = await verify("check", folder, "--checkpoint", kept)
    assert (told.code, told.lines[1]) == (
        0,
        "Checkpoints compared: 1. SIGNATURES WERE NOT CHECKED: no public key is known; give one with --key.",
    )


# ── Keys that follow one another ────────────────────────────────────────────────────────────────────────────────────────


class Chain(NamedTuple):
    """A log of six revisions, signed at 2 by the first key, at 4 by the second and at 5 and 6 by the fourth."""

    folder: Path
    signers: list[Signer]
    vkeys: list[str]

    @property
    def rotations(self) -> list[Path]:
        return sorted((self.folder / "keys").iterdir())


def root_at(size: int) -> bytes:
    return root_of(leaves_of(REDACTED)[:size])


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    """The third key was replaced by the fourth before it signed any more; the server tells all of them."""
    folder, signers = written(tmp_path / "log", REDACTED), [Signer() for _ in range(4)]
    for name in ("checkpoints", "keys"):
        (folder / name).mkdir()
    for size, by in ((2, 0), (4, 1), (5, 3), (6, 3)):
        (folder / "checkpoints" / f"{size:010}.txt").write_text(signers[by].note(size, root_at(size)))
    for number, size in ((1, 2), (2, 4), (3, 4)):
        # of one size, the later one first: their order is not to be that of their names
        note = signers[number].succeeding(size, root_at(size), signers[number - 1])
        (folder / "keys" / f"{size:010}-{9 - number}.txt").write_text(note)
    vkeys = [signer.vkey for signer in signers]
    (folder / "log.json").write_text(json.dumps({"origin": ORIGIN, "keys": vkeys}))
    return Chain(folder, signers, vkeys)


async def test_a_key_leads_to_those_after_it(chain: Chain) -> None:
    told = await verify("check", chain.folder, "--key", chain.vkeys[0])
    follows = "revisions on it is signed with {}, for which the key before has signed."
    assert (told.code, told.lines[1:]) == (
        0,
        [
            "Checkpoints compared: 7; their signatures checked by the keys that you gave.",
            f"From 2 {follows.format(chain.vkeys[1])}",
            f"From 4 {follows.format(chain.vkeys[2])}",
            f"From 4 {follows.format(chain.vkeys[3])}",
            "All agrees.",
        ],
    )
    assert (await verify("check", chain.folder)).code == 0  # by the server's word


@pytest.mark.parametrize(("number", "before"), [(1, 1), (2, 3), (3, 4)])
async def test_a_later_key_does_not_take_earlier_ones_for_forgers(chain: Chain, number: int, before: int) -> None:
    """What it has signed is of a log that they began."""
    told = await verify("check", chain.folder, "--key", chain.vkeys[number])
    assert (told.code, told.lines[2]) == (
        0,
        f"From before the keys that you gave, so that their signatures were not checked: {before}.",
    )
    (chain.folder / "checkpoints" / f"{6:010}.txt").write_text(chain.signers[0].note(6, root_at(6)))
    told = await verify("check", chain.folder, "--key", chain.vkeys[number])
    assert (told.code, "6.txt: it is signed by none of the known keys" in told.lines[0]) == (1, True)


async def test_a_key_that_no_key_before_has_signed_for_is_told_to_who_does_not_give_it(chain: Chain) -> None:
    rotation = chain.rotations[0]
    rotation.write_text(chain.signers[1].succeeding(2, root_at(2)))
    alone = (
        f"{rotation}: from 2 revisions on the log is signed with {chain.vkeys[1]}, WITHOUT THE SIGNATURE OF THE KEY BEFORE:"
        " ask the publishers, by a way that you trust, whether it is theirs; if so, give it with --key"
    )
    for keys in ([], ["--key", chain.vkeys[0]]):
        told = await verify("check", chain.folder, *keys)
        assert (told.code, told.lines[0], told.lines[-1]) == (1, alone, "Differences: 1.")
    kept = chain.folder.parent / "kept" / "keys"  # who keeps what the operator publishes has not looked at it by that
    kept.mkdir(parents=True)
    for number, vkey in enumerate(chain.vkeys[:2], 1):
        (kept / str(number)).write_text(f"{vkey}\n")
    (kept.parent / "2").write_text(chain.signers[0].note(2, root_at(2)))
    told = await verify("check", chain.folder, "--checkpoint", kept.parent)
    assert (told.code, told.lines[0], told.lines[-1]) == (1, alone, "Differences: 1.")
    for known in ([chain.vkeys[0], chain.vkeys[1]], [chain.vkeys[1]], [chain.vkeys[0], chain.vkeys[2]]):
        told = await verify("check", chain.folder, *(word for key in known for word in ("--key", key)))
        assert (told.code, told.lines[-1]) == (0, "All agrees."), told
    told = await verify("check", chain.folder, "--key", chain.vkeys[0], "--key", chain.vkeys[1])
    assert told.lines[2] == (
        f"From 2 revisions on it is signed with {chain.vkeys[1]}, which you gave; the key before has not signed for it."
    )


async def test_a_key_alone_is_told_though_the_one_before_it_began_at_the_same_size(chain: Chain) -> None:
    """Two keys were replaced at 4: who knows the one between learns that it has not signed for the last."""
    rotation = chain.rotations[1]
    assert f"next {chain.vkeys[3]}\n" in rotation.read_text()
    rotation.write_text(chain.signers[3].succeeding(4, root_at(4)))
    for known, code in ((0, 1), (1, 1), (2, 1), (3, 0)):
        told = await verify("check", chain.folder, "--key", chain.vkeys[known])
        assert (told.code, f"{rotation}: from 4 revisions on the log is signed with" in told.lines[0]) == (
            code,
            code == 1,
        )
    # the other way round: the third key came alone, and has signed for the fourth
    rotation.write_text(chain.signers[3].succeeding(4, root_at(4), chain.signers[2]))
    chain.rotations[2].write_text(chain.signers[2].succeeding(4, root_at(4)))
    for known, code in ((0, 1), (1, 1), (2, 0), (3, 0)):
        told = await verify("check", chain.folder, "--key", chain.vkeys[known])
        assert (told.code, told.lines[-1]) == (code, "Differences: 1." if code else "All agrees.")


def _with_broken_line(note: str, which: int) -> str:
    lines = note.splitlines(keepends=True)
    lines[which] = _other_signature(lines[which])
    return "".join(lines)


SUCCEEDING: dict[str, tuple[Callable[[Chain], str], str]] = {
    "the key before has not signed it so": (
        lambda chain: _with_broken_line(chain.signers[1].succeeding(2, root_at(2), chain.signers[0]), -2),
        "the signature of opsc.example/log (key {0.id}) does not hold",
    ),
    "the next key has not signed it so": (
        lambda chain: _with_broken_line(chain.signers[1].succeeding(2, root_at(2), chain.signers[0]), -1),
        "the signature of opsc.example/log (key {1.id}) does not hold",
    ),
    "the next key has not signed it": (
        lambda chain: chain.signers[1].succeeding(2, root_at(2), chain.signers[0]).rpartition("— ")[0],
        "it names {1.vkey} as the next key, which has not signed it",
    ),
    "another has signed it": (
        lambda chain: chain.signers[1].succeeding(2, root_at(2), Signer()),
        "it is signed by none of the known keys ({0.vkey})",
    ),
    "it names no key": (
        lambda chain: chain.signers[1].succeeding(2, root_at(2), chain.signers[0]).replace("next opsc", "next oops"),
        "{1.oops} is no Ed25519 key of that name: was a part of it lost?",
    ),
    "it is of another log": (
        lambda chain: chain.signers[1].succeeding(2, root_at(3), chain.signers[0]),
        "its root for the first 2 revisions is {root}, theirs here is",
    ),
}


@pytest.mark.parametrize("case", SUCCEEDING)
async def test_a_key_is_followed_only_where_both_have_signed(chain: Chain, case: str) -> None:
    alter, sentence = SUCCEEDING[case]
    rotation = chain.rotations[0]
    rotation.write_text(alter(chain))
    told = await verify("check", chain.folder, "--key", chain.vkeys[0])
    told_of = [
        {"id": signer.id.hex(), "vkey": signer.vkey, "oops": signer.vkey.replace("opsc", "oops")}
        for signer in chain.signers
    ]
    words = [type("Told", (), one) for one in told_of]
    expected = f"{rotation}: {sentence.format(*words, root=root_at(3).hex())}"
    assert (told.code, [line[: len(expected)] for line in told.lines].count(expected)) == (1, 1), told
    later = f"{chain.folder}/checkpoints/{6:010}.txt: it is signed by none of the known keys ({chain.vkeys[0]})"
    assert (later in told.lines) == (case != "it is of another log")


async def test_a_key_that_was_replaced_signs_nothing_after(chain: Chain) -> None:
    """Whoever has stolen it would."""
    kept = chain.folder.parent / "kept"
    kept.mkdir()
    (kept / "6").write_text(chain.signers[0].note(6, root_at(6)))
    thief = Signer()
    (kept / "next").write_text(thief.succeeding(2, root_at(2), chain.signers[0]))
    told = await verify("check", chain.folder, "--key", chain.vkeys[0], "--checkpoint", kept)
    assert (told.code, told.lines[:2], told.lines[-1]) == (
        1,
        [
            f"{kept}/6: it is signed with {chain.vkeys[0]}, which was replaced at 2 revisions",
            f"{kept}/next: it names {thief.vkey} as the next key, but the key that signed it has named another before",
        ],
        "Differences: 2.",
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["check", "/nowhere"], "There is no /nowhere/revisions.jsonl: fetch it first"),
        (["check", "/nowhere", "--key", "nonsense"], "nonsense is no public key"),
        (["inclusion", "/nowhere"], "/nowhere cannot be read"),
        (["download", "nonsense", "/nowhere"], "nonsense/graphql did not answer: unknown url type"),
    ],
)
async def test_what_cannot_be_checked_is_told_apart_from_what_differs(arguments: list[str], sentence: str) -> None:
    told = await verify(*arguments)
    assert (told.code, told.error.startswith(f"verify_log: {sentence}")) == (2, True), told


def test_a_key_with_a_letter_lost_is_told(signer: Signer) -> None:
    assert verify_log.key_of(signer.vkey).public == signer.private.public_key().public_bytes_raw()
    for altered in (signer.vkey.replace("opsc", "ops"), signer.vkey[:-1], signer.vkey.replace("+A", "+B")):
        with pytest.raises(verify_log.CannotCheck):
            verify_log.key_of(altered)


# ── One proof ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def answer(signer: Signer, position: int) -> dict[str, Any]:
    leaves = leaves_of(REDACTED)
    log = {
        "publicKey": signer.vkey,
        "checkpoint": signer.note(6, root_of(leaves)),
        "inclusion": [one.hex() for one in path_of(position - 1, leaves)],
    }
    asked = ("envelope", "document", "salt")
    return {"data": {"revision": {name: REDACTED[position - 1][name] for name in asked}, "log": log}}


async def test_one_revision_is_shown_to_be_in_the_log(tmp_path: Path, signer: Signer) -> None:
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(answer(signer, 2)))
    told = await verify("inclusion", file)
    assert (told.code, told.lines) == (
        0,
        [
            "position 2, Source:B, is in the log opsc.example/log as it was at 6 revisions; with this document.",
            "Checkpoints compared: 1; their signatures checked by the key that the server told; --key takes one that you know.",
        ],
    )


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("maria", "marta", "position 2, Source:B: the proof does not lead to the root of "),
        ("as of 2", "as of 3", "position 2, Source:B: its document and salt are not what its documentHash was made of"),
        ('"inclusion": ["', '"inclusion": ["00', "position 2, Source:B: the proof does not lead to the root of "),
        ("log\\n6\\n", "log\\n9\\n", "position 2, Source:B: the proof does not lead to the root of "),
    ],
)
async def test_a_proof_of_something_else_is_told(
    tmp_path: Path, signer: Signer, old: str, new: str, sentence: str
) -> None:
    file = tmp_path / "proof.json"
    text = json.dumps(answer(signer, 2))
    assert old in text
    file.write_text(text.replace(old, new))
    told = await verify("inclusion", file)
    assert (told.code, told.lines[0].startswith(sentence)) == (1, True), told


async def test_a_folder_that_others_keep_holds_the_checkpoint_that_a_proof_leads_to(
    tmp_path: Path, chain: Chain
) -> None:
    file, told_by_server = tmp_path / "proof.json", Signer()
    file.write_text(json.dumps(answer(told_by_server, 2)))
    kept = tmp_path / "kept"
    await asyncio.to_thread(shutil.copytree, chain.folder / "checkpoints", kept / "checkpoints")
    await asyncio.to_thread(shutil.copytree, chain.folder / "keys", kept / "keys")
    (kept / "keys" / "1").write_text(f"{chain.vkeys[0]}\n")
    (kept / "latest").write_text(chain.signers[3].note(6, root_at(6)))
    for keys in ([], ["--key", chain.vkeys[0]], ["--key", chain.vkeys[3]]):
        told = await verify("inclusion", file, "--checkpoint", kept, *keys)
        assert (told.code, told.lines[0]) == (
            0,
            "position 2, Source:B, is in the log opsc.example/log as it was at 6 revisions; with this document.",
        )
        assert told.lines[1].startswith("Checkpoints compared: 1; their signatures checked by the keys that you gave.")
    for one in kept / "latest", kept / "checkpoints" / f"{6:010}.txt":
        one.unlink()
    told = await verify("inclusion", file, "--checkpoint", kept)
    assert told.code == 2
    assert (
        "leads to none of the checkpoints that you gave, which are of 2, 4, 5 revisions: ask for inclusion(pos"
        in told.error
    )
    (kept / "6").write_text(chain.signers[3].note(6, root_at(5)))
    told = await verify("inclusion", file, "--checkpoint", kept)
    assert (told.code, told.lines[0]) == (
        1,
        f"position 2, Source:B: the proof does not lead to the root of {kept}/6: it is not shown to be in that log",
    )


async def test_a_proof_is_checked_with_a_key_that_was_replaced_since(tmp_path: Path, chain: Chain) -> None:
    """The answer can hold the checkpoints by which one key signs for the next."""
    file, proof = tmp_path / "proof.json", answer(chain.signers[3], 2)
    file.write_text(json.dumps(proof))
    told = await verify("inclusion", file, "--key", chain.vkeys[0])
    assert (told.code, "it is signed by none of the known keys" in told.lines[0]) == (1, True)
    proof["data"]["log"]["keys"] = [{"checkpoint": None}, *({"checkpoint": one.read_text()} for one in chain.rotations)]
    file.write_text(json.dumps(proof))
    told = await verify("inclusion", file, "--key", chain.vkeys[0])
    assert (told.code, len(told.lines)) == (0, 5), told
    proof["data"]["log"]["checkpoint"] = Signer().note(6, root_at(6))
    file.write_text(json.dumps(proof))
    for key in chain.vkeys[0], chain.vkeys[3]:
        told = await verify("inclusion", file, "--key", key)
        assert (told.code, "it is signed by none of the known keys" in told.lines[0]) == (1, True), told


@given(st.integers(1, 70), st.data())
def test_a_path_leads_to_the_root_from_its_own_leaf_alone(size: int, data: st.DataObject) -> None:
    leaves = [bytes([one]) for one in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path, root = path_of(index, leaves), root_of(leaves)
    hashes = [root_of([one]) for one in leaves]
    assert path_root(hashes[index], index, size, path) == root
    other = data.draw(st.integers(-1, size + 1))
    if other != index:
        assert path_root(hashes[index], other, size, path) != root
    assert path_root(hashes[index], index, size, [*path, root]) != root
    if path:
        assert path_root(hashes[index], index, size, path[:-1]) != root


# ── Downloaded from a server ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
async def downloaded(client: httpx2.AsyncClient, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole seeded record, fetched from a server as anybody would."""
    folder = tmp_path_factory.mktemp("downloaded") / "log"
    told = await verify("download", str(client.base_url), folder)
    assert (told.code, told.lines) == (
        0,
        [f"In {folder}: revisions: 4,727, checkpoints: 0. Now: python verify_log.py check {folder}"],
    )
    return folder


async def test_what_cannot_be_compared_is_told(downloaded: Path, tmp_path: Path) -> None:
    """A folder's name that was mistyped must not look as if all were well."""
    (tmp_path / "nothing").mkdir()
    told = await verify("check", downloaded, "--checkpoint", tmp_path / "nothing")
    assert (told.code, "holds no checkpoint to compare with" in told.error) == (2, True)
    broken = tmp_path / "broken"
    await asyncio.to_thread(shutil.copytree, downloaded, broken)
    (broken / "log.json").write_text("[]")
    told = await verify("check", broken)
    assert (told.code, "is not what download wrote" in told.error) == (2, True)


async def test_a_downloaded_log_agrees(downloaded: Path, seeded: asyncpg.Connection) -> None:
    told = await verify("check", downloaded)
    envelopes = [row[0] for row in await seeded.fetch('select envelope from revision order by "position"')]
    assert (told.code, told.lines[0].partition("; the")[0], told.lines[-1]) == (
        0,
        f"Revisions checked: {SIZE:,}; of them redacted: 0",
        "All agrees.",
    )
    lines = (downloaded / "revisions.jsonl").read_text().splitlines()
    assert [json.loads(line)["envelope"] for line in lines] == envelopes


async def test_a_record_with_history_is_downloaded_bit_by_bit_and_agrees(
    empty: asyncpg.Connection, empty_url: str, tmp_path: Path
) -> None:
    async with served(empty_url) as client:
        for _, changes in History(7).submissions(40):
            await published(empty, *changes)
            if len(changes) > 6:
                assert (await verify("download", str(client.base_url), tmp_path)).code == 0
        told = await verify("download", f"{client.base_url}/graphql", tmp_path)
    size = await empty.fetchval("select count(*) from revision")
    assert told.lines[0].startswith(f"In {tmp_path}: revisions: {size:,}, ")
    rows = await empty.fetch('select leaf_hash from revision order by "position"')
    envelopes = [row[0].encode() for row in await empty.fetch('select envelope from revision order by "position"')]
    told = await verify("check", tmp_path)
    assert (told.code, told.lines[0].rpartition(": ")[2]) == (0, f"{root_of(envelopes).hex()}.")
    assert len(rows) == size > 100


async def test_a_key_that_was_replaced_is_followed_in_what_was_downloaded(
    empty_database: Embedded, empty: asyncpg.Connection, empty_url: str, tmp_path: Path
) -> None:
    keys = [PrivateKey.new(ORIGIN) for _ in range(3)]
    async with served(empty_url) as client, connected(empty_database.owner_url) as owner:
        await published(empty, *BEGINNING, signer=keys[0])
        assert (await verify("download", str(client.base_url), tmp_path)).code == 0
        for old, new in itertools.pairwise(keys):
            await rotate(owner, old, new)
            await published(empty, create(f"Source:{new.public.id.hex()}", source()), signer=new)
        told = await verify("download", str(client.base_url), tmp_path)
    assert told.lines[0].startswith(f"In {tmp_path}: revisions: 9, checkpoints: 3. ")
    for key in keys:
        told = await verify("check", tmp_path, "--key", str(key.public))
        assert (told.code, told.lines[-1]) == (0, "All agrees."), told
    assert (await verify("check", tmp_path, "--key", Signer().vkey)).code == 1


async def test_a_download_cut_off_goes_on(downloaded: Path, client: httpx2.AsyncClient, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    whole = (downloaded / "revisions.jsonl").read_bytes()
    (folder / "revisions.jsonl").write_bytes(whole[: len(whole) // 2])
    assert (await verify("download", str(client.base_url), folder)).code == 0
    assert (folder / "revisions.jsonl").read_bytes() == whole


async def test_a_download_from_a_log_that_is_another_is_refused_and_nothing_lost(
    client: httpx2.AsyncClient, tmp_path: Path
) -> None:
    folder = written(tmp_path / "log", REDACTED)
    before = (folder / "revisions.jsonl").read_bytes()
    told = await verify("download", str(client.base_url), folder)
    assert told.code == 2
    assert "at position 6 is not what" in told.error
    assert (folder / "revisions.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"title": "', '"title": "x', "its document and salt are not what its documentHash was made of"),
        ('"salt": "', '"salt": "00', "its document and salt are not what its documentHash was made of"),
        ('\\"author\\":\\"', '\\"author\\":\\"x', "its envelope is not what its leafHash was made of"),
        ('"leafHash": "', '"leafHash": "0', "its envelope is not what its leafHash was made of"),
        ('"reason": "', '"reason": "x', "its envelope says reason"),
    ],
)
async def test_one_byte_changed_is_found(
    downloaded: Path, client: httpx2.AsyncClient, tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    lines = (downloaded / "revisions.jsonl").read_text().splitlines(keepends=True)
    place = next(place for place, line in enumerate(lines) if place > 1500 and old in line)
    record = json.loads(lines[place])["recordId"]
    lines[place] = lines[place].replace(old, new, 1)
    assert await client.get("/healthz")  # the client is there: the folder came from it
    told = await _checked(tmp_path, lines)
    assert (told.code, told.lines[0].startswith(f"position {place + 1}, {record}: {sentence}")) == (1, True), told


@pytest.mark.parametrize("change", ["one gone", "two exchanged", "the end cut off"])
async def test_lines_gone_or_exchanged_are_found(downloaded: Path, signer: Signer, tmp_path: Path, change: str) -> None:
    lines = (downloaded / "revisions.jsonl").read_text().splitlines(keepends=True)
    root = root_of([json.loads(line)["envelope"].encode() for line in lines])
    (tmp_path / "kept.txt").write_text(signer.note(SIZE, root))
    if change == "one gone":
        del lines[2000]
        sentence = "position 2002, {}: position 2001 should stand here"
    elif change == "two exchanged":
        lines[2000], lines[2001] = lines[2001], lines[2000]
        sentence = "position 2002, {}: position 2001 should stand here"
    else:
        del lines[-1]
        sentence = f"{tmp_path}/kept.txt: it was signed for 4,727 revisions, here are 4,726: the end is cut off"
    told = await _checked(tmp_path, lines, "--checkpoint", tmp_path / "kept.txt", "--key", signer.vkey)
    assert (told.code, told.lines[0]) == (1, sentence.format(json.loads(lines[2000])["recordId"]))


async def _checked(tmp_path: Path, lines: list[str], *options: str | Path) -> Told:
    folder = tmp_path / "altered"
    folder.mkdir()
    (folder / "revisions.jsonl").write_text("".join(lines))
    return await verify("check", folder, *options)


async def test_it_is_served_to_pages_and_people(client: httpx2.AsyncClient) -> None:
    found = await client.get("/verify_log.py", headers={"origin": "https://map.example"})
    assert (found.status_code, found.content) == (200, SOURCE)
    assert found.headers["content-type"] == "text/x-python; charset=utf-8"
    assert found.headers["access-control-allow-origin"] == "*"
    assert (await client.post("/verify_log.py")).status_code == 405


# ── A server that has checkpoints, redacts meanwhile, and fails at times ────────────────────────────────────────────────


class Stub:
    """What a server with a Log answers, for as long as ours has none; `revisions` can be changed between two downloads."""

    def __init__(self, signer: Signer, revisions: list[dict[str, Any]]) -> None:
        self.signer, self.revisions, self.failures, self.asked = signer, revisions, 0, 0

    async def answer(self, request: Request) -> Response:
        self.asked += 1
        if self.failures:
            self.failures -= 1
            return PlainTextResponse("Bad gateway", 502)
        body = await request.json()
        query, variables = body["query"], body["variables"]
        data: Any
        if "__type" in query:
            data = {"__type": _TYPES.get(variables["type"])}
        elif "changes" in query:
            after, first = variables["after"], variables["first"]
            nodes = self.revisions[after : after + first][:4]  # a page is what the server makes of it
            data = {
                "changes": {
                    "nodes": nodes,
                    "lastPosition": after + len(nodes),
                    "hasMore": after + len(nodes) < len(self.revisions),
                }
            }
        elif "checkpoints" in query:
            leaves = leaves_of(self.revisions)
            sizes = [size for size in (2, 5, len(leaves)) if size > variables["after"]][:2]
            notes = [{"size": size, "note": self.signer.note(size, root_of(leaves[:size]))} for size in sizes]
            data = {"log": {"checkpoints": notes}}
        else:
            assert query == "{ log { origin keys { vkey since } } }"
            data = {"log": {"origin": ORIGIN, "keys": [{"vkey": self.signer.vkey, "since": 0}]}}
        return JSONResponse({"data": data})


def _list(name: str) -> dict[str, Any]:
    return {"name": None, "ofType": {"name": None, "ofType": {"name": None, "ofType": {"name": name}}}}


_TYPES = {
    "Log": {
        "fields": [
            {"name": "origin", "type": {"name": None, "ofType": {"name": "String"}}},
            {"name": "keys", "type": _list("LogKey")},
            {"name": "checkpoints", "type": _list("Checkpoint")},
        ]
    },
    "LogKey": {"fields": [{"name": "vkey", "type": {"name": "String"}}, {"name": "since", "type": {"name": "Int"}}]},
}


@pytest.fixture
async def stub(signer: Signer) -> AsyncIterator[tuple[Stub, str]]:
    answering = Stub(signer, list(REDACTED))
    async with listening(Starlette(routes=[Route("/graphql", answering.answer, methods=["POST"])])) as client:
        yield answering, str(client.base_url)


async def test_checkpoints_are_fetched_and_checked_by_the_servers_key(stub: tuple[Stub, str], tmp_path: Path) -> None:
    server, url = stub
    told = await verify("download", url, tmp_path)
    assert told.lines == [f"In {tmp_path}: revisions: 6, checkpoints: 3. Now: python verify_log.py check {tmp_path}"]
    told = await verify("check", tmp_path)
    assert (told.code, told.lines[1:]) == (
        0,
        [
            "Checkpoints compared: 3; their signatures checked by the key that the server told; --key takes one that you know.",
            "All agrees.",
        ],
    )
    assert (await verify("check", tmp_path, "--key", Signer().vkey)).code == 1
    server.signer = Signer()  # a new key: what the old one has signed is still known
    server.revisions.append(revision(7, "Source:B", 3, "REDACT", redacts=[2]))
    assert (await verify("download", url, tmp_path)).code == 0
    told = await verify("check", tmp_path)
    assert (told.code, told.lines[1].partition(";")[0]) == (0, "Checkpoints compared: 4")


async def test_what_is_redacted_after_it_was_fetched_is_taken_out(stub: tuple[Stub, str], tmp_path: Path) -> None:
    server, url = stub
    await verify("download", url, tmp_path)
    assert '"A source, as of 2"' in (tmp_path / "revisions.jsonl").read_text()
    server.revisions.append(revision(7, "Source:B", 3, "REDACT", redacts=[2]))
    told = await verify("download", url, tmp_path)
    assert "Documents taken out, since they have been redacted: 1." in told.lines[0]
    assert '"A source, as of 2"' not in (tmp_path / "revisions.jsonl").read_text()
    told = await verify("check", tmp_path)
    assert (told.code, "of them redacted: 3" in told.lines[0]) == (0, True)


async def test_a_server_that_fails_is_asked_again(stub: tuple[Stub, str], tmp_path: Path) -> None:
    server, url = stub
    server.failures = 1
    told = await verify("download", url, tmp_path)
    assert (told.code, server.failures) == (0, 0)


async def test_an_address_without_a_record_is_told_and_not_asked_again(stub: tuple[Stub, str], tmp_path: Path) -> None:
    server, url = stub
    told = await verify("download", f"{url}/nowhere", tmp_path / "log")
    assert (told.code, told.error.startswith(f"verify_log: {url}/nowhere/graphql did not answer: 404")) == (2, True)
    assert (server.asked, await asyncio.to_thread((tmp_path / "log").exists)) == (0, False)


# ── What is written out in it, beside the libraries ─────────────────────────────────────────────────────────────────────


@given(JSON)
def test_it_writes_canonical_json_as_the_rfcs_library_does(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return  # the log never took it
    assert canonical(value) == expected
    assert canonical(json.loads(expected)) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_it_writes_numbers_as_the_rfcs_library_does(number: float) -> None:
    assert canonical([number]) == rfc8785.dumps([number])
    assert canonical(orjson.loads(rfc8785.dumps([number]))) == rfc8785.dumps([number])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", 10**400, {"a": ["\udfff"]}])
def test_what_json_cannot_say_is_an_error(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        canonical(value)


@settings(deadline=None, max_examples=20)  # it is slow: nobody waits for it often
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_it_verifies_what_the_library_signs(seed: bytes, message: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verifies(public, message, signature)


@settings(deadline=None, max_examples=20)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=20), st.integers(0, 64 * 8 - 1), st.integers(0, 255))
def test_it_refuses_what_the_library_refuses(seed: bytes, message: bytes, bit: int, key_bit: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = private.public_key().public_bytes_raw(), private.sign(message)
    other = (int.from_bytes(signature, "little") ^ 1 << bit).to_bytes(64, "little")
    other_key = (int.from_bytes(public, "little") ^ 1 << key_bit).to_bytes(32, "little")
    s = int.from_bytes(signature[32:], "little") + ORDER  # the same point, written otherwise: RFC 8032 forbids it
    malleable = signature[:32] + s.to_bytes(32, "little")
    for key, text, signed in (
        (public, message, other),
        (public, message + b"x", signature),
        (other_key, message, signature),
        (public, message, malleable),
        (public, message, signature[:63]),
        (public, message, signature + b"\0"),
        (public, message, bytes(64)),
    ):
        assert verifies(key, text, signed) == _by_the_library(key, text, signed)
        assert not verifies(key, text, signed)


def _by_the_library(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_it_verifies_the_rfcs_own_example() -> None:
    """RFC 8032, 7.1, test 3."""
    public = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
    signature = (
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
    )
    assert verifies(bytes.fromhex(public), bytes.fromhex("af82"), bytes.fromhex(signature))
