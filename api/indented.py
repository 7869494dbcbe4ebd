"""JSON that people may read as it is: indented, and ended by a newline."""

from typing import Any

import orjson


def indented(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
