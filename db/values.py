"""What a document's field may hold, by kind; what holds something else is told in a sentence that says what to write."""

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from db.days import is_day, is_partial_day

LARGEST_NUMBER = 2_147_483_647
"""What an integer column of the database can hold."""

SHOWN = 80
"""Characters of a value that a message repeats."""


class Kind(StrEnum):
    """What a field holds (many: a list of such)."""

    TEXT = "TEXT"
    LINK = "LINK"  # the address of a page
    CODE = "CODE"  # of a fixed form, or another record's
    NUMBER = "NUMBER"
    TRUTH = "TRUTH"
    DAY = "DAY"
    PARTIAL_DAY = "PARTIAL_DAY"
    WORD = "WORD"  # of a closed list
    NAMES = "NAMES"  # {language: name}
    CITATIONS = "CITATIONS"  # [{source, locator, note}]


@dataclass(frozen=True)
class Field:
    """A field of a type's documents. refers_to: the type of the record that it names; key: the record's id ends in it."""

    kind: Kind
    required: bool = False
    refers_to: str | None = None
    many: bool = False
    vocabulary: type[StrEnum] | None = None
    form: str | None = None  # CODE: a regular expression
    like: str | None = None  # CODE: an example, for people
    longest: int = 10_000  # characters
    key: bool = False


@dataclass(frozen=True)
class Wrong:
    """A value that its field cannot hold; sentence: the end of one that begins with the field's name."""

    expected: Any
    found: Any
    sentence: str


def wrong(field: Field, value: Any) -> Wrong | None:
    """What is wrong with one value, not null, of a field that is neither NAMES nor CITATIONS."""
    return _WRONG[field.kind](field, value)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Which of the known words was probably meant."""
    spelt = {_spelling(one): one for one in known}
    close = difflib.get_close_matches(_spelling(word[:SHOWN]), spelt, 1)
    return spelt[close[0]] if close else None


def shown(value: Any) -> str:
    """A value as a message repeats it: short, and never with what cannot be written."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = text.encode("utf-8", "backslashreplace").decode()
    text = "".join(character if character.isprintable() else "�" for character in text[:SHOWN])
    return f"“{text}…”" if len(text) >= SHOWN else f"“{text}”"


def _spelling(word: str) -> str:
    return re.sub(r"[\s_-]", "", word).casefold()


_UNWRITABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but the line's end, and halves of characters, which UTF-8 cannot say."""

_UNWRITABLE_NAMES: Mapping[str, str] = {"\0": "the character U+0000", "\t": "a tab", "\r": "a carriage return"}


def _wrong_text(field: Field, value: Any) -> Wrong | None:
    if not isinstance(value, str):
        return _wrong_type("a text", value)
    if not value.strip():
        return Wrong("a text", None, "is blank: write something, or null where nothing is known")
    if bad := _UNWRITABLE.search(value):
        named = _UNWRITABLE_NAMES.get(bad[0], f"the character U+{ord(bad[0]):04X}")
        place = bad.start() + 1
        return Wrong("a text without it", {"character": place}, f"holds {named} at character {place}: take it out")
    if value != value.strip():
        return Wrong("a text without blanks at its ends", None, "begins or ends with blanks: take them out")
    if len(value) > field.longest:
        limit = f"{field.longest:,}"
        return Wrong(
            f"at most {limit} characters", len(value), f"has {len(value):,} characters: write {limit} at the most"
        )
    return None


def _wrong_code(field: Field, value: Any) -> Wrong | None:
    if not isinstance(value, str):
        return _wrong_type("a text", value)
    # where a record is named, that it stands is checked by looking it up: here only that it could be an id
    form, like = field.form or r"[A-Za-z0-9._-]{1,64}", field.like or "PHL or IVC-05"
    if re.fullmatch(form, value):
        return None
    return Wrong(f"a code like {like}", shown(value)[1:-1], f"says {shown(value)}: write a code like {like}")


def _wrong_number(_: Field, value: Any) -> Wrong | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return _wrong_type("a whole number", value)
    if 0 <= value <= LARGEST_NUMBER:
        return None
    expected = f"a whole number from 0 to {LARGEST_NUMBER:,}"
    # what is larger than any number of JSON is told as text
    return Wrong(expected, str(value)[:SHOWN], f"is {shown(str(value))}: write {expected}")


def _wrong_truth(_: Field, value: Any) -> Wrong | None:
    return None if isinstance(value, bool) else _wrong_type("true or false", value)


def _wrong_day(_: Field, value: Any) -> Wrong | None:
    return _wrong_date(value, is_day, "a day of the calendar as YYYY-MM-DD")


def _wrong_partial_day(_: Field, value: Any) -> Wrong | None:
    return _wrong_date(value, is_partial_day, "a date of the calendar as YYYY, YYYY-MM or YYYY-MM-DD")


def _wrong_date(value: Any, is_one: Callable[[str], bool], expected: str) -> Wrong | None:
    if not isinstance(value, str):
        return _wrong_type(expected, value)
    return None if is_one(value) else Wrong(expected, shown(value)[1:-1], f"says {shown(value)}: write {expected}")


def _wrong_word(field: Field, value: Any) -> Wrong | None:
    assert field.vocabulary is not None
    words = [str(word) for word in field.vocabulary]
    if not isinstance(value, str):
        return _wrong_type("one word of " + ", ".join(words), value)
    if value in field.vocabulary.__members__:
        return None
    meant = nearest(value, words)
    what_to_do = f"did you mean {meant}? " if meant else ""
    return Wrong(
        words,
        shown(value)[1:-1],
        f"says {shown(value)}, which is not in its list: {what_to_do}Write one of {', '.join(words)}",
    )


def _wrong_type(expected: str, value: Any) -> Wrong:
    return Wrong(expected, _type_of(value), f"is {_type_of(value)}: write {expected}")


def _type_of(value: Any) -> str:
    for types, name in _TYPES:
        if isinstance(value, types):
            return name
    return "null"


_TYPES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    ((int, float), "a number"),
    (str, "a text"),
    (list, "a list"),
    (dict, "an object"),
)

_WRONG: Mapping[Kind, Callable[[Field, Any], Wrong | None]] = {
    Kind.TEXT: _wrong_text,
    Kind.LINK: _wrong_text,
    Kind.CODE: _wrong_code,
    Kind.NUMBER: _wrong_number,
    Kind.TRUTH: _wrong_truth,
    Kind.DAY: _wrong_day,
    Kind.PARTIAL_DAY: _wrong_partial_day,
    Kind.WORD: _wrong_word,
}
