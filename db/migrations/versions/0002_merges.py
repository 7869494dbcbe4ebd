"""Merged records lead to their survivors, and redactions are found at once: a projection and an index.

The rules that this replaces with others of more parameters, or of another answer, go; db/rules are laid after it.
"""

from pathlib import Path

from alembic import op

revision = "0002_merges"
down_revision = "0001_the_record"


def upgrade() -> None:
    script = Path(__file__).with_suffix(".sql").read_text("utf-8")
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None
    connection.run_async(lambda driver: driver.execute(script))  # many statements at once: the driver's own protocol
