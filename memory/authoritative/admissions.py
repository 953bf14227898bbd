"""The record of cases that came by a door, in SQL."""

from datetime import datetime

from sqlalchemy import Engine, func, select, update
from sqlmodel import Session, col

from contracts.admission import Admission
from contracts.reconciliation.divergence import DESK as BOOKS
from contracts.reconciliation.divergence import Divergence
from memory.authoritative.reconciliation import divergences
from memory.authoritative.reconciliation.divergences import UNSETTLED, divergence_of
from memory.database import insert_into, reading, writing
from memory.tables.admissions import AdmissionRow
from memory.tables.divergences import DivergenceRow


class SqlAdmissions:
    """Which cases are on record; only doors write here."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def admit(self, case_id: str, request_hash: str, by: str, now: datetime) -> bool:
        """Let a case in; False if another request has its id."""
        with writing(self._engine) as session:
            return _admit(session, case_id, request_hash, by, now)

    def admit_again(self, case_id: str, request_hash: str, by: str, now: datetime) -> None:
        """Let a case begin again, or another request have its id: the next run that opens it is its run."""
        with writing(self._engine) as session:
            _admit(session, case_id, request_hash, by, now)
            session.execute(
                update(AdmissionRow)
                .where(col(AdmissionRow.case_id) == case_id)
                .values(request_hash=request_hash, by=by, admitted_at=now, reopens=True)
            )

    def find(self, case_id: str) -> Admission | None:
        """Return a case's admission; None if no door let it in."""
        with reading(self._engine) as session:
            row = session.get(AdmissionRow, case_id)
            return Admission.model_validate(row.model_dump()) if row else None

    def divergence(self, case_id: str) -> Divergence | None:
        """Return the divergence that a case of the books is about; None if there is none."""
        with reading(self._engine) as session:
            row = _divergence_row(session, case_id)
            return divergence_of(row) if row else None

    def case_of_divergence(self, found_id: str) -> str:
        """Return the case that a divergence has; empty if there is no such divergence."""
        with reading(self._engine) as session:
            row = session.get(DivergenceRow, found_id)
            return divergences.case_id(divergence_of(row)) if row else ""

    def differs_no_more(self, case_id: str) -> bool:
        """Say whether a case is one of the books, and they say that what it is about differs no more."""
        with reading(self._engine) as session:
            row = _divergence_row(session, case_id)
            return row is not None and row.standing not in UNSETTLED


def _divergence_row(session: Session, case_id: str) -> DivergenceRow | None:
    desk, _, rest = case_id.partition("/")
    return session.get(DivergenceRow, rest.partition("/")[2]) if desk == BOOKS else None


def _admit(session: Session, case_id: str, request_hash: str, by: str, now: datetime) -> bool:
    values = {"case_id": case_id, "request_hash": request_hash, "by": by, "admitted_at": now}
    insert = insert_into(session, AdmissionRow).values(values | {"reopens": False})
    session.execute(insert.on_conflict_do_nothing(index_elements=["case_id"]))
    admitted = select(func.count()).where(
        col(AdmissionRow.case_id) == case_id, col(AdmissionRow.request_hash).in_([request_hash, ""])
    )
    return bool(session.execute(admitted).scalar_one())


def opened_by(session: Session, case_id: str, run_id: str) -> None:
    """Write, in a transaction that is open, which run opened a case."""
    session.execute(
        update(AdmissionRow)
        .where(col(AdmissionRow.case_id) == case_id)
        .where((col(AdmissionRow.run_id).is_(None)) | col(AdmissionRow.reopens))
        .values(run_id=run_id, reopens=False)
    )
