"""What a case notes of itself: its row and its episodes, in one commit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from contracts.case import CaseRecord, Episode
from contracts.effect import EffectState
from memory.authoritative.admissions import opened_by
from memory.authoritative.cases import save_case
from memory.database import reading, table_of
from memory.episodic.journal import Journal
from memory.tables.ledger import EffectRow

BEGUN = (
    select(table_of(EffectRow).c.step)
    .where(
        table_of(EffectRow).c.case_id == bindparam("of_case"),
        table_of(EffectRow).c.state.in_(
            [EffectState.SENT.value, EffectState.UNKNOWN.value, EffectState.APPLIED.value]
        ),
    )
    .order_by(table_of(EffectRow).c.intended_at, table_of(EffectRow).c.key)
)


class SqlCaseWriter:
    """A case's row and episodes in one transaction: one wait for the disk."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def begun(self, case_id: str) -> tuple[str, ...]:
        """Return the steps of a case whose effects stand outside, or may."""
        with reading(self._journal.engine) as session:
            return tuple(session.execute(BEGUN, {"of_case": case_id}).scalars())

    def record(
        self,
        case: CaseRecord,
        episodes: Sequence[Episode],
        opened_under: str | None = None,
        *,
        run_id: str | None = None,
    ) -> None:
        """Write the case's row and append its episodes, both or neither.

        Args:
            case: the row.
            episodes: what happened since the last note.
            opened_under: with the note that opens the case, the office version that it begins under.
            run_id: with that note, the run that opens it: no other run is the case.
        """
        with self._journal.writing("a case's row", case.updated_at) as session:
            save_case(session, case, opened_under)
            if run_id is not None:
                opened_by(session, case.id, run_id)
            session.tell(episodes)

    def refuse(self, case_id: str, what: str, why: str, now: datetime) -> None:
        """Say in the log that somebody wrote of a case who is not it; the same twice is said once."""
        told = {"what": what, "why": why}
        refused = Episode(id=f"{case_id}#refused-{what}", case_id=case_id, kind="refused", at=now, data=told)
        self._journal.append([refused])
