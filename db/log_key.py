"""The private key that signs the log's checkpoints: in the environment, or in a file of the data folder, never in PostgreSQL.

Its name is the log's origin, which says whose log this is, and which stays. In a data folder a key is made by the first start.
"""

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from db.signed_note import NAME, BadNote, PrivateKey

KEY, ORIGIN = "OPSC_LOG_KEY", "OPSC_LOG_ORIGIN"

FILE, NEXT = "log.key", "log.key.next"
"""NEXT: the key that a rotation is under way to."""


class CannotSignError(Exception):
    """The key cannot be used: says why, and what to do, to the person at the terminal."""


@dataclass(frozen=True)
class Keyring:
    """Where a process finds its key. data: the data folder, None on a server of theirs; public_url: names a new key's log."""

    data: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    public_url: str | None = None

    @property
    def file(self) -> Path | None:
        return self.data / FILE if self.data and not self.environment.get(KEY) else None

    def key(self, current: str | None = None) -> PrivateKey | None:
        """The key, if there is one. Raises CannotSignError.

        current: the log's public key by now, whose private half a rotation that was cut short may have left beside its place.
        """
        if text := self.environment.get(KEY):
            key = _read(text, KEY)
        elif self.file:
            following = self.file.with_name(NEXT)
            if current and following.exists() and str(_kept(following).public) == current:
                following.replace(self.file)
            if not self.file.exists():
                return None
            key = _kept(self.file)
        else:
            return None
        self.require_origin(key.name)
        return key

    def made(self) -> PrivateKey | None:
        """The key, a new one where a data folder has none. Raises CannotSignError."""
        key = self.key()
        if key is None and self.data:
            _keep(self.new(), self.data / FILE)
            key = self.key()
        return key

    def new(self) -> PrivateKey:
        """A new key, kept nowhere yet. Raises CannotSignError.

        Its origin is the one that is set, or the public address, or one that no other log will have.
        """
        told = self.environment.get(ORIGIN)
        if told and not NAME.fullmatch(told):
            raise CannotSignError(
                f"{ORIGIN} is {told!r}, which cannot name a log: write it like opsc.example, without spaces and +, in 200 signs"
                " at most."
            )
        return PrivateKey.new(told or _address(self.public_url) or f"opsc-tracker/{secrets.token_hex(6)}")

    def replacing(self, origin: str) -> PrivateKey:
        """A new key of the log's origin, kept beside the one it is to replace if that is in a file."""
        new = PrivateKey.new(origin)
        if self.file:
            self.file.with_name(NEXT).unlink(missing_ok=True)
            _keep(new, self.file.with_name(NEXT))
        return new

    def replaced(self) -> None:
        """The log's key is another now: the file's is, too."""
        if self.file:
            self.file.with_name(NEXT).replace(self.file)

    def require_origin(self, its: str) -> None:
        """Raises CannotSignError if another origin is set than the log's."""
        told = self.environment.get(ORIGIN)
        if told and told != its:
            raise CannotSignError(
                f"{ORIGIN} is {told}, but this log's origin is {its}, and stays so: what others have kept of it is signed"
                f" under that name. Unset {ORIGIN}, or set it to {its}."
            )


def _address(public_url: str | None) -> str | None:
    """https://opsc.example/ as the name opsc.example."""
    name = re.sub(r"^https?://|/+$", "", public_url or "")
    return name if NAME.fullmatch(name) else None


def _read(text: str, where: object) -> PrivateKey:
    try:
        return PrivateKey.read(text.strip())
    except BadNote as bad:
        raise CannotSignError(f"{where} holds no key that can sign the log: {bad}.") from None


def _kept(file: Path) -> PrivateKey:
    try:
        with file.open(encoding="utf-8") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            if mode & 0o077:
                raise CannotSignError(
                    f"Others can read {file}, which signs the log in your name (its mode is {mode:04o}): make it yours alone"
                    f" (chmod 600 {file}), and if somebody may have read it, replace the key (opsc checkpoint rotate)."
                )
            return _read(opened.read(), file)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotSignError(f"The key {file} cannot be read: {error}") from None


def _keep(key: PrivateKey, file: Path) -> None:
    """Whole, or not at all; whose key is there first stays."""
    folder = file.parent.stat()
    descriptor, beside = tempfile.mkstemp(prefix=f"{file.name}-", dir=file.parent)  # mode 0600
    try:
        with open(descriptor, "w", encoding="utf-8") as opened:
            opened.write(key.text() + "\n")
            opened.flush()
            os.fsync(descriptor)
            if os.geteuid() == 0:
                os.fchown(descriptor, folder.st_uid, folder.st_gid)  # theirs, too, when root makes it for them
        try:
            os.link(beside, file)
        except FileExistsError:
            return
    finally:
        os.unlink(beside)
    parent = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
