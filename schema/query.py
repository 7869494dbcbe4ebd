"""Query: everything that can be read, and the schema as a whole."""

from dataclasses import replace

import graphene
import sqlalchemy as sa
from graphql import print_schema

from schema.account import viewer
from schema.changes import Changes
from schema.clock import CLOCK_TYPES, CLOCKS, asked, calendar_day
from schema.difference import Differences
from schema.error_report import error_reports
from schema.explanation import Explained
from schema.fields import Edge, Part, Planned
from schema.identity import LARGEST_POSITION
from schema.json_text import Json, as_sql
from schema.log import Log
from schema.mutation import Mutation
from schema.planning import At
from schema.reading import Everything, Reading
from schema.refusals import BadValue
from schema.revision import Revision
from schema.scalars import Date, DateTime
from schema.submission import submission, submissions
from schema.subscription import Subscription
from schema.tombstone import Tombstone
from schema.vocabulary import ErrorCode


class _AtClocks(Planned):
    """What can be read, at other clocks."""

    def json(self, at: At) -> Json:
        if "known" in at.given and "position" in at.given:
            raise BadValue("known and position both say what was known: give one of them.")
        checks = {"valid": calendar_day}
        at.plan.at_one_clock = False
        given = [at.bind(name, CLOCK_TYPES[name], checks.get(name)) if name in at.given else None for name in CLOCKS]
        clock = asked(*given, today=at.plan.today, name=at.plan.name("c"), place=at.place())
        found = as_sql(at.plan.members(replace(at, clock=clock), at.target, None))
        if "known" in at.given or "position" in at.given:  # the clock is looked up, whatever is asked of it
            found = sa.case((clock.position.is_not(None), found))
        return (found,)


def _position(position: int) -> int:
    """A position; those that cannot be answer nothing, as unknown codes do."""
    return position if 0 < position <= LARGEST_POSITION else 0


class Query(Everything, graphene.ObjectType):
    """Everything that can be read."""

    at = _AtClocks(
        graphene.NonNull(Reading),
        known=DateTime(
            description="What the record said at this moment. Moments before its first revision, or more than a minute ahead, are "
            "refused. Answers about the last minute are not final: a publication may be under way."
        ),
        position=graphene.Int(description="The same by position of the log. Give known or position, not both."),
        valid=Date(
            description="Which day in the world statuses and parties are told of, past or to come. When it is left out: the day "
            "(UTC) of known or of the position's revision, else today."
        ),
        description="Everything that can be read, as it was known at a moment and about a day. Give the field several aliases to "
        "hold several moments side by side. It goes by its own arguments alone, whatever clocks the request's address "
        "names: without known and position it reads the present.",
    )
    revision = Edge(
        Revision,
        lambda at, row: row.c.position == at.bind("position", sa.Integer, _position),
        args={"position": graphene.Argument(graphene.NonNull(graphene.Int), description="Its position.")},
        description="One revision by its position in the log; null if none.",
    )
    changes = Changes(
        "Every revision after a position, oldest first, never skipping one: what changed since you last looked. With a filter, "
        "lastPosition still goes on over what the filter leaves out."
    )
    diff = Differences(
        "What changed between two moments, or two positions of the log: each record once, as it stood at the one against how "
        "it stood at the other, in a sentence, the latest change first. A record that was changed and changed back is not "
        "listed. For the whole world or, by filter, a State party, a recommendation, a region, a type of record. For each "
        "single change: changes."
    )
    explain = Explained(
        "What a query would cost, and what would make it cheaper, without running it. One that cannot be run is told as an "
        "error, as it would be if it were run."
    )
    viewer = viewer("The account whose token this was asked with; null for the public, which needs none to read.")
    submission = submission(
        "One submission; null for an unknown id, and without an account for one that was not published at the clock."
    )
    submissions = submissions(
        "Submissions, the newest first: without an account those that were published at the clock, with one all of them as they "
        "stand now."
    )
    error_reports = error_reports(
        "Errors that anybody pointed out (reportError), the newest first: for reviewers and admins; for others, none."
    )
    log = Part(
        Log, required=True, description="The log as a whole: how to prove what is in it, and that none was rewritten."
    )


schema = graphene.Schema(
    query=Query, mutation=Mutation, subscription=Subscription, types=[ErrorCode, Tombstone]
).graphql_schema
"""The schema, as graphql-core knows it."""


def sdl() -> str:
    """The schema in GraphQL's schema definition language."""
    return print_schema(schema) + "\n"
