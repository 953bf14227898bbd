"""The append-only log: its tables, its one head row, and the triggers that keep it append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

GENESIS = "0" * 64
REFUSAL = "the episode log is append-only"

# INSERT OR REPLACE deletes rows without firing DELETE triggers, so an insert anywhere but at the
# end, or of an id that exists, is refused as well.
SQLITE = (
    f"""CREATE TRIGGER episodes_no_update BEFORE UPDATE ON episodes
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER episodes_no_delete BEFORE DELETE ON episodes
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER episodes_only_at_end BEFORE INSERT ON episodes
    WHEN NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM episodes)
      OR EXISTS (SELECT 1 FROM episodes WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",  # noqa: S608 (a constant of ours)
    f"""CREATE TRIGGER episode_head_only_forward BEFORE UPDATE ON episode_head
    WHEN NEW.count < OLD.count BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER episode_head_no_delete BEFORE DELETE ON episode_head
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",
    f"""CREATE TRIGGER episode_head_only_one BEFORE INSERT ON episode_head
    WHEN EXISTS (SELECT 1 FROM episode_head)
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END""",  # noqa: S608 (a constant of ours)
)

POSTGRESQL = (
    f"""CREATE FUNCTION episodes_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$""",
    f"""CREATE FUNCTION episodes_check_end() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM episodes) THEN
        RAISE EXCEPTION '{REFUSAL}';
      END IF;
      RETURN NEW;
    END $$""",  # noqa: S608 (a constant of ours)
    """CREATE TRIGGER episodes_no_change BEFORE UPDATE OR DELETE ON episodes
    FOR EACH ROW EXECUTE FUNCTION episodes_refuse()""",
    """CREATE TRIGGER episodes_no_truncate BEFORE TRUNCATE ON episodes
    FOR EACH STATEMENT EXECUTE FUNCTION episodes_refuse()""",
    """CREATE TRIGGER episodes_only_at_end BEFORE INSERT ON episodes
    FOR EACH ROW EXECUTE FUNCTION episodes_check_end()""",
    """CREATE TRIGGER episode_head_only_forward BEFORE UPDATE ON episode_head
    FOR EACH ROW WHEN (NEW.count < OLD.count) EXECUTE FUNCTION episodes_refuse()""",
    """CREATE TRIGGER episode_head_no_delete BEFORE DELETE ON episode_head
    FOR EACH ROW EXECUTE FUNCTION episodes_refuse()""",
    """CREATE TRIGGER episode_head_no_truncate BEFORE TRUNCATE ON episode_head
    FOR EACH STATEMENT EXECUTE FUNCTION episodes_refuse()""",
)


def upgrade() -> None:
    """Make the log and its head, and refuse every change but an append."""
    op.create_table(
        "episodes",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("case_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.UniqueConstraint("id"),
    )
    op.create_index("episodes_by_case", "episodes", ["case_id", "position"])
    op.create_table(
        "episode_head",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
    )
    names = ("id", "count", "hash", "at", "key_id", "signature")
    head = sa.table("episode_head", *(sa.column(name) for name in names))
    op.execute(head.insert().values(id=1, count=0, hash=GENESIS, at="", key_id="", signature=""))
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Drop the log; on PostgreSQL its functions too."""
    op.drop_table("episode_head")
    op.drop_table("episodes")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION episodes_refuse()")
        op.execute("DROP FUNCTION episodes_check_end()")
