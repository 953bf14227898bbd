"""The tables of outside listings, divergences and imported accounting exports."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the other side of the books."""
    op.create_table(
        "listing_cursors",
        sa.Column("connector", sa.String(), primary_key=True),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ledger_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ledger_key", sa.String(), nullable=False),
        sa.Column("walked_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_table(
        "outside_entries",
        sa.Column("connector", sa.String(), primary_key=True),
        sa.Column("operation", sa.String(), primary_key=True),
        sa.Column("reference", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("effect_key", sa.String(), nullable=True),
    )
    op.create_index("outside_entries_by_standing", "outside_entries", ["connector", "standing", "seen_at"])
    op.create_index("outside_entries_by_key", "outside_entries", ["connector", "key"])
    _divergences()
    _accounting()


def _divergences() -> None:
    op.create_table(
        "divergences",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("effect_key", sa.String(), nullable=False),
        sa.Column("effect_case", sa.String(), nullable=False),
        sa.Column("ours_cents", sa.BigInteger(), nullable=False),
        sa.Column("theirs_cents", sa.BigInteger(), nullable=False),
        sa.Column("at_stake_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("divergences_by_standing", "divergences", ["standing", "found_at"])
    op.create_index("divergences_by_effect", "divergences", ["effect_key"])
    op.create_index("divergences_by_reference", "divergences", ["connector", "reference"])


def _accounting() -> None:
    op.create_table(
        "accounting_exports",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("records", sa.BigInteger(), nullable=False),
        sa.Column("fresh", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_table(
        "accounting_lines",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("export_id", sa.String(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("invoice", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_price", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("finding", sa.String(), nullable=False),
        sa.Column("excess", sa.BigInteger(), nullable=False),
    )
    op.create_index("accounting_lines_by_goods", "accounting_lines", ["customer", "sku", "at"])
    op.create_index("accounting_lines_by_finding", "accounting_lines", ["kind", "finding"])
    op.create_table(
        "accounting_seen",
        sa.Column("export_id", sa.String(), primary_key=True),
        sa.Column("content", sa.String(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
    )
    op.create_table(
        "accounting_bad_lines",
        sa.Column("export_id", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("why", sa.String(), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    accounting = ("accounting_bad_lines", "accounting_seen", "accounting_lines", "accounting_exports")
    for table in (*accounting, "divergences", "outside_entries", "listing_cursors"):
        op.drop_table(table)
