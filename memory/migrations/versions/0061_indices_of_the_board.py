"""Indices by which the board's numbers find what happened in their window."""

from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

INDICES = (
    ("effects_by_case", "effects", ["case_id", "state"]),
    ("divergences_by_case", "divergences", ["effect_case", "standing"]),
    ("verdicts_by_time", "verdicts", ["at"]),
    ("effect_attempts_by_time", "effect_attempts", ["started_at"]),
    ("approval_answers_by_time", "approval_answers", ["at"]),
)


def upgrade() -> None:
    """Make them."""
    for name, table, columns in INDICES:
        op.create_index(name, table, columns)
    # What it found, `effects_by_case` finds, too.
    op.drop_index("ix_effects_case_id", "effects")


def downgrade() -> None:
    """Drop them."""
    op.create_index("ix_effects_case_id", "effects", ["case_id"])
    for name, table, _columns in reversed(INDICES):
        op.drop_index(name, table)
