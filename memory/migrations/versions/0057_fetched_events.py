"""Which events did not come, and were fetched where their source lists them."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """All that is there came by itself."""
    op.add_column("events_in", sa.Column("fetched", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Forget it."""
    op.drop_column("events_in", "fetched")
