"""The tables of budgets and of kept answers."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the accounts, the reservations in them, and the kept answers."""
    op.create_table(
        "budgets",
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("spent_microusd", sa.BigInteger(), nullable=False),
        sa.Column("reserved_microusd", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "budget_reservations",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("accounts", sa.String(), nullable=False),
        sa.Column("most_microusd", sa.BigInteger(), nullable=False),
        sa.Column("counted_microusd", sa.BigInteger(), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("budget_reservations_open", "budget_reservations", ["state", "expires_at"])
    op.create_table(
        "model_answers",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
    )
    op.create_index("ix_model_answers_kept_at", "model_answers", ["kept_at"])


def downgrade() -> None:
    """Drop the three tables."""
    for table in ("model_answers", "budget_reservations", "budgets"):
        op.drop_table(table)
