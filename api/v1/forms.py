"""The table of forms: by the suffix of an address or by Accept, and what writes each. JSON, a page of it, is the twin's own."""

import re
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from api.accept import preferred
from api.media_types import CSV, HTML, JSON, JSON_LINES, XLSX
from api.v1.bibliography import CITED, SOURCES, as_bibtex, as_csl_json
from api.v1.calendar import CALENDARS, as_calendar
from api.v1.feed import NEWEST
from api.v1.feed_forms import as_atom, as_json_feed
from api.v1.listing import Listing
from api.v1.text import as_csv, as_csv_for_excel, as_json_lines
from schema.refusals import BadValue


@dataclass(frozen=True)
class Form:
    """media_type: of the answer; write: the bytes of a list, None where a process of its own writes them (api/apart);
    as_cells: it is a table; in_parts: its bytes are the same whenever it is written, so that one may ask for some of them;
    about: for whom it is.
    of: the fields of Query that can have it, since it needs certain fields of their rows; all, whatever is asked of them, where
    it is left out; newest: it shows so many of the changes, the newest ones, where `first` or `last` do not say how many; titled:
    it tells people what it is about, by the names of States; file: the document that says which fields it needs, where that is not
    the endpoint's own; aliases: media types that others ask for it by."""

    media_type: str
    write: Callable[[Listing], AsyncGenerator[bytes]] | None
    about: str
    as_cells: bool = False
    in_parts: bool = False
    of: Collection[str] | None = None
    newest: int | None = None
    titled: bool = False
    file: str | None = None
    aliases: tuple[str, ...] = ()

    def fits(self, field: str) -> bool:
        return self.of is None or field in self.of


FORMS: Mapping[str, Form] = {
    "csv": Form(CSV, as_csv, "A table, for any program.", as_cells=True),
    "xlsx": Form(
        XLSX,
        None,
        "A spreadsheet, with typed cells.",
        as_cells=True,
    ),
    "parquet": Form(
        "application/vnd.apache.parquet",
        None,
        "A table with typed columns, for pandas, polars, DuckDB, R …",
        as_cells=True,
        in_parts=True,
    ),
    "jsonl": Form(
        JSON_LINES,
        as_json_lines,
        "A line of JSON for each element.",
        aliases=("application/x-ndjson", "application/ndjson", "application/x-jsonlines"),
    ),
    "atom": Form(
        "application/atom+xml; charset=utf-8",
        as_atom,
        "The newest changes, for feed readers.",
        of={"changes"},
        newest=NEWEST,
        titled=True,
        file="feeds",
    ),
    "feed.json": Form(
        "application/feed+json; charset=utf-8",
        as_json_feed,
        "The same as JSON Feed.",
        of={"changes"},
        newest=NEWEST,
        titled=True,
        file="feeds",
    ),
    "ics": Form("text/calendar; charset=utf-8", as_calendar, "A calendar to subscribe to.", of=CALENDARS, titled=True),
    "bib": Form(
        "application/x-bibtex; charset=utf-8",
        as_bibtex,
        "A bibliography for BibTeX.",
        of={*CITED, SOURCES},
        file="citations",
    ),
    "csl.json": Form(
        "application/vnd.citationstyles.csl+json",
        as_csl_json,
        "A bibliography for reference managers.",
        of={*CITED, SOURCES},
        file="citations",
    ),
}
"""Suffix → form."""

CSV_FOR_EXCEL = Form(FORMS["csv"].media_type, as_csv_for_excel, "The table, for Excel.", as_cells=True)
"""What `?excel=1` makes of .csv."""


def chosen(suffix: str, parameters: QueryParams) -> Form:
    """The form of a suffix, as the parameters want it. Raises BadValue."""
    if not for_excel(parameters):
        return FORMS[suffix]
    if suffix != "csv":
        raise BadValue(ONLY_CSV)
    return CSV_FOR_EXCEL


ONLY_CSV = "excel: only .csv comes for Excel; leave it out here."


def for_excel(parameters: QueryParams) -> bool:
    """Whether a table is to be as Excel reads it. Raises BadValue."""
    asked = parameters.get("excel") or "0"
    if asked not in ("0", "1"):
        raise BadValue("excel: 1 asks for a table as Excel reads it, 0 for the usual one.")
    return asked == "1"


OTHERS = {"json": JSON, "html": HTML, "graphql": "application/graphql"}
"""Suffix → media type, of what is no form of a list."""


def media_type_of(suffix: str) -> str:
    return OTHERS[suffix] if suffix in OTHERS else FORMS[suffix].media_type.partition(";")[0]


def accepted_form(accept: str | None, suffixes: Iterable[str]) -> str | None:
    """Of the forms of these suffixes, the one that the header Accept likes best, the first where it does not care; or none."""
    there = {media_type_of(suffix): suffix for suffix in suffixes}
    there |= {alias: suffix for suffix in there.values() if suffix in FORMS for alias in FORMS[suffix].aliases}
    best = preferred(accept, tuple(there))
    return there[best] if best else None


STRANGE = re.compile("[a-z]{1,10}", re.ASCII)
"""What looks like a suffix: ids end in capitals and digits."""


def split(segment: str) -> tuple[str, str | None]:
    """The last part of an address, and the suffix that it ends in, if any: one of ours, or what can be none of an id."""
    for suffix in sorted(("json", "html", *FORMS), key=len, reverse=True):  # .csl.json before .json
        if segment.endswith(f".{suffix}"):
            return segment.removesuffix(f".{suffix}"), suffix
    name, dot, ending = segment.rpartition(".")
    return (name, ending) if dot and STRANGE.fullmatch(ending) else (segment, None)
