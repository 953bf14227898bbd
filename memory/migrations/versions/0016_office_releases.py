"""Offices by their content, and the releases that put one of them in force."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of files, versions and releases."""
    op.create_table(
        "office_files",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "office_versions",
        sa.Column("version", sa.String(), primary_key=True),
        sa.Column("files", sa.JSON(), nullable=False),
    )
    op.create_table(
        "office_releases",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("anyway", sa.Boolean(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    """Drop the three tables."""
    for table in ("office_releases", "office_versions", "office_files"):
        op.drop_table(table)
