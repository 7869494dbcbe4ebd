"""What a record must hold of what a crowd submitted: all that was acknowledged, each once, and of the rest the whole or nothing."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson

from db.embedded import Embedded
from tests.crowd import REASON, Crowd, Two, Work

SEEDED = 4_727
"""Positions of the log before anybody submits anything, all of one submission."""

PUBLISHED = """
select s.id, s.title, s.reason, s.author, s.reviewer, array_agg(r."position" order by r."position") as positions,
       array_agg(r.operation || ' ' || r.record_id order by r."position") as changes
from submission s join revision r on r.submission_id = s.id where s.id > 1 group by s.id order by s.id
"""

KEPT = """
select p.id, p.state, p.submission_id, r.title,
       (select array_agg(c.operation || ' ' || c.record_id order by c.place) from proposed_change c
        where c.proposal_id = p.id and c.round = p.round) as changes
from proposal p join proposal_round r on r.proposal_id = p.id and r.number = p.round order by p.id
"""

Row = asyncpg.Record


async def held(embedded: Embedded, crowd: Crowd) -> Counter[str]:
    """Asserts it. Answers how many submissions and publications that were not acknowledged are there, and how many are not."""
    connection = await asyncpg.connect(embedded.url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            positions = [
                row[0] for row in await connection.fetch('select "position" from revision order by "position"')
            ]
            submissions = [row[0] for row in await connection.fetch("select id from submission order by id")]
            kept, published = await connection.fetch(KEPT), await connection.fetch(PUBLISHED)
            notes = await connection.fetch(
                "select distinct on (record_id) record_id, document from revision where record_id = any ($1)"
                ' order by record_id, "position" desc',
                [two.record_id for two in crowd.twos],
            )
    finally:
        await connection.close()
    for numbers in (positions, submissions, [row["id"] for row in kept]):
        assert numbers == [*range(1, len(numbers) + 1)], f"a gap or a repetition: {numbers[-50:]}"
    there: dict[str, Row] = {row["title"]: row for row in kept}
    in_log: dict[str, Row] = {row["title"]: row for row in published}
    assert (len(there), len(in_log)) == (len(kept), len(published)), "something is there twice"
    works = {work.title: work for work in crowd.works()}
    assert in_log.keys() <= there.keys() <= works.keys()
    found = Counter[str]()
    for title, work in works.items():
        found.update(_held(work, there.get(title), in_log.get(title)))
    said = {row["record_id"]: orjson.loads(row["document"]) for row in notes}
    for two in crowd.twos:
        _told_in_the_log(two, in_log, said[two.record_id])
    return found


def verified(crowd: Crowd, told: str) -> bool:
    """Whether this is how `opsc verify` ends where all agrees, and nothing is in the log but the seed and what was acknowledged."""
    published = [work for work in crowd.works() if work.positions]
    positions = SEEDED + sum(len(work.positions or ()) for work in published)
    records = SEEDED + sum(change.startswith("CREATE ") for work in published for change in work.planned or ())
    return told == f"Checked {positions:,} positions and {records:,} records: all agree.\n"


def _held(work: Work, here: Row | None, published: Row | None) -> list[str]:
    """Of one submission; what was not acknowledged, in words."""
    if here is None:
        assert (work.submission, published) == (None, None), f"acknowledged, and lost: {work}"
        return ["submission absent"]
    in_log = published and published["id"]
    assert (here["state"] == "PUBLISHED", here["submission_id"]) == (bool(published), in_log), (
        f"halved: {here}, {in_log}"
    )
    if work.submission is None:
        assert published is None, "published before anybody could accept it"
        return ["submission there"]
    assert (f"Submission:P{here['id']}", here["changes"]) == (work.submission, work.planned), f"{here}, {work}"
    if published is None:
        assert work.positions is None, f"acknowledged, and not published: {work}"
        return [] if here["state"] == "WITHDRAWN" else ["publication absent"]
    assert published["changes"] == work.planned, f"halved: {published}, {work}"
    assert (published["author"], published["reviewer"] in work.reviewers) == (work.author, True)
    if work.positions is None:
        return ["publication there"]
    assert published["positions"] == work.positions, f"elsewhere: {published}, {work}"
    return []


def _told_in_the_log(two: Two, in_log: Mapping[str, Row], said: Mapping[str, Any]) -> None:
    """Of the rounds that are done: who was put on top of whom, and that nobody's words were overwritten unseen."""
    for number, pair in enumerate(two.done):
        reasons = sorted(in_log[work.title]["reason"] for work in pair if work.title in in_log)
        base = 1 + 2 * number
        rebased = f"{REASON} (Put on top of later changes: {two.record_id} from revision {base} to {base + 1}.)"
        assert reasons == ([REASON, rebased] if two.together == "a record" else [REASON] * two.may_publish), pair
    if two.done and not two.now and two.together != "nothing":
        last = [work.title for work in two.done[-1] if work.title in in_log]
        assert [said["note"], said["summary"]][: two.may_publish] == last, f"overwritten: {said}"
