"""Conversations with customers, and their turns."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    text, moment = sa.String(), sa.DateTime(timezone=True)
    op.create_table(
        "conversations",
        sa.Column("id", text, primary_key=True),
        *(sa.Column(name, text, nullable=False) for name in ("customer", "owner")),
        sa.Column("waits_since", moment, nullable=True),
        sa.Column("turns", sa.Integer(), nullable=False),
        *(sa.Column(name, moment, nullable=False) for name in ("begun_at", "updated_at")),
    )
    op.create_index("conversations_by_wait", "conversations", ["waits_since"])
    op.create_index("conversations_by_customer", "conversations", ["customer"])
    op.create_table(
        "conversation_turns",
        sa.Column("conversation", text, primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("message_id", text, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("said", "answer")),
        *(sa.Column(name, text, nullable=False) for name in ("path", "source", "memory_id", "by")),
        *(sa.Column(name, sa.Float(), nullable=False) for name in ("score", "took_ms")),
        sa.Column("at", moment, nullable=False),
    )
    op.create_index(
        "conversation_turns_by_message", "conversation_turns", ["conversation", "message_id"], unique=True
    )
    op.create_index("conversation_turns_by_time", "conversation_turns", ["at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("conversation_turns")
    op.drop_table("conversations")
