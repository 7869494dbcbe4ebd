"""The account that asks, as far as it needs to know itself."""

import graphene
import sqlalchemy as sa

from db import tables
from schema.fields import Column, Computed, Edge, Row
from schema.scalars import DateTime
from schema.vocabulary import Role


class Account(Row):
    """Somebody who may submit, or review, under the name that the log shows."""

    class Meta:
        table = tables.account

    name = Column(graphene.String, required=True, description="The name by which the public log calls it.")
    role = Column(Role, required=True, description="What it may do.")
    expires_at = Computed(
        DateTime,
        lambda at: sa.cast(at.plan.viewer_expires_at, sa.DateTime(True)),
        description="When the token that this was asked with ends.",
    )


def viewer(description: str) -> Edge:
    """The field `viewer`."""
    return Edge(Account, lambda at, account: account.c.id == at.plan.viewer, description=description)
