"""What the server says of our cases: their troubles, and why a workflow is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of troubles; let a divergence say why."""
    op.create_table(
        "case_troubles",
        sa.Column("case_id", sa.String(), primary_key=True),
        sa.Column("what", sa.String(), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.add_column("divergences", sa.Column("why", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop both."""
    op.drop_column("divergences", "why")
    op.drop_table("case_troubles")
