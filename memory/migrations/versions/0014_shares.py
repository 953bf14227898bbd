"""What effects are done for: accounts, and the shares of effects that are booked on them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("compared", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_table(
        "shares",
        sa.Column("effect_key", sa.String(), primary_key=True),
        sa.Column("account", sa.String(), primary_key=True),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
    )
    op.create_index("shares_by_account", "shares", ["account"])


def downgrade() -> None:
    """Drop both."""
    op.drop_table("shares")
    op.drop_table("accounts")
