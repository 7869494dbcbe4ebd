"""Errors that anybody points out; and tokens that read the feed of what waits for review, and nothing else."""

from pathlib import Path

from alembic import op

revision = "0007_error_reports"
down_revision = "0006_proposals"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))  # many statements at once: the driver's own protocol
