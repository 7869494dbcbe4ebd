"""Webhooks: where the differences of saved queries are sent, and what became of each."""

from pathlib import Path

from alembic import op

revision = "0009_webhooks"
down_revision = "0008_saved_queries"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))  # many statements at once: the driver's own protocol
