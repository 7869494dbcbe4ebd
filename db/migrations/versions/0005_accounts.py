"""Accounts, the people behind them, and their tokens."""

from pathlib import Path

from alembic import op

revision = "0005_accounts"
down_revision = "0004_clocks"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))  # many statements at once: the driver's own protocol
