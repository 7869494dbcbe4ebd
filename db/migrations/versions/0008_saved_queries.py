"""Saved queries: a document, variables and a clock at an address that stays."""

from pathlib import Path

from alembic import op

revision = "0008_saved_queries"
down_revision = "0007_error_reports"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))  # many statements at once: the driver's own protocol
