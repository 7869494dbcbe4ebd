"""From what is offered to what would be published: each change's whole document, on what the record says now; or why it cannot be.

To be called under the log's lock (db.log.alone), so that what is planned is what can be published.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
import orjson

from db.canonical import canonical
from db.check_context import context
from db.checks import checked, needs
from db.decisions import merger, repointed, survivors
from db.documents import FIELDS, faults, id_prefix, whole
from db.log import Change
from db.offers import Citing, Document, OfferedChange
from db.proposed import Proposed
from db.refusals import Refusal

TYPES = {word: id_prefix(word) for word in FIELDS}
"""MEASURE → Measure: the record type's name in ids."""

NAMED_BY = {"STATE_PARTY": "code", "SIGNATORY": "code", "SECTION": "number", "ARTICLE": "number", "INSTRUMENT": "code"}
NAMED_BY |= {"RECOMMENDATION": "code"}
"""Of what has a name of its own, the field that its id ends in."""

NUMBERED = {"MEASURE": ("", 4), "ASSESSMENT": ("A", 3), "STATEMENT": ("S", 2), "REPORTING_EVENT": ("E", 2)}
"""Of what is numbered by State, as in Measure:PHL-0007 and Assessment:PHL-A001: the letter, and how many digits."""

WELL_FORMED = re.compile(r"[A-Z][A-Za-z]+:[A-Za-z0-9._-]{1,64}", re.ASCII)

BRINGS_NEWS = {"STATE_ACTED", "LEARNED"}
"""Kinds of change that say something which the record's own citations need not say."""


@dataclass(frozen=True)
class PlannedChange:
    """base: the number of the revision that it goes on top of, and position_before its position; moved: the base that was given,
    where that is an earlier one. given: of an AMEND the fields offered; None where the record's own rules make it."""

    operation: str
    record_type: str
    record_id: str
    kind: str
    document: Document
    before: Document | None = None
    base: int | None = None
    position_before: int | None = None
    given: Document | None = None
    merged_into: str | None = None
    citations: tuple[Document, ...] = ()
    place: int = 0
    row: int | None = None
    moved: int | None = None

    def change(self) -> Change:
        return Change(self.operation, self.record_id, self.kind, self.document, merged_into=self.merged_into)


@dataclass(frozen=True)
class Plan:
    """What would be published. unchanged: how many of the changes offered say what the record says already."""

    changes: Sequence[PlannedChange] = ()
    unchanged: int = 0
    refusals: Sequence[Refusal] = ()
    warnings: Sequence[Refusal] = ()
    second_reviews: Sequence[str] = ()

    @property
    def hash(self) -> str:
        """Of exactly what the log would say: equal hashes, equal results."""
        told = hashlib.sha256()
        for one in self.changes:
            number = (one.base or 0) + 1
            said = [one.operation, one.record_id, one.kind, number, one.merged_into, one.document]
            told.update(canonical(said) + b"\n")
        return told.hexdigest()

    @property
    def rebased(self) -> str | None:
        """Which changes were put on top of later ones, for the log; None where none was."""
        moved = [
            f"{one.record_id} from revision {one.moved} to {one.base}" for one in self.changes if one.moved is not None
        ]
        return f"(Put on top of later changes: {', '.join(moved)}.)" if moved else None


@dataclass(frozen=True)
class Standing:
    """What a record says now. number: of its newest revision that is no redaction; revisions: how many it has of all."""

    number: int
    revisions: int
    position: int
    operation: str
    document: Document
    merged_into: str | None


class _Unfit(Exception):
    """One change that cannot be, with every reason."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__()
        self.refusals = refusals


async def planned(
    connection: asyncpg.Connection, offered: Sequence[OfferedChange], *, rebase: bool, first_by_author: bool
) -> Plan:
    """All that is wrong is told at once: a plan with refusals is not to be published."""
    return await _Planning(connection, rebase).plan(offered, first_by_author)


@dataclass
class _Planning:
    connection: asyncpg.Connection
    rebase: bool
    standing: Mapping[str, Standing] = field(default_factory=dict)
    bases: Mapping[tuple[str, int], Document] = field(default_factory=dict)
    led: Mapping[str, str] = field(default_factory=dict)
    made: dict[bytes, PlannedChange] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)

    async def plan(self, offered: Sequence[OfferedChange], first_by_author: bool) -> Plan:
        await self._look_up(offered)
        refusals, changes, unchanged = [*_repeated(offered)], list[PlannedChange](), 0
        for place, one in enumerate(offered):
            try:
                found = [*(await self._planned(place, one))]
            except _Unfit as unfit:
                refusals += [_placed(refusal, place, one) for refusal in unfit.refusals]
                continue
            unchanged += not found
            changes += found
        changes = [*self.made.values(), *changes]  # new sources stand before what cites them
        refusals += _twice(changes, offered)
        proposed = [_proposed(place, change) for place, change in enumerate(changes)]
        refusing, warning = checked(proposed, await context(self.connection, proposed))
        refusals += [_found(one, changes[place], offered) for place, one in refusing]
        warnings = [_found(one, changes[place], offered) for place, one in warning]
        return Plan(changes, unchanged, refusals, warnings, needs(proposed, first_by_author=first_by_author))

    async def _look_up(self, offered: Sequence[OfferedChange]) -> None:
        """What all of them are about, in a few statements."""
        ids = sorted({one.record_id for one in offered if one.record_id})
        rows = await self.connection.fetch(
            """
            select distinct on (r.record_id) r.record_id, r.number, r."position", r.operation, r.merged_into,
                   coalesce(r.document, left_of(r."position")) as document, n.revisions
            from revision r
            join (select record_id, max(number) as revisions from revision where record_id = any ($1) group by 1) n
              using (record_id)
            where r.record_id = any ($1) and r.operation <> 'REDACT'
            order by r.record_id, r."position" desc
            """,
            ids,
            timeout=60,
        )
        self.standing = {
            row["record_id"]: Standing(
                row["number"],
                row["revisions"],
                row["position"],
                row["operation"],
                orjson.loads(row["document"]),
                row["merged_into"],
            )
            for row in rows
        }
        earlier = [
            (one.record_id, one.base)
            for one in offered
            if one.record_id and one.base and one.base < getattr(self.standing.get(one.record_id), "number", 0)
        ]
        rows = await self.connection.fetch(
            """
            select b.record_id, b.number, coalesce(r.document, left_of(r."position")) as document
            from unnest($1::text[], $2::int[]) b(record_id, number)
            join lateral (
              select * from revision r where r.record_id = b.record_id and r.number <= b.number and r.operation <> 'REDACT'
              order by r.number desc limit 1
            ) r on true
            """,
            [record_id for record_id, _ in earlier],
            [base for _, base in earlier],
        )
        self.bases = {(row["record_id"], row["number"]): orjson.loads(row["document"]) for row in rows}
        if any(one.operation == "RESTORE" for one in offered):
            self.led = await survivors(self.connection)
        await self._number(offered)

    async def _number(self, offered: Iterable[OfferedChange]) -> None:
        """The highest numbers in use where new records need one: in the log, and in what waits."""
        asked = {prefix for one in offered if (prefix := _prefix(one))}
        if any(citing.new_source is not None for one in offered for citing in one.citations):
            asked.add("Source:S-")
        rows = await self.connection.fetch(
            r"""
            select prefix, max(substring(record_id from '\d+$')::int) as highest
            from unnest($1::text[]) prefix
            cross join lateral (
              select record_id from revision where starts_with(record_id, prefix)
                and record_id ~ ('^' || prefix || '\d{1,9}$')
              union all
              select c.record_id from proposed_change c join proposal p on p.id = c.proposal_id and p.round = c.round
              where p.state in ('WAITING', 'CHANGES_REQUESTED') and c.record_id ~ ('^' || prefix || '\d{1,9}$')
            ) used
            group by prefix
            """,
            sorted(asked),
        )
        self.highest = {row["prefix"]: row["highest"] for row in rows}

    async def _planned(self, place: int, one: OfferedChange) -> list[PlannedChange]:
        """The changes that one comes to: none where the record says so already."""
        wrong = [*_wrong(one)]
        if wrong:
            raise _Unfit(*wrong)
        stands = self.standing.get(one.record_id or "")
        citations = [*self._cited(place, one)]
        if one.operation == "CREATE":
            return [self._created(place, one, stands, citations)]
        record_id = one.record_id
        assert record_id is not None
        if stands is None:
            raise _Unfit(
                Refusal("NOT_FOUND", f"{record_id} is not in the record: look the id up, or create it.", record_id)
            )
        _require_state(one, record_id, stands)
        planned = PlannedChange(
            one.operation,
            one.record_type,
            record_id,
            one.kind,
            stands.document,
            before=stands.document,
            base=stands.revisions,
            position_before=stands.position,
            merged_into=one.merge_into,
            citations=tuple(citations),
            place=place,
            row=one.row,
        )
        if one.operation == "AMEND":
            return [*self._amended(one, planned, stands, citations)]
        if one.base is not None and one.base < stands.number:
            raise _Unfit(_moved(record_id, one.base, stands.number))
        if not citations and _cites(one.record_type):
            raise _Unfit(_no_source(one, record_id))
        if one.operation == "RESTORE":
            return [replace(planned, document=repointed(stands.document, self.led))]
        if one.operation == "MERGE" and one.record_type == "SOURCE":
            assert one.merge_into is not None
            changes = await merger(self.connection, record_id, one.merge_into, one.kind)
            return [*(await self._led(changes[:-1], planned)), planned]
        return [planned]

    async def _led(self, amended: Sequence[Change], merge: PlannedChange) -> list[PlannedChange]:
        """What cites a merged source cites its survivor."""
        beside = _Planning(self.connection, rebase=False)
        record_type = {name: word for word, name in TYPES.items()}
        await beside._look_up(
            [
                OfferedChange(
                    "AMEND", record_type[one.record_id.partition(":")[0]], one.record_id, None, one.kind, one.document
                )
                for one in amended
            ]
        )
        return [
            replace(
                merge,
                operation="AMEND",
                record_type=record_type[one.record_id.partition(":")[0]],
                record_id=one.record_id,
                kind=one.kind,
                document=one.document,
                before=stands.document,
                base=stands.revisions,
                position_before=stands.position,
                merged_into=None,
                citations=(),
            )
            for one in amended
            if (stands := beside.standing[one.record_id])
        ]

    def _created(
        self, place: int, one: OfferedChange, stands: Standing | None, citations: Sequence[Document]
    ) -> PlannedChange:
        given = _with_citations(one.record_type, one.document or {}, citations)
        wrong = [_of_fault(one, fault) for fault in faults(one.record_type, given, whole=True)]
        if wrong:
            raise _Unfit(*wrong)
        document = whole(one.record_type, given)
        record_id = one.record_id or self._new_id(one.record_type, document)
        name = NAMED_BY.get(one.record_type)
        if name and record_id != f"{TYPES[one.record_type]}:{document[name]}":
            message = f"{record_id} is not the id of {name} {document[name]}: leave recordId out, or let them agree."
            raise _Unfit(
                Refusal("BAD_VALUE", message, record_id, "recordId", f"{TYPES[one.record_type]}:{document[name]}")
            )
        stands = stands or self.standing.get(record_id)
        if stands:
            how = {"RETRACT": "was retracted: restore it", "MERGE": f"was merged into {stands.merged_into}: amend that"}
            message = f"{record_id} {how.get(stands.operation, 'is in the record already: amend it')}, with its base revision."
            raise _Unfit(Refusal("CONFLICT", message, record_id, "recordId", None, record_id, record_id))
        return PlannedChange(
            "CREATE",
            one.record_type,
            record_id,
            one.kind,
            document,
            given=one.document,
            citations=tuple(citations),
            place=place,
            row=one.row,
        )

    def _amended(
        self, one: OfferedChange, planned: PlannedChange, stands: Standing, citations: Sequence[Document]
    ) -> Iterator[PlannedChange]:
        base = one.base if one.base is not None and one.base < stands.number else None
        patch = dict(one.document or {})
        if (
            one.row is not None
        ):  # a row says all its fields: those that it says as it was given them, it leaves as they are
            was = stands.document if base is None else self.bases[planned.record_id, base]
            patch = {name: value for name, value in patch.items() if value != was.get(name)}
            one = replace(one, document=dict(patch))
            if not patch:
                return
        cited = list(patch.pop("citations", stands.document.get("citations", [])))
        document = stands.document | patch
        if "citations" in FIELDS[one.record_type]:
            document["citations"] = [*cited, *(citation for citation in citations if citation not in cited)]
        wrong = [_of_fault(one, fault) for fault in faults(one.record_type, document, whole=True)]
        if wrong:
            raise _Unfit(*wrong)
        document = whole(one.record_type, document)
        name = NAMED_BY.get(one.record_type)
        if name and document[name] != stands.document[name]:
            message = f"The {name} of {planned.record_id} is its id, and stays: retract it, and create the other."
            raise _Unfit(Refusal("BAD_VALUE", message, planned.record_id, name, stands.document[name], document[name]))
        if document == stands.document:
            return
        if base is not None:
            self._require_apart(one, planned.record_id, base, stands, document)
        if one.kind in BRINGS_NEWS and _cites(one.record_type):
            news = [citation for citation in document["citations"] if citation not in stands.document["citations"]]
            if not news and not citations:
                raise _Unfit(_no_source(one, planned.record_id))
        yield replace(planned, document=document, given=one.document or {}, moved=base)

    def _require_apart(
        self, one: OfferedChange, record_id: str, base: int, stands: Standing, document: Document
    ) -> None:
        """Refuses what was changed on both sides; all of it, unless changes to different fields may come together."""
        was, now = self.bases[record_id, base], stands.document
        moved = [key for key in now if was.get(key) != now.get(key)]
        offered = [key for key in document if key in {*(one.document or {}), *(["citations"] if one.citations else [])}]
        both = [key for key in offered if key in moved and document[key] != now[key]]
        told = f"{record_id} was changed after revision {base}, on which this was written: it is at revision {stands.number}."
        if both:
            raise _Unfit(
                *(
                    Refusal(
                        "CONFLICT",
                        f"{told} {key} was changed there, too: look at both, and submit on top of revision {stands.number}.",
                        record_id,
                        key,
                        was.get(key),
                        now.get(key),
                        document[key],
                    )
                    for key in both
                )
            )
        if not self.rebase:
            message = f"{told} Other fields were changed there ({', '.join(moved)}): submit with rebase to put this on top of them."
            raise _Unfit(Refusal("CONFLICT", message, record_id, "baseRevision", stands.number, base, base))

    def _cited(self, place: int, one: OfferedChange) -> Iterator[Document]:
        """The change's own citations, as documents hold them; new sources among them become changes of their own."""
        for citing in one.citations:
            if (citing.source is None) == (citing.new_source is None):
                message = "A citation names a source of the record, or describes a new one: one of the two."
                raise _Unfit(Refusal("MISSING_SOURCE", message, one.record_id, "citations"))
            source = citing.source or self._new_source(place, one, citing).record_id
            yield {"source": source.removeprefix("Source:"), "locator": citing.locator, "note": citing.note}

    def _new_source(self, place: int, one: OfferedChange, citing: Citing) -> PlannedChange:
        """The same source described twice is made once."""
        given = citing.new_source or {}
        wrong = [_of_fault(one, fault, "newSource") for fault in faults("SOURCE", given, whole=True)]
        if wrong:
            raise _Unfit(*wrong)
        document = whole("SOURCE", given)
        key = canonical(document)
        if key not in self.made:
            record_id = self._new_id("SOURCE", document)
            self.made[key] = PlannedChange(
                "CREATE", "SOURCE", record_id, one.kind, document, given=given, place=place, row=one.row
            )
        return self.made[key]

    def _new_id(self, record_type: str, document: Document) -> str:
        if record_type in NAMED_BY:
            return f"{TYPES[record_type]}:{document[NAMED_BY[record_type]]}"
        prefix, digits = ("Source:S-", 4) if record_type == "SOURCE" else _numbered(record_type, document["stateParty"])
        self.highest[prefix] = self.highest.get(prefix, 0) + 1
        return f"{prefix}{self.highest[prefix]:0{digits}}"


def _numbered(record_type: str, state_party: str) -> tuple[str, int]:
    letter, digits = NUMBERED[record_type]
    return f"{TYPES[record_type]}:{state_party}-{letter}", digits


def _prefix(one: OfferedChange) -> str | None:
    """What the new id of a change begins with, where it needs one."""
    if one.operation != "CREATE" or one.record_id:
        return None
    if one.record_type == "SOURCE":
        return "Source:S-"
    state_party = (one.document or {}).get("stateParty")
    if one.record_type not in NUMBERED or not isinstance(state_party, str) or not re.fullmatch("[A-Z]{3}", state_party):
        return None
    return _numbered(one.record_type, state_party)[0]


def _wrong(one: OfferedChange) -> Iterator[Refusal]:
    """What can be said of a change without looking anything up."""
    if one.operation == "REDACT":
        yield Refusal(
            "BAD_VALUE",
            "Words are redacted by whoever keeps the record (opsc redact), at once: write to them.",
            one.record_id,
            "operation",
        )
        return
    if one.record_id is not None:
        if not WELL_FORMED.fullmatch(one.record_id):
            message = f"An id is a type and a name, like Measure:PHL-0007; this is {shown(one.record_id)}."
            yield Refusal("BAD_VALUE", message, None, "recordId", "Measure:PHL-0007", one.record_id)
        elif one.record_id.partition(":")[0] != TYPES[one.record_type]:
            message = f"{one.record_id} is no {TYPES[one.record_type]}: let recordType and recordId agree."
            yield Refusal("BAD_VALUE", message, one.record_id, "recordType", TYPES[one.record_type], one.record_id)
    elif one.operation != "CREATE":
        message = f"{one.operation} needs the recordId of the record that it is about."
        yield Refusal("BAD_VALUE", message, None, "recordId")
    if one.operation == "CREATE" and one.base is not None:
        message = "A new record has no base revision: leave baseRevision out, or amend the record that is there."
        yield Refusal("BAD_VALUE", message, one.record_id, "baseRevision", None, one.base)
    if one.operation != "CREATE" and one.base is None:
        message = (
            f"{one.operation} needs baseRevision: the number of the record's revision that you looked at (revision {{"
            f" number }})."
        )
        yield Refusal("BAD_VALUE", message, one.record_id, "baseRevision")
    if one.operation in ("CREATE", "AMEND") and not isinstance(one.document, dict):
        message = f'{one.operation} needs a document, as {{"title": "…"}}: of a new record all it says, of another what changes.'
        yield Refusal("BAD_VALUE", message, one.record_id, "document")
    if one.operation not in ("CREATE", "AMEND") and one.document is not None:
        message = f"{one.operation} takes the record as it is: leave document out."
        yield Refusal("BAD_VALUE", message, one.record_id, "document")
    if (one.operation == "MERGE") != (one.merge_into is not None):
        message = "MERGE, and nothing else, needs mergeInto: the id of the record that stays."
        yield Refusal("BAD_VALUE", message, one.record_id, "mergeInto", None, one.merge_into)


def _require_state(one: OfferedChange, record_id: str, stands: Standing) -> None:
    if one.base is not None and one.base > stands.revisions:
        message = f"{record_id} has {stands.revisions} revisions, and none is numbered {one.base}."
        raise _Unfit(Refusal("BAD_VALUE", message, record_id, "baseRevision", stands.number, one.base))
    if stands.operation == "MERGE":
        message = f"{record_id} was merged into {stands.merged_into}: change that."
        raise _Unfit(Refusal("CONFLICT", message, record_id, "recordId", None, stands.merged_into, record_id))
    if (stands.operation == "RETRACT") != (one.operation == "RESTORE"):
        told = (
            "was retracted: restore it first"
            if stands.operation == "RETRACT"
            else "stands: there is nothing to restore"
        )
        raise _Unfit(
            Refusal("CONFLICT", f"{record_id} {told}.", record_id, "operation", None, stands.operation, one.operation)
        )


def _moved(record_id: str, base: int, number: int) -> Refusal:
    message = (
        f"{record_id} was changed after revision {base}, on which this was decided: look at revision {number}, and decide"
        f" again."
    )
    return Refusal("CONFLICT", message, record_id, "baseRevision", number, base, base)


def _no_source(one: OfferedChange, record_id: str | None) -> Refusal:
    why = (
        "says what is new, and so needs a citation that is new"
        if one.operation == "AMEND"
        else "needs a citation: where its grounds stand"
    )
    return Refusal("MISSING_SOURCE", f"This {one.operation} of {record_id} {why}.", record_id, "citations")


def _cites(record_type: str) -> bool:
    return "citations" in FIELDS[record_type]


def _with_citations(record_type: str, document: Document, citations: Sequence[Document]) -> Document:
    if not _cites(record_type) or not citations:
        return document
    own = document.get("citations") or []
    return (
        {**document, "citations": [*own, *(one for one in citations if one not in own)]}
        if isinstance(own, list)
        else document
    )


def _of_fault(one: OfferedChange, fault: Any, within: str = "document") -> Refusal:
    code = "MISSING_SOURCE" if fault.field == "citations" and not fault.found else "BAD_VALUE"
    return Refusal(code, fault.message, one.record_id, fault.field, fault.expected, fault.found, path=(within,))


def _repeated(offered: Sequence[OfferedChange]) -> Iterator[Refusal]:
    counted = Counter(one.record_id for one in offered if one.record_id)
    for place, one in enumerate(offered):
        if one.record_id and counted[one.record_id] > 1:
            counted[one.record_id] = 0
            message = f"{one.record_id} is changed more than once in this submission: put it into one change."
            yield _placed(Refusal("BAD_VALUE", message, one.record_id, "recordId"), place, one)


def _twice(changes: Sequence[PlannedChange], offered: Sequence[OfferedChange]) -> Iterator[Refusal]:
    """Records that a merge of their source changes, and the submission itself."""
    named = {one.record_id for one in offered}
    for one in changes:
        if one.given is None and one.operation == "AMEND" and one.record_id in named:
            message = (
                f"{one.record_id} cites the source that is merged, and is changed by that, too: submit its own change by"
                f" itself."
            )
            yield _placed(Refusal("BAD_VALUE", message, one.record_id, "recordId"), one.place, offered[one.place])


def _placed(refusal: Refusal, place: int, one: OfferedChange) -> Refusal:
    path = ("input", "changes", str(place), *refusal.path, *([refusal.field] if refusal.field else []))
    return replace(refusal, path=path, row=one.row)


def _found(found: Any, change: PlannedChange, offered: Sequence[OfferedChange]) -> Refusal:
    refusal = Refusal(
        found.code, found.message, found.record, found.field, found.expected, found.found, path=("document",)
    )
    return _placed(refusal, change.place, offered[change.place])


def _proposed(place: int, change: PlannedChange) -> Proposed:
    return Proposed(
        place,
        change.operation,
        change.record_id,
        change.record_type,
        change.kind,
        change.before,
        change.document,
        change.operation == "CREATE",
    )


def shown(value: Any) -> str:
    """A value in a sentence, not at length."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
