"""What tokens look like: opsc_, 43 random letters and digits, and six that check them.

The beginning is for scanners that look for secrets where none should lie; what does not check is refused without the database.
"""

import binascii
import re
import secrets
import string

LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
BITS = 256
DIGITS = 43
"""How many of these 62 letters 256 bits take."""
CHECKS = 6

WELL_FORMED = re.compile(rf"opsc_[0-9A-Za-z]{{{DIGITS + CHECKS}}}", re.ASCII)

SHOWN = len("opsc_") + 6
"""How much of a token lists show: enough to know it by, useless to others."""


def new_token() -> str:
    secret = _written(secrets.randbits(BITS), DIGITS)
    return f"opsc_{secret}{_check(secret)}"


def is_token(text: str) -> bool:
    """Whether it can be one of ours."""
    return WELL_FORMED.fullmatch(text) is not None and text[-CHECKS:] == _check(text[len("opsc_") : -CHECKS])


def _check(secret: str) -> str:
    return _written(binascii.crc32(secret.encode("ascii")), CHECKS)


def _written(number: int, digits: int) -> str:
    written = ""
    for _ in range(digits):
        number, digit = divmod(number, len(LETTERS))
        written = LETTERS[digit] + written
    return written
