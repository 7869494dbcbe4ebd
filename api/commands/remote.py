"""A record that somebody else serves, asked over HTTP: what maintainers' commands use, who have no database at hand."""

import io
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import PurePath
from typing import IO, Annotated, Any
from urllib.parse import quote, urlencode

import orjson
import typer

from api.commands.progress import Step

PATIENCE = 180.0
"""Seconds to wait for an answer: a large import waits for others that are being published, too."""

PIECE = 262_144
"""Bytes of a download that are held at once."""

Server = Annotated[
    str, typer.Option("--server", envvar="OPSC_SERVER", help="Where the record is served.", metavar="URL")
]

HERE = "http://127.0.0.1:8000"


class NotAnswered(Exception):
    """The server did not do what was asked: says why, and what to do."""


@dataclass(frozen=True)
class Remote:
    """address: where the record is served; token: whose, None for the public."""

    address: str
    token: str | None = None

    def asks(self, query: str, variables: dict[str, Any], step: Step | None = None) -> Any:
        """What the query's data is. step: is told how much of it was sent. Raises NotAnswered."""
        body = _Sent(orjson.dumps({"query": query, "variables": variables}), step)
        headers = {"Content-Type": "application/json", "Content-Length": str(body.length)}
        content = self._opened("/graphql", body, headers | {"Accept": "application/json"})
        try:
            answer = orjson.loads(content)
            data, errors = answer.get("data"), answer.get("errors", [])
        except (orjson.JSONDecodeError, AttributeError):
            raise self._stranger() from None
        if errors:
            raise NotAnswered(self._told(errors))
        return data

    def fetches(self, path: str, parameters: list[tuple[str, str]]) -> bytes:
        """What lies at a path there. Raises NotAnswered."""
        return self._opened(_address(path, parameters), None, {})

    def downloads(
        self, path: str, parameters: list[tuple[str, str]], media_type: str, told: Sequence[str], into: IO[bytes]
    ) -> list[str]:
        """The same, piece by piece into a file; answers what the headers `told` say. Raises NotAnswered, also where what comes is
        of another media type, without one of these headers, or not the whole."""
        with self._answer(_address(path, parameters), None, {}) as response:
            said = [response.headers[name] for name in told]
            if response.headers.get_content_type() != media_type or None in said:
                raise self._stranger()
            expected, came = response.length, 0
            if expected is None and not response.chunked:
                raise NotAnswered(
                    f"{self.address} does not say where its answer ends: half of it would look like the whole."
                )
            while piece := self._piece(response):
                came += into.write(piece)
            if expected not in (None, came):
                raise self._broken(f"{came:,} of {expected:,} bytes came")
            return [_plain(one) for one in said]

    def _opened(self, path: str, body: IO[bytes] | None, headers: dict[str, str]) -> bytes:
        try:
            with self._answer(path, body, headers) as response:
                return response.read()
        except (OSError, HTTPException, ValueError) as error:
            raise self._unreachable(error) from None

    def _answer(self, path: str, body: IO[bytes] | None, headers: dict[str, str]) -> HTTPResponse:
        """Its beginning. To be closed."""
        try:
            request = urllib.request.Request(f"{self.address}{path}", body, headers)
            if self.token:
                request.add_unredirected_header("Authorization", f"Bearer {self.token}")
            response: HTTPResponse = _OPENER.open(request, timeout=PATIENCE)
            return response
        except urllib.error.HTTPError as error:
            with error:
                raise NotAnswered(self._refused(error.code, error.read(), error.headers)) from None
        except urllib.error.URLError as error:
            raise self._unreachable(error.reason) from None
        except (OSError, HTTPException, ValueError) as error:
            raise self._unreachable(error) from None

    def _piece(self, response: HTTPResponse) -> bytes:
        try:
            return response.read(PIECE)
        except (OSError, HTTPException, ValueError) as error:
            raise self._broken(error) from None

    def _refused(self, status: int, body: bytes, headers: Message) -> str:
        """A status that is no answer, in a line."""
        if status == 401 and self.token:
            return (
                f"{self.address} does not take the token in OPSC_TOKEN: it may have expired, or been revoked, or be another"
                " server's. Ask whoever keeps the record for a new one."
            )
        if status == 401:
            return "This needs a token: set OPSC_TOKEN to yours (export OPSC_TOKEN=opsc_…). Whoever keeps the record gives them."
        if status == 413:
            return f"This is larger than {self.address} takes: divide it, and send one part after the other."
        if 300 <= status < 400:
            return f"{self.address} has moved ({_plain(headers.get('Location'))}): give its new address as --server."
        try:
            answer = orjson.loads(body)
            said = answer["detail"] if "detail" in answer else self._told(answer["errors"])
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return f"{self._stranger()} (It answered with status {status}.)"
        return _plain(said)

    def _told(self, errors: list[dict[str, Any]]) -> str:
        codes = {(error.get("extensions") or {}).get("code") for error in errors}
        said = _plain(" ".join(dict.fromkeys(str(error.get("message")) for error in errors)))
        if "GRAPHQL_VALIDATION_FAILED" in codes:
            return (
                f"{self.address} serves another version of this program, which does not know what is asked here: {said}"
            )
        return said

    def _stranger(self) -> NotAnswered:
        return NotAnswered(f"{self.address} does not answer as a record of this kind does: is --server right?")

    def _broken(self, why: object) -> NotAnswered:
        return NotAnswered(f"The download from {self.address} broke off ({why}), and nothing of it is kept: try again.")

    def _unreachable(self, why: object) -> NotAnswered:
        return NotAnswered(f"{self.address} cannot be reached ({why}): is --server right, and does it run?")


def _address(path: str, parameters: list[tuple[str, str]]) -> str:
    return f"{quote(path)}?{urlencode(parameters)}" if parameters else quote(path)


def remote(server: str) -> Remote:
    """The record at an address, with the token that the environment holds: an option would stay in the shell's history."""
    if not server.startswith(("http://", "https://")):
        raise NotAnswered(f"--server {server} is no address: write it as https://opsc.example.")
    token = os.environ.get("OPSC_TOKEN", "").strip()
    if not token.isascii() or not token.isprintable():
        raise NotAnswered("OPSC_TOKEN holds no token: set it to yours, which begins with opsc_.")
    return Remote(server.rstrip("/"), token or None)


def form_of(file: PurePath) -> str:
    """csv or xlsx, by the file's name. Raises NotAnswered."""
    form = file.suffix.lower().removeprefix(".")
    if form not in ("csv", "xlsx"):
        raise NotAnswered(f"{file} tells no format: give it a name that ends in .csv or .xlsx.")
    return form


def _plain(said: object) -> str:
    """What a server says, without anything that a terminal would take for an order."""
    return "".join(letter if letter.isprintable() else " " for letter in str(said))


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Follows nowhere: a change that is sent on would become a question, and lose its content."""

    def redirect_request(self, *_: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Unmoved)


class _Sent(io.BytesIO):
    """A body that tells how much of it was sent."""

    def __init__(self, content: bytes, step: Step | None) -> None:
        super().__init__(content)
        self.length, self.step = len(content), step

    def read(self, size: int | None = -1, /) -> bytes:
        part = super().read(size)
        if self.step:
            self.step("Sending", self.tell(), self.length)
            if self.tell() == self.length:
                self.step("Waiting for the server's answer", 0, 1)
        return part
