"""The tree over the log, which proves what is in it; its checkpoints, and the keys that sign them."""

from pathlib import Path

from alembic import op

revision = "0003_tree"
down_revision = "0002_merges"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))  # many statements at once: the driver's own protocol
