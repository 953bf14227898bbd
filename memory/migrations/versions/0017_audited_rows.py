"""The log tells of rows from here on: which ones are older is listed, and permits say their amount."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

REFUSAL = "the list of unlogged rows is closed"
KEYS = {
    "cases": "id",
    "permits": "id",
    "effects": "key",
    "effect_attempts": "effect_key || '#' || number",
    "approvals": "id",
    "approval_answers": "id",
    "divergences": "id",
}
SQLITE = tuple(
    f"""CREATE TRIGGER unlogged_rows_no_{change} BEFORE {change} ON unlogged_rows
    BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"""
    for change in ("insert", "update", "delete")
)
POSTGRESQL = (
    f"""CREATE FUNCTION unlogged_rows_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{REFUSAL}'; END $$""",
    """CREATE TRIGGER unlogged_rows_no_change BEFORE INSERT OR UPDATE OR DELETE ON unlogged_rows
    FOR EACH ROW EXECUTE FUNCTION unlogged_rows_refuse()""",
    """CREATE TRIGGER unlogged_rows_no_truncate BEFORE TRUNCATE ON unlogged_rows
    FOR EACH STATEMENT EXECUTE FUNCTION unlogged_rows_refuse()""",
)


def upgrade() -> None:
    """List what stands in the books today, and close the list; let permits say what may move."""
    op.create_table(
        "unlogged_rows",
        sa.Column("table_name", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
    )
    for table, key in KEYS.items():
        op.execute(f"INSERT INTO unlogged_rows SELECT '{table}', {key} FROM {table}")  # noqa: S608 (constants of ours)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    op.add_column("permits", sa.Column("amount_cents", sa.BigInteger(), nullable=True))
    op.add_column("permits", sa.Column("currency", sa.String(), nullable=True))


def downgrade() -> None:
    """Forget which rows are older; on PostgreSQL the function too."""
    op.drop_column("permits", "currency")
    op.drop_column("permits", "amount_cents")
    op.drop_table("unlogged_rows")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION unlogged_rows_refuse()")
