"""Which records hold words: plain tokens compared whole. Only good for words that have no other forms (NAMES)."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.oracle.log import Log, Revision, Row

NAMES = ("Interpol", "hague", "lanzarote", "pálermo", "jxqwzf", "VWYQZK", "vẃyqzk jxqwzf", "xqzjwvkk")
"""Words whose stem is themselves and is shared by no other word of the records that tests read; the last is nowhere."""

SEARCHED: Mapping[str, tuple[str, ...]] = {
    "StateParty": ("code", "note"),
    "Section": ("heading", "note"),
    "Instrument": ("name", "code", "body", "relevance", "note"),
    "Recommendation": ("title", "text", "code", "note"),
    "Measure": ("title", "summary", "note"),
    "Assessment": ("criterion", "summary", "assessor"),
    "Statement": ("summary", "note"),
    "Source": ("title", "publisher", "symbol"),
}
"""Type → the fields of its documents that are searched; of a State party its names in three languages, too."""


def holds(row: Row, words: str) -> bool:
    """That a record holds all of these words."""
    asked = _tokens(words)
    return bool(asked) and asked <= _words(row.reading.log, row.revision)


@cache
def _words(log: Log, revision: Revision) -> set[str]:
    document: Any = log.left(revision)
    typename = revision.record_id.partition(":")[0]
    texts = [document[name] for name in SEARCHED[typename] if document[name]]
    if typename == "StateParty":
        texts += [document["names"][language] for language in ("EN", "FR", "ES") if language in document["names"]]
    return _tokens(" ".join(texts))


def _tokens(text: str) -> set[str]:
    decomposed = unicodedata.normalize("NFD", text)
    return set(re.findall(r"[a-z0-9]+", re.sub("[\u0300-\u036f]", "", decomposed).lower()))
