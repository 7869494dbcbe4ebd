"""The record: the log of revisions and its projections, as first released.

The statements stand in 0001_the_record.sql as they were on that day; db/tables.py is what the tables are today.
"""

from pathlib import Path

from alembic import op

revision = "0001_the_record"
down_revision = None


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))  # many statements at once: the driver's own protocol
