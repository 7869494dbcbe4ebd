"""The process that writes a file: its input is a table's line and then the rows, its output the file, its exit code how it went.

Its argument is a folder of its own for what it keeps aside meanwhile, which it removes at its end: whoever started it does so, too,
but may be gone by then.
"""

import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from typing import BinaryIO, NoReturn

from api.apart.refused import CannotWrite
from api.apart.table import Table, read

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
    tempfile.tempdir = folder = sys.argv[1]
    try:
        write(read(sys.stdin.buffer.readline()), sys.stdin.buffer, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    except CannotWrite as error:
        print(error, file=sys.stderr)
        return CANNOT
    except Exception:  # noqa: BLE001 - it is logged where this was started
        traceback.print_exc()
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0
