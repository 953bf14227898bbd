"""Which cases doors let in, what outside systems told for them, and what people said through which door."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; every case that is on the list was let in."""
    op.create_table(
        "admissions",
        sa.Column("case_id", sa.String(), primary_key=True),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("reopens", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    known = sa.text(
        "insert into admissions (case_id, request_hash, by, admitted_at, run_id, reopens) "
        "select id, '', 'upgrade', :now, '', :no from cases"
    ).bindparams(
        sa.bindparam("now", type_=sa.DateTime(timezone=True)), sa.bindparam("no", type_=sa.Boolean())
    )
    op.get_bind().execute(known, {"now": datetime.now(UTC), "no": False})
    op.create_table(
        "outside_reads",
        sa.Column("connector", sa.String(), primary_key=True),
        sa.Column("operation", sa.String(), primary_key=True),
        sa.Column("arguments_hash", sa.String(), primary_key=True),
        sa.Column("told", sa.JSON(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "proofs",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("door", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("arguments_hash", sa.String(), nullable=False),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("redeemed_by", sa.String(), nullable=True),
        sa.Column("redeemed_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("proofs_about", "proofs", ["about", "act", "person"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("proofs")
    op.drop_table("outside_reads")
    op.drop_table("admissions")
