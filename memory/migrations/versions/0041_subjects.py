"""What accounts belong to (orders), compared with what their systems say of them; listings may name them."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; let listed entries name their subject, and cursors say how far all were compared."""
    op.create_table(
        "subjects",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("learned", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("cases", sa.JSON(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("subjects_open", "subjects", ["connector", "is_open", "looked_at"])
    op.drop_column("accounts", "compared")
    op.add_column("outside_entries", sa.Column("subject", sa.String(), nullable=False, server_default=""))
    op.add_column("listing_cursors", sa.Column("subjects_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "listing_cursors", sa.Column("subjects_key", sa.String(), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Drop all of it."""
    op.drop_column("listing_cursors", "subjects_key")
    op.drop_column("listing_cursors", "subjects_at")
    op.drop_column("outside_entries", "subject")
    op.add_column("accounts", sa.Column("compared", sa.Integer(), nullable=False, server_default="0"))
    op.drop_table("subjects")
