"""Claims on some pieces of an order line."""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "piece_claims",
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("case_id", sa.String(), primary_key=True),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("piece_claims")
