"""The process that writes a file: its input is a table's line and then the rows, its output the file, its exit code how it went."""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import BinaryIO, NoReturn

from api.v1.apart.refused import CannotWrite
from api.v1.apart.table import Table, read

CANNOT = 65
"""Exit code: the form cannot hold it, and the errors' output says why, in a sentence. As EX_DATAERR in sysexits.h."""

NICENESS = 10
"""Whoever asks for a page goes first."""

Write = Callable[[Table, BinaryIO, BinaryIO], None]
"""Table, rows, file."""


def main(write: Write) -> NoReturn:
    if sys.platform != "win32":
        os.nice(NICENESS)
    sys.exit(_written(write))


def _written(write: Write) -> int:
    # whoever started this removes what it leaves, and this what is left where that one has gone
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            write(read(sys.stdin.buffer.readline()), sys.stdin.buffer, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except CannotWrite as error:
            print(error, file=sys.stderr)
            return CANNOT
        except Exception:  # noqa: BLE001 - it is logged where this was started
            traceback.print_exc()
            return 1
    return 0
