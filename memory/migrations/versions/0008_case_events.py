"""Cases know by which event of their workflow their row was written."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Count from 0: the next event of every case is later."""
    op.add_column("cases", sa.Column("event", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Go by the clock again."""
    op.drop_column("cases", "event")
