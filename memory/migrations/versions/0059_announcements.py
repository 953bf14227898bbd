"""What of the log is told to whom, and how far that is."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    text, moment = sa.String(), sa.DateTime(timezone=True)
    op.create_table(
        "subscriptions",
        sa.Column("name", text, primary_key=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("why", text, nullable=False),
    )
    op.create_table(
        "announcements",
        sa.Column("subscription", text, primary_key=True),
        sa.Column("position", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("standing", text, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_at", moment, nullable=True),
        sa.Column("next_at", moment, nullable=False),
        sa.Column("delivered_at", moment, nullable=True),
        sa.Column("why", text, nullable=False),
    )
    op.create_index("announcements_by_due", "announcements", ["subscription", "standing", "next_at"])
    op.create_index("announcements_by_delivered", "announcements", ["delivered_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("announcements")
    op.drop_table("subscriptions")
