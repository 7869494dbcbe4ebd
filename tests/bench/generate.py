"""A synthetic record for the benchmark: the seed's States and catalogue, and measures made up by arithmetic, alike each time.

It enters through publish(), as everything does, so that the tables hold what they would hold after years of work; only the
moments and salts differ from run to run. To be quick, the triggers rest meanwhile, and the projections follow in one go for
each State: `opsc verify` finds the same. It speaks of policy alone ("Measure 17 of PHL") and never leaves its own database.
"""

from collections.abc import Callable, Iterator
from typing import Any

import asyncpg

from db.log import Change, Published, publish
from seed.documents import Document, documents
from seed.files import read

REVISIONS = 5
"""Of each measure."""

AT_ONCE = 500
"""Changes in a submission: publish() analyzes every table after larger ones, which is ours to do, once a round."""

PROJECTED_AT_ONCE = 20_000
"""Revisions: fewer cost more each, more need much memory."""

AUTHORS = ("amina", "benedikt", "chidi", "dolores", "emre")
KINDS = ("LEGISLATION", "POLICY", "INSTITUTION", "PROGRAMME", "TRAINING", "DATA", "COOPERATION")
STATUSES = ("ADOPTED", "IN_FORCE", "IN_FORCE", "ANNOUNCED", "IN_FORCE", "DRAFTED", "ENDED")
MILESTONE = {"ANNOUNCED": "announcedOn", "DRAFTED": "announcedOn", "ADOPTED": "adoptedOn", "IN_FORCE": "inForceOn"}

KNOWN_WORDS = """
    insert into known_word
    select distinct unnest(tsvector_to_array(search)) from measure_version on conflict do nothing
"""
"""What the resting triggers would have noted."""

Progress = Callable[[int, int], None]


async def generate(connection: asyncpg.Connection, measures: int, progress: Progress) -> None:
    """Fills a migrated, empty database (connection: a superuser's). Progress is told the revisions made, and of how many."""
    seed = {key: document for key, document in documents(read()).items() if not key.startswith("Measure:")}
    await _publish(connection, "The seed without its measures", [Change("CREATE", *one) for one in _learned(seed)])
    states = [key.partition(":")[2] for key in seed if key.startswith("StateParty:")]
    recommendations = [key.partition(":")[2] for key in seed if key.startswith("Recommendation:")]
    sources = [key.partition(":")[2] for key in seed if key.startswith("Source:")]
    await connection.execute("set session_replication_role = replica")
    done = 0
    for number in range(1, REVISIONS + 1):
        first = None
        for place, state in enumerate(states):
            count = measures // len(states) + (place < measures % len(states))
            author = AUTHORS[(place + number) % len(AUTHORS)]
            for start in range(1, count + 1, AT_ONCE):
                changes = [
                    _change(number, state, at, place, recommendations, sources)
                    for at in range(start, min(start + AT_ONCE, count + 1))
                ]
                published = await _publish(connection, f"Round {number} of {state}", changes, author)
                first = first or published.first
                done += len(changes)
                progress(done, measures * REVISIONS)
            if first and (published.last - first > PROJECTED_AT_ONCE or state == states[-1]):
                await connection.execute("analyze")
                await connection.execute(
                    "select project($1, $2), grow_tree($1, $2)", first, published.last, timeout=600
                )
                first = None
    await connection.execute(KNOWN_WORDS)
    await connection.execute("set session_replication_role = origin")
    await connection.execute("vacuum analyze")


def _learned(seed: dict[str, Document]) -> Iterator[tuple[str, str, Document]]:
    return ((record_id, "LEARNED", document) for record_id, document in seed.items())


async def _publish(
    connection: asyncpg.Connection, title: str, changes: list[Change], author: str = "seed"
) -> Published:
    reviewer = None if author == "seed" else AUTHORS[(AUTHORS.index(author) + 1) % len(AUTHORS)]
    return await publish(
        connection,
        title=title,
        reason="Made up for the benchmark",
        author=author,
        reviewer=reviewer,
        changes=changes,
        timeout=300,
    )


def _change(number: int, state: str, at: int, place: int, recommendations: list[str], sources: list[str]) -> Change:
    record_id = f"Measure:{state}-{at:04}"
    document = _document(number, state, at, place, recommendations, sources)
    if number == 1:
        return Change("CREATE", record_id, "LEARNED", document)
    return Change("AMEND", record_id, ("LEARNED", "STATE_ACTED", "CORRECTED", "RECODED")[number - 2], document)


def _document(
    number: int, state: str, at: int, place: int, recommendations: list[str], sources: list[str]
) -> dict[str, Any]:
    """The measure after its nth revision: a better summary, a milestone reached, a note corrected, a recommendation more."""
    turn = at * 31 + place * 17
    status = STATUSES[turn % len(STATUSES)] if number >= 3 else "ANNOUNCED"
    year = 2001 + turn % 20
    day = (f"{year}", f"{year}-{1 + turn % 12:02}", f"{year}-{1 + turn % 12:02}-{1 + turn % 28:02}")[turn % 3]
    dates: dict[str, str | None] = {"announcedOn": f"{year - 1}", "adoptedOn": None, "inForceOn": None, "endedOn": None}
    if number >= 3:
        dates[MILESTONE.get(status, "inForceOn")] = day
    if status == "ENDED":
        dates["endedOn"] = f"{year + 2}"
    bears_on = [
        recommendations[(turn * 7 + step * 53) % len(recommendations)] for step in range(1 + turn % 3 + (number == 5))
    ]
    return {
        "stateParty": state,
        "kind": KINDS[turn % len(KINDS)],
        "title": f"Measure {at} of {state}"
        if at % 4
        else f'Measure {at} of {state}: “plan d’action”, "phase {1 + turn % 3}"',
        "summary": " ".join(
            [f"Measure {at} of {state} sets out who does what by when, with whose money, and who answers for it."]
            * (1 + (number > 1))
        ),
        "status": status,
        **dates,
        "dateBasis": None,
        "reportedBy": "STATE",
        "reportedOn": f"{2022 + turn % 3}",
        "instrument": None,
        "consent": None,
        "recommendations": bears_on,
        "confidence": ("HIGH", "MEDIUM", "LOW")[turn % 3],
        "note": f"Corrected once: the text says {year}." if number >= 4 else None,
        "citations": [
            {"source": sources[(turn + step) % len(sources)], "locator": f"para. {1 + turn % 90}", "note": None}
            for step in range(1 + turn % 2)
        ],
    }
