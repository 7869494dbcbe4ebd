"""From what is offered to what would be published: each change's whole document, on what the record says now; or why it cannot be.

To be called under the log's lock (db.log.alone), so that what is planned is what can be published.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import asyncpg
import orjson

from db.canonical import canonical
from db.check_context import context
from db.checks import checked, needs
from db.decisions import merger, repointed, survivors
from db.documents import FIELDS, faults, whole
from db.log import Change
from db.offers import Citing, Document, OfferedChange
from db.personal_data import personal_data
from db.plans import Plan, PlannedChange
from db.proposed import Proposed
from db.record_ids import NAMED_BY, TYPES, numbered, prefix_of
from db.refusals import Refusal
from db.standing import Standing
from db.tables import NOW
from db.wrong_changes import (
    MOST_TOLD,
    Unfit,
    moved_on,
    no_source,
    not_there,
    of_fault,
    placed,
    repeated,
    require_state,
    shown,
    wrong_change,
)

IN_ONE_GO = 200
"""Changes that are planned before readers have their turn: some milliseconds."""


BRINGS_NEWS = {"STATE_ACTED", "LEARNED"}
"""Kinds of change that say something which the record's own citations need not say."""


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
    sources: frozenset[str] = frozenset()

    async def plan(self, offered: Sequence[OfferedChange], first_by_author: bool) -> Plan:
        await self._look_up(offered)
        refusals, changes, unchanged = [*repeated(offered)], list[PlannedChange](), 0
        for place, one in enumerate(offered):
            if place % IN_ONE_GO == IN_ONE_GO - 1:
                await asyncio.sleep(0)
            try:
                found = [*(await self._planned(place, one))]
            except Unfit as unfit:
                refusals += [placed(refusal, place, one) for refusal in unfit.refusals[:MOST_TOLD]]
                continue
            unchanged += not found
            changes += found
        changes = [*self.made.values(), *changes]  # new sources stand before what cites them
        refusals += _twice(changes, offered)
        proposed = [_proposed(place, change) for place, change in enumerate(changes)]
        looked_up = await context(self.connection, proposed)
        refusing, warning = await asyncio.to_thread(checked, proposed, looked_up)  # a second, of ten thousand changes
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
        cited = {citing.source for one in offered for citing in one.citations if citing.source}
        rows = await self.connection.fetch(
            "select id from source_version where id = any ($1) and known_to = $2", sorted(cited), NOW
        )
        self.sources = frozenset(row["id"] for row in rows)
        await self._number(offered)

    async def _number(self, offered: Iterable[OfferedChange]) -> None:
        """The highest numbers in use where new records need one: in the log, and in what waits."""
        asked = {prefix for one in offered if (prefix := prefix_of(one))}
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
        wrong = [*wrong_change(one)]
        if wrong:
            raise Unfit(*wrong)
        stands = self.standing.get(one.record_id or "")
        citations = [*self._cited(place, one)]
        if one.operation not in ("CREATE", "AMEND") or not _cites(one.record_type):
            self._require_grounds(one, citations)
        if one.operation == "CREATE":
            return [self._created(place, one, stands, citations)]
        record_id = one.record_id
        assert record_id is not None
        if stands is None:
            raise Unfit(not_there(record_id))
        require_state(one, record_id, stands)
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
            raise Unfit(moved_on(record_id, one.base, stands.number))
        if not citations and _cites(one.record_type):
            raise Unfit(no_source(one, record_id))
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
        wrong = [of_fault(one, fault) for fault in faults(one.record_type, given, whole=True)]
        if wrong:
            raise Unfit(*wrong)
        document = whole(one.record_type, given)
        if one.record_id and not one.assigned and one.record_type not in NAMED_BY:
            message = "A new record gets its id here, the next one that is free: leave recordId out."
            raise Unfit(Refusal("BAD_VALUE", message, None, "recordId", None, one.record_id))
        record_id = one.record_id or self._new_id(one.record_type, document)
        name = NAMED_BY.get(one.record_type)
        if name and record_id != f"{TYPES[one.record_type]}:{document[name]}":
            message = f"{record_id} is not the id of {name} {document[name]}: leave recordId out, or let them agree."
            raise Unfit(
                Refusal("BAD_VALUE", message, record_id, "recordId", f"{TYPES[one.record_type]}:{document[name]}")
            )
        stands = stands or self.standing.get(record_id)
        if stands:
            how = {"RETRACT": "was retracted: restore it", "MERGE": f"was merged into {stands.merged_into}: amend that"}
            message = f"{record_id} {how.get(stands.operation, 'is in the record already: amend it')}, with its base revision."
            raise Unfit(Refusal("CONFLICT", message, record_id, "recordId", None, record_id, record_id))
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
        cited = patch.get("citations", stands.document.get("citations", []))
        document = stands.document | patch
        if "citations" in FIELDS[one.record_type] and isinstance(cited, list):
            document["citations"] = [*cited, *(citation for citation in citations if citation not in cited)]
        wrong = [of_fault(one, fault) for fault in faults(one.record_type, document, whole=True)]
        if wrong:
            raise Unfit(*wrong)
        document = whole(one.record_type, document)
        name = NAMED_BY.get(one.record_type)
        if name and document[name] != stands.document[name]:
            message = f"The {name} of {planned.record_id} is its id, and stays: retract it, and create the other."
            raise Unfit(Refusal("BAD_VALUE", message, planned.record_id, name, stands.document[name], document[name]))
        if document == stands.document:
            return
        if base is not None:
            self._require_apart(one, planned.record_id, base, stands, document)
        if one.kind in BRINGS_NEWS and _cites(one.record_type):
            news = [citation for citation in document["citations"] if citation not in stands.document["citations"]]
            if not news and not citations:
                raise Unfit(no_source(one, planned.record_id))
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
            raise Unfit(
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
            raise Unfit(Refusal("CONFLICT", message, record_id, "baseRevision", base, stands.number, base))

    def _cited(self, place: int, one: OfferedChange) -> Iterator[Document]:
        """The change's own citations, as documents hold them; new sources among them become changes of their own."""
        for citing in one.citations:
            if (citing.source is None) == (citing.new_source is None):
                message = "A citation names a source of the record, or describes a new one: one of the two."
                raise Unfit(Refusal("MISSING_SOURCE", message, one.record_id, "citations"))
            if citing.source is not None and not citing.source.startswith("Source:"):
                message = f"A citation names a source by its id, like Source:S-0042; this is {shown(citing.source)}."
                raise Unfit(Refusal("BAD_VALUE", message, one.record_id, "citations", "Source:S-0042", citing.source))
            source = citing.source or self._new_source(place, one, citing).record_id
            yield {"source": source.removeprefix("Source:"), "locator": citing.locator, "note": citing.note}

    def _require_grounds(self, one: OfferedChange, citations: Sequence[Document]) -> None:
        """What a change rests on that its record does not cite itself: looked at as the citations of a record are."""
        wrong = (
            [of_fault(one, fault) for fault in faults("MEASURE", {"citations": citations}, whole=False)]
            if citations
            else []
        )
        made = {change.record_id for change in self.made.values()}
        for place, citation in enumerate(citations):
            source, here = f"Source:{citation['source']}", f"citations[{place}]"
            if not wrong and source not in self.sources and source not in made:
                message = f"“{here}.source” names {source}, which does not stand in the record."
                wrong.append(Refusal("NOT_FOUND", message, one.record_id, f"{here}.source", None, citation["source"]))
            for part in ("locator", "note"):
                for what, start, end in personal_data(citation[part] or "") if isinstance(citation[part], str) else ():
                    message = f"“{here}.{part}” holds {what} at characters {start + 1} to {end}: say it without."
                    wrong.append(Refusal("PERSONAL_DATA", message, one.record_id, f"{here}.{part}"))
        if wrong:
            raise Unfit(*wrong)

    def _new_source(self, place: int, one: OfferedChange, citing: Citing) -> PlannedChange:
        """The same source described twice is made once."""
        given = citing.new_source or {}
        wrong = [of_fault(one, fault, "newSource") for fault in faults("SOURCE", given, whole=True)]
        if wrong:
            raise Unfit(*wrong)
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
        prefix, digits = ("Source:S-", 4) if record_type == "SOURCE" else numbered(record_type, document["stateParty"])
        self.highest[prefix] = self.highest.get(prefix, 0) + 1
        return f"{prefix}{self.highest[prefix]:0{digits}}"


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


def _twice(changes: Sequence[PlannedChange], offered: Sequence[OfferedChange]) -> Iterator[Refusal]:
    """Records that a merge of their source changes, and the submission itself."""
    named = {one.record_id for one in offered}
    for one in changes:
        if one.given is None and one.operation == "AMEND" and one.record_id in named:
            message = (
                f"{one.record_id} cites the source that is merged, and is changed by that, too: submit its own change by"
                f" itself."
            )
            yield placed(Refusal("BAD_VALUE", message, one.record_id, "recordId"), one.place, offered[one.place])


def _found(found: Any, change: PlannedChange, offered: Sequence[OfferedChange]) -> Refusal:
    refusal = Refusal(
        found.code, found.message, found.record, found.field, found.expected, found.found, path=("document",)
    )
    return placed(refusal, change.place, offered[change.place])


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
