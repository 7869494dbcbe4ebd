"""Finding the newest position of a moment, among thousands of revisions of one submission; submissions numbered by publish()."""

from alembic import op

revision = "0004_clocks"
down_revision = "0003_tree"


def upgrade() -> None:
    op.create_index("revision_recorded_at_position", "revision", ["recorded_at", "position"])
    op.drop_index("revision_recorded_at")
    op.execute("alter table submission alter column id drop identity")  # what was refused left gaps
