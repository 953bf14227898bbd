"""How people show who they are: the accounts and keys that are bound to them."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; who was never enrolled has proved nothing."""
    op.create_table(
        "enrolments",
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("how", sa.String(), primary_key=True),
        sa.Column("credential", sa.String(), primary_key=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("enrolments")
