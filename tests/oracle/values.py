"""Values for arguments: mostly what the record really holds, sometimes what it does not."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)

from tests.oracle.log import Log
from tests.oracle.words import NAMES

Draw = Callable[[], Any]

MOMENTS = 6
"""From how many moments clocks are drawn: the plain executor needs a second for each that it has not read at."""

MICROSECOND = timedelta(microseconds=1)
EXTREMES = (datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, 23, 59, 59, 999_999, tzinfo=UTC))
ZONES = (UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-11)))


def _bounds(log: Log) -> dict[str, Sequence[Any]]:
    """Between what differences are asked for: no beginning is after what the first submission left, and no end before it."""
    moments = {one.recorded_at: one.position for one in log.revisions}  # the last position of each
    last, first = len(log.revisions), next(iter(moments.values()))
    later = [f"{one:%Y-%m-%dT%H:%M:%S.%f}Z" for one in moments]
    return {
        "from": [None, later[0]],
        "fromPosition": [0, 1, first // 2, first - 40, first],
        "to": later,
        "toPosition": [*range(first, last, 43), last],
    }


class Values:
    """Draws values by the names of arguments, from what a log holds."""

    def __init__(self, log: Log, random: Random) -> None:
        self._random = random
        documents = [one.document for one in log.revisions if one.document]
        ids = sorted({one.record_id for one in log.revisions})
        by_type = {
            name: [one for one in ids if one.startswith(f"{name}:")]
            for name in sorted({one.partition(":")[0] for one in ids})
        }
        names = {name: [one.partition(":")[2] for one in of] for name, of in by_type.items()}
        states, asked = names["StateParty"], names["Recommendation"]
        cells = [f"Coverage:{state}:{one}" for state in states[::7] for one in asked[::9]]
        size, half = len(log.revisions), len(log.revisions) // 2
        self._earlier, self._later = (1, half, *range(2, half, 53)), (half, size, *range(half, size, 53))
        positions = [1, 2, len(log.revisions) // 2, len(log.revisions), len(log.revisions) + 1]
        submissions = [f"Submission:{one}" for one in (*list(log.submissions)[:40], 999, "P1", "007")]
        self._ids = {**by_type, "Coverage": cells, "Revision": [f"Revision:{one}" for one in positions]}
        self._ids |= {"Submission": submissions, "ErrorReport": ["ErrorReport:1"]}
        self._by_name: dict[str, Sequence[Any]] = {
            "stateParty": [*states, "XXX", ""],
            "recommendation": [*asked, "IX-99"],
            "section": [*names["Section"], "I", "III", "XI.Z"],
            "number": [*names["Section"], "XI.Z"],
            "instrument": [*names["Instrument"], "NONE"],
            "region": [*sorted({one["region"] for one in documents if "region" in one}), "Atlantis"],
            "subregion": [*sorted({one["subregion"] for one in documents if "subregion" in one})],
            "article": [*range(1, 18), -1],
            "symbol": [*sorted({one["symbol"] for one in documents if one.get("symbol")}), "CRC/C/156"],
            "author": [*sorted({one.author for one in log.revisions}), "nobody"],
            "submission": submissions,
            "record": ids,
            "recordId": [*ids, "Measure:NONE"],
            "position": [*positions, *range(3, len(log.revisions), 97), 0],
            "after": [0, *positions, len(log.revisions) + 50],
            "changedSince": [
                f"{one.recorded_at:%Y-%m-%dT%H:%M:%S.%f}Z" for one in log.revisions[:: max(1, len(positions) * 9)]
            ],
            "text": NAMES,
            **_bounds(log),
        }
        self._last_of = {one.recorded_at: one.position for one in log.revisions}
        moments = list(self._last_of)
        within = random.sample(moments[1:-1], min(len(moments[1:-1]), MOMENTS - 2))
        self._moments = sorted({moments[0], *within, moments[-1]})
        self._days = [date(2019, 9, 26), date(2035, 1, 1), self._day()]

    def draw(self, name: str, type_: GraphQLInputType, field: str) -> Any:
        """A value for an argument, or a field of an input object, of a field that leads to something."""
        nullable: Any = get_nullable_type(type_)  # type: ignore[arg-type]
        if is_list_type(nullable):
            longest = 8 if name == "ids" else 3
            size = self._random.choice([0, 1, 1, 2, longest])
            drawn = [self.draw(name, nullable.of_type, field) for _ in range(size)]
            return list(dict.fromkeys(drawn)) if name == "by" else drawn
        if not is_non_null_type(type_) and self._random.random() < 0.06:
            return None
        named = get_named_type(nullable)
        if isinstance(named, GraphQLInputObjectType):
            chosen = self._random.sample(
                list(named.fields), min(len(named.fields), self._random.choice([0, 1, 1, 1, 2, 3]))
            )
            return {key: self.draw(key, named.fields[key].type, named.name) for key in chosen}
        if isinstance(named, GraphQLEnumType):
            unsearched = {"SIGNATORY", "ARTICLE", "REPORTING_EVENT"} if name == "types" else set()
            return self._random.choice([value for value in named.values if value not in unsearched])
        return self._scalar(name, named.name, field)

    def _clock(self, name: str) -> Any:
        """known, position or valid: mostly where the record changes or just beside, now and then where there is nothing."""
        choose = self._random.choice
        impossible = self._random.random() < 0.04
        moment = choose(self._moments)
        if name == "known":
            if impossible:
                moment = choose([self._moments[0] - MICROSECOND, datetime.now(UTC) + timedelta(hours=1), *EXTREMES])
            elif moment > self._moments[0]:
                moment += choose([0, 0, 1, -1]) * MICROSECOND
            return choose([moment.isoformat().replace("+00:00", "Z"), moment.astimezone(choose(ZONES)).isoformat()])
        if name == "position":
            last = self._last_of[moment]
            beyond = self._last_of[self._moments[-1]] + 1
            return choose([0, -1, beyond, 2_147_483_647]) if impossible else choose([last, last, max(1, last - 1)])
        return str(choose([*self._days, self._moments[1 % len(self._moments)].date()]))

    def _day(self) -> date:
        return date(1990, 1, 1) + timedelta(days=self._random.randrange(14_000))

    def _scalar(self, name: str, scalar: str, field: str) -> Any:
        if field == "at":
            return self._clock(name)
        if scalar == "Boolean":
            return self._random.random() < 0.5
        if scalar == "Date":
            return str(self._day())
        if name in ("id", "ids"):
            return self._id(field)
        if field in ("inclusion", "consistency"):
            return self._random.choice(self._earlier if name in ("position", "from") else self._later)
        if name == "code":
            name = "recommendation" if field.lower().startswith("recommendation") else "stateParty"
        return self._random.choice(self._by_name[name])

    def _id(self, field: str) -> str:
        only = {
            "measure": "Measure", "MeasureFilter": "Measure", "source": "Source", "submission": "Submission",
        }.get(field)  # fmt: skip
        if self._random.random() < 0.1:
            return self._random.choice([f"{only or 'Statement'}:NONE-1", "Nothing:1", "Signatory:ZZZ"])
        return self._random.choice(self._ids[only or self._random.choice(list(self._ids))])
