"""A record as a page: what it says in words, its sources, its history, how to cite it, and which moment that is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.datastructures import QueryParams
from starlette.responses import Response

from api.about import LICENCE_URL, NAME
from api.media_types import JSON
from api.moments import READERS
from api.pages.facts import called, facts, followed
from api.pages.meanings import meaning, words
from api.pages.shell import page
from api.pages.spelling import label, spelt
from api.v1 import forms
from api.v1.endpoints import ENDPOINTS, listing_of
from api.v1.forms import FORMS
from schema.document import Operation, document
from schema.source import TYPE_NAMES

PAGES = document((Path(__file__).parent / "record.graphql").read_text("utf-8"))

REPORT = """mutation {{
  reportError(input: {{ record: "{id}", text: "What is wrong, and what it should say.", source: "Where that stands." }}) {{
    report {{ id }}
    refusals {{ message }}
  }}
}}"""


FOLLOWED_BY = {"StateParty": "stateParty", "Recommendation": "recommendation"}
"""Record type → the filter by which the changes of all that bears on it are followed."""


@dataclass(frozen=True)
class Form:
    """Another form of the same: where it is, and for whom."""

    href: str
    media_type: str
    about: str


def operation(record_id: str) -> Operation | None:
    """What a page of a record of this type asks; None where there are no records of this type."""
    type_ = record_id.partition(":")[0]
    return PAGES.operation(type_) if type_ in TYPE_NAMES.values() else None


def record_page(
    found: Mapping[str, Any],
    public_url: str,
    parameters: QueryParams,
    *,
    past: bool,
    merged: Sequence[Mapping[str, Any]],
    status: int,
    headers: Mapping[str, str],
) -> Response:
    """found: what the operation answered; past: whether it is of a moment that was asked for; merged: the records that were merged
    into it, by the revision that did it."""
    record, clock = found["node"], found["clock"]
    gone = record["type"] == "Tombstone"
    kept = [(name, parameters[name]) for name in READERS if name in parameters]
    suffix = f"?{urlencode(kept)}" if kept else ""
    said, silent = ([], []) if gone else facts(record, suffix)
    heading = _heading(record)
    return page(
        "record.html",
        status,
        headers,
        id=record["id"],
        type=spelt(record["recordType"]) if gone else label(record["type"]),
        heading=heading,
        permalink=record["permalink"],
        revision=record["revision"],
        revisions=record["revisions"],
        clock=clock,
        gone=gone,
        past=past or bool(kept),
        merged=merged,
        suffix=suffix,
        said=said,
        silent=silent,
        counted=list(_counted(record, suffix)),
        measures=_measures(record, suffix),
        citations=record.get("citations"),
        coverage=_coverage(record, kept),
        states=words("CoverageState"),
        meaning=meaning,
        followed=followed,
        forms=list(_forms(record, suffix)),
        linked_data=_linked_data(record, heading, public_url),
        **pointing_out(record["id"], public_url),
    )


def _heading(record: Mapping[str, Any]) -> str:
    """What the record is called; of those without a name, what they are and of which State: "Reservation: Argentina"."""
    if record["type"] == "Tombstone" or "stateParty" not in record or "title" in record:
        return called(record)
    kind = spelt(record["kind"]) if "kind" in record else label(record["type"])
    return f"{kind}: {record['stateParty']['name']}"


def pointing_out(record_id: str, public_url: str) -> Mapping[str, str]:
    """How to point out an error in a record: on the page for queries, and at a terminal."""
    query = REPORT.format(id=record_id)
    asked = orjson.dumps({"query": " ".join(query.split())}).decode()
    return {
        "pointing_out": f"/graphql?{urlencode({'query': query})}",
        "by_curl": f"curl {public_url}/graphql -H 'Content-Type: application/json' -d '{asked}'",
    }


def _measures(record: Mapping[str, Any], suffix: str) -> Mapping[str, Any] | None:
    """Of a State party or a recommendation: the measures, as many as a page lists, and where all of them are."""
    if "measures" not in record:
        return None
    of_state, field = record["type"] == "StateParty", FOLLOWED_BY[record["type"]]
    more = f"&{suffix[1:]}" if suffix else ""
    return {
        **record["measures"],
        "heading": "Measures that are reported of it" if of_state else "Measures that bear on it",
        "href": f"/v1/measures.csv?{field}={record['code']}{more}",
    }


@dataclass(frozen=True)
class Link:
    href: str
    text: str


def _counted(record: Mapping[str, Any], suffix: str) -> Iterator[Link]:
    """What else the record has about this, counted, and where."""
    more = f"&{suffix[1:]}" if suffix else ""
    if "citedBy" in record:
        query = f'{{ source(id: "{record["id"]}") {{ title citedBy {{ totalCount nodes {{ id }} }} }} }}'
        yield Link(
            f"/graphql?{urlencode({'query': query})}{more}",
            f"Records that cite it: {record['citedBy']['totalCount']:,}",
        )


def _coverage(record: Mapping[str, Any], kept: Sequence[tuple[str, str]]) -> Sequence[Mapping[str, Any]] | None:
    """Of a State party: a row for each section, a cell for each state."""
    if "coverageSummary" not in record:
        return None

    numbers = [group["key"][0] for group in record["coverageSummary"]]

    def address(number: str, **state: str) -> str | None:
        """Of the cells that are counted; none where the filter by section would take in more."""
        if any(one.startswith(f"{number}.") for one in numbers):
            return None
        return f"/v1/coverage.csv?{urlencode([('stateParty', record['code']), ('section', number), *state.items(), *kept])}"

    return [
        {
            "number": number,
            "heading": group["label"][0],
            "total": group["total"],
            "href": address(number),
            "cells": [{"count": one["count"], "href": address(number, state=one["state"])} for one in group["counts"]],
        }
        for number, group in zip(numbers, record["coverageSummary"], strict=True)
    ]


def _forms(record: Mapping[str, Any], suffix: str) -> Iterator[Form]:
    """The record in the other forms that there are of it."""
    if record["type"] in FOLLOWED_BY:
        asked = urlencode({FOLLOWED_BY[record["type"]]: record["code"]})
        for ending in ("atom", "feed.json"):
            about = f"To follow it and all that is reported of it, .{ending}: {FORMS[ending].about}"
            yield Form(f"/v1/changes.{ending}?{asked}", _media_type(FORMS[ending]), about)
    if record["type"] == "StateParty":
        about = "Its reporting cycle, .ics: a calendar to subscribe to."
        yield Form(f"/v1/reporting-events.ics?{asked}", _media_type(FORMS["ics"]), about)
    yield Form(f"/r/{record['id']}.json{suffix}", JSON, "JSON, with its document and the hash in the log")
    type_, _, name = record["id"].partition(":")
    for path, endpoint in ENDPOINTS.items():
        if endpoint.record_type != type_:
            continue
        if endpoint.is_record and record["type"] == "Tombstone":
            continue
        what = "This record" if endpoint.is_record else "Its history"
        for ending, form in FORMS.items():
            if form.fits(listing_of(endpoint).field):
                address = f"{path.replace('{id}', name)}.{ending}{suffix}"
                yield Form(address, _media_type(form), f"{what}, .{ending}: {form.about}")


def _media_type(form: forms.Form) -> str:
    return form.media_type.partition(";")[0]


def _linked_data(record: Mapping[str, Any], heading: str, public_url: str) -> Mapping[str, Any]:
    """schema.org, for machines that read pages."""
    revision = record["revision"]
    sources = [followed(one["source"]["url"]) or one["source"]["permalink"] for one in record.get("citations") or ()]
    return {
        "@context": "https://schema.org",
        "@type": "CreativeWork",
        "@id": record["permalink"],
        "identifier": record["id"],
        "name": heading,
        "url": record["permalink"],
        "version": str(revision["number"]),
        "dateModified": revision["recordedAt"],
        "license": LICENCE_URL,
        "inLanguage": "en",
        "creditText": revision["citation"],
        "isPartOf": {"@type": "Dataset", "name": NAME, "url": public_url},
        **({"isBasedOn": sources} if sources else {}),
    }
