"""HTTP as connections speak it: uvicorn's, which ends streams with the server, and tells who cannot be read what to do."""

import sys

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api import cors
from api.faults import problem

NO_ADDRESS = (
    "An address is in ASCII alone: percent-encode what is not, in UTF-8, as /v1/search?text=ni%C3%B1os does with “niños”."
    " curl does so where it is told to: curl -G ADDRESS --data-urlencode 'text=niños'."
)

NO_REQUEST = (
    "This is no request as HTTP/1.1 has it (RFC 9112). Where there is a blank in its address, write %20 or, behind the question"
    " mark, + instead."
)


class Protocol(HttpToolsProtocol):
    """A connection."""

    def shutdown(self) -> None:
        """Tells the streams of events that the server is to end: it would wait for them, and they for it."""
        super().shutdown()
        if streams := self.app_state.get("streams"):
            streams.ended.set()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - what uvicorn says, which helps nobody
        """Called where the parser has refused what came, and it is not known what for."""
        no_address = isinstance(sys.exception(), httptools.HttpParserInvalidURLError)
        answer = problem(400, "Bad request", NO_ADDRESS if no_address else NO_REQUEST)
        headers = [*answer.raw_headers, *cors.OPEN, (b"connection", b"close")]
        lines = (b"%b: %b\r\n" % header for header in headers)
        self.transport.write(b"".join([STATUS_LINE[400], *lines, b"\r\n", bytes(answer.body)]))
        self.transport.close()
