"""Checks a log of revisions, or the proof of one, on your own machine and by nobody's word. Needs Python 3.11, nothing else.

    python verify_log.py download https://opsc.example DIR

fetches every revision and every checkpoint; again later: what is new, and what has been redacted since is taken out of DIR.

    python verify_log.py check DIR [--checkpoint FILE_OR_FOLDER …] [--key KEY …]

recomputes all that can be: each envelope, each hash, the order, the root at each checkpoint, the signatures. Checkpoints
that you or somebody else kept earlier are what catches an operator who has rewritten the log and signed it anew. A key that
you know leads to those after it, each of which the one before has signed for; where it has not, that is told.

    python verify_log.py inclusion FILE [--checkpoint FILE_OR_FOLDER …] [--key KEY …]

checks that one revision is in the log. FILE is the answer to
{ revision(position: 42) { envelope document salt } log { publicKey checkpoint inclusion(position: 42) } },
with inclusion(position: 42, size: …) where the checkpoint is of fewer revisions than the log has by now. For a KEY that was
replaced since, ask keys { publicKey checkpoint } as well.

It ends with 0: all agrees; 1: a line for each difference; 2: it could not be checked. One file, though long, and nothing
of the project in it: read it before you believe it. Even Ed25519 is written out, so that nothing need be installed first.
"""

import argparse
import base64
import hashlib
import http.client
import json
import math
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

PAGE = 200
"""Revisions asked for at once: as many as the server gives."""

WAITS = (1, 2, 4, 8, 16)
"""Seconds before each new try, where the server does not answer, or says that it cannot now."""

SIGNIFICANT = ("position", "number", "recordType", "recordId", "operation", "kind", "reason", "recordedAt", "author")
TOLD = (*SIGNIFICANT, "reviewer", "document", "salt", "documentHash", "envelope", "leafHash")
"""The fields of a revision that are fetched."""

CHANGES = f"""query ($after: Int, $first: Int) {{
  changes(after: $after, first: $first) {{ nodes {{ {" ".join(TOLD)} }} lastPosition hasMore }}
}}"""
CHECKPOINTS = "query ($after: Int, $first: Int) { log { checkpoints(first: $first, after: $after) { size note } } }"

ENVELOPE = {*SIGNIFICANT, "documentHash", "format", "mergedInto", "redacts", "reviewer", "submission"}
"""The fields of an envelope, all of them."""

STANDING = {"CREATE", "AMEND", "RESTORE"}
FOLLOWS: dict[str, set[str] | set[None]] = {
    "CREATE": {None},
    "AMEND": STANDING,
    "RETRACT": STANDING,
    "MERGE": STANDING,
    "RESTORE": {"RETRACT"},
    "REDACT": {*STANDING, "RETRACT", "MERGE"},
}
"""Operation → which a record's one before it can be, redactions aside (they change nothing of what follows). None: its first."""

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", re.ASCII)


class CannotCheck(Exception):
    """What is needed is not there, or is not what it should be: says what, where, and what to do."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Checks a log of revisions on your own machine, by nobody's word.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("download", help="fetch every revision and checkpoint into a folder")
    one.add_argument("url", help="the record's address: https://opsc.example")
    one.add_argument("folder", type=Path)
    one = commands.add_parser("check", help="recompute all that was fetched")
    one.add_argument("folder", type=Path)
    _add_options(one)
    one = commands.add_parser("inclusion", help="check the proof that one revision is in the log")
    one.add_argument("file", type=Path)
    _add_options(one)
    given = parser.parse_args(arguments)
    try:
        if given.command == "download":
            print(download(given.url, given.folder))
            return 0
        keys = [key_of(vkey) for vkey in given.key]
        checked = check if given.command == "check" else inclusion
        found = checked(getattr(given, "folder", None) or given.file, given.checkpoint, keys)
    except CannotCheck as error:
        print(f"verify_log: {error}", file=sys.stderr)
        return 2
    for line in (*found.differences, *found.summary):
        print(line)
    return 1 if found.differences else 0


def _add_options(parser: argparse.ArgumentParser) -> None:
    told = "a checkpoint kept earlier: a signed note, or a folder of them; can be given again"
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help=told)
    told = "the log's public key (name+id+key), as you know it from elsewhere; can be given again"
    parser.add_argument("--key", action="append", default=[], help=told)


class Found(NamedTuple):
    """What a check found: a sentence for each difference, and what it was that was checked."""

    differences: list[str]
    summary: list[str]


# ── Fetching ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def download(url: str, folder: Path) -> str:
    """Fetches what DIR does not have yet, checkpoints first: so the revisions reach at least as far as these."""
    url = url.rstrip("/")
    url = url if url.endswith("/graphql") else f"{url}/graphql"
    try:
        checkpoints = _fetch_checkpoints(url, folder)
        revisions = _fetch_revisions(url, folder / "revisions.jsonl")
        blanked = _blank_redacted(folder / "revisions.jsonl")
    except OSError as error:
        raise CannotCheck(f"{folder} cannot be written: {error}") from None
    lines = [f"In {folder}: revisions: {revisions:,}, checkpoints: {checkpoints:,}."]
    if blanked:
        lines.append(f"Documents taken out, since they have been redacted: {blanked:,}.")
    return " ".join([*lines, f"Now: python verify_log.py check {folder}"])


def _fetch_checkpoints(url: str, folder: Path) -> int:
    """Adds the log's checkpoints and its keys to DIR, and those checkpoints by which one key signs for the next.

    What was fetched earlier stays, whatever the server says now.
    """
    kept, log_file = folder / "checkpoints", folder / "log.json"
    fields = _fields(url, "Log")
    kept.mkdir(parents=True, exist_ok=True)
    if not fields:
        return len(list(kept.iterdir()))
    keys = [_selected(name, _fields(url, type_name)) for name, type_name in fields.items() if "key" in name.lower()]
    log = _asked(url, f"{{ log {{ {' '.join(['origin', *keys])} }} }}")["log"]
    before = _read_json(log_file) if log_file.exists() else log
    if before["origin"] not in (None, log["origin"]):
        raise CannotCheck(f"{folder} has the log {before['origin']}, {url} has {log['origin']}: use a new folder.")
    known = dict.fromkeys(key.vkey for key in _keys_in([before, log]))  # those, too, that it does not tell any more
    log_file.write_text(json.dumps({"origin": log["origin"], "keys": [*known]}, indent=2) + "\n", "utf-8")
    for text, note in _notes_in(log):
        _keep(folder / "keys", note.size, text)
    after = max((int(file.name.partition("-")[0]) for file in kept.glob("[0-9]*-*.txt")), default=0)
    while True:
        page = _asked(url, CHECKPOINTS, {"after": after, "first": PAGE})["log"]["checkpoints"]
        for checkpoint in page:
            _keep(kept, checkpoint["size"], checkpoint["note"])
        if not page or page[-1]["size"] <= after:
            return len(list(kept.iterdir()))
        after = page[-1]["size"]


def _keep(folder: Path, size: int, note: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"{size:010}-{hashlib.sha256(note.encode()).hexdigest()[:8]}.txt").write_bytes(note.encode())


def _fields(url: str, type_name: str | None) -> dict[str, str | None]:
    """The fields of a type of this server's schema, each with the name of its own type; none where there is no such type."""
    if type_name is None:
        return {}
    inside = "name ofType { name ofType { name ofType { name } } }"
    query = f"query ($type: String!) {{ __type(name: $type) {{ fields {{ name type {{ {inside} }} }} }} }}"
    found = _asked(url, query, {"type": type_name})["__type"] or {}
    return {field["name"]: _innermost(field["type"]) for field in found.get("fields") or ()}


def _innermost(type_: dict[str, Any] | None) -> str | None:
    """The name of what a list or a non-null holds."""
    return (type_["name"] or _innermost(type_.get("ofType"))) if type_ else None


def _selected(name: str, inside: Iterable[str]) -> str:
    return f"{name} {{ {' '.join(inside)} }}" if inside else name


def _fetch_revisions(url: str, file: Path) -> int:
    last = _last_line(file)
    position = 0
    if last:
        position = last["position"]
        again = _page(url, position - 1, 1)["nodes"]
        if not again or again[0]["envelope"] != last["envelope"]:
            raise CannotCheck(
                f"What {url} has at position {position} is not what {file} has: its log was rewritten, or it is another."
                " Keep the folder, it shows that; download into a new one and check both."
            )
    with file.open("a", encoding="utf-8") as lines:
        more = True
        while more:
            page = _page(url, position, PAGE)
            for revision in page["nodes"]:
                lines.write(json.dumps(revision) + "\n")
            lines.flush()
            position, more = page["lastPosition"], page["hasMore"]
            if sys.stderr.isatty():
                print(f"\r{position:,} revisions", end="\n" if not more else "", file=sys.stderr, flush=True)
    return position


def _page(url: str, after: int, first: int) -> dict[str, Any]:
    page: dict[str, Any] = _asked(url, CHANGES, {"after": after, "first": first})["changes"]
    return page


def _last_line(file: Path) -> dict[str, Any] | None:
    """The last revision that was fetched; what a killed download has left of the next is cut off."""
    if not file.exists():
        return None
    with file.open("r+b") as lines:
        end, last = 0, b""
        for line in lines:
            if line.endswith(b"\n"):
                end, last = end + len(line), line
        lines.truncate(end)
    return _parsed(last, f"the last line of {file}") if last else None


def _blank_redacted(file: Path) -> int:
    """What was redacted after it had been fetched: this copy is not to keep it either."""
    redacted = {position for revision in _lines(file) for position in _redacts(revision)}
    count = sum(line["position"] in redacted and line["document"] is not None for line in _lines(file))
    if count:
        beside = file.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as lines:
            for line in _lines(file):
                gone = {"document": None, "salt": None} if line["position"] in redacted else {}
                lines.write(json.dumps({**line, **gone}) + "\n")
        os.replace(beside, file)
    return count


def _redacts(revision: dict[str, Any]) -> list[int]:
    if revision["operation"] != "REDACT":
        return []
    try:
        return [int(position) for position in json.loads(revision["envelope"])["redacts"]]
    except (ValueError, TypeError, KeyError):
        return []  # check() tells what is wrong with it


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open("rb") as lines:
        for place, line in enumerate(lines, 1):
            yield _parsed(line, f"line {place} of {file}")


def _asked(url: str, query: str, variables: dict[str, Any] | None = None) -> Any:
    """The data of a GraphQL answer; where there is none for now, it is asked again, some times."""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "verify_log.py"}
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    for wait in (*WAITS, None):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
                told = _parsed(answer.read(), f"the answer of {url}")
            errors = told.get("errors")
            if not errors:
                return told["data"]
            problem = " ".join(error["message"] for error in errors)
            passing = any(error.get("extensions", {}).get("code") == "TIMEOUT" for error in errors)
        except urllib.error.HTTPError as error:
            with error:
                problem = f"{error.code} {error.reason}"
                passing = error.code == 429 or error.code >= 500
        except ValueError as error:  # no address at all
            problem, passing = str(error), False
        except (OSError, http.client.HTTPException) as error:
            problem, passing = str(getattr(error, "reason", error)), True
        if wait is None or not passing:
            break
        time.sleep(wait)
    raise CannotCheck(f"{url} did not answer: {problem}. What has been fetched is kept; run the same again to go on.")


# ── Checking a log ────────────────────────────────────────────────────────────────────────────────────────────────────


def check(folder: Path, checkpoints: Sequence[Path], keys: list["Key"]) -> Found:
    """All that was fetched into the folder, in one pass; `checkpoints` are files or folders beside."""
    file = folder / "revisions.jsonl"
    if not file.is_file():
        raise CannotCheck(f"There is no {file}: fetch it first with python verify_log.py download URL {folder}")
    log = _read_json(folder / "log.json") if (folder / "log.json").exists() else {}
    if not isinstance(log, dict):
        raise CannotCheck(f"{folder / 'log.json'} is not what download wrote: fetch it again.")
    for given in checkpoints:
        kept = kept_in([given])
        if not kept.notes and not kept.broken:
            raise CannotCheck(f"{given} holds no checkpoint to compare with: is it the right folder?")
    own = [place for place in (folder / "keys", folder / "checkpoints") if place.is_dir()]
    notes, kept_keys, differences = kept_in([*own, *checkpoints])
    reader = Reader({note.size for note in notes.values()})
    with file.open("rb") as lines:
        for place, line in enumerate(lines, 1):
            differences += reader.read(line, place)
    differences += reader.end()
    signers = Signers(notes, keys, kept_keys or ([] if keys else _keys_in(log)))
    differences += [
        f"{name}: {sentence}"
        for name, note in notes.items()
        for sentence in (
            *_of_this_log(note, log.get("origin") or next(iter(notes.values())).origin),
            *_rooted(note, reader),
            *signers.faults(note),
        )
    ]
    size, root = reader.tree.size, reader.tree.root().hex()
    summary = [f"Revisions checked: {size:,}; of them redacted: {reader.redacted:,}; the root of all: {root}."]
    summary += _about(notes, signers, given=bool(keys or kept_keys))
    summary.append(f"Differences: {len(differences):,}." if differences else "All agrees.")
    return Found(differences, summary)


class Reader:
    """Reads revisions in their order and says what is wrong with each; keeps the tree, and its root at the sizes asked for."""

    def __init__(self, sizes: set[int]) -> None:
        self.tree = Tree()
        self.roots: dict[int, bytes] = {}
        self.redacted = 0
        self._sizes = sizes
        self._before: dict[str, Any] | None = None
        self._records: dict[str, tuple[int, str | None]] = {}
        self._gone: dict[int, str] = {}
        self._explained: set[int] = set()
        self._note_root()

    def read(self, line: bytes, place: int) -> list[str]:
        """What differs in this line of the file."""
        try:
            revision = _parsed(line, f"line {place}")
        except CannotCheck as error:
            return [str(error)]
        if malformed := _malformed(revision):
            return [f"line {place} is no revision: {malformed}"]
        try:
            envelope = json.loads(revision["envelope"])
            canonical_again = canonical(envelope) == revision["envelope"].encode()
        except (ValueError, RecursionError):
            envelope, canonical_again = None, False
        self.tree.add(leaf(revision["envelope"]))
        self._note_root()
        sentences = [*self._in_order(revision), *_hashes(revision, self.tree.last)]
        if not canonical_again:
            sentences.append("its envelope is not canonical JSON (RFC 8785)")
        elif not isinstance(envelope, dict) or envelope.keys() != ENVELOPE:
            sentences.append("its envelope has other fields than envelopes have")
        else:
            sentences += [*_enveloped(revision, envelope), *self._within(revision, envelope)]
        return [f"position {revision['position']}, {revision['recordId']}: {sentence}" for sentence in sentences]

    def end(self) -> list[str]:
        """What shows only when all has been read."""
        self.redacted = len(self._gone)
        return [
            f"position {position}, {record_id}: its document is gone, but no later revision redacts it"
            for position, record_id in self._gone.items()
            if position not in self._explained
        ]

    def _note_root(self) -> None:
        if self.tree.size in self._sizes:
            self.roots[self.tree.size] = self.tree.root()

    def _in_order(self, revision: dict[str, Any]) -> Iterator[str]:
        """Positions and numbers run without gaps, moments never go back, operations follow one another."""
        position = self._before["position"] + 1 if self._before else 1
        if revision["position"] != position:
            yield f"position {position} should stand here"
        if self._before and revision["recordedAt"] < self._before["recordedAt"]:
            yield "it was recorded before the revision before it"
        if not MOMENT.fullmatch(revision["recordedAt"]):
            yield "recordedAt is no moment in UTC with six digits of a second"
        number, operation = self._records.get(revision["recordId"], (0, None))
        if revision["number"] != number + 1:
            yield f"its number is {revision['number']}, but it is the record's {number + 1}."
        if operation not in FOLLOWS.get(revision["operation"], ()):
            yield f"{operation or 'nothing'} cannot be followed by {revision['operation']}"
        if revision["operation"] != "REDACT":
            operation = revision["operation"]
        self._records[revision["recordId"]] = revision["number"], operation
        self._before = revision
        if revision["document"] is None:
            self._gone[revision["position"]] = revision["recordId"]

    def _within(self, revision: dict[str, Any], envelope: dict[str, Any]) -> Iterator[str]:
        """What an envelope says of other revisions."""
        redacts, redacting = envelope["redacts"], revision["operation"] == "REDACT"
        if redacting != bool(redacts) or (envelope["mergedInto"] is not None) != (revision["operation"] == "MERGE"):
            yield "its envelope names others as its operation does not"
        elif redacting and not (isinstance(redacts, list) and all(type(one) is int for one in redacts)):
            yield "its envelope redacts what are no positions"
        elif redacting:
            for one in redacts:
                if not 0 < one < revision["position"]:
                    yield f"it redacts position {one}, which does not come before it"
                elif one in self._explained:
                    yield f"it redacts position {one}, which was redacted before"
                elif one not in self._gone:
                    yield f"it redacts position {one}, whose document is still here (to take it out, download again)"
                elif self._gone[one] != revision["recordId"]:
                    yield f"it redacts position {one}, which is of {self._gone[one]}"
                self._explained.add(one)


def _malformed(revision: Any) -> str | None:
    """What keeps it from being read as a revision at all."""
    if not isinstance(revision, dict):
        return "it is no JSON object"
    kinds: dict[str, Any] = dict.fromkeys(TOLD, str) | dict.fromkeys(("reviewer", "salt"), str | None)
    kinds |= {"position": int, "number": int, "document": dict | None}
    for field, kind in kinds.items():
        if field not in revision:
            return f"it has no {field}"
        if not isinstance(revision[field], kind) or isinstance(revision[field], bool):
            return f"its {field} is not of the kind that it must be"
    try:
        json.dumps(revision, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "it holds half of a character"
    return None


def _hashes(revision: dict[str, Any], leaf_hash: bytes) -> Iterator[str]:
    if leaf_hash.hex() != revision["leafHash"]:
        yield "its envelope is not what its leafHash was made of"
    document, salt = revision["document"], revision["salt"]
    if (document is None) != (salt is None):
        yield "of its document and salt one is gone without the other"
    elif document is not None and not opens(revision["documentHash"], salt, document):
        yield "its document and salt are not what its documentHash was made of"


def _enveloped(revision: dict[str, Any], envelope: dict[str, Any]) -> Iterator[str]:
    told = {**{field: revision[field] for field in ENVELOPE & revision.keys()}, "format": 1}
    for field in sorted(told):
        if envelope[field] != told[field] or type(envelope[field]) is not type(told[field]):
            yield f"its envelope says {field} {_shown(envelope[field])}, told is {_shown(told[field])}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


def leaf(envelope: str) -> bytes:
    """The leaf's hash (RFC 9162): that of a zero byte and the envelope."""
    return hashlib.sha256(b"\0" + envelope.encode()).digest()


def opens(document_hash: str, salt: str, document: Any) -> bool:
    """Whether it was of this salt and this document that the hash was made."""
    try:
        return hashlib.sha256(bytes.fromhex(salt) + canonical(document)).hexdigest() == document_hash
    except ValueError:
        return False


# ── Checking one proof ────────────────────────────────────────────────────────────────────────────────────────────────


def inclusion(file: Path, checkpoints: Iterable[Path], keys: list["Key"]) -> Found:
    """The proof in the file leads from the revision's envelope to the checkpoint's root."""
    answer = _read_json(file)
    envelope, proof = _named(answer, "envelope"), _named(answer, "inclusion")
    proof = (_named(proof, "hashes") or _named(proof, "proof")) if isinstance(proof, dict) else proof
    if not isinstance(envelope, str) or not isinstance(proof, list):
        raise CannotCheck(f"{file} is no answer with an envelope and an inclusion (a list of hashes) in it.")
    notes, kept_keys, differences = kept_in(checkpoints)
    text = _named(answer, "checkpoint") or _named(answer, "note")
    text = _named(text, "note") if isinstance(text, dict) else text
    own = note_of(text) if isinstance(text, str) else None
    if not notes and own:
        notes[file.name] = own
    if not notes:
        raise CannotCheck(f"The proof in {file} leads to a checkpoint: give that one with --checkpoint.")
    try:
        told = json.loads(envelope)
        position, path = int(told["position"]), [bytes.fromhex(one) for one in proof]
        named = f"position {position}, {told['recordId']}"
    except (ValueError, TypeError, KeyError):
        raise CannotCheck(f"{file}: its envelope or its proof is not what these are.") from None
    roots = {size: path_root(leaf(envelope), position - 1, size, path) for size in {one.size for one in notes.values()}}
    notes = {name: one for place, (name, one) in enumerate(notes.items()) if one not in [*notes.values()][:place]}
    meant = notes if len(notes) == 1 else {name: one for name, one in notes.items() if roots[one.size] == one.root}
    meant = meant or {name: one for name, one in notes.items() if own and one.size == own.size}
    if not meant:
        sizes = ", ".join(f"{size:,}" for size in sorted(roots))
        raise CannotCheck(
            f"The proof in {file} leads to none of the checkpoints that you gave, which are of {sizes} revisions: ask for"
            f" inclusion(position: {position}, size: …) with the size of one of them."
        )
    note = next(iter(meant.values()))
    for name, one in meant.items():
        if roots[one.size] != one.root:
            differences.append(
                f"{named}: the proof does not lead to the root of {name}: it is not shown to be in that log"
            )
    document, salt = _named(answer, "document"), _named(answer, "salt")
    if document is not None and not opens(told.get("documentHash"), str(salt), document):
        differences.append(f"{named}: its document and salt are not what its documentHash was made of")
    in_answer = {f"{file.name}, key {at}": one for at, (_, one) in enumerate(_notes_in(answer), 1)}
    asked = {
        **{name: one for name, one in {**in_answer, **notes}.items() if one.successor and one.size <= note.size},
        **meant,
    }
    signers = Signers(asked, keys, kept_keys or ([] if keys else _keys_in(answer)))
    differences += [f"{name}: {sentence}" for name, one in asked.items() for sentence in signers.faults(one)]
    summary = _about(meant, signers, given=bool(keys or kept_keys))
    if not differences:
        opened = "with this document" if document is not None else "its document is not told here"
        summary.insert(0, f"{named}, is in the log {note.origin} as it was at {note.size:,} revisions; {opened}.")
    return Found(differences, summary)


def _named(answer: Any, name: str) -> Any:
    """The first value that stands under this name, however deep."""
    inside = answer.values() if isinstance(answer, dict) else answer if isinstance(answer, list) else ()
    if isinstance(answer, dict) and answer.get(name) is not None:
        return answer[name]
    return next((found for one in inside if (found := _named(one, name)) is not None), None)


# ── Checkpoints: signed notes (c2sp.org/tlog-checkpoint) ──────────────────────────────────────────────────────────────


class Key(NamedTuple):
    """A public key, whole ("name+id+key") and in its parts."""

    vkey: str
    name: str
    id: bytes
    public: bytes


class Note(NamedTuple):
    """A checkpoint: the log's name, how many revisions it had and their root; who signed (name, key id, signature) what text.

    successor: the key that signs from there on, where the key was replaced.
    """

    origin: str
    size: int
    root: bytes
    text: bytes
    signatures: list[tuple[str, bytes, bytes]]
    successor: Key | None


NEXT = "next "
"""What begins the line that names the successor."""


def note_of(note: str) -> Note:
    """Raises CannotCheck where it is none."""
    text, _, below = note.rpartition("\n\n")
    try:
        origin, size, root, *more = text.split("\n")
        signatures = []
        for line in below.splitlines():
            dash, name, signature = line.split(" ")
            raw = base64.b64decode(signature, validate=True)
            if dash != "—" or len(raw) < 5:
                raise ValueError
            signatures.append((name, raw[:4], raw[4:]))
        successors = [key_of(line.removeprefix(NEXT)) for line in more if line.startswith(NEXT)]
        successor = successors[0] if successors else None
        found = Note(
            origin, int(size), base64.b64decode(root, validate=True), f"{text}\n".encode(), signatures, successor
        )
    except ValueError:
        raise CannotCheck("it is no checkpoint (a signed note of an origin, a size and a root)") from None
    if not origin or str(found.size) != size or found.size < 0 or len(found.root) != 32:
        raise CannotCheck("it is no checkpoint: its origin, size or root is not what these are")
    if len(successors) > 1:
        raise CannotCheck("it is no checkpoint: it names more than one key as the next")
    return found


def key_of(vkey: str) -> Key:
    """Raises CannotCheck where it is none."""
    try:
        name, key_id, encoded = vkey.split("+", 2)
        told, raw = bytes.fromhex(key_id), base64.b64decode(encoded, validate=True)
    except ValueError:
        raise CannotCheck(f"{vkey} is no public key: it looks like opsc.example+1a2b3c4d+AX…") from None
    if len(raw) != 33 or raw[:1] != b"\1" or hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4] != told:
        raise CannotCheck(f"{vkey} is no Ed25519 key of that name: was a part of it lost?")
    return Key(vkey, name, told, raw[1:])


def _keys_in(answer: Any) -> list[Key]:
    """Every public key that an answer holds, wherever it stands."""
    if isinstance(answer, dict | list):
        inside = answer.values() if isinstance(answer, dict) else answer
        return [key for one in inside for key in _keys_in(one)]
    try:
        return [key_of(answer)] if isinstance(answer, str) else []
    except CannotCheck:
        return []


def _notes_in(answer: Any) -> list[tuple[str, Note]]:
    """Every checkpoint by which one key signs for the next that an answer holds, wherever it stands: its text, and read."""
    if isinstance(answer, dict | list):
        inside = answer.values() if isinstance(answer, dict) else answer
        return [note for one in inside for note in _notes_in(one)]
    try:
        note = note_of(answer) if isinstance(answer, str) else None
    except CannotCheck:
        return []
    return [(answer, note)] if note and note.successor else []


class Kept(NamedTuple):
    """What files and folders hold: checkpoints by the file's name, public keys, and a sentence for each file that is broken."""

    notes: dict[str, Note]
    keys: list[Key]
    broken: list[str]


def kept_in(places: Iterable[Path]) -> Kept:
    """Of folders, as `opsc checkpoint publish` writes them, what is neither is passed over: a README, a repository's own."""
    kept = Kept({}, [], [])
    for place in places:
        for file in sorted(_files(place)) if place.is_dir() else [place]:
            try:
                text = file.read_bytes().decode()
            except (OSError, UnicodeDecodeError) as error:
                raise CannotCheck(f"{file} cannot be read: {error}") from None
            if found := _keys_in(text.strip()):
                kept.keys.extend(found)
                continue
            try:
                kept.notes[str(file)] = note_of(text)
            except CannotCheck as error:
                if file == place or file.name[0].isdigit() or "\n— " in text:
                    kept.broken.append(f"{file}: {error}")
    return kept


def _files(folder: Path) -> Iterator[Path]:
    for inside in folder.iterdir():
        if inside.is_dir() and not inside.name.startswith("."):
            yield from _files(inside)
        elif inside.is_file() and not inside.name.startswith("."):
            yield inside


def _of_this_log(note: Note, origin: str) -> Iterator[str]:
    if note.origin != origin:
        yield f"it is a checkpoint of another log: {note.origin}, not {origin}"


def _rooted(note: Note, reader: Reader) -> Iterator[str]:
    if note.size > reader.tree.size:
        yield f"it was signed for {note.size:,} revisions, here are {reader.tree.size:,}: the end is cut off"
    elif reader.roots[note.size] != note.root:
        yield (
            f"its root for the first {note.size:,} revisions is {note.root.hex()}, theirs here is"
            f" {reader.roots[note.size].hex()}: this is not the log that was signed"
        )


class Signers:
    """The keys whose signatures count: those that are known, and from each the one after, if it has signed for that one.

    given: keys that somebody vouches for. found: keys beside; one that a checkpoint names as the next counts by that alone.
    """

    def __init__(self, notes: dict[str, Note], given: list[Key], found: list[Key]) -> None:
        named = [note.successor for note in notes.values() if note.successor]
        first = [key for key in found if key not in named] or ([] if given else found)
        self.known = [*dict.fromkeys([*given, *first])]
        self.followed: dict[Key, Note] = {}
        self.alone: dict[Key, Note] = {}
        self.before = 0
        self.given = given
        self._begins: list[Note] = []
        self._replaced: dict[Key, Note] = {}
        waiting = sorted((note for note in notes.values() if note.successor), key=lambda note: note.size)
        while self.known and waiting:
            here = [place for place, note in enumerate(waiting) if note.size == waiting[0].size]
            self._follow(waiting.pop(min(here, key=lambda place: self._turn(waiting[place]))))

    def faults(self, note: Note) -> Iterator[str]:
        """Others may sign it, too; what a known key has signed must hold, and one known key must have, while it was the log's."""
        if not self.known:
            return
        tried = [(key, verifies(key.public, note.text, signature)) for key, signature in _signatures(note, self.known)]
        yield from (_broken(key) for key, good in tried if not good)
        by = [key for key, good in tried if good]
        if not tried and self._earlier(note):
            self.before += 1
        elif not tried:
            yield f"it is signed by none of the known keys ({', '.join(key.vkey for key in self.known)})"
        elif by and all(self._late(key, note) for key in by):
            yield f"it is signed with {by[0].vkey}, which was replaced at {self._replaced[by[0]].size:,} revisions"
        elif by and note.successor and note.successor not in self.known:
            yield _unproved(note, note.successor)
        if note.successor and self.alone.get(note.successor) is note and not self._led_to(note, note.successor):
            yield (
                f"from {note.size:,} revisions on the log is signed with {note.successor.vkey}, WITHOUT THE SIGNATURE OF THE KEY"
                " BEFORE: ask the publishers, by a way that you trust, whether it is theirs; if so, give it with --key"
            )

    def _follow(self, note: Note) -> None:
        """Learns the key that this checkpoint names, where a known key has signed for it, or where nobody but itself has."""
        successor, vouching = note.successor, self._vouching(note)
        if successor is None or not _holds(note, successor):
            return
        if successor in self.given:
            self._begins.append(note)
        if vouching:
            self.followed.setdefault(successor, note)
            for key in vouching:
                self._replaced.setdefault(key, note)
        elif _alone(note):
            self.alone.setdefault(successor, note)
        else:
            return
        if successor not in self.known:
            self.known.append(successor)

    def _turn(self, note: Note) -> int:
        """Of one size those come first that a known key has signed: they may make a key known that has signed another of them."""
        return 0 if self._vouching(note) else 1 if _alone(note) else 2

    def _vouching(self, note: Note) -> list[Key]:
        """The known keys that have signed for the one that this checkpoint names, while each was the log's and for no other."""
        return [
            key
            for key in self.known
            if key != note.successor
            and _holds(note, key)
            and not self._late(key, note)
            and (key not in self._replaced or self._replaced[key].successor == note.successor)
        ]

    def _late(self, key: Key, note: Note) -> bool:
        return key in self._replaced and self._replaced[key].size < note.size

    def _earlier(self, note: Note) -> bool:
        """A key that was given begins after this checkpoint, with one of the log that this is the beginning of, if roots agree."""
        return any(
            note.size < begins.size or (note.size, note.root) == (begins.size, begins.root) for begins in self._begins
        )

    def _led_to(self, note: Note, successor: Key) -> bool:
        """A key that was given is the one that the checkpoint names, or one after that, or begins later."""
        line = [successor]
        while (rotation := self._replaced.get(line[-1])) and rotation.successor and rotation.successor not in line:
            line.append(rotation.successor)
        return any(key in self.given for key in line) or any(note.size < begins.size for begins in self._begins)


def _signatures(note: Note, keys: Sequence[Key]) -> list[tuple[Key, bytes]]:
    """Those below the checkpoint that are said to be of one of these keys."""
    return [
        (key, signature)
        for name, key_id, signature in note.signatures
        for key in keys
        if (key.name, key.id) == (name, key_id)
    ]


def _alone(note: Note) -> bool:
    """Whether no key of the log but the one that it names is said to have signed it."""
    return all(
        name != note.origin or (note.successor and key_id == note.successor.id) for name, key_id, _ in note.signatures
    )


def _holds(note: Note, key: Key) -> bool:
    return any(verifies(key.public, note.text, signature) for _, signature in _signatures(note, [key]))


def _broken(key: Key) -> str:
    return f"the signature of {key.name} (key {key.id.hex()}) does not hold"


def _unproved(note: Note, successor: Key) -> str:
    """Why a key that a known one has signed for is not followed."""
    if _holds(note, successor):
        return f"it names {successor.vkey} as the next key, but the key that signed it has named another before"
    if _signatures(note, [successor]):
        return _broken(successor)
    return f"it names {successor.vkey} as the next key, which has not signed it"


def _about(notes: dict[str, Note], signers: Signers, *, given: bool) -> list[str]:
    """What the checkpoints show, and what they do not."""
    if not notes:
        return ["There was no checkpoint: this log agrees with itself; that it is what others saw is not shown."]
    compared = f"Checkpoints compared: {len(notes):,}"
    if not signers.known:
        return [f"{compared}. SIGNATURES WERE NOT CHECKED: no public key is known; give one with --key."]
    by = "the keys that you gave" if given else "the key that the server told; --key takes one that you know"
    about = [f"{compared}; their signatures checked by {by}."]
    if signers.before:
        about.append(
            f"From before the keys that you gave, so that their signatures were not checked: {signers.before:,}."
        )
    for key, note in signers.alone.items():
        if key in signers.given:
            about.append(
                f"From {note.size:,} revisions on it is signed with {key.vkey}, which you gave; the key before has not signed for"
                " it."
            )
    for key, note in signers.followed.items():
        about.append(
            f"From {note.size:,} revisions on it is signed with {key.vkey}, for which the key before has signed."
        )
    return about


# ── The tree of leaves (RFC 9162) ─────────────────────────────────────────────────────────────────────────────────────


class Node(NamedTuple):
    """A complete subtree above the leaves: over the 2^level of them from place · 2^level on."""

    level: int
    place: int
    hash: bytes


class Tree:
    """Leaves so far, as the hashes of the largest complete subtrees that hold them: their sizes are the binary digits of `size`."""

    def __init__(self) -> None:
        self.size = 0
        self.last = b""
        self._subtrees: list[bytes] = []

    def add(self, leaf_hash: bytes) -> list[Node]:
        """The nodes that become complete with this leaf, upwards."""
        self.last, right = leaf_hash, leaf_hash
        complete: list[Node] = []
        while self.size >> len(complete) & 1:
            right = _above(self._subtrees.pop(), right)
            level = len(complete) + 1
            complete.append(Node(level, self.size >> level, right))
        self._subtrees.append(right)
        self.size += 1
        return complete

    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self._subtrees:
            return hashlib.sha256().digest()
        root = self._subtrees[-1]
        for left in reversed(self._subtrees[:-1]):
            root = _above(left, root)
        return root


def _above(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def path_root(leaf_hash: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that a proof leads to from the leaf at this index (from 0) of `size` leaves (2.1.3.2); None: it does not fit."""
    if not 0 <= index < size:
        return None
    root, last = leaf_hash, size - 1
    for beside in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            root = _above(beside, root)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            root = _above(root, beside)
        index, last = index >> 1, last >> 1
    return root if last == 0 else None


# ── Canonical JSON (RFC 8785) ─────────────────────────────────────────────────────────────────────────────────────────


def canonical(value: Any) -> bytes:
    """The one way to write it. Numbers are JavaScript's: a whole one beyond 2⁵³ is written as the double nearest to it.

    Raises ValueError for what JSON cannot say.
    """
    return _written(value).encode()


def _written(value: Any) -> str:
    if isinstance(value, dict):
        in_order = sorted(value.items(), key=lambda pair: pair[0].encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_written(key)}:{_written(inside)}" for key, inside in in_order) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) > 2**53):
        return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """As ECMAScript's Number::toString: the fewest digits that tell it from its neighbours, and where the point goes."""
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError("no number that JSON can say")
    if value == 0:
        return "0"
    told, exponent = Decimal(repr(abs(value))).as_tuple()[1:]
    digits = "".join(map(str, told)).rstrip("0")
    point = len(told) + int(exponent)  # digits before the point
    if len(digits) <= point <= 21:
        text = digits.ljust(point, "0")
    elif 0 < point <= 21:
        text = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text = f"0.{'0' * -point}{digits}"
    else:
        text = f"{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}e{point - 1:+d}"
    return f"-{text}" if value < 0 else text


# ── Ed25519 (RFC 8032, 5.1): slow and plain; it only verifies, so nothing here is secret ──────────────────────────────

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

Point = tuple[int, int, int, int]
"""X, Y, Z and T: x = X/Z, y = Y/Z, xy = T/Z."""


def verifies(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether who holds the private half of this key has signed this message."""
    key, s = _point(public), int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    minus_key = (P - key[0], key[1], 1, P - key[3])
    return _encoded(_sum(_times(s, BASE), _times(k, minus_key))) == signature[:32]


def _sum(one: Point, other: Point) -> Point:
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * D, 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number: int, point: Point) -> Point:
    total = 0, 1, 1, 0
    while number:
        if number & 1:
            total = _sum(total, point)
        point, number = _sum(point, point), number >> 1
    return total


def _point(encoded: bytes) -> Point | None:
    """The point that 32 bytes stand for: y, and in the highest bit whether x is odd."""
    whole = int.from_bytes(encoded, "little")
    y, odd = whole & (2**255 - 1), whole >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if len(encoded) != 32 or y >= P or (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


def _encoded(point: Point) -> bytes:
    x, y = (part * pow(point[2], -1, P) % P for part in point[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _base() -> Point:
    point = _point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
    assert point
    return point


BASE = _base()


# ── Reading files ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _read_json(file: Path) -> Any:
    try:
        return _parsed(file.read_bytes(), str(file))
    except OSError as error:
        raise CannotCheck(f"{file} cannot be read: {error}") from None


def _parsed(text: bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise CannotCheck(f"{where} is not JSON") from None


if __name__ == "__main__":
    sys.exit(main())
