"""Why a case waits, which installation the books are, and how a listing runs."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is known of none of them yet."""
    op.add_column("cases", sa.Column("waits_for", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "installation",
        sa.Column("one", sa.Integer(), primary_key=True),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    )
    with op.batch_alter_table("listing_cursors") as batch:
        batch.add_column(sa.Column("direction", sa.String(), nullable=False, server_default=""))
        batch.add_column(sa.Column("covered_until", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("walk", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    """Forget them."""
    with op.batch_alter_table("listing_cursors") as batch:
        for name in ("walk", "covered_until", "direction"):
            batch.drop_column(name)
    op.drop_table("installation")
    op.drop_column("cases", "waits_for")
