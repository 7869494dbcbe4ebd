"""The server's own log: what went wrong and where in the program, and nothing of what people sent."""

import json
import os
import pty
import subprocess
import sys

FAULT = """
import structlog
from api import logs

def failing(authorization):
    raise ConnectionError("PostgreSQL is away")

logs.configure()
try:
    failing("Bearer a-token-of-somebody")
except ConnectionError as error:
    structlog.get_logger().error("fault", exc_info=error)
"""


def test_a_fault_is_logged_with_its_place_and_without_what_was_sent() -> None:
    told = subprocess.run([sys.executable, "-c", FAULT], stderr=subprocess.PIPE, text=True, check=True).stderr
    assert "a-token-of-somebody" not in told
    (error,) = json.loads(told)["exception"]
    assert (error["exc_type"], error["exc_value"]) == ("ConnectionError", "PostgreSQL is away")
    assert [frame["name"] for frame in error["frames"]] == ["<module>", "failing"]


def test_so_it_is_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", FAULT], stderr=theirs, check=True)
    os.close(theirs)
    told = os.read(ours, 65_536).decode()
    os.close(ours)
    assert "PostgreSQL is away" in told
    assert "failing" in told
    assert "a-token-of-somebody" not in told
