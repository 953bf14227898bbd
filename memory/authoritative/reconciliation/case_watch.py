"""Our list of cases against the server that runs them: what was found, written down."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, exists, update
from sqlmodel import col, select

from contracts.bounds import clean
from contracts.case import CaseRecord, CaseStatus, Episode
from contracts.effect import EffectState
from contracts.reconciliation.divergence import DESK, Divergence, DivergenceKind, divergence_id
from contracts.reconciliation.trouble import WORKFLOW_GONE, CaseTrouble, GoneCase, OpenCase
from memory.authoritative.approvals.approvals import withdraw_questions
from memory.authoritative.reconciliation import divergences
from memory.authoritative.reconciliation.stuck_cases import SqlStuckCases
from memory.database import insert_into, reading, writing
from memory.episodic.journal import Books, Journal
from memory.tables.approvals import WAITING, ApprovalRow
from memory.tables.cases import CaseRow
from memory.tables.divergences import DivergenceRow
from memory.tables.ledger import EffectRow, PermitRow
from memory.tables.troubles import CaseTroubleRow

LONGEST_ERROR_CHARS = 500
MOST_REDACTED_CHARS = 4000
GONE = "a case is gone"
OPEN = (CaseStatus.RUNNING.value, CaseStatus.WAITING.value)


class SqlCaseWatch(SqlStuckCases):
    """What the reconciler finds of cases; each method is one transaction."""

    def __init__(
        self, journal: Journal, *, currency: Callable[[], str], redact: Callable[[str], str]
    ) -> None:
        """Take what the records are kept with.

        Args:
            journal: writes the books.
            currency: of a case that has not said its own.
            redact: takes secrets and personal data out of an error.
        """
        super().__init__(journal.engine)
        self._journal = journal
        self._currency = currency
        self._redact = redact

    def open_cases(self, after: str, limit: int) -> tuple[OpenCase, ...]:
        """Return a page of rows that say `running` or `waiting`, in the order of their ids."""
        query = (
            select(CaseRow)
            .where(col(CaseRow.status).in_(OPEN), col(CaseRow.id) > after)
            .order_by(col(CaseRow.id))
            .limit(limit)
        )
        with reading(self._engine) as session:
            return tuple(_open_case(row) for row in session.exec(query))

    def without_row(self, case_ids: Collection[str]) -> frozenset[str]:
        """Return those of the cases that no row stands for."""
        query = select(CaseRow.id).where(col(CaseRow.id).in_(case_ids))
        with reading(self._engine) as session:
            return frozenset(case_ids) - {*session.exec(query)}

    def first_opened_at(self) -> datetime | None:
        """Return when our first case was opened; None if there is none yet."""
        query = select(CaseRow.opened_at).order_by(col(CaseRow.opened_at)).limit(1)
        with reading(self._engine) as session:
            return session.exec(query).first()

    def left_asking(self) -> tuple[str, ...]:
        """Return the cases whose row does not say that they are open, and whose questions wait."""
        is_open = exists().where(col(CaseRow.id) == col(ApprovalRow.case_id), col(CaseRow.status).in_(OPEN))
        query = select(ApprovalRow.case_id).where(col(ApprovalRow.status) == WAITING, ~is_open).distinct()
        with reading(self._engine) as session:
            return tuple(session.exec(query.order_by(col(ApprovalRow.case_id))))

    def withdraw(self, case_id: str, now: datetime) -> int:
        """Withdraw the questions of a case that runs no more; returns how many waited."""
        with self._journal.writing(GONE, now) as session:
            return withdraw_questions(session, case_id, now)

    def list_running(self, record: CaseRecord) -> None:
        """Write the row of a workflow that has none; its own notes write over it."""
        with self._journal.writing("a case without a row runs", record.opened_at) as session:
            if _insert_row(session, record):
                session.tell([_found_running(record)])

    def close_gone(self, gone: GoneCase, now: datetime) -> bool:
        """Close a case that nothing runs for; False if its row moved since it was read.

        Permits that nothing was begun under are over, so that a run which somebody resets later must ask
        policy again. Its questions are withdrawn. Claims follow the ledger: while an effect is in doubt
        they stay (`memory.authoritative.claims.take_claims`).
        """
        with self._journal.writing(GONE, now) as session:
            row = self._row_of(session, gone)
            if row is None:
                return False
            # Permits first: what begins after this has none, what began before it is seen below.
            _end_permits(session, row.id, now)
            effects = session.exec(select(EffectRow).where(col(EffectRow.case_id) == row.id)).all()
            session.tell([_gone(row, gone, effects, now)])
            withdraw_questions(session, row.id, now)
            row.status, row.outcome = CaseStatus.FAILED.value, WORKFLOW_GONE
            # Never later than the end by the server's clock: a new run of the case writes over it.
            row.updated_at = max(row.updated_at, gone.ended_at or row.updated_at)
            row.ended_at = row.ended_at or row.updated_at
            session.add(row)
            changed = row.model_dump(include={"status", "outcome", "updated_at", "ended_at"})
            session.wrote(CaseRow, row.id, changed, row.id)
            session.execute(delete(CaseTroubleRow).where(col(CaseTroubleRow.case_id) == row.id))
            self._diverge(session, row, gone, now)
        return True

    def gone_cases(self) -> tuple[Divergence, ...]:
        """Return what is open because a workflow was gone."""
        query = select(DivergenceRow).where(
            col(DivergenceRow.kind) == DivergenceKind.WORKFLOW_GONE.value,
            col(DivergenceRow.standing).in_([divergences.OPEN, divergences.CASE]),
        )
        with reading(self._engine) as session:
            return tuple(divergences.divergence_of(row) for row in session.exec(query))

    def revived(self, divergence: Divergence, *, runs: bool, now: datetime) -> str | None:
        """Close a divergence whose case runs again, or ran to another end.

        Returns:
            The case that people had it in, if any; None if the case is still gone.
        """
        with self._journal.writing("a gone case is back", now) as session:
            row = session.get(CaseRow, divergence.effect_case, with_for_update=True)
            still_gone = row is not None and row.outcome == WORKFLOW_GONE
            if still_gone and not runs:
                return None
            if row is not None and still_gone:
                row.status, row.outcome, row.ended_at = CaseStatus.RUNNING.value, "", None
                session.add(row)
                changed = row.model_dump(include={"status", "outcome", "ended_at"})
                session.wrote(CaseRow, row.id, changed, row.id)
            found = session.get(DivergenceRow, divergence.id)
            with_people = found is not None and found.standing == divergences.CASE
            why = "its case runs again" if runs else "its case was handed in again and has ended"
            divergences.close(session, divergence.id, divergences.HEALED, why, now)
        return divergences.case_id(divergence) if with_people else ""

    def keep_troubles(self, case_id: str, troubles: Sequence[CaseTrouble]) -> None:
        """Make these the troubles of a case; one that is known keeps when it was first seen."""
        with reading(self._engine) as session:
            known = session.exec(select(CaseTroubleRow.what).where(CaseTroubleRow.case_id == case_id)).all()
        if not known and not troubles:
            return
        row = CaseTroubleRow
        names = [trouble.what for trouble in troubles]
        with writing(self._engine) as session:
            session.execute(delete(row).where(col(row.case_id) == case_id, col(row.what).not_in(names)))
            for trouble in troubles:
                error = clean(self._redact(trouble.error[:MOST_REDACTED_CHARS]))[:LONGEST_ERROR_CHARS]
                insert = insert_into(session, row).values(trouble.model_dump() | {"error": error})
                changed = {name: insert.excluded[name] for name in ("failures", "error", "looked_at")}
                session.execute(
                    insert.on_conflict_do_update(index_elements=["case_id", "what"], set_=changed)
                )

    def forget_troubles_of_ended(self) -> None:
        """Drop the troubles of cases that have come to an end."""
        ended = exists().where(
            col(CaseRow.id) == col(CaseTroubleRow.case_id), col(CaseRow.status).not_in(OPEN)
        )
        with writing(self._engine) as session:
            session.execute(delete(CaseTroubleRow).where(ended))

    def _row_of(self, session: Books, gone: GoneCase) -> CaseRow | None:
        """Return the case's row, locked, if it stands as it was seen; write it where there is none."""
        if gone.record is not None and not _insert_row(session, gone.record):
            return None
        row = session.get(CaseRow, gone.seen.id, with_for_update=True)
        return row if row is not None and _open_case(row) == gone.seen else None

    def _diverge(self, session: Books, row: CaseRow, gone: GoneCase, now: datetime) -> None:
        """Give the case to people; where it was one about a divergence, that is open again."""
        if row.desk == DESK:
            divergences.reopen(session, row.id.rpartition("/")[2], gone.why)
            return
        when = gone.ended_at.isoformat() if gone.ended_at else gone.seen.updated_at.isoformat()
        found = Divergence(
            id=divergence_id(DivergenceKind.WORKFLOW_GONE, row.channel, f"{row.id}\n{when}", ""),
            kind=DivergenceKind.WORKFLOW_GONE,
            connector=row.channel,
            operation="workflow",
            reference=row.id,
            effect_case=row.id,
            currency=row.currency or self._currency(),
            found_at=now,
            why=gone.why,
        )
        divergences.keep(session, found, now)


def _open_case(row: CaseRow) -> OpenCase:
    return OpenCase(id=row.id, status=CaseStatus(row.status), updated_at=row.updated_at)


def _insert_row(session: Books, record: CaseRecord) -> bool:
    values = dict(record) | {"status": record.status.value, "opened_under": None, "ended_at": None}
    insert = insert_into(session, CaseRow).values(values).on_conflict_do_nothing(index_elements=["id"])
    if session.execute(insert.returning(col(CaseRow.id))).first() is None:
        return False
    session.wrote(CaseRow, record.id, values)
    return True


def _end_permits(session: Books, case_id: str, now: datetime) -> None:
    permits = PermitRow
    ended = session.execute(
        update(permits)
        .where(col(permits.case_id) == case_id, col(permits.redeemed_by).is_(None))
        .where(col(permits.expires_at) > now)
        .values(expires_at=now)
        .returning(col(permits.id))
    )
    for permit_id in ended.scalars().all():
        session.wrote(PermitRow, case_id, {"expires_at": now}, permit_id)


def _found_running(record: CaseRecord) -> Episode:
    return Episode(
        id=f"{record.id}#found-running-{record.opened_at.isoformat()}",
        case_id=record.id,
        kind="found_running",
        at=record.opened_at,
        data={"why": "it runs at the server, and no row stood for it"},
    )


def _gone(row: CaseRow, gone: GoneCase, effects: Sequence[EffectRow], now: datetime) -> Episode:
    when = gone.ended_at or gone.seen.updated_at
    in_doubt = [effect.key for effect in effects if not EffectState(effect.state).at_rest]
    return Episode(
        id=f"{row.id}#gone-{when.isoformat()}",
        case_id=row.id,
        kind="workflow_gone",
        at=now,
        data={
            "why": gone.why,
            "status": row.status,
            "effects": {effect.step: effect.state for effect in effects},
            "in_doubt": in_doubt,
            "claims": "kept until the doubt is settled" if in_doubt else "free",
        },
    )
