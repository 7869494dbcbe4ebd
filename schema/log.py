"""The log as a whole: its size, its Merkle tree's root, its signed checkpoints, and proofs that anyone can check offline."""

from collections.abc import Callable
from typing import Any

import graphene
import sqlalchemy as sa

from db import tables
from schema.fields import Column, Computed, Edges, Planned, Row
from schema.identity import LARGEST_POSITION
from schema.json_text import Json, array, as_sql, literal
from schema.paged import LARGEST_PAGE, PAGE
from schema.planning import At
from schema.refusals import BadValue
from schema.scalars import DateTime

ROOT, PROOF = 30, 60
"""How many hashes a root and a proof may have to read: one for each level of the tree, and as many again at its edge."""

HASHES = graphene.List(graphene.NonNull(graphene.String))


def _inclusion(at: At) -> Any:
    return _proof(at, sa.func.inclusion_proof, "position", "size")


def _consistency(at: At) -> Any:
    return _proof(at, sa.func.consistency_proof, "from", "to")


def _proof(at: At, made: Any, first: str, size: str) -> Any:
    """In the log of the size that is asked for, or of the clock's."""
    within = at.bind(size, sa.Integer) if size in at.given else at.clock.position
    return sa.func.in_hex(made(at.bind(first, sa.Integer), within, at.place()), type_=sa.ARRAY(sa.Text()))


def _size(size: int) -> int:
    if not 0 <= size <= LARGEST_POSITION:
        raise BadValue(f"{size} is no size; it can be from 0 to the log's size.")
    return size


def _hex(hashed: Any) -> Any:
    return sa.func.encode(hashed, literal("hex"))


def _of_the_current_key(value: Callable[[Any], Any]) -> Callable[[At], Any]:
    def found(at: At) -> Any:
        key: Any = at.plan.alias(tables.log_key)
        newest = sa.select(value(key)).order_by(key.c.number.desc()).limit(sa.literal_column("1"))
        return newest.correlate_except(key).scalar_subquery()

    return found


def _newest_checkpoint(at: At) -> Any:
    """Where the newest one was signed again with a new key, that one, so that it verifies with publicKey."""
    kept: Any = at.plan.alias(tables.checkpoint)
    key: Any = at.plan.alias(tables.log_key)
    again = sa.select(key.c.note).where(key.c.since == kept.c.size).order_by(key.c.number.desc())
    again = again.limit(sa.literal_column("1")).correlate_except(key)
    newest = sa.select(sa.func.coalesce(again.scalar_subquery(), kept.c.note, type_=sa.Text()))
    newest = newest.order_by(kept.c.size.desc()).limit(sa.literal_column("1"))
    return newest.correlate_except(kept).scalar_subquery()


class Checkpoint(Row):
    """A signed statement of what the log was at a size. Whoever keeps one can show later whether the log was rewritten."""

    class Meta:
        table = tables.checkpoint

    size = Column(graphene.Int, required=True, description="How many revisions it stands for: positions 1 to this one.")
    root_hash = Computed(
        graphene.String,
        lambda at: _hex(at.row.c.root_hash),
        plain=True,
        required=True,
        description="The root of the tree over them, in hex.",
    )
    note = Column(
        graphene.String,
        required=True,
        description="The signed text: origin, size, root in base64, and the signature (C2SP tlog-checkpoint).",
    )
    signed_at = Column(DateTime, required=True, description="When it was signed.")


class LogKey(Row):
    """A public key that signs the log's checkpoints, from a size on."""

    class Meta:
        table = tables.log_key

    public_key = Column(graphene.String, required=True, description="The key, as verifiers of C2SP notes take it.")
    since = Column(graphene.Int, required=True, description="The size from which on it signs.")
    checkpoint = Column(
        graphene.String,
        "note",
        description="The checkpoint of that size with a line that names this key, signed with the key before and with it; null for "
        "the first key. Signed with it alone: the key before was lost, and nobody but its publishers can say that it is theirs.",
    )


class _Checkpoints(Planned):
    """The checkpoints after a size."""

    def __init__(self, description: str) -> None:
        arguments = {
            "first": graphene.Argument(
                graphene.Int, description=f"How many: 1 to {LARGEST_PAGE}; {PAGE} when it is left out."
            ),
            "after": graphene.Argument(
                graphene.Int, description="The size after which to begin: that of the last one that you have."
            ),
        }
        listed = graphene.NonNull(graphene.List(graphene.NonNull(Checkpoint)))
        super().__init__(listed, args=arguments, description=description)

    def json(self, at: At) -> Json:
        first = at.given.shape("first", PAGE)
        if not 1 <= first <= LARGEST_PAGE:
            raise BadValue(f"first: {first} is no page size; ask for 1 to {LARGEST_PAGE}.")
        kept: Any = at.plan.rows(at)
        found = sa.select(kept).order_by(kept.c.size).limit(sa.literal_column(str(first)))
        if "after" in at.given:
            found = found.where(kept.c.size > at.bind("after", sa.Integer, _size))
        page = found.correlate_except(kept).subquery(at.plan.name("r"))
        with at.plan.each(first):
            listed = array(as_sql(at.plan.members(at, at.target, page)), [page.c.size])
        return (sa.select(as_sql(listed)).select_from(page).scalar_subquery(),)


class Log(graphene.ObjectType):
    """The log of revisions as a whole. Its leaves (Revision.leafHash, in order of position) form a Merkle tree as RFC 9162 has it.

    Its checkpoints are signed. So anyone can check, without trusting this server, that a revision is in the log that was signed
    (inclusion), and that a later log only adds to an earlier one (consistency).

    When the request is read at a past clock, size and rootHash are the log's as it was then, and proofs go by that size unless
    they are given another. Checkpoints and keys are told as they are now, whatever the clock: a checkpoint of a later size
    vouches for all earlier ones, as consistency(from: size, to: the checkpoint's size) shows.
    """

    origin = Computed(
        graphene.String,
        _of_the_current_key(lambda key: sa.func.split_part(key.c.public_key, literal("+"), sa.literal_column("1"))),
        reads=1,
        description="Whose log this is: the name that it is signed under. null while nobody has signed it.",
    )
    size = Computed(
        graphene.Int,
        lambda at: at.clock.position,
        required=True,
        description="How many revisions it has, or had at the clock.",
    )
    root_hash = Computed(
        graphene.String,
        lambda at: _hex(sa.func.tree_root(at.clock.position)),
        plain=True,
        reads=ROOT,
        required=True,
        description="The root of the tree over these, in hex.",
    )
    checkpoint = Computed(
        graphene.String,
        _newest_checkpoint,
        reads=2,
        description="The newest signed checkpoint, whatever the clock: origin, size, root in base64, and the signature (C2SP "
        "tlog-checkpoint). "
        "null while this log is not signed: it has no key then, and its proofs show nothing that its keeper could not change. "
        "Its size may be less than the log's, where the newest revisions are not signed yet, and more than `size` at a past "
        "clock.",
    )
    checkpoints = _Checkpoints("Every checkpoint that was ever signed, by size.")
    public_key = Computed(
        graphene.String,
        _of_the_current_key(lambda key: key.c.public_key),
        reads=1,
        description="The key that signs now, as verifiers of C2SP notes take it: NAME+ID+BASE64. null while nothing is signed.",
    )
    keys = Edges(
        LogKey,
        order=lambda key: [key.c.number],
        bound=10,
        description="All keys that have signed it, oldest first: earlier checkpoints verify with earlier keys.",
    )
    inclusion = Computed(
        HASHES,
        _inclusion,
        reads=PROOF,
        required=True,
        description="What proves, with a revision's leafHash, that it is in the log of a size: hashes in hex, from the leaf "
        "upwards (RFC 9162, 2.1.3). The leaf's index is position - 1.",
        args={
            "position": graphene.Argument(graphene.NonNull(graphene.Int), description="The revision's position."),
            "size": graphene.Argument(
                graphene.Int, description="In the log of how many revisions; `size` when it is left out."
            ),
        },
    )
    consistency = Computed(
        HASHES,
        _consistency,
        reads=PROOF,
        required=True,
        description="What proves, with both roots, that the log of one size is the beginning of the log of another: hashes in hex "
        "(RFC 9162, 2.1.4); none where the sizes are equal or the first is 0.",
        args={
            "from": graphene.Argument(graphene.NonNull(graphene.Int), description="The size of the earlier log."),
            "to": graphene.Argument(graphene.Int, description="The size of the later log; `size` when it is left out."),
        },
    )
