"""The tables of semantic memory."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the memories, the marks of unsettled vectors, the collections and their alias."""
    _memories()
    op.create_table(
        "memory_marks",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("memory_id", sa.String(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("memory_marks_by_collection", "memory_marks", ["collection", "number"])
    op.create_table(
        "memory_collections",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("loaded_as", sa.String(), nullable=False),
        sa.Column("weights_hash", sa.String(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "memory_aliases",
        sa.Column("alias", sa.String(), primary_key=True),
        sa.Column("collection", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=True),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=False),
    )


def _memories() -> None:
    op.create_table(
        "memories",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("customer", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("supersedes", sa.String(), nullable=True),
        sa.Column("superseded_by", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("memories_by_source", "memories", ["source"])
    op.create_index("memories_by_customer", "memories", ["customer"])
    op.create_index("memories_by_case", "memories", ["case_id"])
    op.create_index("memories_by_kind", "memories", ["kind", "retired_at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("memory_aliases", "memory_collections", "memory_marks", "memories"):
        op.drop_table(table)
