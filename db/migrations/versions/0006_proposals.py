"""What is submitted, and what is decided about it; an admin may review alone, saying why."""

from pathlib import Path

from alembic import op

revision = "0006_proposals"
down_revision = "0005_accounts"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))  # many statements at once: the driver's own protocol
