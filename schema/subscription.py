"""Subscription: what is told as it happens. It has the feed of revisions alone (schema/followed.py plans it)."""

import graphene

from schema.changes import ChangeFilter
from schema.fields import Planned
from schema.json_text import Json
from schema.planning import At
from schema.revision import Revision


class Followed(Planned):
    """The feed, told one revision at a time: its row is the revision."""

    def json(self, at: At) -> Json:
        return at.plan.members(at, at.target, at.row)


class Subscription(graphene.ObjectType):
    """What is told as it happens, without being asked again: over server-sent events, as GraphQL over SSE has them."""

    changes = Followed(
        graphene.NonNull(Revision),
        args={
            "filter": ChangeFilter(description="Which revisions; all when it is left out."),
            "after": graphene.Argument(
                graphene.Int,
                description="The position after which to begin. From the start: 0. When it is left out: what comes from now on."
                " Each event has its position as its id: send the last one back in the header Last-Event-ID, as browsers do by"
                " themselves, and the stream goes on after it, whatever is said here.",
            ),
        },
        description="Every revision after a position, each once and in order, as soon as it is published; the stream does not end."
        " It tells what Query.changes tells, and goes by the same positions.",
    )
