"""The tables of effects, of every call made for them, and of permits."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the ledger: one row an effect, one line a call, one row a permit."""
    _effects()
    op.create_table(
        "effect_attempts",
        sa.Column("effect_key", sa.String(), sa.ForeignKey("effects.key"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
    )
    op.create_table(
        "permits",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("effect_key", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("arguments_hash", sa.String(), nullable=False),
        sa.Column("connector_version", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("office_version", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("redeemed_by", sa.String(), nullable=True),
        sa.Column("redeemed_at", MOMENT, nullable=True),
    )
    op.create_index("ix_permits_effect_key", "permits", ["effect_key"])
    op.create_index("ix_permits_case_id", "permits", ["case_id"])


def _effects() -> None:
    op.create_table(
        "effects",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("arguments_hash", sa.String(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("permit_id", sa.String(), nullable=True, unique=True),
        sa.Column("compensates", sa.String(), sa.ForeignKey("effects.key"), nullable=True, unique=True),
        sa.Column("connector_version", sa.String(), nullable=False),
        sa.Column("likeness", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outside_reference", sa.String(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_call", sa.Integer(), nullable=False),
        sa.Column("looked_up", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("intended_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('intended', 'sent', 'applied', 'failed', 'unknown', 'compensated')",
            name="effects_state",
        ),
    )
    op.create_index("ix_effects_case_id", "effects", ["case_id"])
    op.create_index("effects_by_likeness", "effects", ["likeness", "state"])
    op.create_index("effects_by_reference", "effects", ["connector", "outside_reference"])
    op.create_index("effects_by_state", "effects", ["state", "updated_at"])
    op.create_index("effects_by_change", "effects", ["connector", "updated_at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("effect_attempts", "effects", "permits"):
        op.drop_table(table)
