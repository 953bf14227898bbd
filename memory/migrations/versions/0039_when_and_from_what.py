"""When things happened, under which office, from what was decided, and how long people looked."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
COLUMNS = (
    ("cases", sa.Column("opened_under", sa.String(), nullable=True)),
    ("cases", sa.Column("ended_at", MOMENT, nullable=True)),
    ("decisions", sa.Column("latency_ms", sa.Float(), nullable=True)),
    ("decisions", sa.Column("inputs_hash", sa.String(), nullable=True)),
    ("decisions", sa.Column("at", MOMENT, nullable=True)),
    ("verdicts", sa.Column("at", MOMENT, nullable=True)),
    ("approval_listings", sa.Column("first_listed_at", MOMENT, nullable=True)),
)
ENDED = "('settled', 'denied', 'rejected', 'expired', 'withdrawn', 'undone', 'failed')"


def upgrade() -> None:
    """Make columns and tables, and fill in of older rows what the books and the log surely know."""
    for table, column in COLUMNS:
        op.add_column(table, column)
    op.create_index("decisions_by_time", "decisions", ["at"])
    op.create_table(
        "decision_inputs",
        sa.Column("hash", sa.String(), primary_key=True),
        sa.Column("task", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("kept_until", MOMENT, nullable=False),
    )
    op.create_index("ix_decision_inputs_kept_until", "decision_inputs", ["kept_until"])
    op.create_table(
        "attention",
        sa.Column("request_id", sa.String(), primary_key=True),
        sa.Column("person", sa.String(), primary_key=True),
        sa.Column("shown_at", MOMENT, primary_key=True),
        sa.Column("left_at", MOMENT, nullable=True),
        sa.Column("visible_seconds", sa.Float(), nullable=True),
    )
    for statement in _filling(sqlite=op.get_bind().dialect.name == "sqlite"):
        op.execute(statement)


def _filling(*, sqlite: bool) -> tuple[str, ...]:
    """Return what fills in older rows; what none of them matches stays null."""
    # An episode's moment is text in ISO 8601 by UTC.
    moment = "replace(substr({}, 1, 26), 'T', ' ')" if sqlite else "cast({} as timestamptz)"
    task = "json_extract(e.data, '$.task')" if sqlite else "(cast(e.data as json) ->> 'task')"
    found = "instr(e.data, p.id) > 0" if sqlite else "strpos(e.data, p.id) > 0"
    told = "json_extract(body, '$.provenance.{}')" if sqlite else "(body -> 'provenance' ->> '{}')"
    of_task = (
        "FROM episodes e WHERE e.case_id = decisions.case_id AND e.kind = 'decided'"
        f" AND {task} = decisions.task"
    )
    alike = "FROM decisions d WHERE d.case_id = decisions.case_id AND d.task = decisions.task"
    issued = (
        "FROM permits p JOIN episodes e ON e.case_id = p.case_id AND e.kind = 'written'"
        f" WHERE p.basis = verdicts.id AND p.case_id = verdicts.case_id AND {found}"
    )
    closed = "FROM episodes e WHERE e.case_id = cases.id AND e.kind = 'closed'"
    undone = "SELECT 1 FROM episodes e WHERE e.case_id = cases.id AND e.kind = 'undo_asked'"
    in_force = (
        "SELECT version FROM office_releases r WHERE r.at <= cases.opened_at ORDER BY number DESC LIMIT 1"
    )
    # The statements are constants of ours, put together.
    return (
        f"UPDATE cases SET ended_at = (SELECT {moment.format('MAX(e.at)')} {closed})"  # noqa: S608 (see above)
        f" WHERE status IN {ENDED} OR outcome = 'undoing'",
        # Whoever ended it elsewhere, the last thing written of it was its end, unless it was undone since.
        f"UPDATE cases SET ended_at = updated_at WHERE ended_at IS NULL AND status IN {ENDED}"  # noqa: S608 (see above)
        f" AND NOT EXISTS ({undone})",
        # A worker may serve an office a moment longer than it is in force: only where the two agree.
        f"UPDATE cases SET opened_under = office_version WHERE office_version = ({in_force})",  # noqa: S608 (see above)
        f"UPDATE decisions SET inputs_hash = {told.format('inputs_hash')},"  # noqa: S608 (see above)
        f" latency_ms = cast({told.format('latency_ms')} AS double precision)",
        # Only where it is certain which decision an episode tells of.
        f"UPDATE decisions SET at = (SELECT {moment.format('MIN(e.at)')} {of_task})"  # noqa: S608 (see above)
        f" WHERE (SELECT count(*) {of_task}) = 1 AND (SELECT count(*) {alike}) = 1",
        # The log tells of a permit in the commit that wrote the verdict.
        f"UPDATE verdicts SET at = (SELECT {moment.format('MIN(e.at)')} {issued})",  # noqa: S608 (see above)
    )


def downgrade() -> None:
    """Drop all of it."""
    op.drop_table("attention")
    op.drop_table("decision_inputs")
    op.drop_index("decisions_by_time", "decisions")
    for table, column in reversed(COLUMNS):
        op.drop_column(table, column.name)
