"""What an address asks for, in words, for the title of a feed or a calendar: "State party: Philippines"."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import orjson

from api.pages.spelling import label
from api.v1.listing import Request
from schema.answer import answer
from schema.document import document

STATES = document("{ stateParties(first: 200) { nodes { code name } } signatories { code name } }").operation(None)

PAGING = ("first", "last", "after", "before")


async def states(pool: asyncpg.Pool, public_url: str) -> Mapping[str, str]:
    """What States are called now, by code."""
    found = orjson.loads((await answer(pool, STATES, {}, public_url)).data)
    return {one["code"]: one["name"] for one in (*found["signatories"], *found["stateParties"]["nodes"])}


def titled(title: str, asked: Request) -> str:
    """The title, with what the address asks for: "Changes in the OPSC Tracker (State party: Philippines)"."""
    if asked.title is not None:
        return f"{title}: {asked.title}"
    given = parse_qsl(urlsplit(asked.address).query)
    about = [
        *([asked.given["id"]] if "id" in asked.given else []),
        *(_said(asked, *one) for one in given if one[0] not in PAGING),
    ]
    return f"{title} ({'; '.join(about)})" if about else title


def _said(asked: Request, name: str, value: str) -> str:
    if name == "stateParty":
        value = ", ".join(asked.state(code) for code in value.split(","))
    return f"{label(name)}: {value}"
