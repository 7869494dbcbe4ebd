"""What machines check of a submission before people look at it: each check a small class, in a table.

What a REFUSING check finds keeps the submission from being reviewed; what a WARNING check finds is shown to the reviewer. That a
document is well-formed has been checked before (db/documents.py): here it is read together with the record and the calendar.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from db.check_context import Context
from db.days import earliest, latest
from db.documents import FIELDS, references, texts
from db.likeness import TELLING, of_document
from db.personal_data import Personal, personal_data
from db.proposed import Proposed
from db.record_ids import NAMED_BY
from db.values import Kind, shown
from db.vocabulary import RefusalCode

MANY = 50
"""Changes in one submission that one reviewer can look through."""

SOMEWHERE_TOMORROW = timedelta(days=1)
"""East of Greenwich tomorrow may have begun: only what is later than that is in the future."""

HORIZON = 20
"""Years ahead that a law says when it enters into force; what is later is a slip of the pen."""

OLDEST = date(1800, 1, 1)
"""No penal code that is still reported of is older."""

OPENED = date(2000, 5, 25)
"""The Protocol was adopted and open to statements and signatures, and entered into force with its tenth ratification."""
ENTERED_INTO_FORCE = date(2002, 1, 18)


@dataclass(frozen=True)
class Found:
    """What a check found in one change: in a sentence for whoever proposed it, and in parts for a program."""

    code: str  # a word of RefusalCode
    message: str
    record: str | None
    field: str | None
    expected: Any = None
    found: Any = None


class Check(Protocol):
    """What looks at one proposed change at a time."""

    name: str

    def of(self, proposed: Proposed, context: Context, /) -> Iterator[Found]: ...


class UnknownRecord:
    """Each code or id that a document refers to is that of a record which stands: a State party, a recommendation, a section, an
    instrument, a source; or of one that the same submission creates. Otherwise what it says would hang in the air."""

    name = "unknown record"

    def of(self, proposed: Proposed, context: Context) -> Iterator[Found]:
        yield from unknown_records(
            proposed.record_type, proposed.record_id, proposed.document, context.known, context.nearest
        )


def unknown_records(
    record_type: str,
    record_id: str | None,
    document: Mapping[str, Any],
    known: Collection[str],
    nearest: Mapping[str, str],
) -> Iterator[Found]:
    """What a document refers to that is not among the known records; nearest: an unknown id → the known one probably meant."""
    for field, referred in references(record_type, document):
        if referred not in known:
            meant = nearest.get(referred)
            kind, _, code = referred.partition(":")
            what_to_do = (
                f"Did you mean {meant.partition(':')[2]}?" if meant else "Create it in the same submission first."
            )
            yield Found(
                RefusalCode["NOT_FOUND"],
                f"“{field}” refers to {shown(code)}, but no {_words(kind)} {shown(code)} stands in the record. {what_to_do}",
                record_id,
                field,
                meant.partition(":")[2] if meant else None,
                code,
            )


class NamedByItsCode:
    """A record's id ends in its code (“StateParty:PHL” in PHL), for good: others refer to it by that. Who finds a code wrong
    creates the record under the right one."""

    name = "named by its code"

    def of(self, proposed: Proposed, _: Context) -> Iterator[Found]:
        name = NAMED_BY.get(proposed.record_type)
        code = proposed.record_id.partition(":")[2]
        if name and str(proposed.document.get(name)) != code:
            yield Found(
                RefusalCode["BAD_VALUE"],
                f"“{name}” cannot differ from the record’s id, {proposed.record_id}: write {code}, or create another record.",
                proposed.record_id,
                name,
                code,
                proposed.document.get(name),
            )


class ImpossibleDates:
    """No date is one on which it cannot have been: what is told as done is not in the future, a law enters into force within
    twenty years, nobody signed the Protocol before there was one. A partial date is in the future only if all its days are, and
    too old only if all are. Tomorrow is not yet the future, for somewhere it has begun."""

    name = "impossible dates"

    def of(self, proposed: Proposed, context: Context) -> Iterator[Found]:
        document = proposed.document
        future = context.today + SOMEWHERE_TOMORROW
        for field, (first, done) in _POSSIBLE[proposed.record_type].items():
            day = document.get(field)
            if day is None:
                continue
            # what is due, as what enters into force, may lie ahead
            done = done and not str(document.get("kind")).endswith("_DUE")
            last = future if done else _years_after(context.today, HORIZON)
            if earliest(day) > last:
                why = "in the future" if done else f"more than {HORIZON} years ahead"
                yield _bad_date(proposed, field, f"“{field}” is {day}, which is {why}: look it up again.", f"≤ {last}")
            elif latest(day) < first:
                yield _bad_date(
                    proposed, field, f"“{field}” is {day}, which is before {first}: look it up again.", f"≥ {first}"
                )


class ContradictoryDates:
    """Dates that follow each other do: a measure is announced, adopted, in force and ended in this order; a State signs before it
    consents, and is bound after it (but by succession, which reaches back). Judged on lower bounds: only where the earlier one’s
    first possible day is after the later one’s last is it certain that one of them is wrong."""

    name = "contradictory dates"

    def of(self, proposed: Proposed, _: Context) -> Iterator[Found]:
        document = proposed.document
        if document.get("consent") == "SUCCESSION" and proposed.record_type == "STATE_PARTY":
            return
        order = [field for field in _IN_ORDER.get(proposed.record_type, ()) if document.get(field)]
        for place, before in enumerate(order):
            for after in order[place + 1 :]:
                if earliest(document[before]) > latest(document[after]):
                    yield _bad_date(
                        proposed,
                        before,
                        f"“{before}” is {document[before]} and “{after}” {document[after]}, but {before} comes first:"
                        " one of the two is wrong.",
                        f"≤ {document[after]}",
                    )


class SourceNewerThanTheClock:
    """A source was published and read before it was cited: a day later than today is a slip, or a document that nobody can have
    read yet."""

    name = "source newer than the clock"

    def of(self, proposed: Proposed, context: Context) -> Iterator[Found]:
        if proposed.record_type != "SOURCE":
            return
        for field in ("publishedOn", "accessedOn"):
            day = proposed.document.get(field)
            if day and earliest(day) > context.today + SOMEWHERE_TOMORROW:
                yield _bad_date(
                    proposed,
                    field,
                    f"“{field}” is {day}, and today is {context.today}: a source cannot be newer than today.",
                    f"≤ {context.today}",
                )


class LinksOfTheWeb:
    """An address begins with http:// or https://, names a host and holds no blanks: whoever follows it comes to a page, and
    nothing runs (“javascript:”) and nobody’s disk is meant (“file:”)."""

    name = "links of the web"

    def of(self, proposed: Proposed, _: Context) -> Iterator[Found]:
        for field, link in _links(proposed):
            if not _WEB.fullmatch(link):
                yield Found(
                    RefusalCode["BAD_VALUE"],
                    f"“{field}” is not an address of the web: write one that begins with http:// or https:// and holds no blanks.",
                    proposed.record_id,
                    field,
                    "an address that begins with http:// or https://",
                    # an address may be somebody's: only how it begins is repeated
                    shown(link.partition(":")[0])[1:-1] if ":" in link[:20] else None,
                )


class PersonalData:
    """Children’s details never enter, nor anybody’s e-mail address or telephone number: not in a title, a note or a citation. The
    place is told, and never the words: refusals are kept, too."""

    name = "personal data"

    def of(self, proposed: Proposed, _: Context) -> Iterator[Found]:
        for field, text in texts(proposed.record_type, proposed.document):
            for what, start, end in personal_data(text):
                yield Found(
                    RefusalCode["PERSONAL_DATA"],
                    f"“{field}” holds {what} at characters {start + 1} to {end}: {_TAKE_OUT[what]}",
                    proposed.record_id,
                    field,
                    None,
                    {"what": what.name, "from": start + 1, "to": end},
                )


class LikelyDuplicate:
    """A record like it may be there already: of the same State and the same date (or both without one), with a title of which
    nearly all agrees; a source at the same address. The reviewer decides: to be amended instead, or to stand beside it."""

    name = "likely duplicate"

    def of(self, proposed: Proposed, context: Context) -> Iterator[Found]:
        telling = TELLING.get(proposed.record_type)
        if telling is None or not proposed.changes(telling.title, *telling.dates):
            return
        record = of_document(proposed.record_id, proposed.record_type, proposed.document)
        like = list(context.likenesses.of(record)) if record else []
        if like:
            more = f" and {len(like) - 3} more" if len(like) > 3 else ""
            yield Found(
                RefusalCode["DUPLICATE"],
                f"This may be in the record already, as {', '.join(like[:3])}{more}: amend that one if it is the same.",
                proposed.record_id,
                telling.title,
                None,
                like[:3],
            )


class SaidTooEarly:
    """What is said to be done has a date to come: a measure “in force” from next year is “adopted” until then. The record shows it
    so by its date, whatever its status says; the reviewer may want it said."""

    name = "said too early"

    def of(self, proposed: Proposed, context: Context) -> Iterator[Found]:
        field = _REACHED.get(proposed.document.get("status", ""))
        day = proposed.document.get(field) if field and proposed.record_type == "MEASURE" else None
        if field and day and proposed.changes("status", field) and earliest(day) > context.today + SOMEWHERE_TOMORROW:
            yield _bad_date(
                proposed,
                field,
                f"“status” says {proposed.document['status']}, but “{field}” is {day}, which is to come: until then the record"
                " shows what was reached before.",
                f"≤ {context.today}",
            )


class MissingLocator:
    """A citation says where in its source something stands (a paragraph, a page, an article), so that others find it. Web pages
    and data sets have no such places: for them nothing is missed that was not there before, and so it is a warning."""

    name = "missing locator"

    def of(self, proposed: Proposed, _: Context) -> Iterator[Found]:
        before = (proposed.before or {}).get("citations") or []
        for place, citation in enumerate(proposed.document.get("citations") or []):
            if not citation.get("locator") and citation not in before:
                field = f"citations[{place}].locator"
                yield Found(
                    RefusalCode["MISSING_SOURCE"],
                    f"“{field}” does not say where in {citation['source']} this stands: add the paragraph, page or article,"
                    " where the source has them.",
                    proposed.record_id,
                    field,
                    "a paragraph, page or article",
                )


REFUSING: tuple[Check, ...] = (
    UnknownRecord(),
    NamedByItsCode(),
    ImpossibleDates(),
    ContradictoryDates(),
    SourceNewerThanTheClock(),
    LinksOfTheWeb(),
    PersonalData(),
)
"""What none of may be found, or the submission is refused."""

WARNING: tuple[Check, ...] = (LikelyDuplicate(), SaidTooEarly(), MissingLocator())
"""What the reviewer is told."""

Findings = list[tuple[int, Found]]


def checked(proposed: Sequence[Proposed], context: Context) -> tuple[Findings, Findings]:
    """(What refuses the changes, what warns of them), each with its change's place. Their documents are without faults and whole.

    Changes that retract, merge or redact say nothing new, and are not read.
    """
    saying = [change for change in proposed if change.says_something]
    refusals, warnings = (
        [(change.place, found) for change in saying for check in checks for found in check.of(change, context)]
        for checks in (REFUSING, WARNING)
    )
    return refusals, warnings


def needs(proposed: Sequence[Proposed], *, first_by_author: bool) -> list[str]:
    """Why a second reviewer has to look at the changes, in sentences; none: one is enough."""
    operations = {change.operation for change in proposed}
    catalogue = {change.record_type for change in proposed} & {"RECOMMENDATION", "SECTION"}
    reasons = (
        ("RETRACT" in operations, "It retracts a record: what others have cited would no longer stand."),
        ("MERGE" in operations, "It merges two records: one of them would cease to stand for good."),
        (len(proposed) > MANY, f"It makes {len(proposed):,} changes, more than {MANY} at once."),
        (first_by_author, "It is the first submission of this account."),
        (bool(catalogue), "It changes the catalogue of recommendations, by which all States are read."),
    )
    return [sentence for needed, sentence in reasons if needed]


_POSSIBLE: Mapping[str, Mapping[str, tuple[date, bool]]] = {
    record_type: {
        name: (OLDEST, name not in ("inForceOn", "endedOn"))
        for name, field in fields.items()
        if field.kind in (Kind.DAY, Kind.PARTIAL_DAY) and record_type != "SOURCE"
    }
    for record_type, fields in FIELDS.items()
} | {
    "STATE_PARTY": {
        "signedOn": (OPENED, True),
        "consentOn": (OPENED, True),
        "inForceOn": (ENTERED_INTO_FORCE, False),
    },
    "SIGNATORY": {"signedOn": (OPENED, True), "checkedOn": (OPENED, True)},
    "STATEMENT": {"madeOn": (OPENED, True)},
}
"""Record type → its dates: the first day that each can mean, and whether it tells of what is done. Not a source's."""

_IN_ORDER: Mapping[str, Sequence[str]] = {
    "MEASURE": ("announcedOn", "adoptedOn", "inForceOn", "endedOn"),
    "STATE_PARTY": ("signedOn", "consentOn", "inForceOn"),
    "SIGNATORY": ("signedOn", "checkedOn"),
    "SOURCE": ("publishedOn", "accessedOn"),
}

_REACHED: Mapping[str, str] = {
    "ANNOUNCED": "announcedOn",
    "ADOPTED": "adoptedOn",
    "IN_FORCE": "inForceOn",
    "ENDED": "endedOn",
}

_LINKED = {
    record_type: [name for name, field in fields.items() if field.kind is Kind.LINK]
    for record_type, fields in FIELDS.items()
}

_WEB = re.compile(r"https?://[^\s/?#]+(?:[/?#]\S*)?", re.IGNORECASE)

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|(?:javascript|data|vbscript|mailto|file):", re.IGNORECASE)

_TAKE_OUT: Mapping[Personal, str] = {
    Personal.EMAIL: "take it out.",
    Personal.TELEPHONE: "take it out.",
    Personal.CHILD: "take out the name and whatever else tells who it is.",
}


def _links(proposed: Proposed) -> Iterator[tuple[str, str]]:
    for field in _LINKED[proposed.record_type]:
        if link := proposed.document.get(field):
            yield field, link
    # where a source was read is told in words, or by an address
    read_at = proposed.document.get("readAt") or ""
    if _SCHEME.match(read_at) and not read_at.lower().startswith(("http://", "https://")):
        yield "readAt", read_at


def _bad_date(proposed: Proposed, field: str, message: str, expected: str) -> Found:
    return Found(RefusalCode["BAD_DATES"], message, proposed.record_id, field, expected, proposed.document.get(field))


def _years_after(day: date, years: int) -> date:
    return day.replace(year=day.year + years, day=min(day.day, 28))


def _words(prefix: str) -> str:
    """ "StateParty" → "State party", "ReportingEvent" → "reporting event"."""
    words = re.sub(r"(?<=[a-z])([A-Z])", r" \1", prefix).lower()
    return words.replace("state party", "State party")
