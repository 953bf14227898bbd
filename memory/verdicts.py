"""Every verdict, kept so that it can be computed again."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Engine, func
from sqlmodel import Session, col, select

from contracts.verdict import Verdict
from memory.database import reading, writing
from memory.tables.verdicts import VerdictRow
from memory.upsert import insert_into


class SqlVerdicts:
    """Every verdict, on the authoritative database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, case_id: str, verdicts: Sequence[Verdict]) -> None:
        """Write verdicts; one that exists already stays as it was."""
        with writing(self._engine) as session:
            keep_verdicts(session, case_id, verdicts)

    def of_case(self, case_id: str) -> tuple[Verdict, ...]:
        """Return a case's verdicts in the order they were given."""
        query = (
            select(VerdictRow)
            .where(col(VerdictRow.case_id) == case_id)
            .order_by(col(VerdictRow.position), col(VerdictRow.id))
        )
        with reading(self._engine) as session:
            return tuple(Verdict.model_validate(row.body) for row in session.exec(query))

    def find(self, verdict_id: str) -> tuple[str, Verdict] | None:
        """Return a verdict with its case's id."""
        with reading(self._engine) as session:
            row = session.get(VerdictRow, verdict_id)
            return (row.case_id, Verdict.model_validate(row.body)) if row else None

    def conflicts(self) -> int:
        """Count the verdicts in which a `forbid` beat a `permit`."""
        query = select(func.count()).select_from(VerdictRow).where(col(VerdictRow.conflict).is_(True))
        with reading(self._engine) as session:
            return session.exec(query).one()

    def conflicting(self) -> Iterator[tuple[str, Verdict]]:
        """Yield the verdicts in which a `forbid` beat a `permit`, each with its case's id."""
        query = select(VerdictRow).where(col(VerdictRow.conflict).is_(True)).order_by(col(VerdictRow.id))
        with reading(self._engine) as session:
            for row in session.exec(query.execution_options(yield_per=500)):
                yield row.case_id, Verdict.model_validate(row.body)

    def count(self) -> dict[str, int]:
        """Return how many verdicts there are of each outcome."""
        query = select(col(VerdictRow.outcome), func.count()).group_by(col(VerdictRow.outcome))
        with reading(self._engine) as session:
            return dict(session.exec(query).all())


def keep_verdicts(session: Session, case_id: str, verdicts: Sequence[Verdict]) -> None:
    """Write verdicts in a transaction that is already open."""
    for verdict in verdicts:
        place = (
            select(func.coalesce(func.max(col(VerdictRow.position)), 0) + 1)
            .where(col(VerdictRow.case_id) == case_id)
            .scalar_subquery()
        )
        insert = insert_into(session, VerdictRow).values(
            id=verdict.id,
            case_id=case_id,
            position=place,
            step=verdict.step,
            outcome=verdict.outcome,
            policy_version=verdict.policy_version,
            conflict=verdict.conflict,
            body=verdict.model_dump(mode="json"),
        )
        session.execute(insert.on_conflict_do_nothing(index_elements=["id"]))
