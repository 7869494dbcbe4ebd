"""A small log recorded at moments of the tests' choice, and the plain way to say what it told when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import httpx2

from db.embedded import Embedded
from db.log import Change
from tests.record_documents import BEGINNING, amend, create, measure, published, restore, retract
from tests.set_clock import let_clock_be_set, set_clock

LAW = "Measure:AAA-0001"
PUBLIC = "https://opsc.example"
MICROSECOND, SECOND = timedelta(microseconds=1), timedelta(seconds=1)

TOLD: list[tuple[str, list[Change], str | None]] = [
    ("2024-03-01T09:30:00.250000Z", BEGINNING, "A law"),
    ("2024-06-01T12:00:00.500000Z", [amend(LAW, measure("AAA", title="A better law"))], "A better law"),
    ("2024-09-01T00:00:00.000000Z", [retract(LAW, measure("AAA", title="A better law"))], None),
    ("2025-01-15T23:59:59.999999Z", [restore(LAW, measure("AAA", title="A law again"))], "A law again"),
    ("2025-01-20T08:00:00.000000Z", [create("Measure:AAA-0002", measure("AAA"))], "A law again"),
]
"""A log: when what was recorded, and the law's title from then on; it was retracted for a while."""

MOMENTS = [datetime.fromisoformat(moment) for moment, _, _ in TOLD]
POSITIONS = [sum(len(changes) for _, changes, _ in TOLD[: number + 1]) for number in range(len(TOLD))]
OF_LAW = MOMENTS[:4]
BESIDE = sorted({one + step for one in MOMENTS for step in (-MICROSECOND, 0 * SECOND, MICROSECOND, 40 * SECOND)})[1:]
"""Moments around all changes, none before the first."""

SECONDS = sorted({one.replace(microsecond=0) + step * SECOND for one in MOMENTS for step in (-1, 0, 1, 3600)})[1:]
"""Whole seconds around all changes; each counts to its end."""


def at(moments: list[datetime], moment: datetime) -> int:
    """The plain way to look a moment up: the index of the last one by then."""
    return max(index for index, one in enumerate(moments) if one <= moment)


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def dated(moment: datetime) -> str:
    """As HTTP has it; strftime's names are English here."""
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


def links(answer: httpx2.Response) -> list[str]:
    """The Link header, one by one: no address here holds a comma and a space."""
    return answer.headers["link"].split(", <") if "link" in answer.headers else []


@dataclass(frozen=True)
class Dated:
    """Publishes at moments of its choice: in its database the clock can be set (tests/set_clock.py)."""

    owner: asyncpg.Connection

    async def publish(self, moment: str, *changes: Change) -> None:
        await set_clock(self.owner, datetime.fromisoformat(moment))
        await published(self.owner, *changes)


async def dated_log(database: Embedded) -> Dated:
    await let_clock_be_set(database.owner_url)
    return Dated(await asyncpg.connect(database.owner_url))
