"""/feeds/waiting/TOKEN.atom: what waits for review, for feed readers, which send no headers: the token in the address reads this
alone.
"""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.about import NAME
from api.atom import MEDIA_TYPE, Entry, feed
from api.faults import UNREACHABLE, problem
from db.accounts import authenticated
from db.reviews import REVIEWERS
from schema.answer import answer
from schema.document import document
from schema.refusals import Refused

WAITING = document((Path(__file__).parent / "documents" / "waiting.graphql").read_text("utf-8"))

SECRET = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
"""Of every answer: no cache is to keep it, and no page that it leads to is to learn the address."""

HIDDEN = "/feeds/waiting/….atom"
"""How the address stands in the log of faults."""

SUBMISSION = """{{
  submission(id: "{id}") {{
    id title state author reason internalNote needs
    plan {{ added changed differences {{ sentence recordId fieldChanges {{ field before after }} }} warnings {{ message }} }}
    citations {{ source {{ title url }} locator note }}
    reviews {{ reviewer decision text at }}
    comments {{ author text at }}
  }}
}}"""

ERROR_REPORT = """{{
  node(id: "{id}") {{
    ... on ErrorReport {{ id state recordId text source onBehalfOf contact reportedAt answer answeredBy submission {{ id state }} }}
  }}
}}"""

HOW = (
    "To read all of it, follow the link, write your own token under Headers, as"
    ' {"Authorization": "Bearer opsc_…"}, and run the query.'
)


async def waiting(request: Request) -> Response:
    """The feed. All that is no token of a feed is answered alike."""
    token, request.scope["path"] = request.path_params["token"], HIDDEN
    state = request.state
    try:
        viewer = await authenticated(state.pool, token, "FEED")
        if viewer is None:
            return problem(
                404, "Not found", "There is no such feed. Whoever keeps this record gives its address.", SECRET
            )
        found = await answer(state.pool, WAITING.operation(None), {}, state.settings.public_url, viewer=viewer)
    except (*UNREACHABLE, Refused):
        detail = "The record cannot be reached at the moment: try again soon."
        return problem(503, "Unavailable", detail, {**SECRET, "Retry-After": "60"})
    body = _feed(orjson.loads(found.data), state.settings.public_url, reviews=viewer.role in REVIEWERS)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {**SECRET, "ETag": tag}
    if tag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=MEDIA_TYPE)


def _feed(found: Mapping[str, Any], public_url: str, *, reviews: bool) -> bytes:
    """reviews: whether error reports are shown to whoever reads it."""
    entries = [
        *_submissions(found["submissions"]["nodes"], public_url),
        *_reports(found["errorReports"]["nodes"], public_url),
    ]
    entries.sort(key=lambda entry: entry.updated, reverse=True)
    submissions, reports = found["submissions"]["totalCount"], found["errorReports"]["totalCount"]
    waits = f"Submissions that wait: {submissions:,}"
    told = (
        f"{waits}; error reports that are open: {reports:,}. The newest 50 of each"
        if reviews
        else f"{waits}. The newest 50"
    )
    return feed(
        _id(public_url, "waiting"),
        f"What waits for review at {public_url.partition('://')[2]}",
        f"{told} are here.",
        max(
            [found["clock"]["known"], *(entry.updated for entry in entries)]
        ),  # what leaves it, leaves by a publication
        NAME,
        entries,
    )


def _submissions(nodes: Any, public_url: str) -> Iterator[Entry]:
    for one in nodes:
        plan = one["plan"]
        sentences = [difference["sentence"] for difference in plan["differences"]]
        more = plan["added"] + plan["changed"] - len(sentences)
        told = [*sentences, *([f"… and {more:,} more."] if more > 0 else [])]
        yield Entry(
            _id(public_url, one["id"]),
            f"{one['id']}: {one['title']}",
            one["author"],
            one["submittedAt"],
            max([plan["submittedAt"], *(said["at"] for said in (*one["reviews"], *one["comments"]))]),
            _link(public_url, SUBMISSION, one["id"]),
            "\n".join([one["reason"], *told, *(f"Needed: {needed}" for needed in one["needs"]), HOW]),
        )


def _reports(nodes: Any, public_url: str) -> Iterator[Entry]:
    for one in nodes:
        source = [f"Where it stands: {one['source']}"] if one["source"] else []
        whose = (
            f"On behalf of {one['onBehalfOf']} (not verified)" if one["onBehalfOf"] else "Somebody without an account"
        )
        yield Entry(
            _id(public_url, one["id"]),
            f"{one['id']}: an error in {one['recordId']}",
            whose,
            one["reportedAt"],
            one["reportedAt"],
            _link(public_url, ERROR_REPORT, one["id"]),
            "\n".join([one["text"], *source, HOW]),
        )


def _id(public_url: str, name: str) -> str:
    """The same for the same thing, for good, and of this record alone."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{public_url}/{name}").urn


def _link(public_url: str, query: str, node_id: str) -> str:
    return f"{public_url}/graphql?{urlencode({'query': query.format(id=node_id)})}"
