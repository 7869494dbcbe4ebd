"""What people write beside changes: whether it can be kept as it is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from db.personal_data import personal_data
from db.refusals import Refusal

OURS = ("(Reviewed by nobody else:", "(Put on top of later changes:")
"""What the log itself adds to a reason: nobody else is to say it in its place."""

LONGEST = {"title": 300, "reason": 2_000, "internalNote": 10_000, "text": 10_000}
"""Characters of what is written beside changes."""

DEEPEST = 8
"""Objects and lists inside one another: a document's citations are three deep."""


UNKEPT = re.compile("[\x00\ud800-\udfff]")
"""What PostgreSQL's text cannot hold, and what UTF-8 cannot."""


def wrong_words(longest: Mapping[str, int], **said: str | None) -> Sequence[Refusal]:
    """Of each field of the input that was given, by its name there. longest: characters."""
    found = []
    for name, text in said.items():
        if text is None:
            continue
        path = ("input", name)
        if not text.strip():
            found.append(Refusal("BAD_VALUE", f"{name} is blank: say something in it.", field=name, path=path))
        elif len(text) > longest[name]:
            message = f"{name} may have {longest[name]:,} characters; this one has {len(text):,}."
            found.append(Refusal("BAD_VALUE", message, field=name, path=path))
        elif any(_unspeakable(letter) for letter in text):
            message = (
                f"{name} holds a character that texts cannot have (a control character, or half of one): take it out."
            )
            found.append(Refusal("BAD_VALUE", message, field=name, path=path))
    return found


def wrong_words_beside(**said: str | None) -> Sequence[Refusal]:
    """The same of what is written beside changes, which others read and the log may keep for good."""
    found = [*wrong_words(LONGEST, **said)]
    for name, text in said.items():
        if text is None:
            continue
        path = ("input", name)
        if name == "title" and "\n" in text:
            found.append(Refusal("BAD_VALUE", "title is one line: put the rest into reason.", field=name, path=path))
        if own := next((one for one in OURS if one in text), None):
            message = f"{name} holds “{own}”, which the log itself says where it is so: leave it out."
            found.append(Refusal("BAD_VALUE", message, field=name, path=path))
        found += [_personal(name, *place) for place in personal_data(text)]
    return found


def _personal(name: str, what: Any, start: int, end: int) -> Refusal:
    """The place, and never the words: refusals are read by others, too."""
    message = f"{name} holds {what} at characters {start + 1} to {end}: details of persons never enter here. Say it without them."
    return Refusal("PERSONAL_DATA", message, field=name, path=("input", name))


def unfit_to_send(value: Any, path: tuple[str, ...] = ("input",)) -> Iterator[Refusal]:
    """What no part of an input may hold, wherever it stands: U+0000 or half a character, and what is nested too deeply."""
    pending = [(value, path)]
    while pending:
        one, here = pending.pop()
        if isinstance(one, str):
            if UNKEPT.search(one):
                message = "A text holds U+0000, or half of a character, which cannot be kept: take it out."
                yield Refusal("BAD_VALUE", message, path=here)
        elif isinstance(one, dict | list):
            if len(here) > DEEPEST + len(path):
                message = f"This is nested more than {DEEPEST} deep, which nothing in a record is."
                yield Refusal("BAD_VALUE", message, path=here[: DEEPEST + len(path)])
                continue
            named = one.items() if isinstance(one, dict) else enumerate(one)
            for key, inner in named:
                name = str(key)
                if UNKEPT.search(name):
                    yield Refusal("BAD_VALUE", "A field's name holds U+0000, or half of a character.", path=here)
                    continue
                pending.append((inner, (*here, name)))


def _unspeakable(letter: str) -> bool:
    return (
        (letter < " " and letter not in "\n\t")
        or "\x7f" <= letter < "\xa0"
        or "\ud800" <= letter <= "\udfff"
        or letter
        in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"  # unseen, or turning
    )
