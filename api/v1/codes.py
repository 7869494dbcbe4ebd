"""The codes that the record has. A filter by one that it has not is refused: an empty list would read as silence about a State."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.v1.endpoints import Endpoint
from db.pool import Readers
from schema.refusals import BadValue

HAD = """
select kind, code, (array_agg(name order by known_from desc))[1] as name from (
  select 'state' as kind, code, name, known_from from state_party_version
  union all select 'state', code, name, known_from from signatory_version
  union all select 'region', region, null, 0 from state_party_version
  union all select 'subregion', subregion, null, 0 from state_party_version
  union all select 'section', number, heading, known_from from section_version
  union all select 'section', split_part(number, '.', 1), null, 0 from section_version
  union all select 'article', number::text, subject, known_from from article_version
  union all select 'instrument', code, name, known_from from instrument_version
  union all select 'recommendation', code, title, known_from from recommendation_version
) named group by kind, code order by kind, case kind when 'article' then code::int end, code
"""
"""Every code that the record ever had, whatever moment is asked for, with what it is called."""


@dataclass(frozen=True)
class Kind:
    """name: in HAD; of: what its codes are of, and how they look; all: where all of them are, None where a message names them."""

    name: str
    of: str
    all: str | None


STATE = Kind("state", "code of a State; codes are like PHL", "/v1/state-parties.csv")
RECOMMENDATION = Kind("recommendation", "code of a recommendation; codes are like IVC-05", "/v1/recommendations.csv")

KINDS: Mapping[str, Kind] = {
    "stateParty": STATE,
    "stateParties.code": STATE,
    "recommendation": RECOMMENDATION,
    "recommendations.code": RECOMMENDATION,
    "region": Kind("region", "region", None),
    "subregion": Kind("subregion", "subregion", None),
    "section": Kind("section", "section of the Guidelines; numbers are like IV.C", "/v1/recommendations.csv"),
    "article": Kind("article", "article of the Protocol", None),
    "instrument": Kind("instrument", "code of an instrument; codes are like ILO_C182", None),
}
"""Parameter, with the field that is listed where it means another thing elsewhere → whose codes it takes."""

NEAREST = 3
"""Codes, at most, that a message offers instead of one that there is not."""

SHORTEST = 3
"""Letters of a word's beginning that tell which word is meant."""

TOLD = 3
"""Values, at most, that a message says are none."""

SHOWN = 40
"""Characters of a value that a message repeats."""

Names = Mapping[str, str | None]
"""Code → what has it."""


class Codes:
    """What the record has, as far as was heard: the database is asked again before anything is refused."""

    def __init__(self, pool: Readers) -> None:
        self._pool = pool
        self._had: dict[str, dict[str, str | None]] = {}

    async def refuse_strangers(self, endpoint: Endpoint, variables: Mapping[str, Any]) -> None:
        """Raises BadValue where a filter names what the record never had, with the nearest that it has."""
        given = {**variables, **(variables.get("filter") or {})}
        for name, values in given.items():
            kind = KINDS.get(f"{endpoint.field}.{name}") or KINDS.get(name)
            if kind is None:
                continue
            codes = [str(value) for value in (values if isinstance(values, list) else [values])]
            if self._strangers(kind, codes):
                await self._read()
            if strangers := self._strangers(kind, codes):
                raise BadValue(" ".join(_told(name, kind, one, self._of(kind)) for one in strangers[:TOLD]))

    def _strangers(self, kind: Kind, codes: Sequence[str]) -> Sequence[str]:
        had = self._of(kind)
        return [code for code in dict.fromkeys(codes) if code not in had]

    def _of(self, kind: Kind) -> Names:
        return self._had.get(kind.name, {})

    async def _read(self) -> None:
        had: dict[str, dict[str, str | None]] = {}
        for row in await self._pool.fetch(HAD):
            had.setdefault(row["kind"], {})[row["code"]] = row["name"]
        self._had = had


def _told(name: str, kind: Kind, stranger: str, had: Names) -> str:
    near = " or ".join(_spelt(code, had[code]) for code in _nearest(stranger, had))
    there = (
        f"All of them: {kind.all}." if kind.all else f"There are: {', '.join(had)}." if had else "There are none yet."
    )
    meant = f"Did you mean {near}?" if near else there
    also = f" {there}" if near and kind.all else ""
    return f"{name}: {stranger[:SHOWN]!r} is no {kind.of}. {meant}{also}"


def _spelt(code: str, called: str | None) -> str:
    return f"{code} ({called})" if called else code


def _nearest(stranger: str, had: Names) -> Sequence[str]:
    """By the codes and by what has them; the one alone that is spelt otherwise, as IVC for IV.C. No number is like another."""
    if stranger.isdigit():
        return []
    spelt = {_folded(called): code for code, called in had.items() if called} | {_folded(code): code for code in had}
    asked = _folded(stranger[:SHOWN])
    if asked in spelt:
        return [spelt[asked]]
    begin = [one for one in spelt if len(asked) >= SHORTEST and one.startswith(asked)]  # GER: Germany has DEU
    close = difflib.get_close_matches(asked, spelt, NEAREST, 0.6)
    return list(dict.fromkeys(spelt[one] for one in [*begin, *close]))[:NEAREST]


def _folded(word: str) -> str:
    return re.sub(r"[\W_]", "", word).casefold()
