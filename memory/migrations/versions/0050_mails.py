"""Mails that come in, where each belongs, and their numbers in mailboxes."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; a conversation's events are found by their key."""
    text, moment = sa.String(), sa.DateTime(timezone=True)
    op.create_table(
        "mails",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        *(sa.Column(name, text, nullable=False) for name in ("digest", "mailbox", "fate", "why")),
        sa.Column("arrived_at", moment, nullable=False),
        *(
            sa.Column(name, text, nullable=False)
            for name in ("content", "message_id", "sender", "subject", "stem")
        ),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, text, nullable=False)
            for name in ("same_as", "thread", "conversation", "joined_by")
        ),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("linked", sa.JSON(), nullable=False),
        sa.Column("contested", sa.Boolean(), nullable=False),
        *(sa.Column(name, text, nullable=False) for name in ("machine", "proof", "moved")),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("kept_until", moment, nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("mails_by_digest", "mails", ["digest"], unique=True)
    for name in ("message_id", "content", "conversation"):
        op.create_index(f"mails_by_{name}", "mails", [name])
    op.create_index("mails_by_kept", "mails", ["kept_until"])
    op.create_table(
        "mail_words",
        *(sa.Column(name, text, primary_key=True) for name in ("digest", "kind", "word")),
    )
    op.create_index("mail_words_by_word", "mail_words", ["kind", "word"])
    op.create_table(
        "mailbox_uids",
        sa.Column("mailbox", text, primary_key=True),
        sa.Column("validity", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("uid", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("digest", text, nullable=False),
        sa.Column("found_at", moment, nullable=False),
    )
    op.create_index("events_in_by_key", "events_in", ["key"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("events_in_by_key", "events_in")
    for table in ("mailbox_uids", "mail_words", "mails"):
        op.drop_table(table)
